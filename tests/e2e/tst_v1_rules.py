"""Each rule of the reference protocol v1: our server and clients that say anything, our client and servers that do."""

import contextlib
import os
import re
import socket
import struct
import time

from support import case
from support.lab import GATEWAY, LAN, LAN6, LAN_HOST, LAN_HOST6, OFFICE, POOL, POOL6, PORT
from support.peer import Capture, echo_request, is_echo_request, source_of
from support.v1_case import CLOSES_AT_ONCE_S, FakeOffice, V1Case
from support.v1_peer import (ANSWER_ERROR, ANSWER_MISMATCH, ANSWER_SUCCESS, CALLBACK, PACKET, REGISTER, TAKEN, VERSION,
                             V1Client, V1Listener, destination_of, frame, mapped, registration, reply_text)

UNREACHABLE, ADDRESS_REFUSED, FOREIGN_PROTOCOL = 3, 6, 8
OWN, OTHER = "10.86.0.5", "10.86.0.77"
ANSWER_WITHIN_S = 1
MAX_CONTROL_BYTES, MAX_PACKET_BYTES = 4096, 65535
FLOOD_PACKETS = 8000
MAX_QUEUE_KIB = 8192


class Rules(V1Case):
    """What our server does with clients that say anything at all. Without masquerading sources are seen as they are."""

    def setUp(self):
        super().setUp()
        self.lab.add_lan_routes_back()
        self.server = self.start_v1_server("--masquerade=off", "--tun=office0", bypass=(LAN, LAN6), cidr=(POOL, POOL6))
        self.captures = [Capture(self.lab.office, "office0"), Capture(self.lab.lan, "eth0")]
        for capture in self.captures:
            self.addCleanup(capture.close)

    def sources(self):
        return set().union(*(capture.sources() for capture in self.captures))

    def test_an_address_in_either_form_is_registered_and_the_transaction_echoed(self):
        for form in (mapped, socket.inet_aton):
            for transaction in (1, 0, -1, 0x01020304, 2**31 - 1, -2**31):
                with self.subTest(form=form.__name__, transaction=transaction):
                    client = self.greeted()
                    reply = client.register(form(OWN), transaction)
                    self.assertEqual(reply, {"Success": True, "Message": reply.get("Message"), "Bypass": LAN})
                    self.assertIsInstance(reply["Message"], str)
                    self.assert_echo(client, OWN)
                    # Free for the next row at once.
                    client.close()

    def test_addresses_that_are_not_for_clients_are_refused_with_an_answer(self):
        bystander = self.registered(OTHER)
        for address in ("10.86.0.0", "10.86.0.255", "10.86.0.1", "10.87.0.5", "172.17.0.9", LAN_HOST, OFFICE, "0.0.0.0",
                        "255.255.255.255", "127.0.0.1", "224.0.0.1"):
            with self.subTest(address):
                client = self.greeted()
                reply = client.register(mapped(address))
                self.assertEqual(set(reply), {"Success", "Message", "Bypass"})
                self.assertIs(reply["Success"], False)
                self.assertGreater(len(reply["Message"]), 5)
                self.assert_closed_without_a_word(client)
        self.assert_echo(bystander, OTHER)

    def test_a_registration_that_holds_no_ipv4_address_is_never_accepted(self):
        for data in (b"", socket.inet_aton(OWN)[:3], socket.inet_aton(OWN) + b"\0", mapped(OWN)[:15],
                     mapped(OWN) + b"\0", bytes(12) + socket.inet_aton(OWN), bytes(16),
                     socket.inet_pton(socket.AF_INET6, "fd86::5"), b"10.86.0.5", bytes(MAX_CONTROL_BYTES)):
            with self.subTest(data[:20]):
                client = self.greeted()
                client.send_frame(REGISTER, 7, data)
                said = client.read_rest(CLOSES_AT_ONCE_S)
                self.assertIsNotNone(said, "still open")
                self.assertNotIn(b'"Success":true', said.replace(b" ", b""))
        self.registered(OWN)

    def test_an_address_that_is_taken_is_refused_and_its_holder_keeps_it(self):
        for end in (V1Client.close, V1Client.reset):
            holder = self.registered(OWN)
            for form in (mapped, socket.inet_aton):
                with self.subTest(form=form.__name__, end=end.__name__):
                    late = self.greeted()
                    reply = late.register(form(OWN))
                    self.assertIs(reply["Success"], False)
                    self.assertEqual(reply["Message"], TAKEN)
                    self.assertEqual(set(reply), {"Success", "Message", "Bypass"})
                    self.assert_closed_without_a_word(late)
                    self.assert_echo(holder, OWN)
            end(holder)
            self.registered(OWN).close()

    def test_other_versions_are_answered_with_a_2_and_closed(self):
        for version in (struct.pack(">d", 2.0), struct.pack(">d", 0.0), struct.pack(">d", 1.5), struct.pack(">d", -1.0),
                        struct.pack("<d", 1.0), struct.pack(">d", 1.0000000000000002), b"\x7f\xf8" + bytes(6),
                        b"GET / HT", b"SSH-2.0-", bytes(8), b"\xff" * 8):
            with self.subTest(version):
                client = self.connect_v1()
                client.send(version)
                self.assertEqual(client.read_rest(CLOSES_AT_ONCE_S), ANSWER_MISMATCH)
        client = self.connect_v1()
        client.send(os.urandom(5000).replace(b"\x16", b"\x17"))
        self.assertIn(client.read_rest(CLOSES_AT_ONCE_S), (ANSWER_MISMATCH, b""))

    def test_half_a_handshake_and_an_end_is_the_end(self):
        for data in (b"", VERSION[:1], VERSION[:7], VERSION, VERSION + registration(OWN, 1)[:20]):
            with self.subTest(data):
                client = self.connect_v1()
                client.send(data)
                client.connection.shutdown(socket.SHUT_WR)
                self.assertIn(client.read_rest(CLOSES_AT_ONCE_S), (b"", ANSWER_SUCCESS))

    def test_lengths_that_cannot_be_are_closed(self):
        for length in (-1, -2**31, 0, 7, 2**31 - 1, MAX_CONTROL_BYTES + 8 + 1):
            with self.subTest("before the registration", length=length):
                client = self.greeted()
                client.send(struct.pack(">iii", length, REGISTER, 1))
                self.assert_closed_without_a_word(client)
        memory = self.server.memory_kib()
        for length in (-1, -2**31, 0, 7, 2**31 - 1, MAX_PACKET_BYTES + 8 + 1):
            with self.subTest("after the registration", length=length):
                client = self.registered(OWN)
                client.send(struct.pack(">iii", length, PACKET, 0))
                self.assert_closed_without_a_word(client)
        self.assertLess(self.server.memory_kib() - memory, 2048)

    def test_frames_that_are_none_of_a_client_are_closed_before_the_registration_and_nothing_after_it(self):
        packet = echo_request(OWN, LAN_HOST)
        for command, data in ((PACKET, packet), (CALLBACK, reply_text()), (0, b""), (3, b"x"), (-2, b""), (99, packet)):
            with self.subTest(command):
                client = self.greeted()
                client.send_frame(command, 1, data)
                self.assert_closed_without_a_word(client)
        self.assertNotIn(OWN, self.sources())
        client = self.registered(OWN)
        for command in (CALLBACK, 0, 3, -2, 99):
            client.send_frame(command, 1, b"whatever")
        self.assert_echo(client, OWN)

    def test_packets_that_are_none_do_not_end_the_session(self):
        client = self.registered(OWN)
        whole = echo_request(OWN, LAN_HOST)
        for packet in (b"", b"\x45", bytes(40), b"\xff" * 1500, whole[:19], b"\x4f" + whole[1:24], b"\x60" + bytes(20),
                       bytes(MAX_PACKET_BYTES), whole[:3] + b"\xff" + whole[4:]):
            client.send_packet(packet)
        self.assert_echo(client, OWN, 99)

    def test_the_borders_of_sends_mean_nothing(self):
        conversation = VERSION + registration(OWN, 77) + frame(PACKET, 0, echo_request(OWN, LAN_HOST))
        pieces = [(conversation[:i], conversation[i:]) for i in range(1, len(conversation))]
        pieces += [(conversation,), [conversation[i:i + 1] for i in range(len(conversation))]]
        for row in pieces:
            with self.subTest([len(piece) for piece in row]):
                client = self.connect_v1()
                for piece in row:
                    client.send(piece)
                    time.sleep(0.002)
                self.assertEqual(client.read(1), ANSWER_SUCCESS)
                self.assertTrue(client.read_reply(77)["Success"])
                self.assertEqual(source_of(client.read_frame()[2]), LAN_HOST)
                client.close()

    def test_many_packets_in_one_send_are_all_answered(self):
        client = self.registered(OWN)
        client.send(b"".join(frame(PACKET, 0, echo_request(OWN, LAN_HOST, number)) for number in range(50)))
        self.assertEqual(len(client.packets(ANSWER_WITHIN_S)), 50)

    def test_a_client_that_stops_reading_delays_nobody(self):
        other = self.registered(OTHER)
        client = self.registered(OWN)
        memory = self.server.memory_kib()
        with self.lab.lan.entered():
            sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with sender:
            # More than the sockets in between hold; slow enough for the TUN's own queue.
            for number in range(FLOOD_PACKETS):
                sender.sendto(bytes(1400), (OWN, 9))
                if number % 20 == 0:
                    time.sleep(0.01)
        started = time.monotonic()
        self.assert_echo(other, OTHER)
        self.assertLess(time.monotonic() - started, 1)
        self.assertLess(self.server.memory_kib() - memory, MAX_QUEUE_KIB)
        client.close()
        left = self.server.wait_event(event="client-disconnected", address=f"{OWN}/24")
        self.assertGreater(left["dropped"].get("queue-full", 0), 0, "nothing ever waited")

    def test_nobody_sends_under_another_address_than_his_own(self):
        self.registered(OTHER)
        client = self.registered(OWN)
        foreign = (OTHER, "10.86.0.1", "172.17.0.9", "198.51.100.7", "127.0.0.1", "0.0.0.0", "255.255.255.255")
        for number, source in enumerate(foreign):
            client.send_packet(echo_request(source, LAN_HOST, number))
        self.assert_echo(client, OWN, 99)
        for capture in self.captures:
            sources = capture.sources()
            self.assertIn(OWN, sources, "the capture shows what is allowed")
            self.assertEqual(sources.intersection(foreign), set())
        client.close()
        left = self.server.wait_event(event="client-disconnected", address=f"{OWN}/24")
        self.assertEqual(left["dropped"], {"foreign-source": len(foreign)})

    def test_nothing_leaves_for_places_outside_the_bypass(self):
        other = self.registered(OTHER)
        client = self.registered(OWN)
        for destination in ("203.0.113.254", "127.0.0.1", "224.0.0.1", "255.255.255.255", "8.8.8.8", GATEWAY, OTHER):
            client.send_packet(echo_request(OWN, destination))
        self.assertEqual(client.packets(ANSWER_WITHIN_S), [])
        self.assertEqual(other.packets(0), [])
        self.assertNotIn(OWN, self.sources())
        self.assert_echo(client, OWN)

    def test_ipv6_is_ignored_inside(self):
        client = self.registered(OWN)
        sources = ("fd86::5", "fd17:0:0:1::5", "::ffff:10.86.0.5")
        for source in sources:
            body = b"\x80\0\0\0\0\1\0\1" + bytes(8)
            client.send_packet(struct.pack(">IHBB", 6 << 28, len(body), 58, 64) +
                               b"".join(socket.inet_pton(socket.AF_INET6, end) for end in (source, LAN_HOST6)) + body)
        self.assertEqual(client.packets(ANSWER_WITHIN_S), [])
        self.assertEqual(self.sources().intersection(sources), set())
        self.assert_echo(client, OWN)

    def test_the_lans_packets_go_to_whom_they_are_for_and_to_nobody_else(self):
        addresses = [f"10.86.0.{number}" for number in range(10, 60)]
        clients = {address: self.registered(address) for address in addresses}
        for address in [*addresses, "10.86.0.200"]:
            self.lab.lan.run("ping", "-n", "-c", "1", "-W", "0.01", address, check=False)
        for address, client in clients.items():
            packets = client.packets(0 if address != addresses[0] else ANSWER_WITHIN_S)
            self.assertEqual([destination_of(packet) for packet in packets if is_echo_request(packet)],
                             [socket.inet_aton(address)])
        self.assert_echo(clients[addresses[0]], addresses[0])


