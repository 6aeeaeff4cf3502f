"""The tunnel survives what happens to servers, lines and computers: it comes back by itself, with the same interface
and address. Things that mostly wait are done at the same time, each in a home of its own."""

import math
import shutil
import signal
import time

from support import case
from support.lab import LAN, LAN_HOST, OFFICE, PORT
from support.peer import EchoServer, EchoStream

NOTICED_S = 30  # how long either end may take to see that the other one is gone
BACK_S = 30  # and the client, until it is back once it can be
AT_ONCE_S = 5
SHORT_CUT_S, LONG_CUT_S, SUSPENDED_S = 5, 60, 45
SOON_S = 10
# client-gui/client/retry_policy.h: the pauses after a connection that did not last, the first one is below a second.
PAUSES_S = (2, 4, 8)



class ReconnectCase(case.LabCase):
    def interface_of(self, client, home):
        """What must stay while the client waits: the number, the addresses and the routes of its interface."""
        name = client.connected["interface"]
        lines = home.run("ip", "-o", "addr", "show", "dev", name).stdout
        routes = home.run("ip", "route", "show", "dev", name).stdout
        self.assertIn(f" {client.connected['address']} ", lines)
        self.assertIn(LAN, routes)
        return int(home.run("cat", f"/sys/class/net/{name}/ifindex").stdout), lines, routes

    def wait_waiting(self, client, since, deadline_s=NOTICED_S):
        """The number of its event."""
        number = client.wait_event_number(deadline_s + AT_ONCE_S, event="state", state="waiting")
        self.assertLessEqual(client.moments[number] - since, deadline_s, client.describe())
        return number

    def assert_back(self, client, home, after, since, deadline_s=BACK_S):
        """As it was before, and packets flow. after: the number of an event before."""
        number = client.wait_event_number(deadline_s + AT_ONCE_S, after, event="state", state="connected")
        self.assertLessEqual(client.moments[number] - since, deadline_s, client.describe())
        self.assertEqual(client.events[number], client.connected)
        self.assertEqual(self.interface_of(client, home), client.interface)
        self.assert_pings(home, LAN_HOST)

    def connect(self, server, *options, **settings):
        client = super().connect(server, *options, **settings)
        client.interface = self.interface_of(client, settings.get("home", self.lab.home))
        return client


