"""Names of the office for a person without rights: gvpn-helper gives them to the real systemd-resolved, for its own link
only, and takes them back whatever happens."""

import signal
import sys

from support import case, resolved
from support.bus_world import ACTIVE, ADMIN, BusCaller, why_impossible
from support.helper_case import BOTH, HelperCase
from support.lab import LAN_HOST, OFFICE, OFFICE_LAN

DOMAIN, WEB = "office.example", "www.office.example"
GATE = "vpn.office.example"
ELSEWHERE, ELSEWHERE_ADDRESS = "www.elsewhere.example", "198.51.100.9"
SEEN_FROM_OUTSIDE = "198.51.100.66"
HOME_RESOLVER = "203.0.113.254"
NOT_SET = "not set: no systemd-resolved"
RECONNECT_S = 60
ERROR = "org.gvpn.Helper1.Error."


class WithoutResolved(HelperCase):
    server_options = (f"--dns={LAN_HOST}", f"--dns-domain={DOMAIN}")

    def test_the_office_is_reached_without_its_names(self):
        client = self.connect_unprivileged()
        self.assertNotIn("dns", client.connected)
        self.assert_pings(self.lab.home, LAN_HOST)
        self.assertEqual(self.world.stop(client, signal.SIGTERM), 0, client.describe())
        self.assertEqual(len([line for line in client.errors if NOT_SET in line]), 1, client.describe())
        self.assert_unchanged(self.lab.home, self.before)


class NamesCase(HelperCase):
    def setUp(self):
        super().setUp()
        self.office_names = resolved.start_names(self.lab, self.lab.lan, LAN_HOST, **{WEB: LAN_HOST, GATE: OFFICE_LAN})
        self.home_names = resolved.start_names(self.lab, self.lab.internet, HOME_RESOLVER,
                                               **{WEB: SEEN_FROM_OUTSIDE, GATE: OFFICE, ELSEWHERE: ELSEWHERE_ADDRESS})
        try:
            self.resolved = resolved.ResolvedBeside(self.lab, self.world, self.lab.home, HOME_RESOLVER)
        except resolved.Unavailable as reason:
            self.skipTest(str(reason))
        self.names_before = self.resolved.settings()
        self.assertEqual(self.resolved.address_of(WEB), SEEN_FROM_OUTSIDE)

    @classmethod
    def tearDownClass(cls):
        resolved.Download.remove()

    def assert_as_before(self):
        self.lab.wait_until(lambda: self.resolved.settings() == self.names_before, "the resolvers are as before")
        self.assertEqual(self.resolved.address_of(WEB), SEEN_FROM_OUTSIDE)
        self.wait_unchanged()

    @staticmethod
    def asked(names):
        return {event["asked"] for event in names.events if "asked" in event}


class Connected(NamesCase):
    server_options = (f"--dns={LAN_HOST}", f"--dns-domain={DOMAIN}")

    def test_names_of_the_office_are_asked_there_and_no_others(self):
        client = self.connect_unprivileged()
        self.assertEqual((client.connected["dns"], client.connected["dns_domains"]), ([LAN_HOST], [DOMAIN]))
        self.assertEqual(client.errors, [])
        self.assertEqual(self.resolved.address_of(WEB), LAN_HOST)
        self.assertEqual(self.resolved.address_of(ELSEWHERE), ELSEWHERE_ADDRESS)
        self.assertIn(LAN_HOST, self.resolved.control("query", "--cache=no", "www"))
        self.assertIsNone(self.resolved.address_of("nosuch.office.example"))
        self.assertTrue(all(name.endswith(DOMAIN) for name in self.asked(self.office_names)),
                        self.asked(self.office_names))
        self.assertNotIn("nosuch.office.example", self.asked(self.home_names))
        self.assertEqual(self.world.stop(client, signal.SIGTERM), 0, client.describe())
        self.assert_as_before()

    def test_a_killed_client_leaves_nothing(self):
        client = self.connect_unprivileged()
        self.assertEqual(self.resolved.address_of(WEB), LAN_HOST)
        self.world.signal(client, signal.SIGKILL)
        self.assert_as_before()

    def test_the_next_helper_sets_them_again(self):
        client = self.connect_unprivileged()
        seen = len(client.events)
        self.world.signal_helper("KILL")
        client.wait_event(event="state", state="waiting", after=seen)
        again = self.wait_connected(client, RECONNECT_S, seen)
        self.assertEqual(again["dns"], [LAN_HOST])
        self.assertEqual(self.resolved.address_of(WEB), LAN_HOST)
        self.assertEqual(self.world.stop(client, signal.SIGTERM), 0, client.describe())
        self.assert_as_before()

    def test_it_finds_its_server_again_though_that_is_named_in_the_office(self):
        client = self.connect_unprivileged(address=GATE)
        self.assertEqual(self.resolved.address_of(GATE), OFFICE_LAN)
        for number in (signal.SIGTERM, signal.SIGKILL):
            self.server.stop(number)
            self.server = self.start_server(*self.server_options, **BOTH)
            seen = len(client.events)
            self.assertEqual(self.wait_connected(client, RECONNECT_S, seen), client.connected)
            self.assertEqual(self.resolved.address_of(WEB), LAN_HOST)
        self.assertEqual([line for line in client.errors if "not used" in line or "not set" in line], [])
        self.assertEqual(self.world.stop(client, signal.SIGTERM), 0, client.describe())
        self.assert_as_before()


