"""While a program runs it opens no way for others, and it ends when it is told to. What it puts back: tst_undo.py."""

import time

from support import case
from support.lab import LAN, LAN6, LAN_HOST, LAN_HOST6, OFFICE, OFFICE6, OFFICE_LAN, OFFICE_LAN6, POOL, POOL6
from support.peer import Capture, is_echo_request

SERVER_STOPS_WITHIN_S = 5


class Stop(case.LabCase):
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


if __name__ == "__main__":
    case.main()
