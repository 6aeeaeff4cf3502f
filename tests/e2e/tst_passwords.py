"""--login password: in by user and password once, then by the device's key; a wrong password is tried once; and a
password is found nowhere but in its hash."""

import contextlib
import secrets
import threading
from pathlib import Path

from support import case
from support.accounts_case import REFUSED, RIGHT, SERVER, USAGE, AccountsCase
from support.lab import LAN_HOST
from support.peer import BY_PASSWORD, GOODBYE, LOGIN_REPLY, Peer
from support.terminal import Terminal

FROM_DESCRIPTOR = ("sh", "-c", 'exec "$@" 5<&0 </dev/null', "sh")


class Passwords(AccountsCase):
    homes = 2

    def setUp(self):
        super().setUp()
        self.server = self.start_server(login="password")
        self.add_user("anna", RIGHT)

    def test_it_is_needed_once(self):
        client = self.connect_with_password("anna", RIGHT)
        self.assert_pings(self.lab.home, LAN_HOST)
        device = self.devices_of("anna")[0]
        self.assertEqual((device["enrolment"], device["addresses"]),
                         ("password", [client.connected["address"].split("/")[0]]))
        self.assertEqual(client.stop(), 0, client.describe())
        again = self.reconnect()
        self.assertEqual(again.connected["address"], client.connected["address"])
        self.assertEqual([entry["detail"] for entry in self.trail("login")], ["device", "password"])

    def test_it_comes_from_a_descriptor(self):
        self.connect_with_password("anna", RIGHT, prefix=FROM_DESCRIPTOR, words=("--password-fd=5",))

    def test_it_is_asked_for_without_an_echo(self):
        command = [self.lab.binary("gvpn-client"), "--user=anna", "--trust-on-first-use", SERVER,
                   f"--state-dir={self.lab.state_dir('home')}"]
        terminal = Terminal("gvpn-client", command, self.lab.home)
        self.addCleanup(terminal.kill)
        terminal.wait_shown("assword")
        terminal.type(RIGHT + "\n")
        self.server.wait_event(event="client-connected", user="anna")
        self.assertEqual(terminal.stop(), 0, terminal.describe())
        self.assertNotIn(RIGHT, terminal.shown)

    def test_a_new_one_is_asked_for_twice_without_an_echo(self):
        command = [self.lab.binary("gvpn-server"), "user", "passwd", "anna",
                   f"--state-dir={self.lab.state_dir('server')}"]
        for second, status in (("typed first", 0), ("typed otherwise", USAGE)):
            with self.subTest(second):
                terminal = Terminal("gvpn-server user passwd", command, self.lab.office)
                self.addCleanup(terminal.kill)
                terminal.wait_shown("assword")
                terminal.type("typed first\n")
                terminal.wait_shown("Once more")
                terminal.type(second + "\n")
                self.assertEqual(terminal.wait_end(), status, terminal.describe())
                self.assertNotIn("typed", terminal.shown)
        self.connect_with_password("anna", "typed first")

    def test_a_wrong_one_is_tried_once(self):
        for number, options in enumerate(([], ["--once"]), 1):
            with self.subTest(options):
                client = self.start_with_password("anna", "a wrong password", "--trust-on-first-use", *options)
                self.assert_refused(client, "user or password is wrong")
                self.assertEqual(len(self.refusals(self.server)), number, self.server.events[-3:])
        self.assertEqual(len(self.trail("login-refused")), 1, "the same one counts once")
        self.assertEqual(self.users()["anna"]["devices"], 0)

    def test_a_server_that_could_not_be_reached_is_told_it_once(self):
        """It waits for the server, and then tries once."""
        self.lab.cut(self.lab.home)
        client = self.start_with_password("anna", "a wrong password", "--trust-on-first-use")
        client.wait_event(event="state", state="waiting", deadline_s=40)
        self.lab.mend(self.lab.home)
        self.assert_refused(client, "user or password is wrong")
        self.assertEqual(len(self.refusals(self.server)), 1)

    def test_an_unknown_user_and_a_disabled_one_are_told_the_same(self):
        self.add_user("berta", RIGHT)
        self.lab.admin("user", "disable", "berta")
        self.add_user("without a password")
        answers = {(user, secret): self.answer_to(BY_PASSWORD, user, secret)
                   for user, secret in (("anna", "wrong"), ("nobody", "wrong"), ("berta", RIGHT), ("berta", "wrong"),
                                        ("without a password", "wrong"))}
        self.assertEqual(set(answers.values()), {(GOODBYE, 4, "user or password is wrong")}, answers)

    def test_after_a_new_one_the_device_has_to_give_it(self):
        client = self.connect_with_password("anna", RIGHT)
        by_invite = self.connect_with(self.invite("anna"), home=self.lab.homes[1])
        self.set_password("anna", "another password")
        for program in (client, by_invite):
            self.assertNotEqual(program.wait_end(), 0)
        self.assert_stays_out("not known")
        self.assert_refused(self.start_with_password("anna", RIGHT), "user or password is wrong")
        again = self.connect_with_password("anna", "another password")
        self.assertEqual(again.connected["address"], client.connected["address"])
        self.reconnect(home=self.lab.homes[1])

    def test_the_most_devices_hold_for_passwords_too(self):
        self.server.stop()
        self.server = self.start_server("--max-devices=1", login="password")
        self.connect_with_password("anna", RIGHT)
        client = self.start_with_password("anna", RIGHT, "--trust-on-first-use", home=self.lab.homes[1])
        self.assert_refused(client, "1 device already")
        self.assertEqual(self.users()["anna"]["devices"], 1)

    def test_no_echo_of_a_secret_in_what_the_command_line_refuses(self):
        # As an argument it would be in the process list and the shell's history.
        client = self.lab.start_client(SERVER, "--user=anna", f"--password={RIGHT}")
        self.assert_ends(client, USAGE, "password")
        self.assertNotIn(RIGHT, "\n".join(client.errors + client.output))


