"""Whoever guesses is banned for a while, and nobody else: not who has a session or a known key, not another address,
not the others behind the same relay. Numbers: server/accounts/guess_ledger.h."""

from support import case
from support.accounts_case import FAILURE, RIGHT, AccountsCase
from support.lab import GATEWAY, LAN_HOST, OFFICE, PORT
from support.middle import Recorder
from support.peer import (BY_DEVICE, BY_INVITE, BY_PASSWORD, GOODBYE, LOGIN_REFUSED, echo_request, pin_of,
                          secret_of)

USER_POINTS, ADDRESS_POINTS, SHARED_POINTS = 5, 20, 100
FIRST_BAN_MINUTES = 1
HERE, THERE = "198.51.100.7", "198.51.101.7"
HERE6, SAME6, THERE6 = "2001:db8:200:1::7", "2001:db8:200:1:ffff::8", "2001:db8:200:2::7"
WRONG = (GOODBYE, LOGIN_REFUSED, "user or password is wrong")
TOO_MANY = "too many wrong attempts"
RELAY_PORT = 51100


class GuessingCase(AccountsCase):
    def setUp(self):
        super().setUp()
        self.add_far_addresses(HERE, THERE)
        self.server = self.start_server("--max-devices=50", *self.more_options(), login="password")
        for name in ("anna", "bob"):
            self.add_user(name, RIGHT)

    def more_options(self):
        return ()

    def assert_ban(self, **fields):
        """It is the only one; in the text, too."""
        bans = self.bans()
        self.assertEqual(len(bans), 1, bans)
        for name, value in fields.items():
            self.assertEqual(bans[0].get(name), value, bans)
        status, printed, _ = self.run_command("ban", "list")
        self.assertEqual(status, 0)
        self.assertEqual(len(printed.splitlines()), 2, printed)
        for value in fields.values():
            self.assertIn("all shared sources" if value is True else value or "", printed)
        return bans[0]