class NotAnOfficesOwn(NamesCase):
    server_options = (f"--dns={LAN_HOST}", "--dns-domain=lan")

    def test_an_administrator_has_to_agree_and_the_connection_goes_on_without(self):
        client = self.connect_unprivileged("--accept-domain=lan")
        self.assertNotIn("dns", client.connected)
        self.lab.wait_until(lambda: any("not set: an administrator" in line for line in client.errors), "it says why")
        self.assert_pings(self.lab.home, LAN_HOST)
        self.assertEqual(self.resolved.settings()[0].count(LAN_HOST), 0)
        self.assertEqual(self.world.stop(client, signal.SIGTERM), 0, client.describe())
        self.assert_as_before()
        client = self.connect_unprivileged("--accept-domain=lan", user=ADMIN)
        self.assertEqual(client.connected["dns_domains"], ["lan"])
        self.assertEqual(self.world.stop(client, signal.SIGTERM), 0, client.describe())
        self.assert_as_before()


class Called(NamesCase):
    """By programs of which each does what it likes with its lease."""

    def opened(self, user, number):
        """A caller with a lease and the network 172.1<number>.0.0/16."""
        caller = BusCaller(self.world, user)
        lease = caller.do("open")["lease"]
        applied = caller.apply(lease, addresses=[f"10.8{number}.0.2/24"], routes=[f"172.1{number}.0.0/16"])
        self.assertNotIn("error", applied)
        return caller, lease

    def test_two_do_not_get_the_same_names(self):
        (first, one), (second, two) = self.opened(ACTIVE, 6), self.opened(ADMIN, 7)
        self.assertIs(first.set_names(one, DOMAIN, servers=["172.16.0.53"]).get("in_force"), True)
        for domain in (DOMAIN, DOMAIN.upper(), WEB):
            answer = second.set_names(two, domain)
            self.assertEqual(answer.get("error"), f"{ERROR}Conflict", answer)
            self.assertIn("gvpn0", answer["cause"])
        self.assertEqual(self.resolved.control("domain").count(DOMAIN), 1)
        first.leave(signal.SIGKILL)
        self.lab.wait_until(lambda: second.set_names(two, DOMAIN).get("in_force") is True, "the names are free")
        self.assertEqual(second.do("close", lease=two).get("error"), None)
        self.assert_as_before()

    def test_all_names_for_those_who_may(self):
        caller, lease = self.opened(ADMIN, 7)
        self.assertIs(caller.set_names(lease, "~.", DOMAIN).get("in_force"), True)
        domains = self.resolved.control("domain", "gvpn0")
        self.assertIn("~.", domains)
        self.assertIn(DOMAIN, domains)
        self.assertIn("yes", self.resolved.control("default-route", "gvpn0"))
        # The same once more, then another; each in place of what was before, and without touching the routes.
        routes = self.lab.home.run("ip", "route").stdout
        for names in (("~.", DOMAIN), (DOMAIN,)):
            self.assertIs(caller.set_names(lease, *names).get("in_force"), True)
        self.assertNotIn("~.", self.resolved.control("domain", "gvpn0"))
        self.assertIn("no", self.resolved.control("default-route", "gvpn0").split())
        self.assertNotIn("error", caller.apply(lease, addresses=["10.87.0.2/24"], routes=["172.16.0.0/12"]))
        self.assertIn(DOMAIN, self.resolved.control("domain", "gvpn0"))
        self.assertNotIn("error", caller.apply(lease, addresses=["10.87.0.2/24"], routes=["172.17.0.0/16"]))
        self.assertEqual(self.lab.home.run("ip", "route").stdout, routes)
        self.assertIs(caller.set_names(lease).get("in_force"), True)
        self.assertNotIn(DOMAIN, self.resolved.control("domain", "gvpn0"))
        self.assertEqual(caller.do("close", lease=lease).get("error"), None)
        self.assert_as_before()

    def test_a_refusal_leaves_nothing_set(self):
        caller, lease = self.opened(ACTIVE, 7)
        for refused in ({"domains": ["lan"]}, {"domains": ["."]}, {"domains": [DOMAIN], "servers": ["8.8.8.8"]}):
            with self.subTest(**refused):
                self.assertIs(caller.set_names(lease, DOMAIN).get("in_force"), True)
                self.assertIn(DOMAIN, self.resolved.control("domain", "gvpn0"))
                servers = refused.get("servers", ["172.17.0.53"])
                self.assertIn("error", caller.set_names(lease, *refused["domains"], servers=servers))
                self.lab.wait_until(lambda: DOMAIN not in self.resolved.control("domain", "gvpn0"), "nothing is set")


if __name__ == "__main__":
    reason = why_impossible()
    if reason is not None:
        print(f"skipped: {reason}")
        sys.exit(case.SKIPPED)
    case.main()
