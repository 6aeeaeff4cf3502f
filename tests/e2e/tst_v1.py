"""The reference protocol v1: both programs against independent peers and against each other, beside v2, in silence, and
at the end."""

import concurrent.futures
import contextlib
import hashlib
import os
import signal
import socket
import time

from support import case
from support.lab import LAN, LAN6, LAN_HOST, OFFICE, OFFICE6, PAGE, POOL6, PORT
from support.peer import Peer, echo_request
from support.v1_case import FakeOffice, V1Case
from support.v1_peer import TAKEN, VERSION, V1Listener, mapped, registration

USAGE, UNREACHABLE, ADDRESS_REFUSED, FOREIGN_PROTOCOL = 2, 3, 6, 8
DEFAULT_CIDR = "10.86.0.101/24"
OWN, OTHER, THIRD = "10.86.0.5", "10.86.0.77", "10.86.0.78"
SOME_BYTES = 4 * 1024 * 1024
ANSWER_WITHIN_S = 1
DEADLINE_S = (9, 13)
DEAD_PEER_S = 30
STAGES = ["resolve", "tcp", "login", "address", "tun", "routes", "dns", "probe"]


class Scenario(V1Case):
    """ping and curl at home, both directions of a few megabytes, nothing left behind."""

    def setUp(self):
        super().setUp()
        self.lab.start_web_server()
        self.content = os.urandom(SOME_BYTES)
        (self.lab.state_dir("www") / "some").write_bytes(self.content)

    def assert_scenario(self, start_server, start_client):
        before = {namespace: case.snapshot(namespace) for namespace in (self.lab.home, self.lab.office)}
        server = start_server()
        self.assert_no_answer(self.lab.home, LAN_HOST)
        client = start_client()
        connected = client.wait_event(state="connected") if "gvpn" in client.name else client.wait_event(
            event="connected")
        self.assert_pings(self.lab.home, LAN_HOST)
        self.assertEqual(self.lab.fetch(self.lab.home, f"http://{LAN_HOST}/").stdout, PAGE)
        self.assert_file_comes()
        self.assert_stream_goes()
        for program in (client, server):
            self.assertIn(program.stop(), (0,) if "gvpn" in program.name else (-signal.SIGTERM,), program.describe())
        for namespace, state in before.items():
            self.assert_unchanged(namespace, state)
        return connected, client, server

    def assert_file_comes(self):
        target = self.lab.folder / "received"
        result = self.lab.fetch(self.lab.home, f"http://{LAN_HOST}/some", deadline_s=60, output=target)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(hashlib.sha256(target.read_bytes()).digest(), hashlib.sha256(self.content).digest())

    def assert_stream_goes(self):
        with self.lab.lan.entered():
            listener = socket.create_server((LAN_HOST, 9000))
        with self.lab.home.entered():
            sender = socket.create_connection((LAN_HOST, 9000), 30)
        received = hashlib.sha256()
        with listener, sender, concurrent.futures.ThreadPoolExecutor() as pool:
            connection, _ = listener.accept()
            sending = pool.submit(lambda: (sender.sendall(self.content), sender.shutdown(socket.SHUT_WR)))
            connection.settimeout(30)
            with connection:
                while data := connection.recv(65536):
                    received.update(data)
            sending.result()
        self.assertEqual(received.digest(), hashlib.sha256(self.content).digest())

    def assert_warned(self, *programs):
        for program in programs:
            self.assertIn("encrypt", "\n".join(program.errors).lower(), program.describe())

    def test_the_two_independent_peers_understand_each_other(self):
        self.forward_in_the_office()
        connected, *_ = self.assert_scenario(self.start_reference_server, lambda: self.start_reference(
            "client", self.lab.home, f"--server={OFFICE}:{PORT}"))
        self.assertEqual((connected["address"], connected["bypass"]), (DEFAULT_CIDR, LAN))

    def test_our_server_serves_an_independent_client(self):
        connected, _, server = self.assert_scenario(self.start_v1_server, lambda: self.start_reference(
            "client", self.lab.home, f"--server={OFFICE}:{PORT}"))
        self.assertEqual(connected["bypass"], LAN)
        self.assertIs(server.listening["v1"], True)
        self.assert_warned(server)

    def test_our_client_connects_to_an_independent_server(self):
        self.forward_in_the_office()
        connected, client, _ = self.assert_scenario(self.start_reference_server, self.start_v1_client)
        self.assertEqual((connected["address"], connected["routes"]), (DEFAULT_CIDR, [LAN]))
        self.assertNotIn("gateway", connected)
        stages = [event["stage"] for event in client.events if event.get("state") == "connecting"]
        self.assertEqual(stages, [stage for stage in STAGES if stage in stages])
        self.assertEqual(stages[:2], ["resolve", "tcp"])
        self.assert_warned(client)

    def test_our_programs_understand_each_other(self):
        connected, client, server = self.assert_scenario(self.start_v1_server, self.start_v1_client)
        self.assertEqual((connected["address"], connected["routes"]), (DEFAULT_CIDR, [LAN]))
        self.assert_warned(client, server)

    def test_the_line_may_be_ipv6(self):
        connected, *_ = self.assert_scenario(self.start_v1_server,
                                             lambda: self.start_v1_client(address=f"[{OFFICE6}]"))
        self.assertEqual(connected["address"], DEFAULT_CIDR)

    def test_the_spellings_and_addresses_of_the_reference_work(self):
        def start_server():
            return self.start_v1_server("--address", f":{PORT}", "--cidr", "182.1.1.0/24", cidr=())

        for name, start_client in (
                ("independent client", lambda: self.start_reference(
                    "client", self.lab.home, "--server", f"{OFFICE}:{PORT}", "--cidr", "182.1.1.101/24")),
                ("our client", lambda: self.start_v1_client("--cidr", "182.1.1.101/24"))):
            with self.subTest(name):
                connected, *_ = self.assert_scenario(start_server, start_client)
                self.assertEqual(connected["address"], "182.1.1.101/24")


