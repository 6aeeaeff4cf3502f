"""A server can't do more to a client than the client allows: routes, settings, packets, last words."""

import socket
import struct

from support import case
from support.lab import LAN, LAN6, LAN_HOST, OFFICE, POOL, POOL6, PORT
from support.peer import (ADDRESS_REPLY, ADDRESS_REQUEST, FRAME_CONTROL, FRAME_PACKET, FRAME_SEGMENT, GOODBYE, HELLO,
                          HELLO_REPLY, LOGIN, PING, Capture, OwnServer, address_reply, control, destination_of,
                          echo_request, frame, is_echo_request, network, source_of)

OWN = "10.86.0.5"
USAGE, UNREACHABLE, LOGIN_REFUSED, ADDRESS_REFUSED, FOREIGN = 2, 3, 5, 6, 8
ENDS_WITHIN_S = 8
ANSWERS_WITHIN_S = 20  # more than any deadline of the client's for an answer


class OwnServerCase(case.LabCase):
    def setUp(self):
        super().setUp()
        self.server = OwnServer(self.lab)
        self.addCleanup(self.server.close)

    def start_own_client(self, *options, address=f"{OFFICE}:{PORT}", server=None, **settings):
        pin = (server or self.server).pin
        return self.lab.start_client(f"--server={address}", f"--pin={pin}", *options, **settings)

    def connect_own(self, *options, **settings):
        client = self.start_own_client(*options, **settings)
        client.connected = self.wait_connected(client)
        return client

    def answer_with(self, **settings):
        self.server.answers[ADDRESS_REQUEST] = address_reply(**settings)

    def assert_refused(self, client, before, status, *parts, deadline_s=ENDS_WITHIN_S, home=None):
        """It ends with one sentence on one line that could do nothing to a terminal; its network is as before."""
        try:
            self.assert_ends(client, status, *parts, deadline_s=deadline_s)
        finally:
            client.kill()
        self.assertEqual(len(client.errors), 1, client.describe())
        self.assertTrue(client.errors[0].isprintable(), repr(client.errors[0]))
        self.assertEqual(client.events[-1]["state"], "disconnected")
        self.assert_unchanged(home or self.lab.home, before)


