"""LANs that carry smaller or larger packets than the tunnel: ends agree on what fits, whoever sends too much is told, and
nothing is fragmented unless its sender allows no other way."""

import errno
import socket
import time

from support import case, streams
from support.lab import GATEWAY, LAN, LAN6, LAN_HOST, LAN_HOST6, OFFICE_LAN, OFFICE_LAN6, POOL, POOL6

SMALL = 1300
LARGE = 9000
TUNNEL = 1500
LAN2 = "172.18.0.0/16"
LAN2_6 = "fd00:18::/64"
LAN2_HOST = "172.18.0.4"
LAN2_HOST6 = "fd00:18::4"
HEADERS = {4: 40, 6: 60}
BOTH = {"bypass": (LAN, LAN6), "cidr": (POOL, POOL6)}
HOSTS = ((4, LAN_HOST), (6, LAN_HOST6))
FILE_BYTES = 10_000_000


class Mtu(case.LabCase):
    def setUp(self):
        super().setUp()
        self.lab.add_lan_routes_back()

    def set_lan(self, mtu, host_mtu=None):
        self.lab.office.run("ip", "link", "set", "lan", "mtu", mtu)
        self.lab.lan.run("ip", "link", "set", "eth0", "mtu", host_mtu or mtu)

    def connect_both_ways(self, masquerade, **settings):
        """A connected client; those before it are gone, and what their path was with them."""
        for program in reversed(self.lab.programs):
            program.stop()
        self.lab.programs.clear()
        return self.connect(self.start_server(f"--masquerade={masquerade}", **{**BOTH, **settings}))

    def fragments(self):
        """How many fragments home and office have made, of both families."""
        total = 0
        for namespace in (self.lab.home, self.lab.office):
            names, values = (line.split() for line in namespace.run("cat", "/proc/net/snmp").stdout.splitlines()[:2])
            total += int(dict(zip(names, values))["FragCreates"])
            for line in namespace.run("cat", "/proc/net/snmp6").stdout.splitlines():
                total += int(line.split()[1]) if line.startswith("Ip6FragCreates") else 0
        return total

    def test_ends_agree_on_what_a_small_lan_carries_and_streams_are_not_fragmented(self):
        # Nobody tells the LAN's host that the office's interface takes less than its own: only the clamped MSS does.
        self.set_lan(SMALL, host_mtu=TUNNEL)
        # Without "don't fragment", a router would cut what is too large.
        self.lab.home.write_switch("net/ipv4/ip_no_pmtu_disc", 1)
        self.lab.lan.write_switch("net/ipv4/ip_no_pmtu_disc", 1)
        for masquerade in ("on", "off"):
            with self.subTest(masquerade=masquerade):
                self.connect_both_ways(masquerade)
                for version, host in HOSTS:
                    with self.subTest(host=host), streams.Connection(self.lab.home, self.lab.lan, host) as stream:
                        for size in stream.segment_sizes():
                            self.assertLessEqual(size, SMALL - HEADERS[version])
                            self.assertGreater(size, SMALL - HEADERS[version] - 40)
                        self.assertTrue(stream.upload(FILE_BYTES))
                        self.assertTrue(stream.download(FILE_BYTES))
                self.assertEqual(self.fragments(), 0)

    def test_a_connection_from_the_lan_is_clamped_as_well(self):
        self.set_lan(LARGE)
        client = self.connect_both_ways("off")
        for version, key in ((4, "address"), (6, "address6")):
            address = client.connected[key].split("/")[0]
            with self.subTest(address=address), streams.Connection(self.lab.lan, self.lab.home, address) as stream:
                for size in stream.segment_sizes():
                    self.assertLessEqual(size, TUNNEL - HEADERS[version])
                self.assertTrue(stream.upload(FILE_BYTES))
        self.assertEqual(self.fragments(), 0)

    def test_a_client_is_told_what_the_lan_carries(self):
        for masquerade, mtu in (("on", SMALL), ("off", 1280)):
            with self.subTest(masquerade=masquerade):
                self.set_lan(mtu)
                self.connect_both_ways(masquerade)
                for version, host in HOSTS:
                    with self.subTest(host=host):
                        self.assert_datagrams_are_told(self.lab.home, self.lab.lan, host, mtu, version)
                        self.assert_ping_is_told(self.lab.home, host, mtu)

    def test_a_lan_host_is_told_what_the_tunnel_carries(self):
        self.set_lan(LARGE)
        client = self.connect_both_ways("off")
        for version, key in ((4, "address"), (6, "address6")):
            address = client.connected[key].split("/")[0]
            with self.subTest(address=address):
                self.assert_datagrams_are_told(self.lab.lan, self.lab.home, address, TUNNEL, version)
                self.assert_ping_is_told(self.lab.lan, address, TUNNEL)

    def test_a_lan_host_that_answers_a_masqueraded_client_is_told(self):
        self.set_lan(LARGE)
        self.connect_both_ways("on")
        for (version, host), office in zip(HOSTS, (OFFICE_LAN, OFFICE_LAN6)):
            with self.subTest(host=host), \
                    streams.make_socket(self.lab.home, host, socket.SOCK_DGRAM) as asking, \
                    streams.make_socket(self.lab.lan, host, socket.SOCK_DGRAM) as answering:
                answering.bind((host, streams.PORT))
                asking.connect((host, streams.PORT))
                asking.send(b"a question")
                peer = answering.recvfrom(100)[1]
                self.assertEqual(peer[0], office)
                answering.connect(peer[:2])
                self.assert_learns(answering, asking, TUNNEL, version)

    def test_each_of_two_lans_carries_what_it_can(self):
        lan2 = self.add_second_lan(1280)
        client = self.connect_both_ways("on", bypass=(LAN, LAN6, LAN2, LAN2_6))
        self.assertEqual(set(client.connected["routes"]), {LAN, LAN6, LAN2, LAN2_6})
        for namespace, mtu, hosts in ((self.lab.lan, TUNNEL, HOSTS), (lan2, 1280, ((4, LAN2_HOST), (6, LAN2_HOST6)))):
            for version, host in hosts:
                with self.subTest(host=host):
                    with streams.Connection(self.lab.home, namespace, host) as stream:
                        for size in stream.segment_sizes():
                            self.assertLessEqual(size, mtu - HEADERS[version])
                            self.assertGreater(size, mtu - HEADERS[version] - 40)
                        self.assertTrue(stream.upload(FILE_BYTES))
                        self.assertTrue(stream.download(FILE_BYTES))
                    if mtu == TUNNEL:
                        self.assert_pings(self.lab.home, host, payload=TUNNEL - 48, options=("-M", "do"))
                    else:
                        self.assert_ping_is_told(self.lab.home, host, mtu)
        self.assertEqual(self.fragments(), 0)

    def add_second_lan(self, mtu):
        # pylint: disable=protected-access
        lan2 = self.lab._add("lan2")
        self.lab.office.add_veth("lan2", lan2, "eth0")
        self.lab.office.run("ip", "link", "set", "lan2", "mtu", mtu)
        lan2.run("ip", "link", "set", "eth0", "mtu", mtu)
        for address in ("172.18.0.1/16", "fd00:18::1/64"):
            self.lab.office.add_address("lan2", address)
        for address in (f"{LAN2_HOST}/16", f"{LAN2_HOST6}/64"):
            lan2.add_address("eth0", address)
        return lan2

    def test_the_tunnel_itself_says_what_it_carries(self):
        self.connect(self.start_server(**BOTH))
        self.assert_pings(self.lab.home, GATEWAY, payload=TUNNEL - 28, options=("-M", "do"))
        result = self.lab.ping(self.lab.home, GATEWAY, count=1, payload=TUNNEL - 27, options=("-M", "do"))
        self.assertRegex(result.stdout + result.stderr, rf"mtu[=:] ?{TUNNEL}\b")

    # -- what "told" means

    def assert_ping_is_told(self, namespace, host, mtu):
        result = self.lab.ping(namespace, host, count=2, payload=mtu, interval=0.2, deadline_s=2,
                               options=("-M", "do"))
        said = result.stdout + result.stderr
        self.assertRegex(said, rf"mtu[=:] ?{mtu}\b")
        fits = mtu - 48 if ":" in host else mtu - 28
        self.assert_pings(namespace, host, payload=fits, options=("-M", "do"))

    def assert_datagrams_are_told(self, sender_namespace, receiver_namespace, host, mtu, version):
        with streams.make_socket(sender_namespace, host, socket.SOCK_DGRAM) as sender, \
                streams.make_socket(receiver_namespace, host, socket.SOCK_DGRAM) as receiver:
            receiver.bind((host, streams.PORT))
            sender.connect((host, streams.PORT))
            self.assert_learns(sender, receiver, mtu, version)

    def assert_learns(self, sender, receiver, mtu, version):
        """Of datagrams of one byte too many, none arrives, and the sender learns the path's MTU; one less does."""
        streams.discover(sender)
        fits = mtu - (28 if version == 4 else 48)
        limit = time.monotonic() + 10
        while streams.path_mtu(sender) != mtu:
            self.assertLess(time.monotonic(), limit, f"knows {streams.path_mtu(sender)}")
            send_or_hear(sender, fits + 1)
            time.sleep(0.02)
        while not send_or_hear(sender, fits):
            self.assertLess(time.monotonic(), limit)
        self.assertEqual(len(receiver.recv(65536)), fits)
        self.assertFalse(send_or_hear(sender, fits + 1))


def send_or_hear(sender, size):
    """False: "too long", which is the answer to this datagram or to an earlier one."""
    try:
        sender.send(bytes(size))
    except OSError as error:
        if error.errno != errno.EMSGSIZE:
            raise
        return False
    return True


if __name__ == "__main__":
    case.main()
