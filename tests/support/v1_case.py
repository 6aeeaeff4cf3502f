"""What the tests of the reference protocol v1 share: starting our programs and the independent ones with it, talking to
our server by hand, and a server that is played by the test."""

import contextlib
import socket
import struct
import threading

from support import case
from support.lab import LAN, LAN_HOST, OFFICE, PORT
from support.peer import checksum, echo_request, is_echo_request, source_of
from support.v1_peer import (ANSWER_SUCCESS, CALLBACK, PACKET, V1Client, V1Listener, destination_of, frame, mapped,
                             reply_text)

CLOSES_AT_ONCE_S = 5  # well before the 10 s of a connection that says nothing
MASQUERADE = """table ip v1 {
  chain post {
    type nat hook postrouting priority srcnat
    oifname "lan" masquerade
  }
}
"""


class V1Case(case.LabCase):
    def start_v1_server(self, *options, **settings):
        return self.start_server("--allow-v1", *options, **settings)

    def start_v1_client(self, *options, address=OFFICE, port=PORT, **settings):
        return self.lab.start_client(f"--server={address}:{port}", "--v1", *options, **settings)

    def start_reference(self, role, namespace, *options):
        """The independent program."""
        return self.lab.start(f"reference {role} ({namespace.role})",
                              ["python3", "-B", "-m", "support.v1_peer", role, *options], namespace)

    def start_reference_server(self, *options):
        server = self.start_reference("server", self.lab.office, f"--bypass={LAN}", *options)
        server.wait_event(event="listening")
        return server

    def forward_in_the_office(self):
        """What the reference server leaves to the administrator."""
        self.lab.office.write_switch("net/ipv4/ip_forward", 1)
        self.lab.office.run("nft", "-f", "-", text=MASQUERADE)

    def connect_v1(self, home=None, address=OFFICE):
        client = V1Client(home or self.lab.home, address, PORT)
        self.addCleanup(client.close)
        return client

    def greeted(self, home=None):
        client = self.connect_v1(home)
        self.assertEqual(client.greet(), ANSWER_SUCCESS)
        return client

    def registered(self, address, home=None):
        client = self.greeted(home)
        reply = client.register(mapped(address))
        self.assertTrue(reply["Success"], reply)
        return client

    def assert_echo(self, client, address, number=1):
        """The next that this client gets is the LAN's answer to its echo request."""
        client.send_packet(echo_request(address, LAN_HOST, number))
        command, _, packet = client.read_frame()
        self.assertEqual((command, source_of(packet), destination_of(packet)),
                         (PACKET, LAN_HOST, socket.inet_aton(address)))

    def assert_closed_without_a_word(self, client):
        self.assertEqual(client.read_rest(CLOSES_AT_ONCE_S), b"")


def echo_reply(packet):
    """To an echo request without IP options."""
    icmp = b"\0" + packet[21:22] + b"\0\0" + packet[24:]
    return packet[:12] + packet[16:20] + packet[12:16] + icmp[:2] + struct.pack(">H", checksum(icmp)) + icmp[4:]


class FakeOffice:
    """A server without a TUN: takes one client, answers its echo requests until it leaves."""

    def __init__(self, office, answer=ANSWER_SUCCESS, reply=reply_text(bypass=LAN), piece=None, port=PORT):
        self._answer, self._reply, self._piece = answer, reply, piece
        self._listener = V1Listener(office, OFFICE, port)
        self.registration = None
        self.stream = None
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        with contextlib.suppress(OSError):
            self.stream = self._listener.accept()
            handshake = self.stream.read(8)
            self.stream.send(self._answer, self._piece, 0.002)
            if self._answer == ANSWER_SUCCESS:
                command, transaction, data = self.stream.read_frame()
                self.registration = (handshake, command, transaction, data)
                self.stream.send(self._reply(transaction) if callable(self._reply) else
                                 frame(CALLBACK, transaction, self._reply), self._piece, 0.002)
            while True:
                command, _, packet = self.stream.read_frame()
                if command == PACKET and is_echo_request(packet):
                    self.stream.send(frame(PACKET, 0, echo_reply(packet)), self._piece)

    def close(self):
        if self.stream is not None:
            with contextlib.suppress(OSError):
                self.stream.connection.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)
        if self.stream is not None:
            self.stream.close()