class Servers(ReconnectCase):
    """Four servers in the office, each with a client of its own."""

    homes = 4
    NAME, FIRST_ADDRESS, SECOND_ADDRESS = "office.test", "203.0.113.2", "203.0.113.3"

    def setUp(self):
        super().setUp()
        self.lab.office.add_address("wan", f"{self.FIRST_ADDRESS}/24")
        self.servers = [self.start_site(number) for number in range(self.homes)]
        self.resolve_to(self.FIRST_ADDRESS)
        hosts = (OFFICE, OFFICE, OFFICE, self.NAME)
        self.clients = [self.connect(self.servers[number], home=home, address=f"{hosts[number]}:{PORT + number}")
                        for number, home in enumerate(self.lab.homes)]

    def start_site(self, number):
        return self.start_server(f"--address=:{PORT + number}", f"--tun=office{number}", cidr=(f"10.9{number}.0.0/24",),
                                 state=f"server{number}")

    def resolve_to(self, address):
        self.lab.homes[3].write_etc("hosts", f"127.0.0.1 localhost\n{address} {self.NAME}\n")

    def test_a_client_finds_its_server_again(self):
        self.run_together(self.when_it_was_restarted, self.when_it_was_killed, self.when_it_stood_still,
                          self.when_it_has_moved)

    def when_it_was_restarted(self):
        client, home = self.clients[0], self.lab.homes[0]
        stopped = time.monotonic()
        self.assertEqual(self.servers[0].stop(), 0, self.servers[0].describe())
        number = self.wait_waiting(client, stopped, AT_ONCE_S)
        self.assertLessEqual(client.events[number]["retry_in_s"], 1)
        for pause in PAUSES_S:
            announced = client.events[number]["retry_in_s"]
            tried = client.wait_event_number(after=number, event="state", state="connecting")
            waited = client.moments[tried] - client.moments[number]
            self.assertTrue(announced - 1.5 < waited < announced + 2, f"{waited} s instead of {announced} s")
            number = client.wait_event_number(after=tried, event="state", state="waiting")
            self.assertGreaterEqual(client.events[number]["retry_in_s"], pause * 0.5)
            self.assertLessEqual(client.events[number]["retry_in_s"], math.ceil(pause * 1.5))
        self.assertEqual(self.interface_of(client, home), client.interface)
        started = time.monotonic()
        self.start_site(0)
        self.assert_back(client, home, number, started)

    def when_it_was_killed(self):
        client, home = self.clients[1], self.lab.homes[1]
        killed = time.monotonic()
        self.servers[1].kill()
        number = self.wait_waiting(client, killed)
        self.start_site(1)
        self.assert_back(client, home, number, killed)

    def when_it_stood_still(self):
        client, server, home = self.clients[2], self.servers[2], self.lab.homes[2]
        server.process.send_signal(signal.SIGSTOP)
        number = self.wait_waiting(client, time.monotonic())
        time.sleep(SHORT_CUT_S)  # so that it is asked meanwhile
        self.assertEqual(self.interface_of(client, home), client.interface)
        server.process.send_signal(signal.SIGCONT)
        self.assert_back(client, home, number, time.monotonic())
        self.assertEqual(self.sessions_of(server), 1)

    def when_it_has_moved(self):
        client, office, home = self.clients[3], self.lab.office, self.lab.homes[3]
        office.add_address("wan", f"{self.SECOND_ADDRESS}/24")
        office.run("ip", "addr", "del", f"{self.FIRST_ADDRESS}/24", "dev", "wan")
        self.resolve_to(self.SECOND_ADDRESS)
        number = self.wait_waiting(client, time.monotonic())
        self.assert_back(client, home, number, client.moments[number])

    @staticmethod
    def sessions_of(server):
        kinds = [event["event"] for event in list(server.events)]
        return kinds.count("client-connected") - kinds.count("client-disconnected")


