"""gvpn-helper as it is installed: on a system bus of its own with a real polkitd, called by unprivileged programs."""

import re
import signal
import subprocess
import sys
import time

from support import case
from support.bus_world import ACTIVE, ADMIN, DENIED, GUEST, BusCaller, BusWorld, why_impossible

ERROR = "org.gvpn.Helper1.Error."
IFF_TUN, IFF_NO_PI, IFF_VNET_HDR = 0x0001, 0x1000, 0x4000
IDLE_S = 30


class HelperCase(case.LabCase):
    def setUp(self):
        super().setUp()
        self.world = BusWorld(self.lab, self.lab.home)
        self.before = case.snapshot(self.lab.home)

    def caller(self, user=ACTIVE):
        return BusCaller(self.world, user)

    def assert_refused(self, answer, error, *parts):
        self.assertEqual(answer.get("error"), ERROR + error, answer)
        for part in parts:
            self.assertIn(part, answer["cause"])

    def links(self):
        return self.lab.home.run("ip", "-o", "link").stdout

    def wait_unchanged(self, deadline_s=15):
        limit = time.monotonic() + deadline_s
        while case.difference(self.before, case.snapshot(self.lab.home)) and time.monotonic() < limit:
            time.sleep(0.05)
        self.assert_unchanged(self.lab.home, self.before)


class Allowed(HelperCase):
    def test_a_tunnel_is_handed_over_set_up_and_taken_back(self):
        caller = self.caller()
        opened = caller.do("open")
        self.assertEqual(opened.get("interface"), "gvpn0", opened)
        described = caller.do("describe", lease=opened["lease"])
        self.assertEqual(described["name"], "gvpn0")
        self.assertEqual(described["flags"] & (IFF_TUN | IFF_NO_PI | IFF_VNET_HDR), IFF_TUN | IFF_NO_PI | IFF_VNET_HDR)
        for _ in range(2):
            applied = caller.apply(opened["lease"], addresses=["10.86.0.2/24", "fd86::2/64"],
                                   routes=["172.17.0.0/16", "fd00:17::/64"], mtu=1400)
            self.assertNotIn("error", applied)
        self.assertIn("dev gvpn0", self.lab.home.run("ip", "route", "get", "172.17.0.4").stdout)
        self.assertIn("dev gvpn0", self.lab.home.run("ip", "-6", "route", "get", "fd00:17::4").stdout)
        self.assertIn("mtu 1400", self.links())
        self.assertIn("gvpn_gvpn0", self.lab.home.run("nft", "list", "tables").stdout)
        sent = caller.do("send_and_read", lease=opened["lease"], target="172.17.0.4")
        self.assertEqual(sent["destination"], "172.17.0.4")
        self.assertNotIn("error", caller.do("close", lease=opened["lease"]))
        self.assert_unchanged(self.lab.home, self.before)
        self.assert_refused(caller.do("close", lease=opened["lease"]), "NotFound")

    def test_the_contract_is_there(self):
        caller = self.caller(GUEST)
        self.assertEqual(caller.do("version").get("version"), 1)
        xml = caller.do("introspect")["xml"]
        for name in ("Open", "Apply", "SetNames", "Close", "SetCongestionControl", "Version"):
            self.assertIn(f'name="{name}"', xml)
        for method, signature, args in (("Open", "", []), ("Open", "s", ["x"]), ("Apply", "u", [1]), ("Run", "s", ["x"])):
            with self.subTest(method):
                answer = caller.do("raw", method=method, signature=signature, args=args)
                self.assertEqual(answer.get("error"), "org.freedesktop.DBus.Error.UnknownMethod", answer)

    def test_wide_networks_are_for_those_who_may(self):
        caller = self.caller()
        lease = caller.do("open")["lease"]
        self.assert_refused(caller.apply(lease, routes=["8.8.8.0/24"]), "NotAuthorized", "administrator")
        self.assertNotIn("error", caller.apply(lease))
        for domain in ("~.", "com", "lan", "17.172.in-addr.arpa"):
            self.assert_refused(caller.set_names(lease, "office.example", domain), "NotAuthorized", "administrator")
        self.lab.home.add_address("wan", "192.168.9.2/24")
        self.before = case.snapshot(self.lab.home)
        for route in ("192.168.9.0/24", "192.168.9.7/32", "192.168.0.0/16"):
            self.assert_refused(caller.apply(lease, routes=[route]), "NotAuthorized", "administrator")
        self.assert_unchanged(self.lab.home, self.before)
        admin = self.caller(ADMIN)
        lease = admin.do("open")["lease"]
        self.assertNotIn("error", admin.apply(lease, addresses=["10.87.0.2/24"], routes=["8.8.8.0/24"]))
        self.assertIn("dev gvpn1", self.lab.home.run("ip", "route", "get", "8.8.8.8").stdout)
        self.assertIs(admin.set_names(lease, "~.", servers=["8.8.8.8"]).get("in_force"), False)

    def test_congestion_control_of_a_handed_socket(self):
        caller = self.caller()
        self.assert_refused(caller.do("congestion", name="reno"), "NotAuthorized")
        caller.do("open")
        self.assertEqual(caller.do("congestion", name="reno").get("now"), "reno")
        self.assert_refused(caller.do("congestion", name="reno", kind="udp"), "InvalidArgument", "TCP")
        self.assert_refused(caller.do("congestion", name="nosuch"), "NotFound")
        for name in ("", "../reno", "RENO", "a" * 16, "a b"):
            self.assert_refused(caller.do("congestion", name=name), "InvalidArgument")


