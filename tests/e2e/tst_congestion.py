"""The outer connection's congestion control: "auto" moves it to BBR where the line is long and loses packets, and nowhere
else; what was asked for by name is set; what the system refuses is said, and the connection goes on."""

import contextlib
import socket
from pathlib import Path

from support import case
from support.lab import LAN_HOST, PORT
from support.long_line import NEAR, add_long_line, lose
from support.namespaces import at_end, not_at_end

DELAY_MS = 10  # each way
LOSS_PERCENT = 2
ALLOWED = Path("/proc/sys/net/ipv4/tcp_allowed_congestion_control")
REFUSING = ("/usr/bin/python3", "-B", str(Path(__file__).resolve().parents[1] / "support" / "refusing.py"), "EPERM")
RATE = "8M"  # bits a second: beyond what CUBIC gets over that line, and little for the relay


def has_algorithm(name):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe, contextlib.suppress(OSError):
        probe.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, name.encode("ascii"))
        return True
    return False


class Congestion(case.LabCase):
    def setUp(self):
        super().setUp()
        if not has_algorithm("bbr"):
            self.skipTest("this kernel has no bbr")
        self.use_cubic()

    def use_cubic(self):
        """New namespaces take over the host's default, which may be bbr; a namespace's default must be one that the
        host allows to everybody."""
        allowed = ALLOWED.read_text(encoding="ascii").split()
        if "cubic" not in allowed:
            def put_back():
                not_at_end(put_back)
                ALLOWED.write_text(" ".join(allowed), encoding="ascii")
            at_end(put_back)
            self.addCleanup(put_back)
            ALLOWED.write_text(" ".join([*allowed, "cubic"]), encoding="ascii")
        for namespace in (self.lab.office, self.lab.lan, self.lab.home):
            namespace.write_switch("net/ipv4/tcp_congestion_control", "cubic")

    def add_line(self, loss_percent):
        add_long_line(self.lab, DELAY_MS)
        for namespace in (self.lab.office, self.lab.home):
            lose(namespace, loss_percent)

    def connect_over_line(self, server, *options, **settings):
        return self.connect(server, *options, address=f"{NEAR}:{PORT}", **settings)

    def start_traffic(self, seconds):
        """Both ways through the tunnel, for so long."""
        self.lab.start("iperf3 server", ["iperf3", "-s"], self.lab.lan)
        self.lab.wait_until(lambda: self.lab.is_listening(self.lab.lan, 5201), "iperf3 listens")
        return self.lab.start("iperf3", ["iperf3", "-c", LAN_HOST, "--bidir", "-b", RATE, "-t", seconds], self.lab.home)

    def shown(self):
        """What `status` says of the one client."""
        return self.lab.admin("status")["clients"][0]["congestion"]

    def assert_runs(self, namespace, algorithm, side):
        """As the kernel sees the outer connection; side: whose port is the server's, sport or dport."""
        said = namespace.run("ss", "-Htin", "state", "established", side, "=", f":{PORT}").stdout
        self.assertIn(f" {algorithm} ", said)

    def assert_both_stay(self, server, client):
        self.assert_runs(self.lab.office, "cubic", "sport")
        self.assert_runs(self.lab.home, "cubic", "dport")
        for program in (server, client):
            self.assertEqual([event for event in program.events if event["event"] == "congestion"], [])
        self.assertEqual(self.shown()["algorithm"], "cubic")

    def test_auto_moves_both_ends_to_bbr_on_a_line_that_loses(self):
        self.add_line(LOSS_PERCENT)
        server = self.start_server()
        client = self.connect_over_line(server)
        self.assertEqual(self.shown()["algorithm"], "cubic")
        self.assertIn("not needed", self.shown()["reason"])
        self.start_traffic(seconds=30)
        for program in (server, client):
            changed = program.wait_event(event="congestion", deadline_s=25)
            self.assertEqual(changed["algorithm"], "bbr")
            # Which of the two is seen first, the losses or what they leave of the window, is chance.
            self.assertRegex(changed["reason"], r"(lost|left the line partly empty) at a round-trip time of \d+ ms$")
        self.assert_runs(self.lab.office, "bbr", "sport")
        self.assert_runs(self.lab.home, "bbr", "dport")
        self.assertEqual(self.shown()["algorithm"], "bbr")
        self.assert_pings(self.lab.home, LAN_HOST)

    def test_auto_stays_on_a_line_that_loses_nothing(self):
        self.add_line(0)
        server = self.start_server()
        client = self.connect_over_line(server)
        self.assertEqual(self.start_traffic(seconds=5).wait_end(), 0)
        self.assert_both_stay(server, client)
        self.assertIn("not needed", self.shown()["reason"])

    def test_system_stays_whatever_is_lost(self):
        self.add_line(LOSS_PERCENT)
        server = self.start_server("--congestion=system")
        client = self.connect_over_line(server, "--congestion", "system")
        self.start_traffic(seconds=6).wait_end()
        self.assert_both_stay(server, client)
        self.assertIn("as asked for", self.shown()["reason"])

    def test_a_name_is_set_at_once(self):
        server = self.start_server("--congestion=reno")
        self.connect(server, "--congestion=bbr")
        self.lab.wait_until(lambda: self.shown() == {"algorithm": "reno", "reason": "as asked for"}, "status shows it")
        self.assert_runs(self.lab.office, "reno", "sport")
        self.assert_runs(self.lab.home, "bbr", "dport")

    def test_an_unknown_name_is_warned_of_once_and_the_tunnel_works(self):
        server = self.start_server("--congestion=nosuch")
        client = self.connect(server, "--congestion=nosuch")
        self.assert_pings(self.lab.home, LAN_HOST)
        self.assertEqual(self.shown()["algorithm"], "cubic")
        self.assertIn("nosuch is not to be had", self.shown()["reason"])
        client.stop()
        client = self.connect(server, "--congestion=nosuch")
        for program in (server, client):
            with self.subTest(program.name):
                # What was said may still be on its way here.
                self.lab.wait_until(lambda which=program: "nosuch" in "".join(which.errors), "it is warned of")
                said = [line for line in program.errors if "nosuch" in line]
                self.assertEqual(len(said), 1, program.describe())
                self.assertIn("cubic", said[0])

    def test_a_server_that_may_not_choose_says_so(self):
        self.add_line(LOSS_PERCENT)
        server = self.start_server(prefix=REFUSING)
        self.connect_over_line(server)
        self.start_traffic(seconds=30)
        refused = server.wait_event(event="congestion", deadline_s=25)
        self.assertEqual(refused["algorithm"], "cubic")
        self.assertIn("bbr is not permitted", refused["reason"])
        self.assertEqual(self.shown(), {"algorithm": refused["algorithm"], "reason": refused["reason"]})
        self.assert_runs(self.lab.office, "cubic", "sport")
        self.assert_pings(self.lab.home, LAN_HOST)

    def test_a_value_that_is_no_name_is_refused(self):
        for program in (self.lab.start_server("--congestion=Bbr!"),
                        self.lab.start_client("--server", NEAR, "--trust-on-first-use", "--congestion=Bbr!")):
            self.assert_ends(program, 2, "--congestion", "auto, system")


if __name__ == "__main__":
    case.main()