class Lines(ReconnectCase):
    """One server, and homes whose lines or computers fail."""

    homes = 6

    def setUp(self):
        super().setUp()
        self.server = self.start_server()
        self.echo = EchoServer(self.lab.lan, LAN_HOST)
        self.addCleanup(self.echo.close)
        self.clients = [self.connect(self.server, home=home) for home in self.lab.homes[:-1]]

    def open_stream(self, home):
        stream = EchoStream(home, self.echo)
        self.addCleanup(stream.close)
        stream.send()
        stream.receive_all(AT_ONCE_S)
        return stream

    def session_of(self, client, event, **options):
        """The number of what the server says of the client."""
        return self.server.wait_event_number(event=event, address=client.connected["address"], **options)

    def assert_server_notices(self, client, since):
        number = self.session_of(client, "client-disconnected", deadline_s=NOTICED_S + AT_ONCE_S)
        self.assertLessEqual(self.server.moments[number] - since, NOTICED_S)

    @staticmethod
    def drop(namespace, packets):
        namespace.run("nft", "add table inet lossy")
        namespace.run("nft", "add chain inet lossy input { type filter hook input priority -10; }")
        namespace.run("nft", f"add rule inet lossy input {packets} drop")

    def test_a_client_survives(self):
        self.run_together(self.a_short_cut_with_all_its_connections, self.a_long_cut, self.its_own_sleep,
                          self.a_connection_that_the_server_takes_for_alive, self.not_another_one_with_its_key)

    def a_short_cut_with_all_its_connections(self):
        client, home = self.clients[0], self.lab.homes[0]
        stream = self.open_stream(home)
        seen = len(client.events)
        self.lab.cut(home)
        ends = time.monotonic() + SHORT_CUT_S
        while time.monotonic() < ends:
            stream.send()
            time.sleep(0.1)
        with self.assertRaises(TimeoutError, msg="the line is cut"):
            stream.receive_all(0.1)
        self.lab.mend(home)
        stream.receive_all(3 * SHORT_CUT_S)
        self.assertEqual(client.events[seen:], [])

    def a_long_cut(self):
        client, home = self.clients[1], self.lab.homes[1]
        stream = self.open_stream(home)
        cut = time.monotonic()
        self.lab.cut(home)
        number = self.wait_waiting(client, cut)
        self.assert_server_notices(client, cut)
        time.sleep(cut + LONG_CUT_S - time.monotonic())
        self.assertEqual(self.interface_of(client, home), client.interface)
        self.lab.mend(home)
        self.assert_back(client, home, number, time.monotonic())
        stream.send()
        stream.receive_all(AT_ONCE_S)

    def its_own_sleep(self):
        client, home = self.clients[2], self.lab.homes[2]
        seen = len(client.events)
        slept = time.monotonic()
        client.process.send_signal(signal.SIGSTOP)
        self.assert_server_notices(client, slept)
        time.sleep(slept + SUSPENDED_S - time.monotonic())
        self.assertEqual(len(client.events), seen)
        client.process.send_signal(signal.SIGCONT)
        self.assert_back(client, home, seen, time.monotonic(), SOON_S)

    def a_connection_that_the_server_takes_for_alive(self):
        client, home = self.clients[3], self.lab.homes[3]
        port = self.server.events[self.session_of(client, "client-connected")]["from"].rpartition(":")[2]
        # The server goes on hearing from the client, but not that it has given up.
        self.drop(home, f"tcp dport {port}")
        self.drop(self.lab.office, f"ip saddr 203.0.113.104 tcp sport {port} tcp flags & (fin | rst) != 0")
        number = self.wait_waiting(client, time.monotonic())
        self.assert_back(client, home, number, client.moments[number], AT_ONCE_S)
        ended = self.server.events[self.session_of(client, "client-disconnected")]
        self.assertEqual(ended["code"], "replaced", "the server has noticed by itself, or the client told it")

    def not_another_one_with_its_key(self):
        first, first_home, second_home = self.clients[4], self.lab.homes[4], self.lab.homes[5]
        shutil.copytree(self.lab.state_dir(first_home.role), self.lab.folder / second_home.role)
        second = self.connect(self.server, home=second_home)
        self.assertEqual(second.connected["address"], first.connected["address"])
        self.assert_ends(first, 1, "the same device", deadline_s=AT_ONCE_S)
        self.assertEqual((first.events[-1]["state"], first.events[-1]["code"]), ("disconnected", "replaced"))
        self.assertEqual(len(first.errors), 1, first.describe())
        seen = len(second.events)
        time.sleep(SOON_S)
        self.assertEqual(second.events[seen:], [])
        self.assert_pings(second_home, LAN_HOST)


class FiftyClients(case.LabCase):
    homes = 50
    SLICE_S = 0.1

    def test_all_come_back_and_not_at_once(self):
        server = self.start_server()
        clients = [self.start_client(server, home=home) for home in self.lab.homes]
        addresses = [self.wait_connected(client, deadline_s=120)["address"] for client in clients]
        seen = [len(client.events) for client in clients]
        self.assertEqual(server.stop(), 0, server.describe())
        self.start_server()
        started = time.monotonic()
        tries, returns = [], []
        for client, address, after in zip(clients, addresses, seen):
            tried = client.wait_event_number(BACK_S, after, event="state", state="connecting")
            back = client.wait_event_number(BACK_S, tried, event="state", state="connected")
            self.assertEqual(client.events[back]["address"], address)
            tries.append(client.moments[tried])
            returns.append(client.moments[back])
        self.assertLess(max(returns) - started, BACK_S)
        for moments in (tries, returns):
            self.assertLess(self.most_in_a_slice(moments), self.homes / 2)

    def most_in_a_slice(self, moments):
        return max(sum(first <= moment < first + self.SLICE_S for moment in moments) for first in moments)


if __name__ == "__main__":
    case.main()