class OddServers(V1Case):
    """Our client at servers that others wrote."""

    def fake_office(self, **settings):
        office = FakeOffice(self.lab.office, **settings)
        self.addCleanup(office.close)
        return office

    def test_it_registers_as_the_reference_client_does(self):
        office = self.fake_office()
        self.wait_connected(self.start_v1_client())
        handshake, command, transaction, data = office.registration
        self.assertEqual((handshake, command, data), (VERSION, REGISTER, mapped("10.86.0.101")))
        self.assertGreater(transaction, 0)

    def test_a_server_that_does_not_take_the_version_is_no_server_for_us(self):
        before = case.snapshot(self.lab.home)
        for answer in (ANSWER_MISMATCH, ANSWER_ERROR, b"\x03", b"\xff", b"\x15\x03\x03\0\2\2\x46", b"HTTP/1.1 400 Bad"):
            with self.subTest(answer):
                with contextlib.closing(self.fake_office(answer=answer)):
                    self.assert_ends(self.start_v1_client("--once"), FOREIGN_PROTOCOL)
        self.assert_unchanged(self.lab.home, before)

    def test_a_refusal_is_said_in_the_servers_words_and_nothing_else_of_it(self):
        before = case.snapshot(self.lab.home)
        for message in (TAKEN, "Nobody\u001b[31m\nis\tlet in", "x" * 4000):
            with self.subTest(message[:20]):
                with contextlib.closing(self.fake_office(reply=reply_text(False, message))):
                    client = self.start_v1_client("--once")
                    self.assert_ends(client, ADDRESS_REFUSED, re.split(r"[^ -~]", message)[0][:100])
                    self.assertNotIn("\u001b", "\n".join(client.errors))
                    self.assertLess(max(map(len, client.errors)), 1000)
        self.assert_unchanged(self.lab.home, before)

    def test_an_answer_that_is_none_ends_it(self):
        before = case.snapshot(self.lab.home)
        good = reply_text(bypass=LAN)
        rows = (
            ("no JSON", b"welcome"), ("nothing", b""), ("a list", b"[true]"), ("half an object", good[:20]),
            ("without Success", b'{"Message":"","Bypass":"172.17.0.0/16"}'),
            ("a Success that is no bool", b'{"Success":"true","Message":"","Bypass":"172.17.0.0/16"}'),
            ("a Bypass that is none", reply_text(bypass="the office")),
            ("a Bypass that is too long", reply_text(bypass="172.17.0.0/33")),
            ("an IPv6 Bypass", reply_text(bypass=LAN6)),
            ("a number as Bypass", b'{"Success":true,"Message":"","Bypass":17}'),
            ("nested too deep", b'{"Success":' + b"[" * 2000),
            ("another transaction", lambda transaction: frame(CALLBACK, transaction ^ 1, good)),
            ("a negative length", lambda _: struct.pack(">iii", -1, CALLBACK, 1)),
            ("a length of 7", lambda _: struct.pack(">iii", 7, CALLBACK, 1)),
            ("2 GiB", lambda _: struct.pack(">iii", 2**31 - 1, CALLBACK, 1)),
            ("more than an answer needs", lambda transaction: frame(CALLBACK, transaction, good + b" " * 70000)),
        )
        for name, reply in rows:
            with self.subTest(name):
                with contextlib.closing(self.fake_office(reply=reply)):
                    self.assert_ends(self.start_v1_client("--once"), FOREIGN_PROTOCOL, deadline_s=8)
        self.assert_unchanged(self.lab.home, before)

    def test_a_server_that_leaves_is_not_there(self):
        # Without an answer to its version it must take the server for one that does not speak v1.
        for answer, status in ((b"", FOREIGN_PROTOCOL), (ANSWER_SUCCESS, UNREACHABLE)):
            with self.subTest(answer), contextlib.closing(V1Listener(self.lab.office, OFFICE, PORT)) as listener:
                client = self.start_v1_client("--once")
                stream = listener.accept()
                stream.read(8)
                stream.send(answer)
                stream.close()
                self.assert_ends(client, status)

    def test_good_answers_look_like_this_too(self):
        before = case.snapshot(self.lab.home)
        rows = (
            ("small letters", b'{"success":true,"message":"","bypass":"172.17.0.0/16"}', None),
            ("capitals", b'{"SUCCESS":true,"MESSAGE":"","BYPASS":"172.17.0.0/16"}', None),
            ("another order, spaces and more keys",
             b' {"Bypass" : "172.17.0.0/16",\r\n\t"dns":["10.0.0.1"], "sUCCESS" : true } ', None),
            ("no message", b'{"Success":true,"Message":null,"Bypass":"172.17.0.0/16"}', None),
            ("host bits", reply_text(bypass="172.17.0.1/16"), None),
            ("byte by byte", reply_text(bypass=LAN), 1),
        )
        for name, reply, piece in rows:
            with self.subTest(name), contextlib.closing(self.fake_office(reply=reply, piece=piece)):
                client = self.start_v1_client()
                self.assertEqual(self.wait_connected(client)["routes"], [LAN])
                self.assert_pings(self.lab.home, LAN_HOST)
                self.assertEqual(client.stop(), 0, client.describe())
        self.assert_unchanged(self.lab.home, before)

    def test_a_network_that_is_in_the_way_is_skipped_with_one_sentence(self):
        self.lab.home.add_address("wan", "192.168.7.5/24")
        before = case.snapshot(self.lab.home)
        for bypass in ("192.168.7.0/24", "192.168.0.0/16", "192.168.7.128/25", "203.0.113.0/24", "198.51.100.0/24"):
            with self.subTest(bypass), contextlib.closing(self.fake_office(reply=reply_text(bypass=bypass))):
                client = self.start_v1_client()
                connected = self.wait_connected(client)
                self.assertEqual(connected["routes"], [])
                routes = self.lab.home.run("ip", "route", "show", "dev", connected["interface"]).stdout
                self.assertNotIn(bypass, routes)
                self.assertEqual(client.stop(), 0, client.describe())
                self.assertEqual(len([line for line in client.errors if bypass in line]), 1, client.describe())
        self.assert_unchanged(self.lab.home, before)

    def test_a_server_may_have_no_network_behind_it(self):
        for reply in (reply_text(), b'{"Success":true}', b'{"Success":true,"Bypass":null}'):
            with self.subTest(reply), contextlib.closing(self.fake_office(reply=reply)):
                client = self.start_v1_client()
                self.assertEqual(self.wait_connected(client)["routes"], [])
                self.assertEqual(client.stop(), 0, client.describe())

    def test_packets_that_are_not_for_this_client_or_from_elsewhere_go_nowhere(self):
        office = self.fake_office()
        interface = self.wait_connected(self.start_v1_client())["interface"]
        capture = Capture(self.lab.home, interface)
        self.addCleanup(capture.close)
        own = "10.86.0.101"
        for source, destination in (("8.8.8.8", own), (OFFICE, own), ("203.0.113.101", own), (own, own),
                                    ("127.0.0.1", own), (LAN_HOST, "10.86.0.102"), (LAN_HOST, "203.0.113.101"),
                                    (LAN_HOST, "224.0.0.1"), (LAN_HOST, "255.255.255.255")):
            office.stream.send_packet(echo_request(source, destination))
        for packet in (b"", b"\x45", bytes(60), os.urandom(1000), b"\x60" + bytes(60)):
            office.stream.send_packet(packet)
        for command in (CALLBACK, REGISTER, 99):
            office.stream.send_frame(command, 1, b"{}")
        office.stream.send_packet(echo_request(LAN_HOST, own, 7))
        seen = []
        self.lab.wait_until(lambda: seen.extend(capture.packets()) or len(seen) >= 2, "the last one and its answer", 5)
        self.assertEqual({source_of(packet) for packet in seen if packet[0] >> 4 == 4}, {LAN_HOST, own})
        self.assertEqual(sum(map(is_echo_request, seen)), 1)

    def test_a_packet_to_the_clients_own_address_comes_back(self):
        self.fake_office()
        interface = self.wait_connected(self.start_v1_client())["interface"]
        own, came, went = "10.86.0.101", [], []
        with self.lab.home.entered(), socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM) as sender, \
                socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(Capture.ETH_P_ALL)) as watcher:
            watcher.bind((interface, Capture.ETH_P_ALL))
            watcher.settimeout(5)
            # The kernel itself keeps such a packet: it has to be pushed into the interface.
            packet = echo_request(own, own)
            sender.sendto(packet, (interface, 0x0800))
            while not came:
                seen, place = watcher.recvfrom(65536)
                if seen == packet:
                    (went if place[2] == socket.PACKET_OUTGOING else came).append(seen)
        self.assertEqual((len(went), len(came)), (1, 1))


if __name__ == "__main__":
    case.main()
