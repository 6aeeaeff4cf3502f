"""What connections that never log in may cost: they are closed in time, bounded by source and in all, and neither
memory, nor throughput, nor descriptors run out."""

import concurrent.futures
import contextlib
import json
import os
import resource
import select
import socket
import statistics
import threading
import time

from support import case
from support.lab import LAN_HOST, OFFICE, OFFICE6, PORT
from support.peer import LOGIN, LOGIN_REPLY, Peer, connect_plain, connect_tls, is_closed_by_peer, make_certificate
from support.v1_peer import ANSWER_SUCCESS, V1Client

DEADLINE_S = (9, 13)
CLOSES_AT_ONCE_S = 3
SETTLES_S = 0.5
PER_SOURCE = 16
FAR = ("198.51.100.7", "198.51.100.8", "2001:db8:200:1::7", "2001:db8:200:1:ffff::8", "2001:db8:200:2::7")
PRIVATE = ("10.99.0.7", "172.31.99.7", "192.168.99.7", "fd99::7")
STARTS_TLS = bytes.fromhex("160301020001")  # the head of a record and the first byte of a ClientHello


def is_open(connection):
    connection.setblocking(False)
    try:
        return connection.recv(4096) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


def count_open(connections):
    return sum(map(is_open, connections))


class LimitsCase(case.LabCase):
    def connect_silently(self, source=None, home=None):
        """A connection that says nothing, from one of the home's addresses."""
        address = OFFICE6 if source and ":" in source else OFFICE
        with (home or self.lab.home).entered():
            connection = socket.create_connection((address, PORT), 10, (source, 0) if source else None)
        self.addCleanup(connection.close)
        return connection

    def add_far_addresses(self):
        """Sources that the office reaches by a route: they are not its neighbours."""
        for address in (*FAR, *PRIVATE):
            self.lab.home.run("ip", "addr", "add", address, "dev", "lo")
            via = "2001:db8:113::101" if ":" in address else "203.0.113.101"
            self.lab.office.run("ip", "route", "add", address, "via", via)


class Deadlines(LimitsCase):
    def test_whoever_does_not_go_on_is_closed_in_time(self):
        self.start_server()
        certificate = make_certificate(self.lab.folder, "stranger")

        def greeted():
            peer = Peer(self.lab)
            peer.say_hello()
            return peer

        def logged_in():
            peer = greeted()
            peer.send_message(LOGIN, 0, peer.name)
            peer.expect(LOGIN_REPLY)
            return peer

        def begun():
            connection = connect_plain(self.lab.home)
            connection.sendall(STARTS_TLS)
            return connection

        def seconds_until_closed(connect):
            started = time.monotonic()
            connection = connect()
            with getattr(connection, "connection", connection) as plain:
                self.assertTrue(is_closed_by_peer(plain, 2 * DEADLINE_S[1]))
            return time.monotonic() - started

        rows = {
            "silent": lambda: connect_plain(self.lab.home),
            "silent in TLS's handshake": begun,
            "silent after it": lambda: connect_tls(self.lab.home, certificate),
            "silent after the hello": greeted,
            "silent after the login": logged_in,
        }
        with concurrent.futures.ThreadPoolExecutor() as pool:
            results = {name: pool.submit(seconds_until_closed, connect) for name, connect in rows.items()}
            for name, seconds in results.items():
                with self.subTest(name):
                    self.assertGreater(seconds.result(), DEADLINE_S[0])
                    self.assertLess(seconds.result(), DEADLINE_S[1])