class Neighbours(V1Case):
    """v1 and v2 on one port."""

    homes = 4

    def test_clients_of_both_protocols_are_served_side_by_side(self):
        self.lab.add_lan_routes_back()
        server = self.start_v1_server("--masquerade=off")
        clients = [self.connect(server, home=self.lab.homes[0]), self.connect(server, home=self.lab.homes[1]),
                   self.start_v1_client(home=self.lab.homes[2]),
                   self.start_reference("client", self.lab.homes[3], f"--server={OFFICE}:{PORT}",
                                        "--cidr=10.86.0.102/24")]
        self.wait_connected(clients[2])
        clients[3].wait_event(event="connected")
        others = [self.registered(address) for address in (OWN, OTHER)]
        strangers = [self.connect_v1() for _ in range(3)]
        echoes = ["ping", "-n", "-c", "40", "-i", "0.05", "-W", "10", LAN_HOST]
        pings = [self.lab.start(f"ping ({home.role})", echoes, home) for home in self.lab.homes]
        strangers[0].send(b"GET / HTTP/1.1\r\n\r\n")
        strangers[1].send(b"\x16\x03\x01\x02\x00\x01")
        for client, address in zip(others, (OWN, OTHER)):
            self.assert_echo(client, address)
        for ping in pings:
            self.assertEqual(ping.wait_end(30), 0, ping.describe())
            self.assertIn(" 40 received", "\n".join(ping.output))

    def test_they_share_the_addresses(self):
        server = self.start_v1_server()
        v2 = self.connect(server, f"--cidr={OWN}/24")
        late = self.greeted(self.lab.homes[1])
        reply = late.register(mapped(OWN))
        self.assertEqual((reply["Success"], reply["Message"]), (False, TAKEN))
        self.registered(OTHER, self.lab.homes[1])
        refused = self.start_client(server, f"--cidr={OTHER}/24", "--once", home=self.lab.homes[2])
        self.assert_ends(refused, ADDRESS_REFUSED, OTHER)
        self.assertEqual(v2.stop(), 0, v2.describe())
        self.registered(OWN, self.lab.homes[1])
        # Of its own choice the server gives no address that a v1 client has.
        chosen = self.connect(server, home=self.lab.homes[3]).connected["address"].split("/")[0]
        self.assertNotIn(chosen, (OWN, OTHER))

    def test_they_do_not_see_each_other(self):
        self.start_v1_server()
        v1 = self.registered(OWN)
        v2 = Peer(self.lab)
        self.addCleanup(v2.close)
        v2.log_in(OTHER)
        v1.send_packet(echo_request(OWN, OTHER))
        v2.send_packet(echo_request(OTHER, OWN))
        self.assertEqual((v1.packets(ANSWER_WITHIN_S), v2.receive_packets(0)), ([], []))
        self.assert_echo(v1, OWN)

    def test_without_the_option_v1_gets_nothing_and_v2_goes_on(self):
        server = self.start_server()
        self.assertIs(server.listening["v1"], False)
        self.connect(server)
        ping = self.lab.start("ping", ["ping", "-n", "-i", "0.05", LAN_HOST], self.lab.home)
        self.lab.wait_until(lambda: len(ping.output) > 3, "the first echoes")
        for data in (VERSION, VERSION + registration(OWN, 1), VERSION[:1]):
            client = self.connect_v1(self.lab.homes[1])
            client.send(data)
            self.assert_closed_without_a_word(client)
        refused = self.start_v1_client("--once", home=self.lab.homes[1])
        self.assert_ends(refused, FOREIGN_PROTOCOL, "v1")
        self.assert_no_echo_was_lost(ping)

    def test_nothing_negotiates_down(self):
        self.start_reference_server()
        client = self.lab.start_client(f"--server={OFFICE}:{PORT}", "--trust-on-first-use", "--once")
        self.assert_ends(client, FOREIGN_PROTOCOL)


