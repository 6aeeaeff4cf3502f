"""Whatever a program changed in its computer's network is put back: when it stops, when its start fails at any step,
and after a kill by the next start or by gvpn-server cleanup. Neither touches what a living program needs."""

import itertools
import re
import shutil
import signal
import subprocess

from support import case
from support.lab import LAN, LAN6, LAN_HOST, LAN_HOST6, OFFICE, POOL, POOL6, PORT

BOTH = {"bypass": (LAN, LAN6), "cidr": (POOL, POOL6)}
SHARED = ("packet filter", "switches")
SECOND = f"{OFFICE}:51006"
SECOND_POOLS = ("10.87.0.0/24", "fd87::/64")
CLEANED_UP = "undone: "
MANY = 40  # more descriptors, or files below /run, than either program needs
ENOUGH_STARTS = 3


def mounted(commands):
    """A prefix that changes the file system for the program only."""
    return ("unshare", "--mount", "sh", "-ec", f'{commands}; exec "$@"', "sh")


NO_NFT = mounted("mount --bind /dev/null /usr/sbin/nft")
SWITCHES_READ_ONLY = mounted("mount --bind /proc/sys /proc/sys; mount -o remount,bind,ro /proc/sys")
RECORDS_READ_ONLY = mounted("mount -t tmpfs -o ro none /run")


def few_files(count):
    """The folder itself is one of them."""
    return mounted(f"mount -t tmpfs -o nr_inodes={count} none /run")


def few_descriptors(count):
    return ("prlimit", f"--nofile={count}:{count}")


def without_owners(lines):
    """Whose table it is says the name of a chain in it, which is random."""
    return [re.sub(r"owner_\w+", "owner", line) for line in lines]


class UndoCase(case.LabCase):
    def start_second_server(self):
        """Another one in the same office."""
        return self.start_server(f"--address={SECOND}", "--tun=second0", bypass=(LAN, LAN6), cidr=SECOND_POOLS,
                                 state="second-server")

    def start_client_of_nobody(self, *options, **settings):
        return self.lab.start_client(f"--server={OFFICE}:{PORT}", "--trust-on-first-use", *options, **settings)

    def clean_up(self, namespace=None):
        cleanup = self.lab.start("cleanup", [self.lab.binary("gvpn-server"), "cleanup"], namespace or self.lab.office)
        self.assertEqual(cleanup.wait_end(), 0, cleanup.describe())
        return "\n".join(cleanup.output)

    def assert_reaches_the_lan(self):
        for host in (LAN_HOST, LAN_HOST6):
            self.assert_pings(self.lab.home, host)

    def write_program(self, name, text):
        path = self.lab.folder / name
        path.write_text(f"#!/bin/sh\n{text}\n", encoding="ascii")
        path.chmod(0o755)
        return path


class CleanStop(UndoCase):
    def test_both_networks_are_as_they_were(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number.name):
                before = {namespace: case.snapshot(namespace) for namespace in (self.lab.home, self.lab.office)}
                server = self.start_server(**BOTH)
                client = self.connect(server)
                self.assert_reaches_the_lan()
                for namespace, state in before.items():
                    changes = case.difference(state, case.snapshot(namespace))
                    self.assertNotEqual(changes, "", "it shows what is there now")
                self.assertEqual(client.stop(number), 0, client.describe())
                self.assertEqual(server.stop(number), 0, server.describe())
                for namespace, state in before.items():
                    self.assert_unchanged(namespace, state)

    def test_switches_that_were_on_stay_on(self):
        self.lab.office.write_switch("net/ipv4/ip_forward", 1)
        self.lab.office.write_switch("net/ipv6/conf/all/forwarding", 1)
        before = case.snapshot(self.lab.office)
        server = self.start_server(**BOTH)
        self.assertEqual(server.stop(), 0)
        self.assert_unchanged(self.lab.office, before)

    def test_what_could_not_be_put_back_is_said_and_cleanup_does_it(self):
        before = case.snapshot(self.lab.office)
        nft = self.lab.folder / "real-nft"
        shutil.copy("/usr/sbin/nft", nft)
        broken = self.lab.folder / "broken"
        text = f'test -e "{broken}" && echo "no space left" >&2 && exit 1; exec "{nft}" "$@"'
        script = self.write_program("nft", text)
        server = self.start_server(prefix=mounted(f"mount --bind '{script}' /usr/sbin/nft"), **BOTH)
        broken.touch()
        server.process.terminate()
        self.assert_ends(server, 1, "no space left", "gvpn-server cleanup")
        self.assertNotEqual(case.difference(before, case.snapshot(self.lab.office)), "")
        self.assertIn(CLEANED_UP, self.clean_up())
        self.assert_unchanged(self.lab.office, before)