class Sources(LimitsCase):
    def setUp(self):
        super().setUp()
        self.add_far_addresses()

    def assert_admitted(self, connections):
        time.sleep(SETTLES_S)
        self.assertEqual(count_open(connections), len(connections))

    def assert_full(self, source, held):
        """One more from there is closed at once; those that were first stay."""
        with contextlib.suppress(ConnectionResetError):  # so soon that connect() saw it
            self.assertTrue(is_closed_by_peer(self.connect_silently(source), CLOSES_AT_ONCE_S), source)
        self.assertEqual(count_open(held), PER_SOURCE)

    def test_one_address_or_ipv6_network_has_16_half_open_connections(self):
        self.start_server()
        for same, other in ((FAR[:1], FAR[1]), (FAR[2:4], FAR[4])):
            with self.subTest(same):
                held = [self.connect_silently(same[i % len(same)]) for i in range(PER_SOURCE)]
                self.assert_admitted(held)
                for source in same:
                    self.assert_full(source, held)
                self.assert_admitted([self.connect_silently(other) for _ in range(PER_SOURCE)])
                # One that leaves makes room for one.
                held.pop().close()
                time.sleep(SETTLES_S)
                held.append(self.connect_silently(same[0]))
                self.assert_admitted(held)
                self.assert_full(same[0], held)

    def test_connections_that_are_over_or_logged_in_do_not_count(self):
        self.start_server()
        self.lab.home.run("ip", "route", "add", OFFICE, "dev", "wan", "src", FAR[0])
        for _ in range(PER_SOURCE + 2):
            self.connect_silently(FAR[0]).close()
            peer = Peer(self.lab)
            self.addCleanup(peer.close)
            self.assertEqual(peer.connection.getsockname()[0], FAR[0])
            peer.log_in()
        held = [self.connect_silently(FAR[0]) for _ in range(PER_SOURCE)]
        self.assert_admitted(held)
        self.assert_full(FAR[0], held)

    def test_a_v1_client_without_a_registration_counts_too(self):
        self.start_server("--allow-v1")
        clients = [V1Client(self.lab.home, OFFICE, PORT, FAR[0]) for _ in range(PER_SOURCE)]
        for client in clients:
            self.addCleanup(client.close)
            self.assertEqual(client.greet(), ANSWER_SUCCESS)
        self.assert_full(FAR[0], [client.connection for client in clients])

    def test_neighbours_and_named_relays_may_have_more(self):
        self.start_server("--relay=198.51.100.0/29", "--relay", "2001:db8:200:1::/64")
        self.assert_admitted([self.connect_silently(home=self.lab.office) for _ in range(PER_SOURCE + 4)])
        for source in (None, "2001:db8:113::101", *PRIVATE, FAR[0], FAR[2]):
            with self.subTest(source):
                self.assert_admitted([self.connect_silently(source) for _ in range(PER_SOURCE + 4)])
        # 198.51.100.8 is just outside the relay.
        for source in (FAR[1], FAR[4]):
            with self.subTest(source):
                held = [self.connect_silently(source) for _ in range(PER_SOURCE)]
                self.assert_admitted(held)
                self.assert_full(source, held)

    def test_a_relay_that_is_no_network_is_refused(self):
        server = self.lab.start_server("--relay=the-router")
        self.assert_ends(server, 2, "the-router")


class Total(LimitsCase):
    MOST = 8

    def test_when_it_is_full_the_oldest_gives_way(self):
        server = self.start_server(f"--max-half-open={self.MOST}")
        held = [self.connect_silently() for _ in range(self.MOST)]
        time.sleep(SETTLES_S)
        self.assertEqual(count_open(held), self.MOST)
        for number in range(3):
            held.append(self.connect_silently())
            self.assertTrue(is_closed_by_peer(held.pop(0), CLOSES_AT_ONCE_S), f"the oldest, {number}")
            self.assertEqual(count_open(held), self.MOST)
        # Somebody of good will among many that only hold on.
        for _ in range(5):
            held += [self.connect_silently() for _ in range(self.MOST)]
            time.sleep(0.05)
            self.assertLessEqual(count_open(held), self.MOST)
        client = self.connect(server)
        self.assert_pings(self.lab.home, LAN_HOST)
        # A session is no half-open connection: it does not give way.
        held += [self.connect_silently() for _ in range(3 * self.MOST)]
        time.sleep(SETTLES_S)
        self.assertLessEqual(count_open(held), self.MOST)
        self.assert_pings(self.lab.home, LAN_HOST)
        self.assertEqual([event for event in client.events if event.get("state") == "waiting"], [])

    def test_a_number_that_is_none_is_refused(self):
        for value in ("0", "-1", "many", "1000000000000"):
            with self.subTest(value):
                self.assert_ends(self.lab.start_server(f"--max-half-open={value}"), 2, value)


class Crowd:
    """Connections that never log in, kept up by a thread: `silent` ones say nothing, `slow` ones a byte a second. Those
    that the server closes are replaced, at `pace` a second."""

    TICK_S = 0.05

    def __init__(self, home, silent, slow=0, pace=300):
        self._home, self._most, self._slow, self._pace = home, silent + slow, slow, pace
        self._said = {}  # bytes sent by the slow ones, by descriptor
        self._held = {}
        self.opened = 0
        self._is_over = threading.Event()
        self._poll = select.epoll()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def size(self):
        return len(self._held)

    def stop(self):
        self._is_over.set()
        self._thread.join()
        for connection in self._held.values():
            connection.close()
        self._held.clear()

    def _run(self):
        next_byte = time.monotonic()
        with self._home.entered():
            while not self._is_over.wait(self.TICK_S):
                for _ in range(min(int(self._pace * self.TICK_S), self._most - len(self._held))):
                    self._open()
                if time.monotonic() > next_byte:
                    next_byte += 1
                    self._say_a_byte()
                for descriptor, _ in self._poll.poll(0, 1000):
                    self._held.pop(descriptor).close()
                    self._said.pop(descriptor, None)

    def _open(self):
        connection = socket.socket()
        connection.setblocking(False)
        connection.connect_ex((OFFICE, PORT))
        self._held[connection.fileno()] = connection
        self._poll.register(connection.fileno(), select.EPOLLRDHUP)
        self.opened += 1
        if len(self._said) < self._slow:
            self._said[connection.fileno()] = 0

    def _say_a_byte(self):
        for descriptor, count in self._said.items():
            with contextlib.suppress(OSError):
                self._held[descriptor].send(STARTS_TLS[count % len(STARTS_TLS)].to_bytes(1, "big"))
                self._said[descriptor] = count + 1