class AcceptedRoutes(OwnServerCase):
    SERVER = "10.99.0.1"  # the office's address that the client is told
    GOOD = [LAN, "10.77.0.0/16", LAN6]
    PUBLIC = "198.51.100.0/24"
    AROUND_HOME = "192.168.0.0/16"
    # (a route that the server names, what the sentence says)
    SKIPPED = (
        ("192.168.1.0/24", "lan0"),  # equals
        (AROUND_HOME, "192.168.1.0/24 on lan0"),
        ("192.168.1.128/25", "192.168.1.0/24 on lan0"),
        ("fd01::/48", "fd01::/64 on lan0"),
        ("fd01::8000:0:0:0/65", "fd01::/64 on lan0"),
        ("10.200.0.0/16", "default gateway 10.200.0.1"),
        ("10.53.0.0/16", "name server 10.53.0.53"),
        ("10.99.0.0/16", f"server's own address {SERVER}"),
        ("10.44.0.0/16", "through wan"),
        (PUBLIC, "public"),
        ("2001:db8:200::/48", "public"),
        ("203.0.113.0/24", "public"),
    )
    NEVER = ("0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "::/0", "::/1", "8000::/1", "127.0.0.0/8", "127.0.0.53/32",
             "::1/128", "169.254.0.0/16", "fe80::/10", "fe80::/64", "224.0.0.0/4", "239.0.0.0/8", "255.255.255.255/32", "ff00::/8")

    def setUp(self):
        super().setUp()
        home = self.lab.home
        home.run("ip", "link", "add", "lan0", "type", "bridge")
        home.run("ip", "link", "set", "lan0", "up")
        home.add_address("lan0", "192.168.1.10/24")
        home.add_address("lan0", "fd01::10/64")
        home.run("ip", "route", "add", "default", "via", "10.200.0.1", "dev", "wan", "onlink", "metric", "500")
        home.run("ip", "route", "add", "10.44.0.0/16", "via", "203.0.113.254")
        home.run("ip", "route", "add", self.SERVER, "dev", "wan")
        self.lab.office.add_address("wan", f"{self.SERVER}/32")
        home.write_etc("resolv.conf", "nameserver 10.53.0.53\n")
        self.offer([*(route for route, _ in self.SKIPPED), *self.GOOD])

    def offer(self, routes):
        self.answer_with(addresses=(f"{OWN}/24", "fd86::5/64"), gateways=("10.86.0.1", "fd86::1"), routes=routes)

    def connect_here(self, *options):
        return self.connect_own(*options, address=f"{self.SERVER}:{PORT}")

    def assert_routes(self, client, routes):
        """These and the tunnel's own networks lead into the tunnel, and no route was changed that was there before."""
        self.assertEqual(client.connected["routes"], routes)
        interface = client.connected["interface"]
        found = [line.split()[0] for family in ("-4", "-6")
                 for line in self.lab.home.run("ip", family, "route", "show", "dev", interface).stdout.splitlines()]
        found = {route for route in found if not route.startswith(("fe80:", "multicast", "ff00:"))}
        self.assertEqual(found, {*routes, POOL, POOL6})
        now = case.snapshot(self.lab.home)
        for section in ("IPv4 routes", "IPv6 routes", "IPv4 rules", "IPv6 rules", "resolvers"):
            self.assertEqual(set(self.before[section]) - set(now[section]), set())
            added = set(now[section]) - set(self.before[section])
            self.assertEqual([line for line in added if interface not in line], [])

    def assert_said(self, client, route, part):
        said = [line for line in client.errors if f"route {route} " in line]
        self.assertEqual(len(said), 1, client.describe())
        self.assertIn(part, said[0])

    def test_what_gets_in_the_way_at_home_is_left_out_and_said(self):
        self.before = case.snapshot(self.lab.home)
        client = self.connect_here()
        self.assert_routes(client, self.GOOD)
        self.lab.wait_until(lambda: len(client.errors) >= len(self.SKIPPED), "the sentences")
        for route, part in self.SKIPPED:
            with self.subTest(route):
                self.assert_said(client, route, part)
        self.assertEqual(len(client.errors), len(self.SKIPPED), client.describe())
        for address in (LAN_HOST, "10.77.1.1"):
            self.assert_pings(self.lab.home, address)
        self.assertEqual(client.stop(), 0)
        self.assert_unchanged(self.lab.home, self.before)

    def test_only_what_was_named_is_taken(self):
        self.before = case.snapshot(self.lab.home)
        # (options, routes that are taken)
        rows = (
            (["none"], []),
            ([self.PUBLIC], [self.PUBLIC]),
            (["198.51.0.0/16"], [self.PUBLIC]),
            (["auto", self.PUBLIC], [self.PUBLIC, *self.GOOD]),
            ([LAN, "fd00::/8"], [LAN, LAN6]),
            # Who names a wide network doesn't give away his own part of it.
            (["10.0.0.0/8"], ["10.77.0.0/16"]),
            (["192.168.0.0/15"], []),
            # Who names this very network wants it.
            ([self.AROUND_HOME], [self.AROUND_HOME]),
        )
        for named, taken in rows:
            with self.subTest(named):
                client = self.connect_here(*(f"--accept-routes={name}" for name in named))
                try:
                    self.assert_routes(client, taken)
                    for route in {LAN, self.PUBLIC} - set(taken):
                        self.assert_said(client, route, "--accept-routes")
                finally:
                    self.assertEqual(client.stop(), 0)
                self.assert_unchanged(self.lab.home, self.before)

    def test_what_no_tunnel_may_take_is_never_taken(self):
        self.before = case.snapshot(self.lab.home)
        self.offer([*self.NEVER, *self.GOOD])
        client = self.connect_here()
        self.assert_routes(client, self.GOOD)
        self.lab.wait_until(lambda: len(client.errors) >= len(self.NEVER), "the sentences")
        for route in self.NEVER:
            with self.subTest(route):
                self.assert_said(client, route, "no tunnel may take this network")
        self.assert_pings(self.lab.home, LAN_HOST)
        self.assertEqual(client.stop(), 0)
        self.assert_unchanged(self.lab.home, self.before)

    def test_nobody_can_name_what_no_tunnel_may_take(self):
        before = case.snapshot(self.lab.home)
        for route in self.NEVER:
            with self.subTest(route):
                client = self.start_own_client(f"--accept-routes={route}", address=f"{self.SERVER}:{PORT}")
                self.assert_ends(client, USAGE, route)
        self.assert_unchanged(self.lab.home, before)

    def test_a_tunnel_network_that_gets_in_the_way_is_refused(self):
        before = case.snapshot(self.lab.home)
        # (the tunnel address, the gateway, exit status, part of the sentence)
        rows = (
            ("192.168.1.77/24", "192.168.1.1", 1, "192.168.1.0/24 on lan0"),
            ("192.168.77.5/16", "192.168.77.1", 1, "192.168.1.0/24 on lan0"),
            ("10.200.0.5/16", "10.200.0.2", 1, "10.200.0.1"),
            ("10.53.0.5/24", "10.53.0.1", 1, "10.53.0.53"),
            ("10.99.0.5/24", "10.99.0.2", 1, self.SERVER),
            ("198.51.100.5/24", "198.51.100.1", ADDRESS_REFUSED, "public"),
        )
        for address, gateway, status, part in rows:
            with self.subTest(address):
                self.answer_with(addresses=(address,), gateways=(gateway,), routes=(LAN,))
                client = self.start_own_client(address=f"{self.SERVER}:{PORT}")
                self.assert_refused(client, before, status, part)

    def test_a_public_tunnel_network_is_taken_when_it_is_named(self):
        self.answer_with(addresses=("198.51.100.5/24",), gateways=("198.51.100.1",))
        for option in ("--cidr=198.51.100.5/24", f"--accept-routes={self.PUBLIC}"):
            client = self.connect_here(option)
            self.assertEqual(client.connected["address"], "198.51.100.5/24")
            self.assertEqual(client.stop(), 0)