class KilledServer(UndoCase):
    def kill_so_that_something_is_left(self, server, before):
        server.kill()
        left = case.difference(before, case.snapshot(self.lab.office))
        for section in SHARED:
            self.assertIn(f"{section}:", left, "a killed server leaves something to clean up")

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
        self.assertIn(CLEANED_UP, self.clean_up())
        self.assert_unchanged(self.lab.office, before)
        self.assertNotIn(CLEANED_UP, self.clean_up())

    def test_switches_that_were_on_before_the_killed_server_stay_on(self):
        self.lab.office.write_switch("net/ipv4/ip_forward", 1)
        self.lab.office.write_switch("net/ipv6/conf/all/forwarding", 1)
        before = case.snapshot(self.lab.office)
        self.start_server(**BOTH).kill()
        self.clean_up()
        self.assert_unchanged(self.lab.office, before)

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
            self.assertEqual(without_owners(with_second[section]), without_owners(now[section]))
        self.assert_reaches_the_lan()
        self.assertEqual(second.stop(), 0, second.describe())
        self.assert_unchanged(self.lab.office, before)


class KilledClient(UndoCase):
    def setUp(self):
        super().setUp()
        self.before = case.snapshot(self.lab.home)
        self.server = self.start_server(**BOTH)

    def connect_and_kill(self):
        client = self.connect(self.server)
        self.assert_reaches_the_lan()
        client.kill()
        interface = client.connected["interface"]
        self.lab.wait_until(lambda: interface not in self.lab.home.run("ip", "link").stdout, "its TUN ends with it")
        left = case.snapshot(self.lab.home)
        self.assertTrue(left["records"], "it has recorded what to undo")
        # A table that guards an address which nobody has any more harms nobody.
        own_table = [line for line in left["packet filter"] if f"gvpn_{interface}" in line]
        self.assertEqual(case.difference({**self.before, "packet filter": own_table, "records": left["records"]}, left),
                         "")

    def test_the_next_client_puts_back_what_a_killed_one_left(self):
        for options in ((), ("--tun=another0",)):
            with self.subTest(options):
                self.connect_and_kill()
                client = self.connect(self.server, *options)
                self.assert_reaches_the_lan()
                self.assertEqual(client.stop(), 0, client.describe())
                self.assert_unchanged(self.lab.home, self.before)

    def test_cleanup_puts_back_what_a_killed_client_left(self):
        self.connect_and_kill()
        self.clean_up(self.lab.home)
        self.assert_unchanged(self.lab.home, self.before)

    def test_cleanup_leaves_a_living_client_alone(self):
        client = self.connect(self.server)
        connected = case.snapshot(self.lab.home)
        self.assertNotIn(CLEANED_UP, self.clean_up(self.lab.home))
        self.assert_unchanged(self.lab.home, connected)
        self.assert_reaches_the_lan()
        self.assertEqual(client.stop(), 0, client.describe())


