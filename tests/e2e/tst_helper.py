"""gvpn-client without any right, through the installed gvpn-helper: it connects, and whatever happens to it or to the
helper, the computer's network is as it was before."""

import signal
import sys
import time
from pathlib import Path

from support import case
from support.bus_world import DENIED, GUEST, why_impossible
from support.helper_case import BOTH, HelperCase
from support.lab import LAN, LAN6, LAN_HOST, LAN_HOST6
from support.namespaces import at_end, not_at_end

NOT_PERMITTED, USAGE = 7, 2
AVAILABLE = Path("/proc/sys/net/ipv4/tcp_available_congestion_control")
ALLOWED = Path("/proc/sys/net/ipv4/tcp_allowed_congestion_control")


class Connected(HelperCase):
    def test_it_reaches_the_lan_and_puts_everything_back(self):
        client = self.connect_unprivileged()
        self.assertEqual(sorted(client.connected["routes"]), sorted([LAN, LAN6]))
        for host in (LAN_HOST, LAN_HOST6):
            self.assert_pings(self.lab.home, host)
        self.assertEqual(self.world.stop(client, signal.SIGTERM), 0, client.describe())
        self.assert_unchanged(self.lab.home, self.before)

    def test_a_killed_client_leaves_nothing(self):
        client = self.connect_unprivileged()
        self.assert_pings(self.lab.home, LAN_HOST)
        self.world.signal(client, signal.SIGKILL)
        self.wait_unchanged()

    def test_a_lost_connection_keeps_its_tunnel(self):
        client = self.connect_unprivileged()
        interface = client.connected["interface"]
        seen = len(client.events)
        self.assertEqual(self.server.stop(), 0)
        client.wait_event(event="state", state="waiting", after=seen)
        self.server = self.start_server(**BOTH)
        again = self.wait_connected(client, after=seen)
        self.assertEqual(again["interface"], interface)
        self.assert_pings(self.lab.home, LAN_HOST)

    def test_what_not_everybody_may_choose_is_set_by_the_helper(self):
        allowed = ALLOWED.read_text(encoding="ascii").split()
        if "bbr" not in AVAILABLE.read_text(encoding="ascii").split():
            self.skipTest("this kernel has no bbr")
        if "bbr" in allowed:
            def put_back():
                not_at_end(put_back)
                ALLOWED.write_text(" ".join(allowed), encoding="ascii")
            at_end(put_back)
            self.addCleanup(put_back)
            ALLOWED.write_text(" ".join(name for name in allowed if name != "bbr"), encoding="ascii")
        self.lab.home.write_switch("net/ipv4/tcp_congestion_control", "reno")
        client = self.connect_unprivileged("--congestion=bbr")
        status = client.wait_event(event="congestion")
        self.assertEqual(status.get("algorithm"), "bbr", status)


class HelperGone(HelperCase):
    def test_a_killed_helper_is_noticed_and_the_next_one_is_used(self):
        client = self.connect_unprivileged()
        seen = len(client.events)
        self.world.signal_helper("KILL")
        waiting = client.wait_event(event="state", state="waiting", after=seen)
        self.assertIn("gvpn-helper", waiting["reason"])
        self.wait_connected(client, after=seen)
        self.assert_pings(self.lab.home, LAN_HOST)
        self.assertEqual(self.world.stop(client, signal.SIGTERM), 0, client.describe())
        self.wait_unchanged()

    def test_a_helper_that_hangs_does_not_keep_the_client(self):
        client = self.connect_unprivileged()
        self.world.signal_helper("STOP")
        started = time.monotonic()
        self.world.stop(client, signal.SIGTERM)
        self.assertLess(time.monotonic() - started, 12)
        self.world.signal_helper("CONT")
        self.wait_unchanged()


class Refused(HelperCase):
    def test_it_says_why_and_changes_nothing(self):
        for user, parts in ((GUEST, ("administrator", "sudo")), (DENIED, ("rules", "sudo"))):
            with self.subTest(user):
                self.assert_ends(self.start_unprivileged(user=user), NOT_PERMITTED, "stage tun", *parts)
        self.assert_unchanged(self.lab.home, self.before)

    def test_it_does_not_choose_the_name(self):
        self.assert_ends(self.start_unprivileged("--tun=mine0"), USAGE, "--tun mine0", "gvpn-helper")

    def test_a_computer_without_helper_or_bus_is_said(self):
        self.world.run("rm", "/usr/share/dbus-1/system-services/org.gvpn.Helper1.service")
        self.world.run("sh", "-c", "kill -HUP $(pgrep -x dbus-daemon)")
        self.assert_ends(self.start_unprivileged(), NOT_PERMITTED, "not installed", "sudo")
        self.world.run("sh", "-c", "kill $(pgrep -x dbus-daemon)")
        self.lab.wait_until(lambda: self.world.run("pgrep", "-x", "dbus-daemon", check=False).returncode != 0,
                            "the bus has ended")
        self.assert_ends(self.start_unprivileged(), NOT_PERMITTED, "no system bus", "sudo")


if __name__ == "__main__":
    reason = why_impossible()
    if reason is not None:
        print(f"skipped: {reason}")
        sys.exit(case.SKIPPED)
    case.main()
