"""Whose a new device is and what it is called: an invite's user, or one named after the device; and a name from outside
does no harm anywhere."""

import json
import re
import unicodedata

from support import case
from support.enrolment import EnrolmentCase
from support.lab import LAN, LAN_HOST, OFFICE, POOL
from support.peer import BY_INVITE, BY_NOTHING, GOODBYE, Peer, secret_of

PROTOCOL_VIOLATION = 8
MAX_NAME_BYTES = 64

# What a device may call itself: (name, what is left of it). PROTOCOL.md allows 256 bytes.
HOSTILE_NAMES = (
    ("two\nlines", "two lines"),
    ("back\rto the start", "back to the start"),
    ("\x1b[2J\x1b[31mred\x1b[0m \x9b31m", "[2J [31mred [0m 31m"),
    ("\x1b]0;title\x07", "]0;title"),
    ("%n%n%s%x %1 %2", "%n%n%s%x %1 %2"),
    ("<b>bold</b><img src=x onerror=y>&amp;", "<b>bold</b><img src=x onerror=y>&amp;"),
    ("\u202egnp.exe\u202c \u200fmarked\u2066", "gnp.exe marked"),
    ("line\u2028separator\u2029", "line separator"),
    ("in\u200bvis\ufeffible", "invisible"),
    ('quote"back\\slash\'tick`$(id)', 'quote"back\\slash\'tick`$(id)'),
    ("nul\x00byte", "nul byte"),
    ("ä" * 128, "ä" * 32),
    ("--help", "--help"),
    ("", "device"),
    ("\x1b\x1b", "device"),
    ("10.86.0.9", "device-10.86.0.9"),
    ("shared", "device-shared"),
)


class Users(EnrolmentCase):
    homes = 2

    def test_an_invite_for_somebody_enrols_a_device_of_theirs(self):
        self.office()
        self.enrol("--user", "anna")
        self.enrol("--user", "Anna", home=self.lab.homes[1])
        self.assertEqual([device["user"] for device in self.devices()], ["anna", "anna"])
        user, = self.lab.admin("user", "list")["users"]
        self.assertEqual((user["name"], user["devices"], user["has_password"]), ("anna", 2, False))
        self.assertEqual({client["user"] for client in self.lab.admin("status")["clients"]}, {"anna"})
        for home in self.lab.homes:
            self.assert_pings(home, LAN_HOST)

    def test_an_invite_for_nobody_makes_a_user_named_after_the_device(self):
        self.office()
        first = self.enrolled_peer(self.invite(), device="laptop")
        self.enrolled_peer(self.invite(), device="laptop")
        self.assertEqual([(device["user"], device["name"]) for device in self.devices()],
                         [("laptop", "laptop"), ("laptop-2", "laptop")])
        # One that is known gets no other user, whatever it calls itself now.
        first.close()
        self.returning_peer(first, home=self.lab.homes[1])
        self.assertEqual(len(self.lab.admin("user", "list")["users"]), 2)

    def test_an_invite_of_a_disabled_user_lets_nobody_in(self):
        self.office()
        self.lab.admin("user", "add", "anna")
        link = self.invite("--user", "anna")
        self.lab.admin("user", "disable", "anna")
        self.assert_is_refused(self.lab.start_client(link), "disabled")
        self.lab.admin("user", "enable", "anna")
        self.wait_connected(self.lab.start_client("--profile", self.only_profile()[1]["name"]))