class FailedStart(UndoCase):
    """Everything that a start can fail at, each for real."""

    def assert_fails(self, namespace, start, *parts, status=(1, 2, 7)):
        before = case.snapshot(namespace)
        program = start()
        self.assertIn(program.wait_end(), status, program.describe())
        said = "\n".join(program.errors).lower()
        for part in parts:
            self.assertIn(part.lower(), said, program.describe())
        self.assert_unchanged(namespace, before)
        return program

    def assert_server_fails(self, *parts, options=(), prefix=(), status=(1, 2, 7), **settings):
        settings = {**BOTH, "state": "failing-server", **settings}
        self.assert_fails(self.lab.office, lambda: self.lab.start_server(*options, prefix=prefix, **settings), *parts,
                          status=status)

    def assert_client_fails(self, *parts, options=(), prefix=(), status=(1,), **settings):
        client = self.assert_fails(self.lab.home,
                                   lambda: self.start_client_of_nobody(*options, prefix=prefix, **settings), *parts,
                                   status=status)
        self.assertEqual(client.events[-1]["state"], "disconnected", client.describe())

    def broken_nft(self, name, text):
        return mounted(f"mount --bind '{self.write_program(name, text)}' /usr/sbin/nft")

    def damaged_state(self, name, text):
        folder = self.lab.state_dir(f"state-with-{name}")
        (folder / name).write_text(text, encoding="ascii")
        return folder.name

    def test_a_server_that_may_not_do_a_step(self):
        rows = (
            ("without nft", NO_NFT, "package nftables"),
            ("nft fails", self.broken_nft("failing", "echo 'Error: out of rules' >&2; exit 1"), "out of rules"),
            ("nft is killed", self.broken_nft("killed", "kill -9 $$"), "nft"),
            ("switches can't be written", SWITCHES_READ_ONLY, "read-only"),
            ("records can't be written", RECORDS_READ_ONLY, "read-only"),
        )
        for name, prefix, part in rows:
            with self.subTest(name):
                self.assert_server_fails("The network can't be set up", part, prefix=prefix)

    def test_a_server_with_a_table_in_its_way(self):
        owner = subprocess.Popen(["ip", "netns", "exec", self.lab.office.name, "nft", "-i"], stdin=subprocess.PIPE,
                                 stdout=subprocess.DEVNULL, text=True)
        self.addCleanup(owner.wait)
        self.addCleanup(owner.stdin.close)
        owner.stdin.write("add table inet gvpn_gvpn0 { flags owner; }\n")
        owner.stdin.flush()
        self.lab.wait_until(lambda: "gvpn_gvpn0" in self.lab.office.run("nft", "list", "tables").stdout, "the table")
        self.assert_server_fails("nft")

    def test_a_server_that_waits_for_nft_in_vain(self):
        before = case.snapshot(self.lab.office)
        server = self.lab.start_server(prefix=self.broken_nft("waiting", "exec sleep 60"), **BOTH)
        self.assert_ends(server, 1, "nft did not end")
        # nft may have done it all the same, so the record stays for the next one.
        left = case.snapshot(self.lab.office)
        self.assertEqual(case.difference({**before, "records": left["records"]}, left), "")
        self.clean_up()
        self.assert_unchanged(self.lab.office, before)

    def test_a_server_without_ipv6(self):
        self.lab.office.write_switch("net/ipv6/conf/default/disable_ipv6", 1)
        self.assert_server_fails(POOL6.split("/", maxsplit=1)[0])

    def test_a_server_without_a_way_to_its_lan(self):
        for family in ("-4", "-6"):
            self.lab.office.run("ip", family, "route", "del", "default")
        for lan in ("10.99.0.0/16", "fd99::/64"):
            with self.subTest(lan):
                self.assert_server_fails(lan, bypass=(lan,))

    def test_a_server_with_something_in_its_way(self):
        (self.lab.folder / "a-file").touch()
        rows = (
            ("a TUN name that is taken", "lan", {"options": ("--tun=lan",)}),
            ("an address that is not here", "--address", {"options": ("--address=203.0.113.77:51005",)}),
            ("a pool inside the LAN", "172.17.3.0/24", {"cidr": ("172.17.3.0/24",)}),
            ("a pool around another network", "203.0.112.0/20", {"cidr": ("203.0.112.0/20",)}),
            ("a file as its state directory", "a-file", {"state": "a-file"}),
            ("damaged state", "server.json", {"state": self.damaged_state("server.json", "{")}),
            ("a damaged key", "server-key.pem", {"state": self.damaged_state("server-key.pem", "no key")}),
        )
        for name, part, settings in rows:
            with self.subTest(name):
                self.assert_server_fails(part, **settings)

    def test_a_server_whose_port_is_in_use(self):
        other = self.start_server(**BOTH)
        self.assert_server_fails(str(PORT), cidr=SECOND_POOLS)
        self.assertTrue(other.is_running())

    def test_a_client_that_may_not_do_a_step(self):
        self.start_server(**BOTH)
        rows = (
            ("without nft", NO_NFT, "package nftables"),
            ("nft fails", self.broken_nft("failing", "echo 'Error: out of rules' >&2; exit 1"), "out of rules"),
        )
        for name, prefix, part in rows:
            with self.subTest(name):
                self.assert_client_fails("stage routes", part, prefix=prefix, options=("--once",))

    def test_a_client_with_something_in_its_way(self):
        self.start_server(**BOTH)
        home = self.lab.home
        home.run("ip", "link", "add", "lan0", "type", "bridge")
        home.run("ip", "link", "set", "lan0", "up")
        (self.lab.folder / "a-file").touch()
        # (name, put there, take away, options and settings, parts of the sentence)
        rows = (
            ("a route that leads nowhere", "route add blackhole 172.17.0.0/16", "route del blackhole 172.17.0.0/16", {},
             ("stage routes", LAN)),
            ("an IPv6 route that leads nowhere", "-6 route add unreachable fd00:17::/64 metric 1024",
             "-6 route del unreachable fd00:17::/64", {}, ("stage routes", LAN6)),
            ("the tunnel network", "addr add 10.86.0.200/28 dev lan0", "addr del 10.86.0.200/28 dev lan0", {},
             ("stage routes", POOL, "lan0")),
            ("a TUN name that is taken", "link show lo", "link show lo", {"options": ("--tun=wan",)}, ("--tun wan",)),
            ("a file as its state directory", "link show lo", "link show lo", {"state": "a-file"}, ("a-file",)),
            ("damaged state", "link show lo", "link show lo",
             {"state": self.damaged_state("servers.json", "{")}, ("servers.json",)),
        )
        for name, put, take, settings, parts in rows:
            with self.subTest(name):
                home.run("ip", *put.split())
                try:
                    self.assert_client_fails(*parts, **settings)
                finally:
                    home.run("ip", *take.split())

    def test_a_client_without_ipv6(self):
        self.start_server(**BOTH)
        self.lab.home.write_switch("net/ipv6/conf/default/disable_ipv6", 1)
        self.assert_client_fails("fd86:", options=("--once",), status=(1, 7))

    def test_a_client_on_the_servers_own_computer(self):
        servers = [self.start_server(**BOTH), self.start_second_server()]
        self.assert_fails(self.lab.office, lambda: self.start_client_of_nobody(home=self.lab.office), POOL, "gvpn0")
        for server in servers:
            self.assertEqual(server.stop(), 0, server.describe())

    def starts_with(self, namespace, make_prefix, start, has_started):
        """The outcomes with 1, 2, 3, … of something, up to where the program starts each time."""
        before = case.snapshot(namespace)
        outcomes = []
        for number in range(1, MANY):
            program = start(make_prefix(number))
            self.lab.wait_until(lambda p=program: has_started(p) or not p.is_running(), f"{number}: it starts or ends")
            outcomes.append(program.is_running())
            with self.subTest(number):
                if program.is_running():
                    self.assertEqual(program.stop(), 0, program.describe())
                else:
                    self.assertNotEqual(program.wait_end(), 0, program.describe())
                    self.assertTrue(program.errors, "it says why")
                # A record that it could not take back is no harm, and the next one removes it.
                now = case.snapshot(namespace)
                self.assertEqual(case.difference({**before, "records": now["records"]}, now), "", program.describe())
            if outcomes[-ENOUGH_STARTS:] == [True] * ENOUGH_STARTS:
                self.assert_unchanged(namespace, before)
                return outcomes
        self.fail(f"it never starts: {outcomes}")

    def server_starts_with(self, make_prefix):
        return self.starts_with(
            self.lab.office, make_prefix, lambda prefix: self.lab.start_server(prefix=prefix, **BOTH),
            lambda server: server.events)

    def client_starts_with(self, make_prefix):
        self.start_server(**BOTH)
        return self.starts_with(
            self.lab.home, make_prefix, lambda prefix: self.start_client_of_nobody("--once", prefix=prefix),
            lambda client: any(event.get("state") == "connected" for event in list(client.events)))

    def test_a_server_that_has_no_room_for_its_records(self):
        self.assertGreater(self.server_starts_with(few_files).count(False), 1)

    def test_a_client_needs_no_records(self):
        self.assertNotIn(False, self.client_starts_with(few_files))

    def test_a_server_with_few_descriptors(self):
        self.assertGreater(self.server_starts_with(few_descriptors).count(False), 1)

    def test_a_client_with_few_descriptors(self):
        self.assertGreater(self.client_starts_with(few_descriptors).count(False), 1)


