"""A killed program can't put anything back: the next start does, or gvpn-server cleanup; neither touches what a living
program needs."""

from support import case
from support.lab import LAN, LAN6, LAN_HOST, LAN_HOST6, OFFICE, POOL, POOL6

BOTH = {"bypass": (LAN, LAN6), "cidr": (POOL, POOL6)}
SHARED = ("packet filter", "switches")
SECOND = f"{OFFICE}:51006"


class Crash(case.LabCase):
    def start_second_server(self):
        """Another one in the same office."""
        return self.start_server(f"--address={SECOND}", "--tun=second0", bypass=(LAN, LAN6),
                                 cidr=("10.87.0.0/24", "fd87::/64"), state="second-server")

    def clean_up(self):
        cleanup = self.lab.start("cleanup", [self.lab.binary("gvpn-server"), "cleanup"], self.lab.office)
        self.assertEqual(cleanup.wait_end(), 0, cleanup.describe())
        return "\n".join(cleanup.output)

    def kill_so_that_something_is_left(self, server, before):
        server.kill()
        left = case.difference(before, case.snapshot(self.lab.office))
        for section in SHARED:
            self.assertIn(f"{section}:", left, "a killed server leaves something to clean up")

    def assert_reaches_the_lan(self):
        for host in (LAN_HOST, LAN_HOST6):
            self.assert_pings(self.lab.home, host)

    def test_the_next_server_puts_back_what_a_killed_one_left(self):
        before = case.snapshot(self.lab.office)
        server = self.start_server(**BOTH)
        self.connect(server)
        self.kill_so_that_something_is_left(server, before)
        server = self.start_server(**BOTH)
        self.assertEqual(server.stop(), 0, server.describe())
        self.assert_unchanged(self.lab.office, before)

    def test_cleanup_puts_back_what_a_killed_server_left(self):
        before = case.snapshot(self.lab.office)
        server = self.start_server(**BOTH)
        self.connect(server)
        self.kill_so_that_something_is_left(server, before)
        self.assertIn("undone: ", self.clean_up())
        self.assert_unchanged(self.lab.office, before)
        self.assertNotIn("undone: ", self.clean_up())

    def test_switches_that_were_on_before_the_killed_server_stay_on(self):
        self.lab.office.write_switch("net/ipv4/ip_forward", 1)
        self.lab.office.write_switch("net/ipv6/conf/all/forwarding", 1)
        before = case.snapshot(self.lab.office)
        self.start_server(**BOTH).kill()
        self.clean_up()
        self.assert_unchanged(self.lab.office, before)

    def test_a_killed_client_leaves_nothing(self):
        before = case.snapshot(self.lab.home)
        client = self.connect(self.start_server(**BOTH))
        self.assert_reaches_the_lan()
        client.kill()
        self.lab.wait_until(lambda: client.connected["interface"] not in self.lab.home.run("ip", "link").stdout,
                            "the TUN ends with the client")
        self.assert_unchanged(self.lab.home, before)

    def test_two_servers_may_stop_in_either_order(self):
        for first_to_stop in (0, 1):
            with self.subTest(first_to_stop=first_to_stop):
                before = case.snapshot(self.lab.office)
                servers = [self.start_server(**BOTH), self.start_second_server()]
                for server in (servers[first_to_stop], servers[1 - first_to_stop]):
                    self.assertEqual(server.stop(), 0, server.describe())
                self.assert_unchanged(self.lab.office, before)

    def test_one_that_stops_leaves_the_others_tunnel_alone(self):
        first = self.start_server(**BOTH)
        second = self.start_second_server()
        self.connect(second, address=SECOND)
        self.assert_reaches_the_lan()
        self.assertEqual(first.stop(), 0, first.describe())
        self.assert_reaches_the_lan()

    def test_cleanup_leaves_a_living_server_alone(self):
        before = case.snapshot(self.lab.office)
        living = self.start_server(**BOTH)
        self.connect(living)
        with_one = case.snapshot(self.lab.office)
        self.start_second_server().kill()
        self.assertIn("packet filter:", case.difference(with_one, case.snapshot(self.lab.office)))
        self.clean_up()
        self.assert_unchanged(self.lab.office, with_one)
        self.assert_reaches_the_lan()
        self.assertEqual(living.stop(), 0, living.describe())
        self.assert_unchanged(self.lab.office, before)

    def test_cleanup_leaves_a_later_server_alone(self):
        before = case.snapshot(self.lab.office)
        second = self.start_second_server()
        with_second = case.snapshot(self.lab.office)
        self.assertEqual(second.stop(), 0, second.describe())
        first = self.start_server(**BOTH)
        second = self.start_second_server()
        self.connect(second, address=SECOND)
        first.kill()
        self.clean_up()
        # Not the rest: a TUN's own link-local address is another one each time.
        now = case.snapshot(self.lab.office)
        for section in SHARED:
            self.assertEqual(case.difference({section: with_second[section]}, {section: now[section]}), "")
        self.assert_reaches_the_lan()
        self.assertEqual(second.stop(), 0, second.describe())
        self.assert_unchanged(self.lab.office, before)


if __name__ == "__main__":
    case.main()
