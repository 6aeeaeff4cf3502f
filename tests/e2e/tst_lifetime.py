"""The end of a program, of the other one, and of the line: everything is put back, or comes back by itself."""

import signal
import time

from support import case
from support.lab import LAN, LAN6, LAN_HOST, LAN_HOST6, OFFICE, OFFICE6, OFFICE_LAN, OFFICE_LAN6, POOL, POOL6
from support.peer import Capture, is_echo_request

SERVER_STOPS_WITHIN_S = 5
DEAD_LINE_NOTICED_S = 60


class CleanStop(case.LabCase):
    def test_both_networks_are_as_they_were(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number.name):
                before = {namespace: case.snapshot(namespace) for namespace in (self.lab.home, self.lab.office)}
                server = self.start_server(bypass=(LAN, LAN6), cidr=(POOL, POOL6))
                client = self.connect(server)
                self.assert_pings(self.lab.home, LAN_HOST)
                for namespace, state in before.items():
                    changes = case.difference(state, case.snapshot(namespace))
                    self.assertNotEqual(changes, "", "it shows what is there now")
                self.assertEqual(client.stop(number), 0, client.describe())
                self.assertEqual(server.stop(number, SERVER_STOPS_WITHIN_S), 0, server.describe())
                for namespace, state in before.items():
                    self.assert_unchanged(namespace, state)

    def test_switches_that_were_on_stay_on(self):
        self.lab.office.write_switch("net/ipv4/ip_forward", 1)
        self.lab.office.write_switch("net/ipv6/conf/all/forwarding", 1)
        before = case.snapshot(self.lab.office)
        server = self.start_server(bypass=(LAN, LAN6), cidr=(POOL, POOL6))
        self.assertEqual(server.stop(), 0)
        self.assert_unchanged(self.lab.office, before)

    def test_a_server_stops_in_time_with_a_session(self):
        server = self.start_server()
        self.connect(server)
        started = time.monotonic()
        self.assertEqual(server.stop(), 0, server.describe())
        self.assertLess(time.monotonic() - started, SERVER_STOPS_WITHIN_S)

    def test_a_client_stops_while_it_connects(self):
        server = self.start_server()
        before = case.snapshot(self.lab.home)
        self.lab.cut(self.lab.home)
        client = self.start_client(server)
        client.wait_event(event="state", state="connecting", stage="tcp")
        self.assertEqual(client.stop(), 0, client.describe())
        self.assert_unchanged(self.lab.home, before)


class Strangers(case.LabCase):
    """A neighbour on the internet that sends to the office as if it were its router."""

    homes = 2
    # (the switch, the LAN, a host in it, the neighbour, his network, the office's address there and in the LAN)
    PLACES = (
        ("net/ipv4/ip_forward", LAN, LAN_HOST, "203.0.113.102", "203.0.113.0/24", OFFICE, OFFICE_LAN),
        ("net/ipv6/conf/all/forwarding", LAN6, LAN_HOST6, "2001:db8:113::102", "2001:db8:113::/64", OFFICE6,
         OFFICE_LAN6),
    )

    def setUp(self):
        super().setUp()
        self.neighbour = self.lab.homes[1]
        self.captures = [Capture(self.lab.lan, "eth0"), Capture(self.neighbour, "wan")]
        for capture in self.captures:
            self.addCleanup(capture.close)
        for _, lan, _, _, network, outside, inside in self.PLACES:
            self.neighbour.run("ip", "route", "add", lan, "via", outside)
            self.lab.lan.run("ip", "route", "add", network, "via", inside)

    def echo_requests(self):
        """How many arrived in the LAN and at the neighbour's, or left there, since the last call."""
        return [sum(map(is_echo_request, capture.packets())) for capture in self.captures]

    def test_the_office_would_let_them_pass_if_it_forwarded(self):
        for switch, _, host, neighbour, *_ in self.PLACES:
            self.lab.office.write_switch(switch, 1)
            self.assert_pings(self.neighbour, host)
            self.assert_pings(self.lab.lan, neighbour)
            self.assertEqual(self.echo_requests(), [6, 6])

    def test_a_server_does_not_make_the_office_a_way_for_them(self):
        self.connect(self.start_server(bypass=(LAN, LAN6), cidr=(POOL, POOL6)))
        for _, _, host, neighbour, *_ in self.PLACES:
            self.assert_pings(self.lab.home, host)
            self.echo_requests()
            self.assert_no_answer(self.neighbour, host)
            self.assertEqual(self.echo_requests(), [0, 2], "from the internet into the LAN")
            self.assert_no_answer(self.lab.lan, neighbour)
            self.assertEqual(self.echo_requests(), [2, 0], "from the LAN into the internet")


class Reconnect(case.LabCase):
    def test_the_client_comes_back_with_the_same_interface_and_address(self):
        server = self.start_server()
        client = self.connect(server)
        interface = client.connected["interface"]
        index = self.interface_index(interface)
        self.assertEqual(server.stop(), 0, server.describe())
        client.wait_event(event="state", state="waiting")
        self.assertEqual(self.interface_index(interface), index)
        seen = len(client.events)
        self.start_server()
        again = self.wait_connected(client, deadline_s=60, after=seen)
        self.assertEqual(again["address"], client.connected["address"])
        self.assertEqual(again["interface"], interface)
        self.assertEqual(self.interface_index(interface), index)
        self.assert_pings(self.lab.home, LAN_HOST)

    def test_a_killed_server_can_start_again_and_the_client_comes_back(self):
        before = case.snapshot(self.lab.office)
        server = self.start_server()
        client = self.connect(server)
        server.kill()
        client.wait_event(event="state", state="waiting", deadline_s=DEAD_LINE_NOTICED_S)
        seen = len(client.events)
        server = self.start_server()
        self.wait_connected(client, deadline_s=60, after=seen)
        self.assert_pings(self.lab.home, LAN_HOST)
        self.assertEqual(server.stop(), 0, server.describe())
        self.assert_unchanged(self.lab.office, before)

    def test_a_dead_line_is_noticed_by_both_and_mended(self):
        server = self.start_server()
        client = self.connect(server)
        seen = len(client.events)
        self.lab.cut(self.lab.home)
        client.wait_event(event="state", state="waiting", deadline_s=DEAD_LINE_NOTICED_S, after=seen)
        server.wait_event(event="client-disconnected", deadline_s=DEAD_LINE_NOTICED_S)
        self.lab.mend(self.lab.home)
        again = self.wait_connected(client, deadline_s=60, after=seen)
        self.assertEqual(again["address"], client.connected["address"])
        self.assert_pings(self.lab.home, LAN_HOST)

    def test_a_short_gap_is_survived(self):
        server = self.start_server()
        client = self.connect(server)
        seen = len(client.events)
        self.lab.cut(self.lab.home)
        time.sleep(1)
        self.lab.mend(self.lab.home)
        self.assert_pings(self.lab.home, LAN_HOST, deadline_s=20)
        self.assertEqual(client.events[seen:], [])

    def interface_index(self, name):
        return int(self.lab.home.run("cat", f"/sys/class/net/{name}/ifindex").stdout)


if __name__ == "__main__":
    case.main()
