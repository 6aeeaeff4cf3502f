"""A device is its key: where it is known it has an address of its own, and there is one of it at a time. What somebody
has recorded of its login is worth nothing."""

import shutil
import time

from support import case
from support.enrolment import EnrolmentCase, with_host
from support.lab import LAN_HOST
from support.middle import MIDDLE, Recorder
from support.peer import (BY_DEVICE, BY_INVITE, GOODBYE, LOGIN_REFUSED, LOGIN_REPLY, NOTICE, REPLACED, Peer,
                          connect_plain, is_closed_by_peer, secret_of)

AT_ONCE_S = 5
NO_FIGHT_S = 8
REPLAY_ENDS_S = 7
PAUSE_S = 0.3


class Replay(EnrolmentCase):
    def record_login(self):
        """The bytes of a client that was let in through a recorder and has pinged the LAN."""
        recorder = Recorder(self.lab)
        self.addCleanup(recorder.close)
        link = with_host(self.invite("--user", "anna"), MIDDLE)
        client = self.lab.start_client(link)
        self.wait_connected(client)
        self.assert_pings(self.lab.home, LAN_HOST)
        self.assertEqual(client.stop(), 0, client.describe())
        recorded, = recorder.recorded
        self.assertGreater(len(recorded), 1000)
        return recorded

    def test_a_recorded_login_lets_nobody_in(self):
        server = self.office()
        recorded = self.record_login()
        server.wait_event(event="client-disconnected")
        trail = self.trail("login", "invite-redeemed", "login-refused")
        seen = len(server.events)
        rows = (("all at once", [recorded]),
                ("as it came", [recorded[:517], recorded[517:]]),
                ("byte by byte at first", [recorded[i:i + 1] for i in range(20)] + [recorded[20:]]))
        for name, parts in rows:
            with self.subTest(name), connect_plain(self.lab.home) as connection:
                for part in parts:
                    connection.sendall(part)
                    time.sleep(PAUSE_S if len(parts) == 2 else 0)
                self.assertTrue(is_closed_by_peer(connection, REPLAY_ENDS_S), f"open after {REPLAY_ENDS_S} s")
        self.assertEqual(self.trail("login", "invite-redeemed", "login-refused"), trail)
        self.assertNotIn("client-connected", [event["event"] for event in server.events[seen:]])
        self.assertEqual(self.lab.admin("status")["clients"], [])
        # Who was recorded is none the worse for it.
        self.wait_connected(self.lab.start_client("--profile", self.only_profile()[1]["name"]))


class CopiedKey(EnrolmentCase):
    homes = 2

    def test_the_second_computer_replaces_the_first_once_and_both_are_told(self):
        server = self.office()
        first, second_home = self.enrol("--user", "anna"), self.lab.homes[1]
        shutil.copytree(self.lab.state_dir("home"), self.lab.folder / second_home.role)
        second = self.lab.start_client("--profile", self.only_profile()[1]["name"], home=second_home)
        connected = self.wait_connected(second)
        self.assertEqual(connected["address"], first.connected["address"])
        self.assert_ends(first, 1, "the same device", deadline_s=AT_ONCE_S)
        self.assertEqual((first.events[-1]["state"], first.events[-1]["code"]), ("disconnected", "replaced"))
        self.lab.wait_until(lambda: "copied the key" in "\n".join(second.errors), "the second is told", AT_ONCE_S)
        seen = len(second.events)
        time.sleep(NO_FIGHT_S)
        self.assertEqual(second.events[seen:], [])
        self.assertEqual([event["event"] for event in server.events].count("client-connected"), 2)
        self.assertEqual(len(self.lab.admin("status")["clients"]), 1)
        self.assert_pings(second_home, LAN_HOST)

    def test_what_is_said_to_both(self):
        self.office()
        first = self.enrolled_peer(self.invite())
        second = self.returning_peer(first, home=self.lab.homes[1], instance=b"another run here")
        goodbye = first.wait_message(GOODBYE)
        self.assertEqual(goodbye[1], REPLACED)
        self.assertIn("203.0.113.102", goodbye[2], "where the other one is")
        self.assertTrue(is_closed_by_peer(first.connection, AT_ONCE_S))
        self.assertIn("key", second.wait_message(NOTICE)[1])

    def test_a_device_that_comes_back_by_itself_is_told_nothing(self):
        server = self.office()
        first = self.enrolled_peer(self.invite())
        # The same run of the program, whose line broke without the server's knowledge.
        again = self.returning_peer(first)
        with self.assertRaises(AssertionError):
            again.wait_message(NOTICE, deadline_s=2)
        self.assertEqual(server.wait_event(event="client-disconnected")["code"], "replaced")
        self.assertEqual(again.address, first.address)