# The settings in an address reply, and a part of what the client says of them
BAD_SETTINGS = (
    ("257 routes", {"routes": [f"10.{i // 256}.{i % 256}.0/24" for i in range(257)]}, "address"),
    ("9 resolvers", {"resolvers": [f"172.17.0.{i}" for i in range(1, 10)]}, "address"),
    ("17 domains", {"domains": [f"a{i}.example" for i in range(17)]}, "address"),
    ("a domain of 254 letters", {"domains": ["a." * 127]}, "address"),
    ("a label of 64 letters", {"domains": ["a" * 64 + ".example"]}, "domain"),
    ("a domain with a space", {"domains": ["exam ple.org"]}, "domain"),
    ("a domain that is an option", {"domains": ["-rf.example"]}, "domain"),
    ("an MTU of 1279", {"mtu": 1279}, "1279"),
    ("an MTU of 65536", {"mtu": 65536}, "address"),
    ("a keepalive of 1 s", {"keepalive": 1}, "keepalive"),
    ("a keepalive of 121 s", {"keepalive": 121}, "keepalive"),
    ("no address", {"addresses": (), "gateways": ()}, "address"),
    ("three addresses", {"addresses": (f"{OWN}/24",) * 3}, "address"),
    ("two IPv4 addresses", {"addresses": (f"{OWN}/24", "10.87.0.5/24"), "gateways": ("10.86.0.1", "10.87.0.1")},
     "address"),
    ("no gateway", {"gateways": ()}, "gateway"),
    ("a gateway elsewhere", {"gateways": ("10.87.0.1",)}, "10.87.0.1"),
    ("a gateway that is the client", {"gateways": (OWN,)}, OWN),
    ("a broadcast address", {"addresses": ("10.86.0.255/24",)}, "10.86.0.255"),
    ("a loopback address", {"addresses": ("127.0.0.5/24",), "gateways": ("127.0.0.1",)}, "127.0.0.5"),
    ("a multicast address", {"addresses": ("224.0.0.5/24",), "gateways": ("224.0.0.1",)}, "224.0.0.5"),
    ("half the Internet as the tunnel network", {"addresses": (f"{OWN}/1",)}, f"{OWN}/1"),
    ("a prefix of 33 bits", {"addresses": (b"\x0a\x56\x00\x05\x21",)}, "address"),
    ("an address of 6 bytes", {"addresses": (b"\x0a\x56\x00\x05\x18\x00",)}, "address"),
    ("a route with bits behind its prefix", {"routes": (network("172.17.0.4/16"),)}, "address"),
    ("a route that comes twice", {"routes": (LAN, LAN)}, LAN),
    ("a resolver that is nobody", {"resolvers": ("0.0.0.0",)}, "0.0.0.0"),
)

