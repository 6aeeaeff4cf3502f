"""Several clients of one server."""

import re

from support import case
from support.lab import LAN_HOST


class TwoClients(case.LabCase):
    homes = 2

    def connect_both(self, *options):
        server = self.start_server(*options)
        clients = [self.connect(server, home=home) for home in self.lab.homes]
        return [client.connected["address"].split("/")[0] for client in clients]

    def test_have_different_addresses_and_both_reach_the_lan(self):
        first, second = self.connect_both()
        self.assertNotEqual(first, second)
        for home in self.lab.homes:
            self.assert_pings(home, LAN_HOST)

    def test_do_not_see_each_other(self):
        first, second = self.connect_both()
        self.assert_no_answer(self.lab.homes[0], second)
        self.assert_no_answer(self.lab.homes[1], first)
        self.assert_pings(self.lab.homes[0], LAN_HOST)

    def test_see_each_other_where_the_server_allows_it(self):
        first, second = self.connect_both("--client-to-client")
        self.assert_pings(self.lab.homes[0], second)
        self.assert_pings(self.lab.homes[1], first)

    def test_one_that_leaves_does_not_disturb_the_other(self):
        server = self.start_server()
        leaver = self.connect(server, home=self.lab.homes[0])
        self.connect(server, home=self.lab.homes[1])
        ping = self.lab.start("ping", ["ping", "-n", "-i", "0.05", LAN_HOST], self.lab.homes[1])
        self.lab.wait_until(lambda: len(ping.output) > 5, "the first echoes")
        self.assertEqual(leaver.stop(), 0)
        seen = len(ping.output)
        self.lab.wait_until(lambda: len(ping.output) > seen + 20, "more echoes")
        self.assert_no_echo_was_lost(ping)

    def test_a_returning_client_has_its_old_address(self):
        server = self.start_server()
        first = self.connect(server, home=self.lab.homes[0])
        self.assertEqual(first.stop(), 0)
        self.connect(server, home=self.lab.homes[1])
        again = self.connect(server, home=self.lab.homes[0])
        self.assertEqual(again.connected["address"], first.connected["address"])


class FiftyClients(case.LabCase):
    homes = 50

    def test_all_reach_the_lan_at_the_same_time(self):
        server = self.start_server()
        clients = [self.start_client(server, home=home) for home in self.lab.homes]
        addresses = {self.wait_connected(client, deadline_s=120)["address"] for client in clients}
        self.assertEqual(len(addresses), self.homes)
        echoes = ["ping", "-n", "-c", "10", "-i", "0.2", "-W", "10", LAN_HOST]
        pings = [self.lab.start(f"ping ({home.role})", echoes, home) for home in self.lab.homes]
        for ping in pings:
            self.assertEqual(ping.wait_end(60), 0, ping.describe())
            received = re.search(r" (\d+) received", "\n".join(ping.output))
            self.assertEqual(received.group(1), "10", ping.describe())
        for client in clients:
            client.process.terminate()
        for client in clients:
            self.assertEqual(client.wait_end(60), 0, client.describe())
        self.assertEqual(server.stop(), 0, server.describe())


if __name__ == "__main__":
    case.main()
