"""What a client is refused, and what its exit status and its sentence say about it."""

from support import case
from support.lab import OFFICE, POOL, PORT

OTHER_PIN = "A" * 43


class Addresses(case.LabCase):
    homes = 2

    def setUp(self):
        super().setUp()
        self.server = self.start_server()

    def test_a_wanted_address_is_given(self):
        client = self.connect(self.server, "--cidr=10.86.0.7/24")
        self.assertEqual(client.connected["address"], "10.86.0.7/24")

    def test_an_address_that_is_not_to_be_had_is_refused_with_the_reason(self):
        rows = (
            ("outside the pool", "10.87.0.7/24"),
            ("the network address", "10.86.0.0/24"),
            ("the broadcast address", "10.86.0.255/24"),
            ("the gateway", "10.86.0.1/24"),
        )
        for name, address in rows:
            with self.subTest(name):
                client = self.start_client(self.server, f"--cidr={address}", state=f"client-{address[:-3]}")
                self.assert_ends(client, 6, address.split("/")[0])
                self.assertEqual(len(client.errors), 1, client.describe())

    def test_an_address_that_another_client_holds_is_refused(self):
        self.connect(self.server, "--cidr=10.86.0.7/24")
        second = self.start_client(self.server, "--cidr=10.86.0.7/24", home=self.lab.homes[1])
        self.assert_ends(second, 6, "10.86.0.7")

    def test_an_address_is_free_again_when_its_holder_has_left(self):
        first = self.connect(self.server, "--cidr=10.86.0.7/24")
        self.assertEqual(first.stop(), 0)
        second = self.connect(self.server, "--cidr=10.86.0.7/24", home=self.lab.homes[1])
        self.assertEqual(second.connected["address"], "10.86.0.7/24")


class Failures(case.LabCase):
    def assert_nothing_left(self, status, *parts, options=()):
        """A client with a pin of nobody ends so, and home is as it was before it started."""
        before = case.snapshot(self.lab.home)
        client = self.lab.start_client(f"--server={OFFICE}:{PORT}", f"--pin={OTHER_PIN}", *options)
        self.assert_ends(client, status, *parts)
        self.assert_unchanged(self.lab.home, before)

    def test_another_key_than_the_pinned_one_is_a_hard_stop(self):
        self.start_server()
        self.assert_nothing_left(4, OTHER_PIN)

    def test_a_remembered_key_that_changed_is_a_hard_stop(self):
        server = self.start_server()
        client = self.lab.start_client(f"--server={OFFICE}:{PORT}", "--trust-on-first-use")
        self.wait_connected(client)
        client.stop()
        server.stop()
        self.start_server(state="another-server")
        for options in ((), ("--trust-on-first-use",)):
            with self.subTest(options):
                self.assert_ends(self.lab.start_client(f"--server={OFFICE}:{PORT}", *options), 4)

    def test_an_unknown_key_is_refused_without_a_terminal(self):
        server = self.start_server()
        client = self.lab.start_client(f"--server={OFFICE}:{PORT}")
        self.assert_ends(client, 4, server.listening["pin"], "--trust-on-first-use")

    def test_nobody_at_the_port_ends_a_single_attempt(self):
        self.assert_nothing_left(3, OFFICE, options=["--once"])

    def test_a_dead_line_ends_a_single_attempt(self):
        self.lab.cut(self.lab.home)
        client = self.lab.start_client(f"--server={OFFICE}:{PORT}", f"--pin={OTHER_PIN}", "--once")
        self.assert_ends(client, 3, OFFICE)

    def test_without_once_it_waits_for_the_server(self):
        client = self.lab.start_client(f"--server={OFFICE}:{PORT}", "--trust-on-first-use")
        waiting = client.wait_event(event="state", state="waiting")
        self.assertIn("retry_in_s", waiting)
        self.assertTrue(waiting["reason"])
        self.start_server()
        self.wait_connected(client, deadline_s=60)

    def test_something_else_at_the_port_is_recognised(self):
        others = {
            "a web server": ["/usr/bin/python3", "-m", "http.server", str(PORT)],
            "a server that says something first": [
                "/usr/bin/python3", "-c",
                "import socket\n"
                f"listener = socket.create_server(('', {PORT}))\n"
                "while True:\n"
                "    connection = listener.accept()[0]\n"
                "    connection.sendall(b'220 mail.example.org ESMTP\\r\\n')\n"],
        }
        for name, argv in others.items():
            with self.subTest(name):
                other = self.lab.start(name, argv, self.lab.office)
                self.lab.wait_until(lambda: self.lab.is_listening(self.lab.office, PORT), f"{name} listens")
                client = self.lab.start_client(f"--server={OFFICE}:{PORT}", f"--pin={OTHER_PIN}")
                self.assert_ends(client, 8)
                other.kill()

    def test_a_name_that_does_not_exist_is_said(self):
        client = self.lab.start_client("--server=no-such-host.invalid:51005", f"--pin={OTHER_PIN}", "--once")
        self.assert_ends(client, 3, "no-such-host.invalid")


class FullPool(case.LabCase):
    homes = 2

    def test_a_pool_without_a_free_address_is_said(self):
        server = self.start_server(cidr=(POOL.replace("/24", "/30"),))
        self.connect(server)
        second = self.start_client(server, home=self.lab.homes[1])
        self.assert_ends(second, 6)


if __name__ == "__main__":
    case.main()
