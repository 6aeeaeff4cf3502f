"""Nobody sends under another address than his own, and nobody but the tunnel reaches a client's tunnel address."""

from support import case
from support.lab import LAN, LAN6, LAN_HOST, LAN_HOST6, OFFICE_LAN, POOL, POOL6
from support.peer import Capture, Peer, destination_of, echo_request, source_of

OWN = "10.86.0.5"
NEIGHBOUR = "10.86.0.77"
FOREIGN = (NEIGHBOUR, "10.86.0.1", "172.17.0.9", OFFICE_LAN, "198.51.100.7", "127.0.0.1", "0.0.0.0", "255.255.255.255")
ANSWER_WITHIN_S = 3


class Spoofing(case.LabCase):
    def setUp(self):
        super().setUp()
        # Without masquerading the LAN would see a foreign source as it is.
        self.lab.add_lan_routes_back()
        self.server = self.start_server("--masquerade=off", "--tun=office0")
        self.captures = [Capture(self.lab.office, "office0"), Capture(self.lab.lan, "eth0")]
        for capture in self.captures:
            self.addCleanup(capture.close)

    def assert_only_own_packets(self, own, foreign):
        for capture in self.captures:
            sources = capture.sources()
            self.assertIn(own, sources, "the capture shows what is allowed")
            self.assertEqual(sources.intersection(foreign), set())

    def test_the_server_drops_foreign_sources_of_a_client_that_does_not_care(self):
        peer = Peer(self.lab)
        self.addCleanup(peer.close)
        peer.log_in(OWN)
        for number, source in enumerate(FOREIGN):
            peer.send_packet(echo_request(source, LAN_HOST, number))
        peer.send_packet(echo_request(peer.address, LAN_HOST, 99))
        answers = peer.receive_packets(ANSWER_WITHIN_S)
        self.assertEqual([source_of(answer) for answer in answers], [LAN_HOST])
        # The office's own address in the LAN is on the wire there for good reasons.
        self.assert_only_own_packets(peer.address, set(FOREIGN) - {OFFICE_LAN})
        peer.close()
        dropped = self.server.wait_event(event="client-disconnected")["dropped"]
        self.assertEqual(dropped, {"foreign-source": len(FOREIGN)})

    def test_nothing_leaves_for_places_outside_the_lan(self):
        peer = Peer(self.lab)
        self.addCleanup(peer.close)
        peer.log_in(OWN)
        for destination in ("203.0.113.254", "127.0.0.1", "224.0.0.1", "255.255.255.255", "8.8.8.8"):
            peer.send_packet(echo_request(peer.address, destination))
        self.assertEqual(peer.receive_packets(ANSWER_WITHIN_S), [])
        self.assertNotIn(peer.address, self.captures[0].sources())

    def test_packets_that_are_none_do_not_end_the_session(self):
        peer = Peer(self.lab)
        self.addCleanup(peer.close)
        peer.log_in(OWN)
        whole = echo_request(peer.address, LAN_HOST)
        for packet in (b"\x45", b"\x00" * 40, b"\xff" * 1500, whole[:19], b"\x60" + bytes(20), b"\x4f" + whole[1:24]):
            peer.send_packet(packet)
        peer.send_packet(whole)
        self.assertEqual(len(peer.receive_packets(ANSWER_WITHIN_S)), 1)

    def test_a_foreign_address_on_the_clients_tun_goes_nowhere(self):
        client = self.connect(self.server, f"--cidr={OWN}/24")
        interface = client.connected["interface"]
        foreign = (NEIGHBOUR, "198.51.100.7")
        for address in foreign:
            self.lab.home.add_address(interface, f"{address}/32")
            self.assert_no_answer(self.lab.home, LAN_HOST, "-I", address)
        self.assert_pings(self.lab.home, LAN_HOST, options=("-I", OWN))
        self.assert_only_own_packets(OWN, foreign)


class Guard(case.LabCase):
    """A neighbour on the client's own network, who can send to any address there (CVE-2019-14899)."""

    homes = 2
    HOME, HOME6 = "203.0.113.101", "2001:db8:113::101"
    UNGUARDED = "10.55.0.1"
    SERVICE = 8000

    def setUp(self):
        super().setUp()
        self.lab.add_lan_routes_back()
        self.client = self.connect(self.start_server("--masquerade=off", bypass=(LAN, LAN6), cidr=(POOL, POOL6)))
        self.address, self.address6 = (self.client.connected[key].split("/")[0] for key in ("address", "address6"))
        self.neighbour = self.lab.homes[1]
        for address in (self.address, self.UNGUARDED):
            self.neighbour.run("ip", "route", "add", address, "via", self.HOME)
        self.neighbour.run("ip", "route", "add", self.address6, "via", self.HOME6)

    def test_a_neighbour_does_not_reach_the_tunnel_address(self):
        self.lab.home.add_address("lo", f"{self.UNGUARDED}/32")
        self.assert_pings(self.neighbour, self.UNGUARDED)
        self.assert_pings(self.neighbour, self.HOME)
        for address in (self.address, self.address6):
            with self.subTest(address):
                self.assert_no_answer(self.neighbour, address)

    def test_the_tunnel_and_the_computer_itself_do(self):
        for address in (self.address, self.address6):
            self.assert_pings(self.lab.lan, address)
            self.assert_pings(self.lab.home, address)
        for host in (LAN_HOST, LAN_HOST6):
            self.assert_pings(self.lab.home, host)

    def test_a_neighbour_who_says_he_is_in_the_lan_makes_nothing_flow_in_the_tunnel(self):
        capture = Capture(self.lab.home, self.client.connected["interface"])
        self.addCleanup(capture.close)
        self.neighbour.add_address("lo", f"{LAN_HOST}/32")
        self.assert_no_answer(self.neighbour, self.address, "-I", LAN_HOST)
        self.assertNotIn(LAN_HOST, set(map(destination_of, capture.packets())))
        self.assert_pings(self.lab.home, LAN_HOST)
        self.assertIn(LAN_HOST, set(map(destination_of, capture.packets())), "the capture shows the tunnel")

    def test_a_service_at_home_is_not_there_for_the_neighbour(self):
        argv = ["/usr/bin/python3", "-m", "http.server", "--bind", "::", str(self.SERVICE)]
        service = self.lab.start("a service", argv, self.lab.home)
        self.lab.wait_until(lambda: self.lab.is_listening(self.lab.home, self.SERVICE), "the service listens")
        for namespace, host, is_there in ((self.neighbour, self.HOME, True), (self.lab.lan, self.address, True),
                                          (self.neighbour, self.address, False)):
            result = self.lab.fetch(namespace, f"http://{host}:{self.SERVICE}/", deadline_s=2)
            self.assertEqual(result.returncode == 0, is_there, (host, result.stderr))
        self.assertTrue(service.is_running())


if __name__ == "__main__":
    case.main()
