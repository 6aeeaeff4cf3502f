"""Whatever each end can do with segments, the same bytes arrive: with offloads on, off at one end, off at both, and in v1;
large files, both ways, both families; datagrams of one send; connections with tiny and odd segments."""

import os
import platform
import socket
import struct

from support import case, streams
from support.lab import BIG_FILE_BYTES, LAN, LAN6, LAN_HOST, LAN_HOST6, OFFICE, POOL, POOL6, PORT

BOTH = {"bypass": (LAN, LAN6), "cidr": (POOL, POOL6)}
HOSTS = (LAN_HOST, LAN_HOST6)
OFF = ("--offload=off",)
SMALL_FILE_BYTES = 1_000_000
ONE_PACKET = 1500
SEVERAL_PACKETS = 3 * ONE_PACKET

# linux/udp.h
UDP_SEGMENT = 103
UDP_GRO = 104
DATAGRAM_BYTES = 1200
DATAGRAMS = 40
ROUNDS = 20
# A destination options header of 8 bytes that holds padding only (RFC 8200, 4.2 and 4.6); linux/in6.h
IPV6_DSTOPTS = 59
PADDING = bytes((0, 0, 1, 4, 0, 0, 0, 0))


def has_udp_segments():
    """Linux 6.2 and later take them at a TUN."""
    return tuple(int(part) for part in platform.release().split(".")[:2]) >= (6, 2)