class Addresses(EnrolmentCase):
    homes = 2

    def two_devices(self):
        return [self.enrolled_peer(self.invite("--user", "anna"), home=home) for home in self.lab.homes]

    def test_each_device_keeps_its_own(self):
        server = self.office()
        peers = self.two_devices()
        own = [peer.address for peer in peers]
        self.assertEqual(len(set(own)), 2, "both are live")
        for peer in peers:
            peer.close()
        for round_name, order in (("in the other order", (1, 0)), ("after a restart", (1, 0)), ("alone", (1,))):
            with self.subTest(round_name):
                if round_name == "after a restart":
                    self.assertEqual(server.stop(), 0, server.describe())
                    server = self.office()
                stranger = self.enrolled_peer(self.invite())
                self.assertNotIn(stranger.address, own, "kept for who is away")
                back = {number: self.returning_peer(peers[number]) for number in order}
                self.assertEqual({number: peer.address for number, peer in back.items()},
                                 {number: own[number] for number in order})
                for peer in (stranger, *back.values()):
                    peer.close()
        listed = {tuple(device["addresses"]) for device in self.devices() if device["user"] == "anna"}
        self.assertEqual(listed, {(address,) for address in own})

    def test_no_live_device_loses_its_own(self):
        self.office()
        first = self.enrolled_peer(self.invite("--user", "anna"))
        second = Peer(self.lab, self.lab.homes[1])
        self.addCleanup(second.close)
        with self.assertRaises(AssertionError, msg="another's address"):
            second.log_in(wanted=first.address, method=BY_INVITE, secret=secret_of(self.invite("--user", "anna")))
        again = self.returning_peer(second, home=self.lab.homes[1])
        self.assertNotEqual(again.address, first.address)
        self.assertEqual(len(self.lab.admin("status")["clients"]), 2)

    def test_a_client_keeps_its_own_on_its_interface(self):
        server = self.office()
        clients = [self.enrol("--user", "anna", home=home) for home in self.lab.homes]
        addresses = [client.connected["address"] for client in clients]
        self.assertEqual(len(set(addresses)), 2)
        seen = [len(client.events) for client in clients]
        self.assertEqual(server.stop(), 0, server.describe())
        server = self.office()
        for client, address, after in zip(clients, addresses, seen):
            self.assertEqual(self.wait_connected(client, after=after)["address"], address)
        for home in self.lab.homes:
            self.assert_pings(home, LAN_HOST)


class Limit(EnrolmentCase):
    def test_no_user_has_more_devices_than_allowed(self):
        self.office("--max-devices=2")
        first = self.enrolled_peer(self.invite("--user", "anna"))
        self.enrolled_peer(self.invite("--user", "anna"))
        link = self.invite("--user", "anna")
        third = Peer(self.lab)
        code, text = third.refusal(BY_INVITE, secret=secret_of(link))
        self.assertEqual(code, LOGIN_REFUSED)
        self.assertIn("2 devices", text)
        client = self.lab.start_client(link)
        self.assert_is_refused(client, "2 devices")
        self.assertEqual(len(self.devices()), 2)
        # Others are not concerned, and those who are in stay in.
        self.enrolled_peer(self.invite("--user", "bert"))
        self.returning_peer(first)
        # A place that was given up is free; the link has lost nothing.
        self.lab.admin("device", "revoke", self.devices()[0]["id"])
        self.wait_connected(self.lab.start_client("--profile", self.only_profile()[1]["name"]))

    def test_a_limit_that_was_lowered_ends_nobody(self):
        server = self.office("--max-devices=2")
        peers = [self.enrolled_peer(self.invite("--user", "anna")) for _ in range(2)]
        self.assertEqual(server.stop(), 0, server.describe())
        self.office("--max-devices=1")
        for peer in peers:
            again = Peer(self.lab, certificate=peer.certificate)
            self.addCleanup(again.close)
            self.assertEqual(again.try_login(BY_DEVICE)[0], LOGIN_REPLY)


if __name__ == "__main__":
    case.main()