# What a server answers to a message of the client's: (name, the client's message, bytes, part of what the client says)
BAD_ANSWERS = (
    ("no last key", ADDRESS_REQUEST, control(ADDRESS_REPLY, [], [], [], [], [], 1500), "address"),
    ("another byte behind", ADDRESS_REQUEST, frame(FRAME_CONTROL, address_reply()[5:] + b"\x00"), "address"),
    ("two address replies", ADDRESS_REQUEST, 2 * address_reply(), "address"),
    ("an oversized message", ADDRESS_REQUEST, frame(FRAME_CONTROL, bytes(16385)), "length"),
    ("2 GiB", ADDRESS_REQUEST, struct.pack(">IB", 0x80000000, FRAME_CONTROL), "length"),
    ("a message without an end", ADDRESS_REQUEST, frame(FRAME_CONTROL, b"\xbf" + bytes(50)), "message"),
    ("a flood of pings", ADDRESS_REQUEST, b"".join(control(PING, number) for number in range(100)), "control messages"),
    ("a packet before the address", ADDRESS_REQUEST, frame(FRAME_PACKET, echo_request(LAN_HOST, OWN)), "packet"),
    ("a frame of length 0", LOGIN, struct.pack(">IB", 0, FRAME_CONTROL), "length"),
    ("a frame of an unknown type", LOGIN, frame(9, b"x"), "type"),
    ("an address before the login reply", LOGIN, address_reply(), "unexpected"),
    ("a client's message", LOGIN, control(LOGIN, 0, "I too"), "unexpected"),
    ("a message too large before the login", HELLO, frame(FRAME_CONTROL, bytes(4097)), "length"),
    ("a version that was not offered", HELLO, control(HELLO_REPLY, 3, 0, "future", [0]), "version 3"),
    ("a name that is too long", HELLO, control(HELLO_REPLY, 2, 0, "x" * 257, [0]), "hello"),
    ("17 ways to log in", HELLO, control(HELLO_REPLY, 2, 0, "x", [0] * 17), "hello"),
    ("text that is no UTF-8", HELLO, frame(FRAME_CONTROL, bytes.fromhex("a5 0002 0102 0200 0362ffff 048100")), "hello"),
    ("a goodbye whose text is too long", HELLO, control(GOODBYE, 4, "x" * 257), "goodbye"),
)

# What a server says when the client is connected
BAD_LATER = (
    ("an address reply", address_reply(addresses=("10.86.0.99/24",)), "address"),
    ("a frame of an unknown type", frame(9, b"x"), "type"),
    ("a segment of an unknown type", frame(FRAME_SEGMENT, b"\x09" + bytes(60)), "segment"),
    ("a segment with unknown flags", frame(FRAME_SEGMENT, b"\x00\x80" + bytes(60)), "flags"),
    ("a packet that is too long", struct.pack(">IB", 65537, FRAME_PACKET), "length"),
    ("a flood of pings", b"".join(control(PING, number) for number in range(100)), "control messages"),
    ("a flood of what a later version may say", 100 * control(77), "control messages"),
)

# (goodbye code, exit status)
GOODBYES = ((0, UNREACHABLE), (2, UNREACHABLE), (3, FOREIGN), (4, LOGIN_REFUSED), (5, ADDRESS_REFUSED),
            (6, ADDRESS_REFUSED), (8, FOREIGN), (9, UNREACHABLE), (10, 1), (11, 1), (999, UNREACHABLE))


class HostileServer(OwnServerCase):
    homes = 4

    def test_answers_that_break_the_rules_end_the_client(self):
        before = case.snapshot(self.lab.home)
        rows = [(name, ADDRESS_REQUEST, address_reply(**settings), part) for name, settings, part in BAD_SETTINGS]
        for name, asked, answer, part in (*rows, *BAD_ANSWERS):
            with self.subTest(name):
                self.server.answers = {**OwnServer.HONEST, asked: answer}
                self.assert_refused(self.start_own_client("--once"), before, FOREIGN, part)

    def test_the_honest_answers_are_fine(self):
        self.assertEqual(self.connect_own().connected["address"], f"{OWN}/24")

    def test_every_last_word_has_its_exit_status(self):
        before = case.snapshot(self.lab.home)
        for code, status in GOODBYES:
            with self.subTest(code):
                self.server.answers[LOGIN] = control(GOODBYE, code, "evil\n\x1b[2J\x07‮sentence")
                client = self.start_own_client("--once")
                self.assert_refused(client, before, status, "evil")
                self.assertNotIn("‮", client.errors[0])

    def test_an_endless_goodbye_is_not_listened_to(self):
        before = case.snapshot(self.lab.home)
        self.server.answers[LOGIN] = 10_000 * control(GOODBYE, 4, "again and again")
        self.assert_refused(self.start_own_client(), before, LOGIN_REFUSED, "again and again")

    def test_a_server_that_answers_nothing_is_left(self):
        # As a computer does on which nobody accepts any more.
        with self.lab.office.entered():
            silent = socket.create_server(("", PORT + 1))
        self.addCleanup(silent.close)
        # (home, port, what is never answered, stage)
        homes = self.lab.homes
        rows = ((homes[0], PORT + 1, None, "tls"), (homes[1], PORT + 2, HELLO, "login"),
                (homes[2], PORT + 3, ADDRESS_REQUEST, "address"), (homes[3], PORT + 4, None, "probe"))
        before = [case.snapshot(home) for home in homes]
        clients = [self.start_client_of_silent(*row) for row in rows]
        for client, state, (home, _, _, stage) in zip(clients, before, rows):
            with self.subTest(stage):
                self.assert_refused(client, state, UNREACHABLE, f"stage {stage}", home=home,
                                    deadline_s=ANSWERS_WITHIN_S)

    def start_client_of_silent(self, home, port, unanswered, stage):
        server = self.server
        if stage != "tls":
            server = OwnServer(self.lab, port)
            self.addCleanup(server.close)
            server.answers_echoes = False
            server.answers[unanswered] = b""
        return self.start_own_client("--once", address=f"{OFFICE}:{port}", server=server, home=home)

    def test_a_connection_that_goes_wrong_later_is_ended(self):
        before = case.snapshot(self.lab.home)
        for name, data, part in BAD_LATER:
            with self.subTest(name):
                client = self.connect_own("--once")
                self.server.send(data)
                self.assert_refused(client, before, FOREIGN, part)

    def test_a_connection_that_has_gone_wrong_is_tried_again(self):
        client = self.connect_own()
        seen = len(client.events)
        self.server.send(frame(9, b"x"))
        self.assertIn("type", client.wait_event(event="state", state="waiting", after=seen)["reason"])
        self.assertEqual(self.wait_connected(client, after=seen), client.connected)