class Refused(HelperCase):
    def test_who_may_not_gets_nothing_and_is_told_why(self):
        for user, part in ((GUEST, "administrator"), (DENIED, "rules")):
            self.assert_refused(self.caller(user).do("open"), "NotAuthorized", part)
        self.assert_unchanged(self.lab.home, self.before)

    def test_without_polkit_nobody_may(self):
        self.world.run("sh", "-c", "rm /usr/share/dbus-1/system-services/org.freedesktop.PolicyKit1.service; "
                                   "kill -HUP $(pgrep -x dbus-daemon); kill $(pgrep -x polkitd); true")
        self.assert_refused(self.caller(ADMIN).do("open"), "NotAuthorized", "polkit")
        self.assert_unchanged(self.lab.home, self.before)

    def test_bad_values_change_nothing(self):
        caller = self.caller(ADMIN)
        lease = caller.do("open")["lease"]
        before = case.snapshot(self.lab.home)
        rows = [{"routes": [route]} for route in ("0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "::/0", "8000::/1",
                                                  "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "fe80::/10")]
        rows += [{"addresses": addresses} for addresses in ([], ["10.86.0.0/24"], ["10.86.0.255/24"], ["127.0.0.2/8"],
                                                            ["10.86.0.2/24", "10.87.0.2/24"], ["224.0.0.1/24"])]
        rows += [{"mtu": mtu} for mtu in (0, 1279, 65536, 2**32 - 1)]
        rows += [{"routes": ["172.17.0.0/16"] * 2}, {"routes": [f"10.{i // 256}.{i % 256}.0/24" for i in range(300)]}]
        for row in rows:
            with self.subTest(**row):
                self.assert_refused(caller.apply(lease, **row), "InvalidArgument")
        self.assert_unchanged(self.lab.home, before)
        self.assert_refused(caller.set_names(lease, "office.example"), "InvalidArgument", "172.17.0.53")
        self.assertNotIn("error", caller.apply(lease))
        for domain in ("", ".", "office.example.", "~example", "a b", "a..b", "x" * 300):
            with self.subTest(domain=domain):
                self.assert_refused(caller.set_names(lease, domain), "InvalidArgument", "domain")
        for servers in (["127.0.0.1"], ["172.17.0.53"] * 9, ["172.17.0.53", "8.8.8.8"], ["::"], ["255.255.255.255"]):
            with self.subTest(servers=servers):
                self.assert_refused(caller.set_names(lease, "office.example", servers=servers), "InvalidArgument")
        self.assert_refused(caller.set_names(lease, *["a.example"] * 17), "InvalidArgument", "17")
        self.assertIs(caller.set_names(lease, "office.example").get("in_force"), False)

    def test_another_program_can_not_touch_a_lease(self):
        owner, other = self.caller(), self.caller()
        lease = owner.do("open")["lease"]
        self.assertNotIn("error", owner.apply(lease))
        before = case.snapshot(self.lab.home)
        self.assert_refused(other.apply(lease), "NotFound")
        self.assert_refused(other.set_names(lease, "office.example"), "NotFound")
        self.assert_refused(other.do("close", lease=lease), "NotFound")
        self.assert_unchanged(self.lab.home, before)

    def test_two_do_not_get_the_same_network(self):
        first, second = self.caller(), self.caller(ADMIN)
        self.assertNotIn("error", first.apply(first.do("open")["lease"]))
        lease = second.do("open")["lease"]
        answer = second.apply(lease, addresses=["10.87.0.2/24"], routes=["172.17.4.0/24"])
        self.assert_refused(answer, "Conflict", "172.17.4.0/24", "172.17.0.0/16", "gvpn0")
        self.assert_refused(second.apply(lease, addresses=["10.86.0.3/24"], routes=[]), "Conflict")
        self.assertNotIn("error", second.apply(lease, addresses=["10.87.0.2/24"], routes=["172.18.0.0/16"]))

    def test_a_user_has_three_tunnels_at_most(self):
        callers = [self.caller() for _ in range(2)]
        for number in range(3):
            self.assertNotIn("error", callers[number % 2].do("open"))
        self.assert_refused(callers[1].do("open"), "LimitReached")
        self.assertNotIn("error", self.caller(ADMIN).do("open"))


class Names(HelperCase):
    def test_a_caller_that_closes_its_tun_does_not_free_the_name(self):
        caller = self.caller()
        lease = caller.do("open")["lease"]
        self.assertNotIn("error", caller.apply(lease))
        caller.do("close_tun", lease=lease)
        self.assertIn("gvpn0", self.links())
        self.assertEqual(self.caller(ADMIN).do("open").get("interface"), "gvpn1")
        self.assertNotIn("error", caller.do("close", lease=lease))
        self.assertNotIn("gvpn0", self.links())

    def test_nothing_is_set_for_an_interface_that_has_taken_over_the_name(self):
        caller = self.caller()
        lease = caller.do("open")["lease"]
        self.assertNotIn("error", caller.apply(lease))
        self.lab.home.run("ip", "link", "delete", "gvpn0")
        self.lab.home.run("nft", "delete", "table", "inet", "gvpn_gvpn0")
        self.lab.home.run("ip", "tuntap", "add", "gvpn0", "mode", "tun")
        self.lab.home.run("nft", "add", "table", "inet", "gvpn_gvpn0")
        self.lab.home.run("nft", "add", "chain", "inet", "gvpn_gvpn0", "of-somebody-else")
        before = self.lab.home.run("nft", "list", "table", "inet", "gvpn_gvpn0").stdout
        for routes in (["172.17.0.0/16"], ["172.18.0.0/16"]):
            self.assert_refused(caller.apply(lease, routes=routes), "NotFound", "gvpn0")
        caller.do("close", lease=lease)
        self.assertEqual(self.lab.home.run("nft", "list", "table", "inet", "gvpn_gvpn0").stdout, before)
        self.assertIn("gvpn0", self.links())


class Strangers(HelperCase):
    def match_rules(self):
        """How many the helper has; the bus allows 512."""
        stats = self.world.run("dbus-send", "--system", "--print-reply", "--dest=org.freedesktop.DBus",
                               "/org/freedesktop/DBus", "org.freedesktop.DBus.Debug.Stats.GetConnectionStats",
                               "string:org.gvpn.Helper1").stdout
        return int(re.search(r'"MatchRules"\s+variant\s+uint32 (\d+)', stats)[1])

    def test_whoever_is_refused_costs_no_match_rule(self):
        callers = [self.caller(GUEST) for _ in range(3)]
        self.assert_refused(callers[0].do("open"), "NotAuthorized")
        before = self.match_rules()
        for caller in callers[1:]:
            self.assert_refused(caller.do("open"), "NotAuthorized")
        self.assertEqual(self.match_rules(), before)


class Undone(HelperCase):
    def test_whatever_a_caller_does_before_it_leaves(self):
        for number in (signal.SIGTERM, signal.SIGKILL):
            with self.subTest(number.name):
                caller = self.caller()
                for index in range(2):
                    lease = caller.do("open")["lease"]
                    caller.apply(lease, addresses=[f"10.8{index}.0.2/24"], routes=[f"172.1{index}.0.0/16"])
                    self.assertNotIn("error", caller.do("persist", lease=lease))
                self.assertIn("gvpn1", self.links())
                caller.leave(number)
                self.wait_unchanged()

    def test_also_while_somebody_else_holds_the_descriptor(self):
        caller = self.caller()
        opened = caller.do("open")
        caller.apply(opened["lease"])
        # As good as another process that it has been passed to.
        caller.do("persist", lease=opened["lease"])
        self.assertNotIn("error", caller.do("close", lease=opened["lease"]))
        self.assert_unchanged(self.lab.home, self.before)
        self.assertEqual(caller.do("describe", lease=opened["lease"]).get("error"), "OSError")

    def test_when_the_helper_is_told_to_end(self):
        caller = self.caller()
        caller.apply(caller.do("open")["lease"])
        self.world.signal_helper("TERM")
        self.wait_unchanged()
        self.world.wait_for_no_helper()

    def test_by_the_next_one_when_the_helper_is_killed(self):
        caller = self.caller()
        opened = caller.do("open")
        caller.apply(opened["lease"])
        caller.do("persist", lease=opened["lease"])
        self.world.signal_helper("KILL")
        self.world.wait_for_no_helper()
        self.assertIn("gvpn0", self.links())
        self.assert_refused(caller.apply(opened["lease"]), "NotFound")
        self.assertNotIn("gvpn0", self.links())
        self.assertNotIn("gvpn_gvpn0", self.lab.home.run("nft", "list", "tables").stdout)
        again = caller.do("open")
        self.assertEqual(again.get("interface"), "gvpn0", again)
        self.assertNotIn("error", caller.apply(again["lease"]))
        self.assertNotIn("error", caller.do("close", lease=again["lease"]))
        self.assert_unchanged(self.lab.home, self.before)

    def test_when_the_bus_ends(self):
        caller = self.caller()
        caller.apply(caller.do("open")["lease"])
        self.world.run("sh", "-c", "kill $(pgrep -x dbus-daemon)")
        self.wait_unchanged()

    def test_it_ends_when_nobody_needs_it(self):
        caller = self.caller()
        opened = caller.do("open")
        first = self.world.helper_pid()
        self.assertIsNotNone(first)
        time.sleep(IDLE_S + 3)
        self.assertEqual(self.world.helper_pid(), first, "a lease keeps it")
        caller.do("close", lease=opened["lease"])
        self.world.wait_for_no_helper(IDLE_S + 10)
        self.assertNotIn("error", caller.do("open"))


class Hygiene(HelperCase):
    def test_it_has_one_capability_and_leaves_no_core(self):
        self.caller().do("version")
        status = self.world.run("cat", f"/proc/{self.world.helper_pid()}/status").stdout
        fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        net_admin = f"{1 << 12:016x}"
        self.assertEqual([fields[name] for name in ("CapEff", "CapPrm", "CapBnd")], [net_admin] * 3)
        self.assertEqual((fields["NoNewPrivs"], fields["Umask"]), ("1", "0077"))
        limits = self.world.run("cat", f"/proc/{self.world.helper_pid()}/limits").stdout
        self.assertRegex(limits, r"Max core file size +0 +0 ")

    def test_it_does_not_run_with_other_rights_than_it_needs(self):
        for missing in ("setpcap", "net_admin"):  # the others can't be given up, the one that it needs is not there
            with self.subTest(missing):
                result = self.world.run("setpriv", "--bounding-set", f"-{missing}", "/usr/libexec/gvpn-helper", check=False)
                self.assertEqual(result.returncode, 1)
                self.assertIn("can't start", result.stderr)
                self.assertIn("CAP_NET_ADMIN", result.stderr)

    def test_only_the_bus_starts_it(self):
        binary = self.lab.binary("gvpn-helper")
        result = subprocess.run([*self.world.argv_of(ACTIVE, [str(binary)])], capture_output=True, text=True, timeout=20,
                                check=False)
        self.assertEqual(result.returncode, 1)
        self.assertIn("as root", result.stderr)


if __name__ == "__main__":
    reason = why_impossible()
    if reason is not None:
        print(f"skipped: {reason}")
        sys.exit(case.SKIPPED)
    case.main()
