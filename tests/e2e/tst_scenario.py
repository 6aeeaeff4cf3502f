"""The reference scenario: a computer at home reaches the office's LAN through one TCP port, and only then."""

from support import case
from support.lab import GATEWAY, LAN, LAN6, LAN_HOST, LAN_HOST6, OFFICE, OFFICE_LAN, PAGE, POOL, POOL6, PORT


class Scenario(case.LabCase):
    def setUp(self):
        super().setUp()
        self.lab.start_web_server()

    def assert_page(self, host=LAN_HOST):
        result = self.lab.fetch(self.lab.home, f"http://{host}/")
        self.assertEqual(result.stdout, PAGE, result.stderr)

    def assert_no_page(self):
        self.assertNotEqual(self.lab.fetch(self.lab.home, f"http://{LAN_HOST}/", deadline_s=1).returncode, 0)

    def test_the_page_is_there_while_the_client_runs_and_only_then(self):
        server = self.start_server()
        self.assert_no_page()
        self.assert_no_answer(self.lab.home, LAN_HOST)
        client = self.connect(server)
        self.assert_pings(self.lab.home, LAN_HOST)
        self.assert_page()
        self.assertEqual(client.stop(), 0, client.describe())
        self.assert_no_page()

    def test_the_printed_link_is_enough(self):
        server = self.start_server(f"--public-address={OFFICE}:{PORT}")
        client = self.lab.start_client(server.listening["invite"])
        self.wait_connected(client)
        self.assert_page()

    def test_the_server_finds_everything_but_the_lan_by_itself(self):
        server = self.start_server(cidr=())
        self.connect(server)
        self.assert_page()

    def test_the_lan_is_found_where_no_bypass_is_named(self):
        # A veth is not taken for a LAN, so the office gets a bridge, as a hypervisor's host has one.
        office = self.lab.office
        office.run("ip", "link", "add", "lanbridge", "type", "bridge")
        office.run("ip", "addr", "flush", "dev", "lan")
        office.run("ip", "link", "set", "lan", "master", "lanbridge")
        office.run("ip", "link", "set", "lanbridge", "up")
        office.add_address("lanbridge", f"{OFFICE_LAN}/16")
        server = self.start_server(bypass=())
        self.assertIn(LAN, server.listening["bypass"])
        self.connect(server)
        self.assert_page()

    def test_the_first_line_says_where_the_server_listens(self):
        server = self.start_server()
        self.assertIs(server.events[0], server.listening)
        self.assertEqual(server.listening["port"], PORT)
        self.assertEqual(server.listening["cidr"], POOL)
        self.assertEqual(server.listening["bypass"], [LAN])
        self.assertRegex(server.listening["pin"], r"^[A-Za-z0-9_-]{43}$")
        self.assertIn(server.listening["pin"], server.listening["invite"])

    def test_the_client_says_each_stage_in_order_and_then_what_it_has(self):
        server = self.start_server()
        client = self.connect(server)
        stages = [event["stage"] for event in client.events if event.get("state") == "connecting"]
        self.assertEqual(stages, ["resolve", "tcp", "tls", "login", "address", "tun", "routes", "dns", "probe"])
        self.assertEqual(client.connected["gateway"], GATEWAY)
        self.assertEqual(client.connected["routes"], [LAN])
        self.assertRegex(client.connected["address"], r"^10\.86\.0\.\d+/24$")
        addresses = self.lab.home.run("ip", "-o", "addr", "show", "dev", client.connected["interface"]).stdout
        self.assertIn(f" {client.connected['address']} ", addresses)

    def test_the_server_answers_at_its_tunnel_address_and_tells_who_came_and_went(self):
        server = self.start_server()
        client = self.connect(server)
        self.assert_pings(self.lab.home, GATEWAY)
        server.wait_event(event="client-connected")
        client.stop()
        server.wait_event(event="client-disconnected")

    def test_a_pin_trusted_on_first_use_is_remembered(self):
        self.start_server()
        first = self.lab.start_client(f"--server={OFFICE}:{PORT}", "--trust-on-first-use")
        self.wait_connected(first)
        self.assertEqual(first.stop(), 0)
        self.wait_connected(self.lab.start_client(f"--server={OFFICE}:{PORT}"))
        self.assert_page()

    def test_both_families_reach_the_lan(self):
        server = self.start_server(bypass=(LAN, LAN6), cidr=(POOL, POOL6))
        self.assertEqual(server.listening["cidr6"], POOL6)
        client = self.connect(server)
        self.assertIn("address6", client.connected)
        self.assert_pings(self.lab.home, LAN_HOST6)
        self.assert_page(f"[{LAN_HOST6}]")
        self.assert_page()


if __name__ == "__main__":
    case.main()
