"""Whatever else comes to the port is closed, costs nothing that lasts, and leaves a running session alone."""

import contextlib
import os
import socket
import ssl
import struct
import time

from support import case
from support.lab import GATEWAY, LAN_HOST
from support.peer import (FRAME_CONTROL, FRAME_PACKET, HELLO, LOGIN, Peer, connect_plain, connect_tls, echo_request,
                          frame, is_closed_by_peer, make_certificate, message)

LIMIT_BEFORE_LOGIN = 4096
CLOSES_AT_ONCE_S = 7  # well before the 10 s of a connection that says nothing
SILENT_TOO_LONG_S = 30
RUBBISH_ROUNDS = 100
MAX_GROWTH_KIB = 4096
SILENT_CONNECTIONS = 300
FLOOD_PACKETS = 8000


def length(value):
    return struct.pack(">I", value)


# What a peer sends that got through TLS with a key of its own: (name, bytes)
BAD_FRAMES = (
    ("length 0", length(0) + b"\x01"),
    ("a negative length", length(0xFFFFFFFF) + b"\x01"),
    ("one more than the limit", length(LIMIT_BEFORE_LOGIN + 2) + bytes([FRAME_CONTROL])),
    ("nearly 4 GiB", length(0xFFFFFFFE) + bytes([FRAME_CONTROL])),
    ("2 GiB", length(0x80000000) + bytes([FRAME_CONTROL])),
    ("a packet before the login", frame(FRAME_PACKET, echo_request("10.86.0.2", LAN_HOST))),
    ("an unknown type", frame(9, b"x")),
    ("rubbish in a control frame", frame(FRAME_CONTROL, b"\xff" * 100)),
    ("an empty control frame", length(1) + bytes([FRAME_CONTROL])),
    ("a map without an end", frame(FRAME_CONTROL, b"\xbf" + b"\x00" * 50)),
    ("maps in maps", frame(FRAME_CONTROL, b"\xa1\x00" * 1000)),
    ("an array of 2^63 items", frame(FRAME_CONTROL, b"\xa1\x00\x9b\x80" + bytes(7))),
    ("a login before the hello", frame(FRAME_CONTROL, message(LOGIN, 0, "early"))),
    ("a version of the future only", frame(FRAME_CONTROL, message(HELLO, 900, 901, 0, "future", bytes(16)))),
)