class Offloads(case.LabCase):
    def test_on_at_both_ends(self):
        self.check_files((), (), home=("large", "large"), office=("large", "large"))

    def test_off_at_the_client(self):
        # The server's TUN serves others, too, so that it still gives segments: the server cuts them.
        self.check_files((), OFF, home=("small", "small"), office=("small", "large"))

    def test_off_at_the_server(self):
        self.check_files(OFF, (), home=("small", "small"), office=("small", "small"))

    def test_off_at_both_ends(self):
        self.check_files(OFF, OFF, home=("small", "small"), office=("small", "small"))

    def test_v1(self):
        self.start_server("--allow-v1", **BOTH)
        client = self.lab.start_client(f"--server={OFFICE}:{PORT}", "--v1")
        self.wait_connected(client)
        self.carry_files((LAN_HOST,))
        self.assertEqual(self.kind_of_packets(self.lab.home, "tx"), "small")

    def check_files(self, server_options, client_options, home, office):
        """home, office: the kind of packets of each TUN: what the program wrote (rx) and what it read (tx)."""
        self.connect(self.start_server(*server_options, **BOTH), *client_options)
        self.carry_files(HOSTS)
        for namespace, kinds in ((self.lab.home, home), (self.lab.office, office)):
            with self.subTest(namespace=namespace.role):
                self.assertEqual((self.kind_of_packets(namespace, "rx"), self.kind_of_packets(namespace, "tx")), kinds)

    def carry_files(self, hosts):
        for host in hosts:
            with self.subTest(host=host), streams.Connection(self.lab.home, self.lab.lan, host) as stream:
                self.assertTrue(stream.upload(BIG_FILE_BYTES), "what arrived in the LAN is something else")
                self.assertTrue(stream.download(BIG_FILE_BYTES), "what arrived at home is something else")

    def counters(self, namespace, direction):
        path = f"/sys/class/net/gvpn0/statistics/{direction}_"
        return [int(namespace.run("cat", path + what).stdout) for what in ("bytes", "packets")]

    def kind_of_packets(self, namespace, direction):
        """Whether the TUN has moved segments or packets. Between the files, there are acknowledgements in both."""
        total, packets = self.counters(namespace, direction)
        if total / packets > SEVERAL_PACKETS:
            return "large"
        return "small" if total / packets <= ONE_PACKET else f"{total / packets} bytes each"

    # -- datagrams

    def test_datagrams_of_one_send_arrive_one_by_one(self):
        for options in ((), OFF):
            with self.subTest(client=options):
                server = self.start_server(**BOTH)
                client = self.connect(server, *options)
                for host in HOSTS:
                    for is_upload in (True, False):
                        with self.subTest(host=host, is_upload=is_upload):
                            self.check_datagrams(host, is_upload, are_segments=not options and has_udp_segments())
                client.stop()
                server.stop()

    def check_datagrams(self, host, is_upload, are_segments):
        with streams.make_socket(self.lab.home, host, socket.SOCK_DGRAM) as home, \
                streams.make_socket(self.lab.lan, host, socket.SOCK_DGRAM) as lan:
            lan.bind((host, streams.PORT))
            home.connect((host, streams.PORT))
            home.send(b"hello")
            lan.connect(lan.recvfrom(100)[1][:2])
            sender, receiver = (home, lan) if is_upload else (lan, home)
            before = self.counters(self.lab.home, "tx" if is_upload else "rx")
            for number in range(ROUNDS):
                content = bytes([number]) + os.urandom(DATAGRAM_BYTES * DATAGRAMS - 101)  # the last one is shorter
                self.assertEqual(send_at_once(sender, content), len(content))
                self.assertEqual(self.receive(receiver, len(content)), content)
            after = self.counters(self.lab.home, "tx" if is_upload else "rx")
        total, packets = (new - old for new, old in zip(after, before))
        self.assertGreater(total, ROUNDS * DATAGRAM_BYTES * (DATAGRAMS - 1))
        if are_segments:
            self.assertGreater(total / packets, SEVERAL_PACKETS)
        else:
            self.assertLessEqual(total / packets, ONE_PACKET)

    @staticmethod
    def receive(receiver, size):
        """The content of the next datagrams; each has the size that it was sent with."""
        content = b""
        while len(content) < size:
            piece = receiver.recv(65536)
            if len(piece) != min(DATAGRAM_BYTES, size - len(content)):
                raise AssertionError(f"a datagram of {len(piece)} bytes behind {len(content)}")
            content += piece
        return content

    def test_a_receiver_that_wants_segments_gets_them(self):
        if not has_udp_segments():
            self.skipTest("this kernel's TUN takes no segments of UDP")
        self.connect(self.start_server(**BOTH))
        for host in HOSTS:
            with self.subTest(host=host), \
                    streams.make_socket(self.lab.home, host, socket.SOCK_DGRAM) as sender, \
                    streams.make_socket(self.lab.lan, host, socket.SOCK_DGRAM) as receiver:
                receiver.setsockopt(socket.IPPROTO_UDP, UDP_GRO, 1)
                receiver.bind((host, streams.PORT))
                sender.connect((host, streams.PORT))
                content = os.urandom(DATAGRAM_BYTES * DATAGRAMS)
                send_at_once(sender, content)
                received, ancillary, _, _ = receiver.recvmsg(65536, 100)
                self.assertEqual(received, content)
                self.assertEqual([struct.unpack("i", data)[0] for _, kind, data in ancillary if kind == UDP_GRO],
                                 [DATAGRAM_BYTES])

    # -- segments that may not travel

    def test_tiny_and_odd_segments_arrive(self):
        server = self.start_server(**BOTH)
        client = self.connect(server)
        for host in HOSTS:
            for mss in (88, 100, 216, 227, 228, 300, 536):
                with self.subTest(host=host, server_mss=mss), \
                        streams.Connection(self.lab.home, self.lab.lan, host, server_mss=mss) as stream:
                    self.assertLessEqual(stream.segment_sizes()[0], mss)
                    self.assertTrue(stream.upload(SMALL_FILE_BYTES))
                with self.subTest(host=host, client_mss=mss), \
                        streams.Connection(self.lab.home, self.lab.lan, host, client_mss=mss) as stream:
                    self.assertLessEqual(stream.segment_sizes()[1], mss)
                    self.assertTrue(stream.download(SMALL_FILE_BYTES))
        self.assert_nothing_was_bad(server, client)

    def test_segments_behind_options_of_ipv6_arrive(self):
        self.lab.add_lan_routes_back()
        server = self.start_server("--masquerade=off", **BOTH)
        client = self.connect(server)
        own = client.connected["address6"].split("/")[0]
        options = [(socket.IPPROTO_IPV6, IPV6_DSTOPTS, PADDING)]
        for source, target, host in ((self.lab.home, self.lab.lan, LAN_HOST6), (self.lab.lan, self.lab.home, own)):
            with self.subTest(source=source.role), \
                    streams.Connection(source, target, host, client_options=options) as stream:
                self.assertTrue(stream.upload(SMALL_FILE_BYTES))
        self.assert_nothing_was_bad(server, client)

    def assert_nothing_was_bad(self, server, client):
        """Neither end dropped a segment as one that lies."""
        client.stop()
        gone = server.wait_event(event="client-disconnected")
        self.assertNotIn("bad-segment", gone["dropped"])
        server.stop()
        self.assertNotIn("bad-segment", server.wait_event(event="stopped")["dropped"])


def send_at_once(sender, content):
    """One system call, many datagrams."""
    size = struct.pack("H", DATAGRAM_BYTES)
    return sender.sendmsg([content], [(socket.IPPROTO_UDP, UDP_SEGMENT, size)])


if __name__ == "__main__":
    case.main()