class Options(V1Case):
    def test_the_server_serves_v1_only_to_everybody(self):
        before = case.snapshot(self.lab.office)
        for options in ((), ("--login=password",), ("--login=device",)):
            with self.subTest(options):
                server = self.lab.start_server("--allow-v1", *options, login=None)
                self.assert_ends(server, USAGE, "--login none" if not options else "login")
        self.assert_unchanged(self.lab.office, before)

    def test_the_server_needs_an_ipv4_network_to_reach(self):
        for settings in ({"bypass": (LAN6,)}, {"bypass": (LAN6,), "cidr": (POOL6,)}):
            with self.subTest(settings):
                self.assert_ends(self.lab.start_server("--allow-v1", **settings), USAGE, "ipv4")

    def test_of_several_networks_v1_clients_reach_the_first_ipv4_one(self):
        self.start_v1_server(bypass=(LAN6, "192.168.50.0/24", LAN))
        client = self.greeted()
        self.assertEqual(client.register(mapped(OWN))["Bypass"], "192.168.50.0/24")
        client.send_packet(echo_request(OWN, LAN_HOST))
        self.assertEqual(client.packets(ANSWER_WITHIN_S), [])

    def test_the_client_refuses_what_v1_cannot_do(self):
        server = f"--server={OFFICE}:{PORT}"
        before = case.snapshot(self.lab.home)
        for options, part in (([server, f"--pin={'A' * 43}"], "--pin"),
                              ([server, "--trust-on-first-use"], "--trust-on-first-use"),
                              ([f"gvpn://{OFFICE}:{PORT}/?pin={'A' * 43}"], "link"),
                              ([server, "--cidr=fd86::5/64"], "ipv4"),
                              ([server, "--cidr=10.86.0.5/24", "--cidr=fd86::5/64"], "ipv4"),
                              ([server, "--cidr=10.86.0.300/24"], "10.86.0.300"),
                              ([], "--server")):
            with self.subTest(options):
                client = self.lab.start_client("--v1", *options)
                self.assert_ends(client, USAGE, part)
        self.assert_unchanged(self.lab.home, before)