class Names(EnrolmentCase):
    def assert_harmless(self, text, where):
        """Lines of visible characters in the order in which they stand."""
        bad = {character for character in text if unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp", "Cs")}
        self.assertEqual(bad - {"\n"}, set(), f"{where}: {text!r}")

    def text_of(self, *words):
        """What a subcommand prints to people."""
        argv = [self.lab.binary("gvpn-server"), f"--state-dir={self.lab.state_dir('server')}", *words]
        return self.lab.office.run(*argv).stdout

    def start_in_words(self, *options):
        """A server that prints lines for people; what it says comes in .output and .errors."""
        argv = [self.lab.binary("gvpn-server"), f"--state-dir={self.lab.state_dir('server')}", f"--bypass={LAN}",
                f"--cidr={POOL}", f"--public-address={OFFICE}", "--log-level=debug", *options]
        server = self.lab.start("gvpn-server", argv, self.lab.office)
        self.wait_serving()
        return server

    def test_are_harmless_wherever_they_are_shown(self):
        server = self.start_in_words("--max-devices=100")
        for name, _ in HOSTILE_NAMES:
            self.enrolled_peer(self.invite("--user", "anna"), device=name)
        devices = self.devices()
        self.assertEqual([device["name"] for device in devices], [kept for _, kept in HOSTILE_NAMES])
        for words in (("device", "list"), ("status",), ("audit", "--last", "1000"), ("user", "list")):
            with self.subTest(words):
                self.assert_harmless(self.text_of(*words), words)
        lines = self.text_of("device", "list").splitlines()
        self.assertEqual(len(lines), 1 + len(HOSTILE_NAMES), "one line each, and the headings")
        for line, (_, kept) in zip(lines[1:], HOSTILE_NAMES):
            self.assertIn(kept, line)
        for device, (_, kept) in zip(devices, HOSTILE_NAMES):
            revoked = self.text_of("device", "revoke", device["id"])
            self.assert_harmless(revoked, "device revoke")
            self.assertIn(f'"{kept}"', revoked)
        self.assertEqual(server.stop(), 0, server.describe())
        self.assert_log_is_harmless(server)

    def assert_log_is_harmless(self, server):
        said = "\n".join(server.output + server.errors)
        self.assert_harmless(said, "log")
        for begin in ("lines", "to the start", "separator"):
            self.assertIsNone(re.search(rf"^{begin}", said, re.MULTILINE), "a line that a name has begun")

    def test_are_harmless_as_names_of_users(self):
        server = self.start_in_words()
        for name, kept in HOSTILE_NAMES:
            self.enrolled_peer(self.invite(), device=name)
            self.assertTrue(self.devices()[-1]["user"].startswith(kept[:MAX_NAME_BYTES // 4]), self.devices()[-1])
        for words in (("device", "list"), ("user", "list"), ("audit", "--last", "1000")):
            with self.subTest(words):
                self.assert_harmless(self.text_of(*words), words)
        # Each can be named on a command line.
        for user in self.lab.admin("user", "list")["users"]:
            self.text_of("user", "disable", "--", user["name"])
        self.assertEqual({user["enabled"] for user in self.lab.admin("user", "list")["users"]}, {False})
        self.assertEqual(server.stop(), 0, server.describe())
        self.assert_log_is_harmless(server)

    def test_are_harmless_without_any_login(self):
        server = self.start_in_words("--login=none")
        for name, _ in HOSTILE_NAMES:
            peer = Peer(self.lab, device=name)
            self.addCleanup(peer.close)
            peer.log_in()
        clients = self.lab.admin("status")["clients"]
        self.assertEqual(len(clients), len(HOSTILE_NAMES))
        self.assert_harmless(self.text_of("status"), "status")
        self.assertEqual(server.stop(), 0, server.describe())
        self.assert_log_is_harmless(server)

    def test_are_whole_in_json(self):
        server = self.office("--max-devices=100")
        for name, _ in HOSTILE_NAMES:
            self.enrolled_peer(self.invite("--user", "anna"), device=name)
        server.wait_event(event="client-connected", name=HOSTILE_NAMES[-1][0])
        self.assertEqual(server.output, [], "a line that is no object")
        self.assertEqual(server.stop(), 0, server.describe())
        for words in (("device", "list"), ("audit", "--last", "1000")):
            raw = self.lab.office.run(self.lab.binary("gvpn-server"), *words, "--json",
                                      f"--state-dir={self.lab.state_dir('server')}").stdout
            self.assertEqual(raw.count("\n"), 1, "one line")
            json.loads(raw)

    def test_are_refused_when_they_break_the_protocol(self):
        self.office()
        secret = secret_of(self.invite())
        for name in ("x" * 300, "x" * 257):
            with self.subTest(len(name)):
                peer = Peer(self.lab, device=name)
                self.addCleanup(peer.close)
                answer = peer.try_login(BY_INVITE, secret=secret)
                self.assertEqual((answer[0], answer[1]), (GOODBYE, PROTOCOL_VIOLATION))
        self.assertEqual(self.devices(), [])
        peer = Peer(self.lab, device="x" * 256)
        self.addCleanup(peer.close)
        peer.log_in(method=BY_INVITE, secret=secret)
        self.assertEqual([device["name"] for device in self.devices()], ["x" * MAX_NAME_BYTES])


class WithoutLogin(EnrolmentCase):
    def test_everybody_gets_in_and_nobody_is_enrolled(self):
        server = self.office(login="none")
        link = server.listening["invite"]
        self.assertNotIn("invite=", link)
        self.assertNotIn("expires", server.listening)
        self.assertTrue(any("--login none" in line for line in server.errors), server.describe())
        client = self.lab.start_client(link)
        self.wait_connected(client)
        self.assert_pings(self.lab.home, LAN_HOST)
        _, profile = self.only_profile()
        self.assertNotIn("invite", profile)
        self.assertEqual(client.stop(), 0, client.describe())
        self.wait_connected(self.lab.start_client("--profile", profile["name"]))
        stranger = Peer(self.lab)
        self.addCleanup(stranger.close)
        stranger.log_in()
        self.assertEqual(stranger.methods, [BY_NOTHING])
        self.assertEqual((self.devices(), self.lab.admin("user", "list")["users"]), ([], []))

    def test_a_server_that_asks_for_nothing_is_told_no_secret(self):
        self.office(login="none")
        link = self.invite()
        self.wait_connected(self.lab.start_client(link))
        # What it was not asked for it keeps, for the day on which the door is locked.
        self.assertIn("invite", self.only_profile()[1])


if __name__ == "__main__":
    case.main()
