"""Whoever is disabled, revoked, removed or kicked is gone within a second, and nobody else notices; what a SIGHUP
changes and what it leaves alone."""

import signal
import time

from support import case
from support.accounts_case import AT_ONCE_S, RIGHT, AccountsCase
from support.lab import LAN_HOST
from support.peer import BY_DEVICE, BY_INVITE, BY_PASSWORD, GOODBYE, KICKED, Peer, secret_of


class Revoking(AccountsCase):
    """anna and bob are connected, each from a home of his own; bob's session must go on."""

    homes = 2

    def setUp(self):
        super().setUp()
        self.server = self.start_server(login="password")
        self.client = self.connect_with(self.invite("anna"))
        self.connect_with(self.invite("bob"), home=self.lab.homes[1])
        self.ping = self.start_ping(self.lab.homes[1], LAN_HOST)

    def assert_ends_her_session(self, *words, part, text=None):
        """Her client is told in a sentence, within a second, and does not come back by itself."""
        started = time.monotonic()
        answer = self.lab.admin(*words, text=text)
        answered = time.monotonic()
        number = self.client.wait_event_number(event="state", state="disconnected", deadline_s=5)
        seconds = self.client.moments[number] - started
        print(f"{' '.join(words[:2])}: the session ended {seconds:.3f} s after the command began, "
              f"{self.client.moments[number] - answered:+.3f} s after it was answered")
        self.assertLess(self.client.moments[number] - answered, AT_ONCE_S)
        self.assertNotIn(self.client.wait_end(), (0, None), self.client.describe())
        self.assertIn(part, self.client.errors[-1])
        self.assertRegex(self.client.errors[-1], r"^\S.*\.$")
        self.assert_no_answer(self.lab.home, LAN_HOST)
        return answer

    def assert_others_did_not_notice(self):
        self.assert_no_echo_was_lost(self.ping)
        self.assertEqual([line["user"] for line in self.lab.admin("status")["clients"]], ["bob"])

    def her_device(self):
        return str(self.devices_of("anna")[0]["id"])

    def test_a_disabled_user_is_out_until_she_is_enabled(self):
        self.assert_ends_her_session("user", "disable", "anna", part="disabled this user")
        self.assert_stays_out("disabled")
        self.assert_others_did_not_notice()
        self.lab.admin("user", "enable", "anna")
        again = self.reconnect()
        self.assertEqual(again.address, self.client.address)
        self.assert_pings(self.lab.home, LAN_HOST)

    def test_a_revoked_device_is_out_until_it_gets_a_new_invite(self):
        used = self.invite("anna")
        self.assert_ends_her_session("device", "revoke", self.her_device(), part="revoked this device")
        self.assert_stays_out("revoked")
        self.assert_others_did_not_notice()
        self.connect_with(used)

    def test_a_revoked_device_can_t_use_its_invite_again(self):
        link = self.invite("anna")
        self.assertEqual(self.client.stop(), 0)
        self.client = self.connect_with(link)
        self.assert_ends_her_session("device", "revoke", self.her_device(), part="revoked this device")
        self.assert_refused(self.lab.start_client(link))

    def test_a_revoked_device_can_t_come_back_with_the_password(self):
        self.set_password("anna", RIGHT)
        self.client.wait_end()
        self.client = self.reconnect()
        self.assert_ends_her_session("device", "revoke", self.her_device(), part="revoked this device")
        self.assert_refused(self.start_with_password("anna", RIGHT), "revoked")

    def test_a_removed_user_is_out(self):
        invite = self.invite("anna")
        self.assert_ends_her_session("user", "remove", "anna", part="removed this user")
        self.assert_stays_out("not known")
        self.assert_refused(self.lab.start_client(invite))
        self.assert_others_did_not_notice()
        self.assertEqual(self.devices_of("anna"), [])
        # A new one of that name has nothing of the old one's.
        self.add_user("anna")
        self.assert_stays_out("not known")

    def test_a_new_password_ends_sessions_but_not_a_device_with_an_invite(self):
        self.assert_ends_her_session("user", "passwd", "anna", "--password-stdin", text=RIGHT,
                                     part="password of this user was changed")
        self.assert_others_did_not_notice()
        self.reconnect()

    def test_who_is_kicked_may_come_back(self):
        for name, whom in (("by name", "anna"), ("by address", self.client.address)):
            with self.subTest(name):
                self.assert_ends_her_session("kick", whom, part="administrator has disconnected you")
                self.assert_others_did_not_notice()
                self.ping = self.start_ping(self.lab.homes[1], LAN_HOST)
                self.client = self.reconnect()
        self.assertEqual([entry["detail"] for entry in self.trail("kicked")], [self.client.address, "anna"])
        status, printed, said = self.run_command("kick", "anna")
        self.assertEqual((status, said), (0, ""))
        self.assertIn("anna", printed)
        self.assertIn(self.client.address, printed)

    def test_one_without_an_address_yet_ends_as_well(self):
        peer = Peer(self.lab)
        self.addCleanup(peer.close)
        peer.try_login(BY_INVITE, secret=secret_of(self.invite("anna")))
        self.lab.admin("user", "disable", "anna")
        self.assertEqual(peer.expect(GOODBYE)[1], KICKED)

    def test_all_sessions_of_a_user_end(self):
        peers = [self.enrolled_peer("anna", home=home) for home in self.lab.homes]
        self.lab.admin("user", "disable", "anna")
        for peer in peers:
            self.assertEqual(peer.wait_message(GOODBYE, AT_ONCE_S)[1], KICKED)
        self.client.wait_end(AT_ONCE_S)
        self.assert_others_did_not_notice()