class CrowdCase(LimitsCase):
    homes = 3

    def setUp(self):
        super().setUp()
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, limits)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(8192, limits[1]), limits[1]))

    def start_crowd(self, silent, slow=0, pace=300):
        crowd = Crowd(self.lab.homes[1], silent, slow, pace)
        self.addCleanup(crowd.stop)
        return crowd


class Flood(CrowdCase):
    SILENT, SLOW = 2000, 200
    LEAST_RATIO = 0.8
    ATTEMPTS = 3
    MOST_KIB = 100 * 1024

    def setUp(self):
        super().setUp()
        self.lab.start("iperf3 server", ["iperf3", "-s"], self.lab.lan)
        self.lab.wait_until(lambda: self.lab.is_listening(self.lab.lan, 5201), "iperf3 listens")

    def throughput(self, runs):
        results = []
        for _ in range(runs):
            said = json.loads(self.lab.home.run("iperf3", "-c", LAN_HOST, "-J", "-t", "1", check=False).stdout)
            self.assertNotIn("error", said)
            results.append(said["end"]["sum_received"]["bits_per_second"])
        return results

    def ratio(self, server, least_held):
        """Of the throughput during the flood to that before and after it."""
        quiet = self.throughput(3)
        crowd = self.start_crowd(self.SILENT, self.SLOW)
        self.lab.wait_until(lambda: crowd.opened > self.SILENT + self.SLOW and crowd.size > least_held, "the crowd")
        flooded = self.throughput(4)
        self.assertGreater(crowd.size, least_held)
        self.assertLess(server.memory_kib(), self.MOST_KIB)
        late = self.connect(server, home=self.lab.homes[2])
        self.assert_pings(self.lab.homes[2], LAN_HOST)
        self.assertEqual(late.stop(), 0, late.describe())
        crowd.stop()
        quiet += self.throughput(3)
        return statistics.median(flooded) / statistics.median(quiet)

    def assert_goes_on(self, server, least_held):
        client = self.connect(server)
        ratios = []
        while not ratios or max(ratios) < self.LEAST_RATIO:
            self.assertLess(len(ratios), self.ATTEMPTS, f"of the throughput there was left: {ratios}")
            ratios.append(self.ratio(server, least_held))
        self.assertEqual([event for event in client.events if event.get("state") == "waiting"], [])

    def test_a_session_goes_on_while_thousands_hold_on(self):
        self.assert_goes_on(self.start_server("--max-half-open=4000"), 0.85 * (self.SILENT + self.SLOW))

    def test_a_session_goes_on_while_thousands_come_and_go(self):
        self.assert_goes_on(self.start_server(), 0)


class Descriptors(CrowdCase):
    MOST = 64
    STOPS_WITHIN_S = 5

    def setUp(self):
        super().setUp()
        self.before = case.snapshot(self.lab.office)
        self.server = self.start_server(prefix=("prlimit", f"--nofile={self.MOST}:{self.MOST}"))
        self.connect(self.server)
        self.ping = self.lab.start("ping", ["ping", "-n", "-i", "0.05", LAN_HOST], self.lab.home)
        self.crowd = self.start_crowd(3 * self.MOST)
        descriptors = f"/proc/{self.server.pid}/fd"
        self.lab.wait_until(lambda: len(os.listdir(descriptors)) >= self.MOST, "no descriptor is left")
        time.sleep(2)

    def test_a_session_goes_on_and_others_come_when_there_are_some_again(self):
        time.sleep(DEADLINE_S[1])
        self.assertTrue(self.server.is_running(), self.server.describe())
        self.crowd.stop()
        self.connect(self.server, home=self.lab.homes[2])
        self.assert_pings(self.lab.homes[2], LAN_HOST)
        self.assert_no_echo_was_lost(self.ping)
        self.assertEqual(self.server.stop(), 0, self.server.describe())
        self.assert_unchanged(self.lab.office, self.before)

    def test_a_server_without_descriptors_stops_in_time_and_undoes_everything(self):
        started = time.monotonic()
        self.assertEqual(self.server.stop(), 0, self.server.describe())
        self.assertLess(time.monotonic() - started, self.STOPS_WITHIN_S)
        self.assert_unchanged(self.lab.office, self.before)


if __name__ == "__main__":
    case.main()
