"""Names of the office are asked at the office while the tunnel is up, all others where they were, and everything is as
before afterwards."""

import signal

from support import case, resolved
from support.lab import LAN, LAN_HOST, OFFICE, OFFICE_LAN

DOMAIN, WEB = "office.example", "www.office.example"
GATE = "vpn.office.example"
ELSEWHERE, ELSEWHERE_ADDRESS = "www.elsewhere.example", "198.51.100.9"
SEEN_FROM_OUTSIDE = "198.51.100.66"
HOME_RESOLVER = "203.0.113.254"
SERVER_OPTIONS = (f"--dns={LAN_HOST}", f"--dns-domain={DOMAIN}")
WITHOUT_A_BUS = ("env", "DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nonexistent/bus")
NOT_SET = "not set: no systemd-resolved"
BACK_S = 30


def stages(client):
    return [event["stage"] for event in client.events if event.get("state") == "connecting"]


class WithoutResolved(case.LabCase):
    def wait_said(self, program, part):
        self.lab.wait_until(lambda: any(part in line for line in program.errors), f"{program.name} says {part}")

    def test_the_office_is_reached_without_its_names(self):
        server = self.start_server(*SERVER_OPTIONS)
        self.assertEqual((server.listening["dns"], server.listening["dns_domains"]), ([LAN_HOST], [DOMAIN]))
        before = case.snapshot(self.lab.home)
        client = self.connect(server, prefix=WITHOUT_A_BUS)
        self.assertNotIn("dns", client.connected)
        self.assertEqual(stages(client)[-3:], ["routes", "dns", "probe"])
        self.assert_pings(self.lab.home, LAN_HOST)
        self.assertEqual(client.stop(), 0)
        said = [line for line in client.errors if NOT_SET in line]
        self.assertEqual(len(said), 1, client.describe())
        self.assertIn(DOMAIN, said[0])
        self.assert_unchanged(self.lab.home, before)

    def test_it_can_be_told_not_to_care(self):
        server = self.start_server(*SERVER_OPTIONS)
        client = self.connect(server, "--no-dns", prefix=WITHOUT_A_BUS)
        self.assertNotIn("dns", client.connected)
        self.assertEqual(client.stop(), 0)
        self.assertEqual(client.errors, [])

    def test_what_is_not_used_is_said(self):
        server = self.start_server("--dns=172.18.0.53", f"--dns={LAN_HOST}", "--dns-domain=lan", f"--dns-domain={DOMAIN}")
        self.wait_said(server, "--dns 172.18.0.53")
        self.wait_said(server, "--dns-domain lan")
        client = self.connect(server, prefix=WITHOUT_A_BUS)
        for part in ("172.18.0.53", "--accept-domain lan", NOT_SET):
            self.wait_said(client, part)

    def test_resolvers_change_by_a_signal(self):
        config = self.lab.folder / "server.conf"
        config.write_text("", encoding="ascii")
        server = self.start_server(f"--config={config}")
        config.write_text(f"dns={LAN_HOST}\ndns-domain={DOMAIN}\n", encoding="ascii")
        server.process.send_signal(signal.SIGHUP)
        self.wait_said(server, "changed now: dns-domain")
        self.wait_said(self.connect(server, prefix=WITHOUT_A_BUS), NOT_SET)


class WithResolved(case.LabCase):
    def setUp(self):
        super().setUp()
        self.office_names = resolved.start_names(self.lab, self.lab.lan, LAN_HOST, **{WEB: LAN_HOST, GATE: OFFICE_LAN})
        self.home_names = resolved.start_names(self.lab, self.lab.internet, HOME_RESOLVER,
                                               **{WEB: SEEN_FROM_OUTSIDE, GATE: OFFICE, ELSEWHERE: ELSEWHERE_ADDRESS})
        try:
            self.resolved = resolved.Resolved(self.lab, self.lab.home, HOME_RESOLVER)
        except resolved.Unavailable as reason:
            self.skipTest(str(reason))
        self.before = self.resolved.settings()
        self.assertEqual(self.resolved.address_of(WEB), SEEN_FROM_OUTSIDE)

    @classmethod
    def tearDownClass(cls):
        resolved.Download.remove()

    def connect(self, server, *options, **settings):
        return super().connect(server, *options, prefix=self.resolved.prefix(), **settings)

    def assert_as_before(self):
        self.lab.wait_until(lambda: self.resolved.settings() == self.before, "the resolvers are as before")
        self.assertEqual(self.resolved.address_of(WEB), SEEN_FROM_OUTSIDE)

    @staticmethod
    def asked(names):
        return {event["asked"] for event in names.events if "asked" in event}

    def test_names_of_the_office_are_asked_there_and_no_others(self):
        client = self.connect(self.start_server(*SERVER_OPTIONS))
        self.assertEqual((client.connected["dns"], client.connected["dns_domains"]), ([LAN_HOST], [DOMAIN]))
        self.assertEqual(client.errors, [])
        self.assertEqual(self.resolved.address_of(WEB), LAN_HOST)
        self.assertEqual(self.resolved.address_of(ELSEWHERE), ELSEWHERE_ADDRESS)
        self.assertIn(LAN_HOST, self.resolved.control("query", "--cache=no", "www"))
        self.assertIsNone(self.resolved.address_of("nosuch.office.example"))
        self.assertTrue(all(name.endswith(DOMAIN) for name in self.asked(self.office_names)),
                        self.asked(self.office_names))
        self.assertNotIn("nosuch.office.example", self.asked(self.home_names))
        self.assertEqual(client.stop(), 0)
        self.assert_as_before()

    def test_a_killed_client_leaves_nothing(self):
        client = self.connect(self.start_server(*SERVER_OPTIONS))
        self.assertEqual(self.resolved.address_of(WEB), LAN_HOST)
        client.kill()
        self.assert_as_before()

    def test_it_finds_its_server_again_though_that_is_named_in_the_office(self):
        server = self.start_server(*SERVER_OPTIONS)
        client = self.connect(server, address=GATE)
        self.assertEqual(self.resolved.address_of(GATE), OFFICE_LAN)
        for number in (signal.SIGTERM, signal.SIGKILL):
            server.stop(number)
            server = self.start_server(*SERVER_OPTIONS)
            after = len(client.events)
            connected = self.wait_connected(client, BACK_S + 30, after)
            # Its resolver is one of this computer's now; that does not keep the route out.
            self.assertEqual(connected, client.connected)
            self.assertIn(LAN, connected["routes"])
            self.assertEqual(self.resolved.address_of(WEB), LAN_HOST)
        self.assertEqual([line for line in client.errors if "not used" in line or "not set" in line], [])
        self.assertEqual(client.stop(), 0)
        self.assert_as_before()

    def test_what_is_left_out_is_asked_at_home(self):
        client = self.connect(self.start_server(f"--dns={LAN_HOST}", "--dns-domain=example", f"--dns-domain={DOMAIN}"),
                              "--no-dns")
        self.assertEqual(self.resolved.address_of(WEB), SEEN_FROM_OUTSIDE)
        self.assertEqual(client.stop(), 0)
        client = self.connect(self.start_server(f"--dns={LAN_HOST}", "--dns-domain=example", "--address=:51006",
                                                "--tun=second", state="second", cidr=("10.87.0.0/24",)),
                              address=f"{OFFICE}:51006")
        self.assertNotIn("dns", client.connected)
        self.assertEqual(self.resolved.address_of(WEB), SEEN_FROM_OUTSIDE)


if __name__ == "__main__":
    case.main()