class Silence(V1Case):
    """Everything that has to be waited for, at the same time."""

    homes = 4

    def say_and_wait(self, data, drip=None):
        """Seconds until the server closes a connection that says this, and then a byte of drip a second."""
        client = self.connect_v1(self.lab.homes[3])
        started = time.monotonic()
        client.send(data)
        while time.monotonic() - started < 2 * DEADLINE_S[1]:
            if drip:
                with contextlib.suppress(OSError):
                    client.send(drip[:1])
                    drip = drip[1:]
            if client.read_rest(1 if drip else 2 * DEADLINE_S[1]) is not None:
                break
        return time.monotonic() - started

    def assert_comes_free(self, address, since):
        """An address whose holder died without a word is another's in time."""
        while True:
            late = self.greeted(self.lab.homes[3])
            reply = late.register(mapped(address))
            if reply["Success"]:
                return time.monotonic() - since
            self.assertEqual(reply["Message"], TAKEN)
            late.close()
            self.assertLess(time.monotonic() - since, DEAD_PEER_S, f"{address} is still taken")
            time.sleep(0.2)

    def test_the_server_does_not_wait_for_ever(self):
        self.lab.add_lan_routes_back()
        self.start_v1_server("--masquerade=off")
        for address, home in ((OWN, 1), (OTHER, 2)):
            self.registered(address, self.lab.homes[home])
        ours = self.start_v1_client()
        self.wait_connected(ours)
        # One is dead while packets for it arrive, the other while nothing happens.
        self.lab.start("ping", ["ping", "-n", "-i", "0.2", "-s", "1000", OWN], self.lab.lan)
        seen = len(ours.events)
        for home in self.lab.homes[:3]:
            self.lab.cut(home)
        cut = time.monotonic()
        half = VERSION + registration(THIRD, 1)
        rows = (("nothing", b"", None), ("a byte", half[:1], None), ("half a handshake", half[:7], None),
                ("a handshake", half[:8], None), ("half a registration", half[:20], None),
                ("nearly all", half[:-1], None), ("byte by byte", b"", half), ("slowly", half[:8], half[8:]))
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            taken = [pool.submit(self.assert_comes_free, address, cut) for address in (OWN, OTHER)]
            closed = [pool.submit(self.say_and_wait, data, drip) for _, data, drip in rows]
            for (name, *_), seconds in zip(rows, closed):
                with self.subTest(name):
                    self.assertGreater(seconds.result(), DEADLINE_S[0])
                    self.assertLess(seconds.result(), DEADLINE_S[1])
            for result in taken:
                self.assertGreater(result.result(), 2, "a short gap is no death")
        ours.wait_event(event="state", state="waiting", deadline_s=DEAD_PEER_S, after=seen)
        self.lab.mend(self.lab.home)
        again = self.wait_connected(ours, deadline_s=60, after=seen)
        self.assertEqual(again["address"], DEFAULT_CIDR)
        self.assert_pings(self.lab.home, LAN_HOST)

    def test_the_client_does_not_wait_for_ever(self):
        self.forward_in_the_office()
        server = self.start_reference_server()
        numbers = {self.lab.homes[0]: 103, self.lab.homes[1]: 104}
        clients = {home: self.start_v1_client(f"--cidr=10.86.0.{number}/24", home=home)
                   for home, number in numbers.items()}
        for client in clients.values():
            self.wait_connected(client)
        busy, idle = clients
        self.lab.start("ping", ["ping", "-n", "-i", "0.2", LAN_HOST], busy)
        seen = {home: len(client.events) for home, client in clients.items()}
        for home in clients:
            self.lab.cut(home)
        cut = time.monotonic()
        server.kill()
        # Meanwhile: two that never get an answer.
        silent = V1Listener(self.lab.office, OFFICE, 51006)
        self.addCleanup(silent.close)
        half_silent = self.fake_half_silent_office()
        waiting = [self.start_v1_client("--once", port=51006, home=self.lab.homes[2]),
                   self.start_v1_client("--once", port=half_silent, home=self.lab.homes[3])]
        for program in waiting:
            self.assert_ends(program, UNREACHABLE, deadline_s=25)
            self.assertGreater(time.monotonic() - cut, DEADLINE_S[0])
        for home, client in clients.items():
            client.wait_event(event="state", state="waiting", after=seen[home],
                              deadline_s=DEAD_PEER_S - (time.monotonic() - cut))
        self.start_reference_server()
        for home in clients:
            self.lab.mend(home)
        for home, client in clients.items():
            again = self.wait_connected(client, deadline_s=60, after=seen[home])
            self.assertEqual(again["address"], f"10.86.0.{numbers[home]}/24")
            self.assert_pings(home, LAN_HOST)
        self.assertEqual(clients[idle].stop(), 0)

    def fake_half_silent_office(self, port=51007):
        """Takes the version and says nothing more; the port."""
        office = FakeOffice(self.lab.office, reply=lambda _: b"", port=port)
        self.addCleanup(office.close)
        return port


class CleanStop(V1Case):
    def test_a_stop_at_any_time_puts_everything_back(self):
        before = case.snapshot(self.lab.home)
        office = FakeOffice(self.lab.office, reply=lambda _: b"")
        self.addCleanup(office.close)
        client = self.start_v1_client()
        self.lab.wait_until(lambda: office.registration, "the registration")
        self.assertEqual(client.stop(), 0, client.describe())
        office.close()
        self.assert_unchanged(self.lab.home, before)
        server = self.start_v1_server()
        with_server = case.snapshot(self.lab.office)
        for number in (signal.SIGTERM, signal.SIGINT):
            client = self.start_v1_client()
            self.wait_connected(client)
            self.assertEqual(client.stop(number), 0, client.describe())
            self.assert_unchanged(self.lab.home, before)
        self.assert_unchanged(self.lab.office, with_server)
        self.registered(OWN)
        self.assertEqual(server.stop(deadline_s=5), 0, server.describe())

    def test_a_server_that_stops_is_waited_for(self):
        server = self.start_v1_server()
        client = self.start_v1_client()
        self.wait_connected(client)
        seen = len(client.events)
        self.assertEqual(server.stop(), 0, server.describe())
        client.wait_event(event="state", state="waiting", after=seen)
        self.start_v1_server()
        self.wait_connected(client, deadline_s=60, after=seen)
        self.assert_pings(self.lab.home, LAN_HOST)


if __name__ == "__main__":
    case.main()
