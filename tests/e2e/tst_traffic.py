"""Packets of all sizes, both families inside and outside, both directions, and a large file, arrive whole."""

import hashlib
import json

from support import case
from support.lab import BIG_FILE_BYTES, LAN, LAN6, LAN_HOST, LAN_HOST6, OFFICE, OFFICE6, POOL, POOL6, PORT

PAYLOADS = (64, 1440, 3000)
BOTH = {"bypass": (LAN, LAN6), "cidr": (POOL, POOL6)}
UDP_MAX_LOST_PERCENT = 5
UDP_ATTEMPTS = 3


class Traffic(case.LabCase):
    def test_pings_of_all_sizes_come_back_without_loss(self):
        self.connect(self.start_server(**BOTH))
        for host in (LAN_HOST, LAN_HOST6):
            for payload in PAYLOADS:
                with self.subTest(host=host, payload=payload):
                    self.assert_pings(self.lab.home, host, count=50, payload=payload, interval=0.01)

    def test_pings_from_the_lan_reach_home_without_masquerading(self):
        self.lab.add_lan_routes_back()
        client = self.connect(self.start_server("--masquerade=off", **BOTH))
        for key in ("address", "address6"):
            address = client.connected[key].split("/")[0]
            for payload in PAYLOADS:
                with self.subTest(address=address, payload=payload):
                    self.assert_pings(self.lab.lan, address, count=50, payload=payload, interval=0.01)

    def test_streams_and_datagrams_pass_over_each_family_inside_and_outside(self):
        server = self.start_server(**BOTH)
        for outer in (f"{OFFICE}:{PORT}", f"[{OFFICE6}]:{PORT}"):
            client = self.connect(server, address=outer)
            # Its own for each connection: what the client takes away with the tunnel may be the end of the last test,
            # for which the peer then waits.
            receiver = self.lab.start("iperf3 server", ["iperf3", "-s"], self.lab.lan)
            self.lab.wait_until(lambda: self.lab.is_listening(self.lab.lan, 5201), "iperf3 listens")
            for inner in (LAN_HOST, LAN_HOST6):
                for direction in ((), ("-R",)):
                    with self.subTest(outer=outer, inner=inner, direction=direction):
                        self.assert_stream(inner, *direction)
                        self.assert_datagrams(inner, *direction)
            receiver.kill()
            self.assertEqual(client.stop(), 0, client.describe())

    def test_a_large_file_arrives_unchanged(self):
        digest = self.lab.start_web_server()
        self.connect(self.start_server())
        target = self.lab.folder / "received"
        result = self.lab.fetch(self.lab.home, f"http://{LAN_HOST}/big", deadline_s=120, output=target)
        self.assertEqual(result.returncode, 0, result.stderr)
        content = target.read_bytes()
        self.assertEqual(len(content), BIG_FILE_BYTES)
        self.assertEqual(hashlib.sha256(content).hexdigest(), digest)

    def iperf(self, host, *options):
        result = self.lab.home.run("iperf3", "-c", host, "-J", "--connect-timeout", "15000", *options, check=False)
        said = json.loads(result.stdout)
        # Its exit status is 0 in some cases where it reports an error.
        self.assertEqual((result.returncode, said.get("error")), (0, None), result.stdout + result.stderr)
        return said["end"]

    def assert_stream(self, host, *options):
        # The receiver stops counting when the sender says, on another connection, that it has sent everything.
        received = self.iperf(host, "-n", "20M", *options)["sum_received"]["bytes"]
        self.assertGreater(received, 10_000_000)

    def assert_datagrams(self, host, *options):
        # iperf3's own socket holds 40 ms of this. On a busy machine it waits longer for its turn now and then; what the
        # tunnel loses is lost in each attempt.
        for _ in range(UDP_ATTEMPTS):
            summary = self.iperf(host, "-u", "-b", "20M", "-l", "1200", "-t", "1", *options)["sum"]
            self.assertGreater(summary["packets"], 500)
            if summary["lost_percent"] < UDP_MAX_LOST_PERCENT:
                return
        self.fail(f"{summary['lost_percent']} % lost")


if __name__ == "__main__":
    case.main()