class OneComputer(UndoCase):
    """Two servers, and a client of a third one elsewhere, in the office."""

    homes = 2
    ATTIC, IN_THE_ATTIC = "192.168.77.0/24", "192.168.77.1"

    def setUp(self):
        super().setUp()
        self.elsewhere = self.lab.homes[1]
        self.elsewhere.run("ip", "link", "add", "attic", "type", "bridge")
        self.elsewhere.run("ip", "link", "set", "attic", "up")
        self.elsewhere.add_address("attic", f"{self.IN_THE_ATTIC}/24")
        self.third = self.start_server(place=self.elsewhere, bypass=(self.ATTIC,), cidr=("10.88.0.0/24",),
                                       state="third")
        self.before = case.snapshot(self.lab.office)

    def start_all(self):
        """{name: program}"""
        return {"the first server": self.start_server(**BOTH), "the second server": self.start_second_server(),
                "the client": self.connect(self.third, home=self.lab.office, address=f"203.0.113.102:{PORT}")}

    def test_two_servers_and_a_client_may_stop_in_any_order(self):
        for order in itertools.permutations(("the first server", "the second server", "the client")):
            with self.subTest(order):
                programs = self.start_all()
                for name in order:
                    if programs["the client"].is_running():
                        self.assert_pings(self.lab.office, self.IN_THE_ATTIC, count=1)
                    self.assertEqual(programs[name].stop(), 0, programs[name].describe())
                self.assert_unchanged(self.lab.office, self.before)

    def test_all_are_killed_and_cleaned_up_together(self):
        for program in self.start_all().values():
            program.kill()
        self.assertNotEqual(case.difference(self.before, case.snapshot(self.lab.office)), "")
        self.clean_up()
        self.assert_unchanged(self.lab.office, self.before)

    def test_one_that_stops_leaves_the_others_tunnel_alone(self):
        first = self.start_server(**BOTH)
        second = self.start_second_server()
        self.connect(second, address=SECOND)
        self.assert_reaches_the_lan()
        self.assertEqual(first.stop(), 0, first.describe())
        self.assert_reaches_the_lan()

    def test_a_client_that_was_killed_is_cleaned_up_by_a_server(self):
        programs = self.start_all()
        programs["the client"].kill()
        for name in ("the first server", "the second server"):
            self.assertEqual(programs[name].stop(), 0, programs[name].describe())
        server = self.start_server(**BOTH)
        self.assertEqual(server.stop(), 0, server.describe())
        self.assert_unchanged(self.lab.office, self.before)


if __name__ == "__main__":
    case.main()