class Peers(case.LabCase):
    def setUp(self):
        super().setUp()
        self.server = self.start_server()
        self.connect(self.server)
        self.certificate = make_certificate(self.lab.folder, "stranger")
        self.ping = self.lab.start("ping", ["ping", "-n", "-i", "0.05", LAN_HOST], self.lab.home)
        self.lab.wait_until(lambda: len(self.ping.output) > 3, "the first echoes")

    def assert_session_is_untouched(self):
        seen = len(self.ping.output)
        self.lab.wait_until(lambda: len(self.ping.output) > seen + 5, "echoes afterwards")
        self.assert_no_echo_was_lost(self.ping)
        self.assertTrue(self.server.is_running(), self.server.describe())

    def assert_closes(self, connection, deadline_s=CLOSES_AT_ONCE_S):
        with connection:
            self.assertTrue(is_closed_by_peer(connection, deadline_s), f"still open after {deadline_s} s")

    def test_other_protocols_are_closed(self):
        rows = (
            ("HTTP", b"GET / HTTP/1.1\r\nHost: office\r\n\r\n"),
            ("SSH", b"SSH-2.0-OpenSSH_9.2\r\n"),
            ("zeros", bytes(1000)),
            ("random bytes", os.urandom(5000)),
            ("the unencrypted protocol", struct.pack(">d", 1.0)),
            ("a TLS record of the largest size", b"\x16\x03\x01\xff\xff" + bytes(65535)),
        )
        for name, data in rows:
            with self.subTest(name):
                connection = connect_plain(self.lab.home)
                connection.sendall(data)
                self.assert_closes(connection)
        self.assert_session_is_untouched()

    def test_old_tls_is_refused(self):
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            connect_tls(self.lab.home, self.certificate, ssl.TLSVersion.TLSv1_2)
        self.assert_session_is_untouched()

    def test_a_peer_without_a_key_is_refused(self):
        # In TLS 1.3 the client's handshake ends before the server has looked at its certificate.
        self.assert_closes(connect_tls(self.lab.home))
        self.assert_session_is_untouched()

    def test_bad_frames_are_closed(self):
        for name, data in BAD_FRAMES:
            with self.subTest(name):
                connection = connect_tls(self.lab.home, self.certificate)
                connection.sendall(data)
                self.assert_closes(connection)
        self.assert_session_is_untouched()

    def test_a_frame_beyond_the_limit_after_the_login_is_closed(self):
        peer = Peer(self.lab)
        peer.log_in()
        peer.connection.sendall(length(100_000) + bytes([FRAME_PACKET]))
        self.assert_closes(peer.connection)
        self.assert_session_is_untouched()

    def test_who_says_nothing_is_closed_in_time(self):
        silent = connect_plain(self.lab.home)
        stopped_in_tls = connect_plain(self.lab.home)
        stopped_in_tls.sendall(b"\x16\x03\x01\x02\x00\x01")
        silent_in_tls = connect_tls(self.lab.home, self.certificate)
        greeted = Peer(self.lab)
        greeted.say_hello()
        for connection in (silent, stopped_in_tls, silent_in_tls, greeted.connection):
            self.assert_closes(connection, SILENT_TOO_LONG_S)
        self.assert_session_is_untouched()

    def test_rubbish_leaves_no_memory_behind(self):
        def send_rubbish():
            connection = connect_plain(self.lab.home)
            connection.sendall(os.urandom(2000))
            self.assert_closes(connection)
            connection = connect_tls(self.lab.home, self.certificate)
            connection.sendall(BAD_FRAMES[0][1])
            self.assert_closes(connection)

        for _ in range(RUBBISH_ROUNDS):
            send_rubbish()
        before = self.server.memory_kib()
        for _ in range(2 * RUBBISH_ROUNDS):
            send_rubbish()
        self.assertLess(self.server.memory_kib() - before, MAX_GROWTH_KIB)
        self.assert_session_is_untouched()

    def test_many_silent_connections_cost_little_and_shut_nobody_out_for_long(self):
        before = self.server.memory_kib()
        silent = []
        for _ in range(SILENT_CONNECTIONS):
            # Beyond its limit the server closes at once, which may be seen here already.
            with contextlib.suppress(ConnectionError):
                silent.append(connect_plain(self.lab.home))
                self.addCleanup(silent[-1].close)
                silent[-1].sendall(b"\x16\x03\x01\x40\x00\x01")
        self.assertGreater(len(silent), SILENT_CONNECTIONS // 2)
        self.assert_pings(self.lab.home, GATEWAY)
        self.assertLess(self.server.memory_kib() - before, SILENT_CONNECTIONS * 64)
        for connection in silent:
            self.assertTrue(is_closed_by_peer(connection, SILENT_TOO_LONG_S))
        late = Peer(self.lab)
        self.addCleanup(late.close)
        late.log_in()
        self.assert_session_is_untouched()

    def test_a_peer_that_stops_reading_does_not_delay_others(self):
        self.lab.add_lan_routes_back()
        peer = Peer(self.lab)
        peer.log_in()
        with self.lab.lan.entered():
            sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with sender:
            # More than the sockets in between hold, and never read; slow enough for the TUN's own queue.
            for number in range(FLOOD_PACKETS):
                sender.sendto(bytes(1400), (peer.address, 9))
                if number % 20 == 0:
                    time.sleep(0.01)
        self.assert_session_is_untouched()
        peer.close()
        left = self.server.wait_event(event="client-disconnected", address=f"{peer.address}/24", deadline_s=40)
        self.assertGreater(left["dropped"].get("queue-full", 0), 0, "nothing ever waited")


if __name__ == "__main__":
    case.main()
