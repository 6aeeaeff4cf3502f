"""A full disk stops what has to be written down and nothing else; a database that can't be used is said, and left as it
is."""

import hashlib
import os
import re
import shutil
import sqlite3

from support import case
from support.accounts_case import FAILURE, NOT_PERMITTED, RIGHT, AccountsCase
from support.lab import LAN_HOST
from support.namespaces import run
from support.peer import BY_INVITE, SERVER_BUSY, secret_of

DISK_KIB = 1024
NEWER = 999


class FullDisk(AccountsCase):
    homes = 2

    def setUp(self):
        super().setUp()
        self.disk = self.lab.state_dir("server")
        # Before any program is started: each has the mounts of that moment.
        run("mount", "-t", "tmpfs", "-o", f"size={DISK_KIB}k,mode=0700", "none", self.disk)
        self.addCleanup(run, "umount", "--lazy", self.disk)
        self.server = self.start_server()
        self.client = self.connect_with(self.server.listening["invite"])
        self.link = self.invite("anna")
        self.ping = self.start_ping(self.lab.home, LAN_HOST)
        self.fill()

    def fill(self):
        with (self.disk / "ballast").open("wb", buffering=0) as file:
            with self.assertRaises(OSError):
                while True:
                    file.write(bytes(4096))

    def test_what_needs_no_disk_goes_on_and_the_rest_is_said(self):
        for words in (["user", "add", "bob"], ["invite"]):
            status, answer, said = self.lab.admin(*words, check=False)
            self.assertEqual((status, answer["error"]["code"]), (FAILURE, "limit-exceeded"), said)
            self.assertRegex(said, r"^[^\n]*the disk is full\.\n$")
        number, code, text = self.answer_to(BY_INVITE, secret=secret_of(self.link))
        self.assertEqual((code, text), (SERVER_BUSY, "the server can't store this now"))
        warning = re.compile("WARNING gvpn.accounts: .*disk is full")
        self.lab.wait_until(lambda: any(map(warning.search, self.server.errors)), "the log says that the disk is full")
        newcomer = self.lab.start_client(self.link, home=self.lab.homes[1])
        newcomer.wait_event(event="state", state="waiting")
        # Who is known comes in, though no note can be made of it.
        self.assertEqual(self.client.stop(), 0, self.client.describe())
        self.assertEqual(self.reconnect().address, self.client.address)
        self.assert_pings(self.lab.home, LAN_HOST)
        self.assertEqual(len(self.users()), 2, "one of the first invite, and anna")
        self.assertLess(len(self.server.errors), 20, "not a line for each")
        (self.disk / "ballast").unlink()
        self.add_user("bob")
        self.wait_connected(newcomer)
        self.assertEqual(self.devices_of("anna")[0]["enrolment"], "invite")
        self.assertEqual(self.server.stop(), 0, self.server.describe())
        self.start_server()
        self.assertIn("bob", self.users())

    def test_a_session_does_not_notice(self):
        for name in ("bob", "berta", "carl"):
            self.assert_command_fails(FAILURE, "disk is full", "user", "add", name)
        self.lab.wait_until(lambda: len(self.ping.output) > 20, "more echoes")
        self.assert_no_echo_was_lost(self.ping)

    def test_a_server_that_is_started_says_it(self):
        self.assertEqual(self.server.stop(), 0, self.server.describe())
        for path in self.disk.glob("gvpn.db*"):
            path.unlink()
        self.fill()
        self.assert_ends(self.lab.start_server(login="device"), FAILURE, "disk is full")
        (self.disk / "ballast").unlink()
        self.start_server()


class BadDatabase(AccountsCase):
    """There was a good one; what takes its place must survive whatever is started."""

    def setUp(self):
        super().setUp()
        server = self.start_server()
        self.add_user("anna", RIGHT)
        self.assertEqual(server.stop(), 0, server.describe())
        self.state = self.lab.state_dir("server")
        self.file = self.state / "gvpn.db"
        self.before = case.snapshot(self.lab.office)

    def assert_is_refused(self, statuses, *parts):
        """By a start and by subcommands, each with a sentence; and nothing was written."""
        bytes_before = self.bytes_of_files()
        server = self.lab.start_server(login="device")
        self.assertIn(server.wait_end(), statuses, server.describe())
        self.assertEqual(len(server.errors), 1, server.describe())
        for part in ("gvpn.db", *parts):
            self.assertIn(part, server.errors[0])
        self.assertRegex(server.errors[0], r"^\S.*\.$")
        for words in (["user", "list"], ["user", "add", "bob"], ["invite", "--json"], ["audit"]):
            status, _, said = self.run_command(*words)
            self.assertIn(status, statuses, said)
            self.assertEqual(len(said.splitlines()), 1, said)
            for part in ("gvpn.db", *parts):
                self.assertIn(part, said)
        self.assertEqual(self.bytes_of_files(), bytes_before)
        self.assert_unchanged(self.lab.office, self.before)

    def bytes_of_files(self):
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "no file"
                for path in self.state.iterdir()}

    def damage(self, offset, data):
        with self.file.open("r+b") as file:
            file.seek(offset)
            file.write(data)

    def test_damaged_ones(self):
        good = self.file.read_bytes()
        self.assertGreater(len(good), 8 * 4096)
        rows = (
            ("a text file", b"users:\n  anna\n" * 100),
            ("random bytes", os.urandom(len(good))),
            ("cut in the middle", good[:len(good) // 2 + 100]),
            ("a page of rubbish", good[:3 * 4096] + os.urandom(4096) + good[4 * 4096:]),
            ("no header", bytes(100) + good[100:]),
            ("rubbish in the schema", good[:200] + os.urandom(3000) + good[3200:]),
        )
        for name, content in rows:
            with self.subTest(name):
                self.file.write_bytes(content)
                self.assert_is_refused((FAILURE,))
        self.file.write_bytes(good)
        self.assertEqual(list(self.users()), ["anna"])
        self.start_server()

    def test_one_of_a_newer_version(self):
        database = sqlite3.connect(self.file)
        database.execute(f"PRAGMA user_version={NEWER}")
        database.close()
        self.assert_is_refused((FAILURE,), "newer")

    def test_somebody_else_s(self):
        self.file.unlink()
        database = sqlite3.connect(self.file)
        database.execute("CREATE TABLE recipes (name TEXT)")
        database.commit()
        database.close()
        self.file.chmod(0o600)
        self.assert_is_refused((FAILURE,))

    def test_a_directory_in_its_place(self):
        self.file.unlink()
        self.file.mkdir()
        (self.file / "letter").write_text("dear", encoding="ascii")
        self.assert_is_refused((FAILURE, NOT_PERMITTED))
        self.assertEqual((self.file / "letter").read_text(encoding="ascii"), "dear")

    def test_one_that_others_could_read(self):
        self.file.chmod(0o644)
        self.assert_is_refused((FAILURE, NOT_PERMITTED))

    def test_a_link_to_another_file(self):
        target = self.lab.folder / "elsewhere.db"
        shutil.move(self.file, target)
        self.file.symlink_to(target)
        before = target.read_bytes()
        self.assert_is_refused((FAILURE, NOT_PERMITTED))
        self.assertEqual(target.read_bytes(), before)

    def test_what_a_kill_left_is_used(self):
        for _ in range(3):
            server = self.start_server()
            self.add_user(f"user{server.pid}")
            server.kill()
        self.assertTrue((self.state / "gvpn.db-wal").exists())
        self.assertEqual(len(self.users()), 4)
        self.start_server()
        self.assertEqual(len(self.users()), 4)


if __name__ == "__main__":
    case.main()