class FromAnAddress(GuessingCase):
    def test_the_right_password_is_refused_after_five_wrong_ones(self):
        self.assertEqual(self.guess_passwords(USER_POINTS - 1, "anna", source=HERE), [WRONG] * (USER_POINTS - 1))
        self.assertEqual(self.bans(), [])
        self.assertEqual(self.guess_passwords(1, "Anna", source=HERE), [WRONG])
        self.assert_turns_away(TOO_MANY, BY_PASSWORD, "anna", RIGHT, source=HERE)
        self.assert_turns_away(f"for {FIRST_BAN_MINUTES} minute", BY_PASSWORD, "ANNA", RIGHT, source=HERE)
        self.assert_ban(address=HERE, user="anna")
        # Another user there, and she from elsewhere.
        self.assert_lets_in(BY_PASSWORD, "bob", RIGHT, source=HERE)
        self.assert_lets_in(BY_PASSWORD, "anna", RIGHT, source=THERE)
        self.assertEqual(len(self.trail("login-refused")), USER_POINTS)
        self.assertEqual(len(self.trail("ban")), 1)

    def test_a_ban_is_lifted_by_address_or_name(self):
        for whose in (HERE, "anna"):
            with self.subTest(whose):
                self.guess_passwords(USER_POINTS, "anna", source=HERE)
                self.assert_turns_away(TOO_MANY, BY_PASSWORD, "anna", RIGHT, source=HERE)
                self.assertEqual(self.lab.admin("ban", "lift", whose)["bans"][0]["address"], HERE)
                self.assertEqual(self.bans(), [])
                self.assert_lets_in(BY_PASSWORD, "anna", RIGHT, source=HERE)
                self.assert_command_fails(FAILURE, whose, "ban", "lift", whose)
        self.assertEqual(len(self.trail("ban-lifted")), 2)

    def test_the_right_one_in_between_forgives(self):
        certificate = self.certificates(1)[0]
        for _ in range(3):
            self.guess_passwords(USER_POINTS - 1, "anna", source=HERE)
            self.assert_lets_in(BY_PASSWORD, "anna", RIGHT, source=HERE, certificate=certificate)

    def test_the_same_wrong_one_counts_once(self):
        for _ in range(20):
            self.assertEqual(self.answer_to(BY_PASSWORD, "anna", "a typing error", source=HERE), WRONG)
        self.assertEqual(self.bans(), [])
        self.assertEqual(len(self.trail("login-refused")), 1)
        self.assert_lets_in(BY_PASSWORD, "anna", RIGHT, source=HERE)

    def test_sessions_and_known_devices_are_not_touched(self):
        session = self.enrolled_peer("anna", source=HERE)
        known = self.enrolled_peer("anna", source=HERE)
        known.close()
        self.guess_passwords(USER_POINTS, "anna", source=HERE)
        self.show_unknown_keys(self.certificates(ADDRESS_POINTS), source=HERE)
        self.assertEqual(len(self.bans()), 2)
        self.assert_turns_away(TOO_MANY, BY_PASSWORD, "bob", RIGHT, source=HERE)
        self.assert_turns_away(TOO_MANY, BY_INVITE, secret=secret_of(self.invite()), source=HERE)
        session.send_packet(echo_request(session.address, GATEWAY))
        self.assertEqual(len(session.receive_packets(1)), 1)
        self.assert_lets_in(BY_DEVICE, certificate=known.certificate, source=HERE)

    def test_unknown_keys_and_wrong_invites_count_as_well(self):
        half = ADDRESS_POINTS // 2
        certificates = self.certificates(half)
        for answer in self.show_unknown_keys(certificates, source=HERE):
            self.assertIn("not known here", answer[2])
        self.show_unknown_keys(certificates[-3:], source=HERE)  # the same again
        for number in range(half - 1):
            self.assert_turns_away("not valid", BY_INVITE, secret=bytes([number]) * 16, source=HERE)
        self.assert_lets_in(BY_INVITE, secret=secret_of(self.invite("anna")), source=HERE)
        self.assertEqual(self.bans(), [])
        self.assert_turns_away("not valid", BY_INVITE, secret=b"\xff" * 16, source=HERE)
        self.assert_turns_away(TOO_MANY, BY_INVITE, secret=secret_of(self.invite("anna")), source=HERE)
        self.assert_turns_away(TOO_MANY, BY_DEVICE, source=HERE)
        self.assert_ban(address=HERE, user=None)
        self.assert_lets_in(BY_INVITE, secret=secret_of(self.invite("anna")), source=THERE)

    def test_many_users_passwords_count_for_the_address(self):
        for number in range(ADDRESS_POINTS // 4):
            self.guess_passwords(4, f"user{number}", source=HERE)
        self.assert_ban(address=HERE, user=None)
        self.assert_turns_away(TOO_MANY, BY_PASSWORD, "anna", RIGHT, source=HERE)
        self.assert_lets_in(BY_PASSWORD, "anna", RIGHT, source=THERE)

    def test_bans_outlive_the_server(self):
        self.guess_passwords(USER_POINTS, "anna", source=HERE)
        ban = self.assert_ban(address=HERE, user="anna")
        self.assertEqual(self.server.stop(), 0, self.server.describe())
        self.assertEqual(self.bans(), [ban])
        self.server = self.start_server(login="password")
        self.assert_turns_away(TOO_MANY, BY_PASSWORD, "anna", RIGHT, source=HERE)
        self.assertEqual(self.server.stop(), 0, self.server.describe())
        self.assertEqual(self.lab.admin("ban", "lift", HERE)["bans"], [ban])
        self.start_server(login="password")
        self.assert_lets_in(BY_PASSWORD, "anna", RIGHT, source=HERE)


class FromAnIPv6Network(GuessingCase):
    def setUp(self):
        super().setUp()
        for address in (HERE6, SAME6, THERE6):
            self.lab.home.run("ip", "addr", "add", address, "dev", "lo")
            self.lab.office.run("ip", "route", "add", address, "via", "2001:db8:113::101")

    def test_is_counted_as_one_source(self):
        place = {"address": "2001:db8:113::1"}
        self.guess_passwords(USER_POINTS - 1, "anna", source=HERE6, **place)
        self.guess_passwords(1, "anna", source=SAME6, **place)
        self.assert_turns_away(TOO_MANY, BY_PASSWORD, "anna", RIGHT, source=HERE6, **place)
        self.assert_lets_in(BY_PASSWORD, "anna", RIGHT, source=THERE6, **place)
        self.lab.admin("ban", "lift", SAME6)
        self.assert_lets_in(BY_PASSWORD, "anna", RIGHT, source=HERE6, **place)


class BehindARelay(GuessingCase):
    """All come from 127.0.0.1: only their keys tell them apart."""

    def setUp(self):
        super().setUp()
        self.relay = Recorder(self.lab, ("127.0.0.1", PORT), RELAY_PORT, self.lab.office, OFFICE)
        self.addCleanup(self.relay.close)
        self.place = {"port": RELAY_PORT}
        self.key, self.other_key = self.certificates(2)

    def test_one_key_s_guesses_shut_nobody_else_out(self):
        self.guess_passwords(USER_POINTS, "anna", certificate=self.key, **self.place)
        self.assertIn("127.0.0.1", self.trail("login-refused")[0]["from"])
        self.assert_turns_away(TOO_MANY, BY_PASSWORD, "anna", RIGHT, certificate=self.key, **self.place)
        self.assert_ban(key=pin_of(self.key), user="anna", address=None)
        self.assert_lets_in(BY_PASSWORD, "bob", RIGHT, certificate=self.other_key, **self.place)
        self.assert_lets_in(BY_PASSWORD, "anna", RIGHT, **self.place)
        self.assert_lets_in(BY_INVITE, secret=secret_of(self.invite()), **self.place)
        self.lab.admin("ban", "lift", "anna")
        self.assert_lets_in(BY_PASSWORD, "anna", RIGHT, certificate=self.key, **self.place)

    def test_who_makes_a_new_key_for_each_guess_is_slowed_down(self):
        known = self.enrolled_peer("anna", **self.place)
        self.show_unknown_keys(self.certificates(SHARED_POINTS - 1, "stranger"), **self.place)
        self.assert_lets_in(BY_PASSWORD, "anna", RIGHT, **self.place)
        self.show_unknown_keys(self.certificates(2, "late"), **self.place)
        self.assert_ban(shared=True)
        self.assert_turns_away(TOO_MANY, BY_PASSWORD, "bob", RIGHT, **self.place)
        # What is known, and what comes from elsewhere, isn't concerned.
        known.send_packet(echo_request(known.address, GATEWAY))
        self.assertEqual(len(known.receive_packets(1)), 1)
        self.assert_lets_in(BY_DEVICE, certificate=known.certificate, **self.place)
        self.assert_lets_in(BY_PASSWORD, "bob", RIGHT, source=HERE)
        self.lab.admin("ban", "lift", "shared")
        self.assert_lets_in(BY_PASSWORD, "bob", RIGHT, **self.place)

    def test_a_client_gets_in_through_it_meanwhile(self):
        self.guess_passwords(USER_POINTS, "anna", certificate=self.key, **self.place)
        link = self.invite("bob").replace(f":{PORT}", f":{RELAY_PORT}")
        self.connect_with(link)
        self.assert_pings(self.lab.home, LAN_HOST)


class FromANamedRelay(GuessingCase):
    """--relay names the network that relays are in."""

    def more_options(self):
        return ("--relay=198.51.100.0/24",)

    def test_keys_are_told_apart_there_and_nowhere_else(self):
        key = self.certificates(1)[0]
        self.guess_passwords(USER_POINTS, "anna", certificate=key, source=HERE)
        self.assert_ban(key=pin_of(key), user="anna", address=None)
        self.assert_lets_in(BY_PASSWORD, "anna", RIGHT, source=HERE)
        self.lab.admin("ban", "lift", "anna")
        self.guess_passwords(USER_POINTS, "anna", certificate=key, source=THERE)
        self.assert_ban(key=None, user="anna", address=THERE)
        self.assert_turns_away(TOO_MANY, BY_PASSWORD, "anna", RIGHT, source=THERE)


if __name__ == "__main__":
    case.main()