class Hangup(AccountsCase):
    """The options are in a file."""

    homes = 2

    def setUp(self):
        super().setUp()
        self.file = self.lab.folder / "server.conf"
        self.configure(login="device")
        self.server = self.start_server(f"--config={self.file}", login=None)
        self.connect_with(self.invite("anna"))
        self.ping = self.start_ping(self.lab.home, LAN_HOST)

    def configure(self, **options):
        lines = (f"{name.replace('_', '-')}={value}\n" for name, value in options.items())
        self.file.write_text("".join(lines), encoding="ascii")

    def hang_up(self, part):
        """Until the server has said something with this part."""
        said = len(self.server.errors)
        self.server.process.send_signal(signal.SIGHUP)
        self.lab.wait_until(lambda: any(part in line for line in self.server.errors[said:]), f"the server says {part}")
        return "\n".join(self.server.errors[said:])

    def methods(self):
        peer = Peer(self.lab)
        with peer.connection:
            peer.say_hello()
        return set(peer.methods)

    def assert_session_goes_on(self):
        seen = len(self.ping.output)
        self.lab.wait_until(lambda: len(self.ping.output) > seen + 5, "echoes afterwards")
        self.assert_no_echo_was_lost(self.ping)

    def test_the_login_mode(self):
        self.assertEqual(self.methods(), {BY_DEVICE, BY_INVITE})
        self.configure(login="password")
        self.hang_up("changed now: login")
        self.assertEqual(self.methods(), {BY_DEVICE, BY_INVITE, BY_PASSWORD})
        self.add_user("bob", RIGHT)
        client = self.connect_with_password("bob", RIGHT, home=self.lab.homes[1])
        self.configure(login="device")
        self.hang_up("changed now: login")
        self.assertEqual(self.methods(), {BY_DEVICE, BY_INVITE})
        self.assertTrue(client.is_running())
        self.assert_session_goes_on()

    def test_the_most_devices_of_a_user(self):
        self.configure(login="device", max_devices=1)
        self.hang_up("changed now: max-devices")
        link = self.invite("anna")
        self.assert_refused(self.lab.start_client(link, home=self.lab.homes[1]), "1 device already")
        self.configure(login="device", max_devices=2)
        self.hang_up("changed now: max-devices")
        self.connect_with(link, home=self.lab.homes[1])
        self.assert_session_goes_on()

    def test_the_log_level(self):
        self.configure(login="device", log_level="debug")
        self.hang_up("changed now: log-level")
        self.methods()
        self.lab.wait_until(lambda: any(line.startswith("DEBUG") for line in self.server.errors), "a debug line")
        self.configure(login="device", log_level="warning")
        self.hang_up("changed now: log-level")
        said = len(self.server.errors)
        for _ in range(3):
            self.methods()
        self.assertEqual(self.server.errors[said:], [])
        self.assert_session_goes_on()

    def test_what_needs_a_new_start_is_said(self):
        self.configure(login="none", address=":51009", max_devices=9)
        said = self.hang_up("changed now: max-devices")
        for name in ("login", "address"):
            self.assertIn(f"changes at the next start: {name}", said)
        self.assertEqual(self.methods(), {BY_DEVICE, BY_INVITE}, "nobody gets in without a key")
        self.assert_session_goes_on()

    def test_a_file_that_cannot_be_used_changes_nothing(self):
        for name, text in (("no options", "rubbish\n"), ("an unknown mode", "login=magic\n"),
                           ("an unknown key", "login=password\nfrobnicate=1\n"),
                           ("a number that is none", "login=password\nmax-devices=many\n"), ("no file", None)):
            with self.subTest(name):
                if text is None:
                    self.file.unlink()
                else:
                    self.file.write_text(text, encoding="ascii")
                self.assertIn("WARNING", self.hang_up("the configuration stays as it was"))
                self.assertEqual(self.methods(), {BY_DEVICE, BY_INVITE})
        self.connect_with(self.invite("bob"), home=self.lab.homes[1])
        self.assert_session_goes_on()

    def test_who_was_taken_away_behind_its_back_is_gone(self):
        # A subcommand that can't reach the server works on the database alone.
        (self.lab.state_dir("server") / "admin.sock").rename(self.lab.folder / "hidden.sock")
        self.lab.admin("user", "disable", "anna")
        self.assert_session_goes_on()
        self.server.process.send_signal(signal.SIGHUP)
        event = self.server.wait_event(event="client-disconnected", user="anna", deadline_s=5)
        self.assertEqual(event["code"], "kicked")


if __name__ == "__main__":
    case.main()