class HostilePackets(OwnServerCase):
    ALLOWED = ((LAN_HOST, OWN), ("10.86.0.9", OWN))
    # (source, destination)
    FOREIGN_DESTINATIONS = tuple((LAN_HOST, address) for address in
                                 ("10.86.0.6", "203.0.113.101", "192.168.1.10", "127.0.0.1", "10.86.0.255", "224.0.0.1",
                                  "255.255.255.255", "0.0.0.0"))
    FOREIGN_SOURCES = tuple((address, OWN) for address in
                            ("198.51.100.7", "203.0.113.254", "192.168.1.20", "192.168.2.20", "10.87.0.1", "127.0.0.1",
                             "224.0.0.1", "255.255.255.255", "0.0.0.0", OWN))

    def setUp(self):
        super().setUp()
        home = self.lab.home
        home.run("ip", "link", "add", "lan0", "type", "bridge")
        home.run("ip", "link", "set", "lan0", "up")
        home.add_address("lan0", "192.168.1.10/24")
        # The second is left out: home is on a part of it.
        self.answer_with(routes=(LAN, "192.168.0.0/16"))
        self.client = self.connect_own()
        self.seen = len(self.client.events)
        self.capture = Capture(home, self.client.connected["interface"])
        self.addCleanup(self.capture.close)

    def arrivals(self):
        """The sources and destinations of the echo requests on the TUN, when the last of ALLOWED has come."""
        found = []

        def has_last():
            found.extend((source_of(packet), destination_of(packet)) for packet in self.capture.packets()
                         if is_echo_request(packet))
            return self.ALLOWED[-1] in found

        for source, destination in self.ALLOWED:
            self.server.send(frame(FRAME_PACKET, echo_request(source, destination)))
        self.lab.wait_until(has_last, "the packets that are allowed")
        return found

    def test_only_what_is_for_the_client_from_where_it_may_come_arrives(self):
        for source, destination in (*self.FOREIGN_DESTINATIONS, *self.FOREIGN_SOURCES):
            self.server.send(frame(FRAME_PACKET, echo_request(source, destination)))
        self.assertEqual(set(self.arrivals()), set(self.ALLOWED))
        self.assertEqual(self.client.events[self.seen:], [])

    def test_packets_that_are_none_and_segments_that_lie_are_dropped(self):
        whole = echo_request(LAN_HOST, OWN)
        for packet in (b"\x45", bytes(40), b"\xff" * 1500, whole[:19], b"\x60" + bytes(20), b"\x4f" + whole[1:24]):
            self.server.send(frame(FRAME_PACKET, packet))
        # (type, flags, header bytes, segment bytes, where the transport header begins, where its checksum): PROTOCOL.md
        for header in ((1, 0, 40, 1000, 0, 0), (1, 1, 40, 1, 20, 16), (1, 1, 65535, 1000, 20, 16),
                       (2, 1, 60, 1000, 40, 16), (3, 1, 28, 300, 20, 6), (0, 1, 0, 0, 65535, 16),
                       (0, 1, 0, 0, 20, 65535), (0, 0, 40, 1000, 0, 0)):
            self.server.send(frame(FRAME_SEGMENT, struct.pack(">BBHHHH", *header) + whole))
        self.assertEqual(self.arrivals(), list(self.ALLOWED))
        self.assertEqual(self.client.events[self.seen:], [])


if __name__ == "__main__":
    case.main()