class NoPasswords(AccountsCase):
    def test_a_server_that_wants_none_takes_none(self):
        server = self.start_server()
        self.add_user("anna", RIGHT)
        client = self.start_with_password("anna", RIGHT, "--trust-on-first-use")
        self.assertEqual(client.wait_end(), REFUSED, client.describe())
        self.assertEqual(self.trail("login"), [])
        peer = Peer(self.lab)
        with peer.connection:
            answer = peer.try_login(BY_PASSWORD, "anna", RIGHT)
        self.assertNotIn(BY_PASSWORD, peer.methods)
        self.assertNotEqual(answer[0], LOGIN_REPLY)
        self.assertEqual(self.users()["anna"]["devices"], 0)
        self.assertTrue(server.is_running())

    def test_a_person_who_gives_one_is_warned_before_it_leaves(self):
        """Without a known key, a terminal or --trust-on-first-use, the server isn't told anything."""
        server = self.start_server(login="password")
        self.add_user("anna", RIGHT)
        self.assert_ends(self.start_with_password("anna", RIGHT), 4, "trust-on-first-use")
        self.assertEqual(self.refusals(server), [])
        self.assertEqual(self.trail("login"), [])


class Watcher:
    """Keeps what /proc shows of programs while they run: command lines and environments."""

    def __init__(self, name):
        self.seen = set()
        self._name = name.encode()
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self):
        self._is_over.set()
        self._thread.join()

    def _run(self):
        while not self._is_over.wait(0.002):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                with contextlib.suppress(OSError):
                    command = path.read_bytes()
                    if self._name in command:
                        self.seen.add(command)
                        self.seen.add(path.with_name("environ").read_bytes())


def memory_of(pid):
    """Each mapping that can be read, as bytes (proc(5))."""
    maps = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8").splitlines()
    with open(f"/proc/{pid}/mem", "rb") as file:
        for line in maps:
            first, last = (int(number, 16) for number in line.split()[0].split("-"))
            with contextlib.suppress(OSError, ValueError):  # the kernel's own, or not mapped any more
                file.seek(first)
                yield file.read(last - first)


class Canary(AccountsCase):
    """A password that nobody else would make up, used in every way."""

    def test_it_is_nowhere_but_in_its_hash(self):
        mark = secrets.token_hex(12)
        watcher = Watcher(str(self.lab.folder))
        self.addCleanup(watcher.stop)
        self.server = self.start_server("--log-level=debug", login="password")
        self.add_user("anna", f"first {mark}")
        self.set_password("anna", f"{mark} second")
        wrong = self.start_with_password("anna", f"wrong {mark}", "--trust-on-first-use", "--log-level=debug")
        self.assertEqual(wrong.wait_end(), REFUSED, wrong.describe())
        right = self.connect_with_password("anna", f"{mark} second", "--log-level=debug")
        said = [self.run_command("audit"), self.run_command("user", "list"), self.run_command("device", "list")]
        self.assert_not_in_files(mark)
        self.assertEqual(right.stop(), 0)
        self.assertEqual(self.server.stop(), 0)
        watcher.stop()
        self.assert_not_in_files(mark)
        self.assertNotIn(mark, str(said) + self.all_that_was_said(self.server, wrong, right))
        self.assertGreater(len(watcher.seen), 8, "it has seen the programs")
        for text in watcher.seen:
            self.assertNotIn(mark.encode(), text)
        database = (self.lab.state_dir("server") / "gvpn.db").read_bytes()
        self.assertIn(b"$argon2id$v=19$m=65536,t=2,p=1$", database)

    def test_it_is_wiped_from_memory_when_it_is_not_needed_any_more(self):
        mark = secrets.token_hex(12)
        server = self.start_server(login="password")
        self.add_user("anna", mark)
        client = self.connect_with_password("anna", mark)
        for program in (server, client):
            with self.subTest(program.name):
                self.assertTrue(any(b"anna" in memory for memory in memory_of(program.pid)), "it would be found")
                self.assertFalse(any(mark.encode() in memory for memory in memory_of(program.pid)))

    @staticmethod
    def all_that_was_said(*programs):
        return "\n".join(str(program.events) + "\n".join(program.output + program.errors) for program in programs)

    def assert_not_in_files(self, mark):
        files = [path for path in self.lab.folder.rglob("*") if path.is_file()]
        self.assertGreater(len(files), 4)
        for path in files:
            self.assertNotIn(mark.encode(), path.read_bytes(), path)


if __name__ == "__main__":
    case.main()
