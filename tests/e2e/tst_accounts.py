"""The subcommands that look after users, devices, invites and bans: what they do, print and refuse, while the server
runs and while none does."""

import datetime
import socket

from support import case
from support.accounts_case import AS_NOBODY, FAILURE, NOT_PERMITTED, RIGHT, SENTENCE, USAGE, AccountsCase
from support.lab import OFFICE, PORT
from support.terminal import Terminal

# (name, words, exit status, part of the sentence)
BAD_COMMANDS = (
    ("no such user", ["user", "disable", "bob"], FAILURE, "bob"),
    ("no such user to remove", ["user", "remove", "bob"], FAILURE, "bob"),
    ("the same name again", ["user", "add", "anna"], FAILURE, "anna"),
    ("the same name in other letters", ["user", "add", "ANNA"], FAILURE, "ANNA"),
    ("no such device", ["device", "revoke", "99"], FAILURE, "99"),
    ("no such ban", ["ban", "lift", "198.51.100.7"], FAILURE, "198.51.100.7"),
    ("a name with a line feed", ["user", "add", "an\nna"], USAGE, "name"),
    ("a name with an escape sequence", ["user", "add", "anna\x1b[2J"], USAGE, "name"),
    ("a name that goes from right to left", ["user", "add", "anna\u202egpj"], USAGE, "name"),
    ("a name with a blank behind it", ["user", "add", "anna "], USAGE, "name"),
    ("a name that is an address", ["user", "add", "10.0.0.1"], USAGE, "10.0.0.1"),
    ("a name that is a network", ["user", "add", "fd00::/8"], USAGE, "fd00::/8"),
    ("a name of 65 bytes", ["user", "add", "n" * 65], USAGE, "name"),
    ("an empty name", ["user", "add", ""], USAGE, "NAME"),
    ("no name", ["user", "add"], USAGE, "NAME"),
    ("an unknown command", ["frobnicate"], USAGE, "frobnicate"),
    ("an unknown act", ["user", "frobnicate", "anna"], USAGE, "disable"),
    ("no act", ["device"], USAGE, "revoke"),
    ("a word too many", ["user", "list", "all"], USAGE, "all"),
    ("an unknown option", ["user", "list", "--frobnicate"], USAGE, "frobnicate"),
    ("another command's option", ["user", "list", "--expires=7d"], USAGE, "expires"),
    ("a device that is no number", ["device", "revoke", "laptop"], USAGE, "laptop"),
    ("a time that is none", ["invite", "--expires=soon"], USAGE, "soon"),
    ("a time that is too long", ["invite", "--expires=1000d"], USAGE, "1000d"),
    ("an invite for everybody to read", ["invite"], USAGE, "--json"),
    ("no entries", ["audit", "--last=0"], USAGE, "0"),
    ("nobody of that name", ["kick", "bob"], FAILURE, "bob"),
)


class Commands(AccountsCase):
    """While no server runs: the database is there."""

    runs_server = False

    def setUp(self):
        super().setUp()
        self.server = self.start_server()
        if not self.runs_server:
            self.assertEqual(self.server.stop(), 0, self.server.describe())

    def assert_shows(self, words, *parts):
        """The listing as text: one line for each entry below the headings, and the parts in it."""
        status, printed, said = self.run_command(*words)
        self.assertEqual((status, said), (0, ""))
        for part in parts:
            self.assertIn(part, printed)
        return printed.splitlines()

    def test_a_user_from_beginning_to_end(self):
        self.assertEqual(self.assert_shows(["user", "list"]), self.assert_shows(["user", "list"], "no users"))
        user = self.add_user("anna")
        self.assertEqual((user["name"], user["enabled"], user["has_password"], user["devices"]),
                         ("anna", True, False, 0))
        self.add_user("Björn Ü.", RIGHT)
        self.assertTrue(self.users()["Björn Ü."]["has_password"])
        self.set_password("anna", RIGHT)
        self.assertFalse(self.lab.admin("user", "disable", "ANNA")["user"]["enabled"])
        anna = self.users()["anna"]
        self.assertEqual((anna["enabled"], anna["has_password"], anna["id"]), (False, True, user["id"]))
        lines = self.assert_shows(["user", "list"], "NAME", "Björn Ü.")
        self.assertEqual(len(lines), 3, lines)
        self.assertRegex("\n".join(lines), r"(?m)^anna +no +yes +0 +20\d\d-")
        self.lab.admin("user", "enable", "anna")
        self.assertTrue(self.users()["anna"]["enabled"])
        for name in ("anna", "Björn Ü."):
            self.lab.admin("user", "remove", name)
        self.assertEqual(self.users(), {})
        self.assert_trail("user-removed", "user-removed", "user-enabled", "user-disabled", "user-password",
                          "user-added", "user-added")

    def assert_trail(self, *newest):
        entries = self.lab.admin("audit", f"--last={len(newest)}")["audit"]
        self.assertEqual([entry["event"] for entry in entries], list(newest))
        lines = self.assert_shows(["audit", f"--last={len(newest)}"], "TIME (UTC)", *newest)
        self.assertEqual(len(lines), 1 + len(newest), lines)

    def test_each_act_says_what_it_did(self):
        for words, part in ((["add", "anna"], "added"), (["disable", "anna"], "disabled"),
                            (["enable", "anna"], "enabled"), (["remove", "anna"], "removed")):
            printed = self.assert_shows(["user", *words], "anna", part)
            self.assertRegex(printed[0], SENTENCE)

    def test_an_invite_names_the_server_and_its_time(self):
        made = self.lab.admin("invite", "--user=anna", "--expires=90m")
        pin = self.lab.admin("invite")["invite"].split("pin=")[1][:43]
        self.assertRegex(made["invite"], rf"^gvpn://{OFFICE}:{PORT}/\?pin={pin}&invite=[\w-]{{22}}&user=anna")
        left = datetime.datetime.fromisoformat(made["expires"].replace("Z", "+00:00")) \
            - datetime.datetime.now(datetime.timezone.utc)
        self.assertAlmostEqual(left.total_seconds(), 90 * 60, delta=60)
        elsewhere = self.lab.admin("invite", "--public-address=vpn.example.org:443")
        self.assertTrue(elsewhere["invite"].startswith("gvpn://vpn.example.org:443/"), elsewhere)
        self.lab.admin("invite", f"--public-address={OFFICE}:{PORT}")

    def test_an_invite_on_a_terminal_is_a_link_and_a_code(self):
        command = [self.lab.binary("gvpn-server"), "invite", "--qr", f"--state-dir={self.lab.state_dir('server')}"]
        terminal = Terminal("gvpn-server invite", command, self.lab.office)
        self.assertEqual(terminal.wait_end(), 0, terminal.describe())
        self.assertIn(f"gvpn://{OFFICE}:{PORT}/?pin=", terminal.shown)
        self.assertGreater(terminal.shown.count("▀") + terminal.shown.count("█"), 100, terminal.shown)

    def test_what_cannot_be_done_is_one_sentence(self):
        self.add_user("anna")
        for name, words, status, part in BAD_COMMANDS:
            with self.subTest(name):
                is_impossible = words[0] == "kick" and not self.runs_server
                self.assert_command_fails(status, "no gvpn-server runs" if is_impossible else part, *words)
        self.assertEqual(list(self.users()), ["anna"])

    def test_a_program_is_told_in_json(self):
        status, answer, said = self.lab.admin("user", "disable", "bob", check=False)
        self.assertEqual(status, FAILURE)
        self.assertEqual(answer, {"error": {"code": "not-found", "reason": said.rstrip("\n")}})

    def test_a_password_that_cannot_be_one_is_refused(self):
        for name, text, part in (("empty", "\n", "empty"), ("too long", "x" * 257, "256"),
                                 ("not UTF-8", "\udcff", "UTF-8")):
            with self.subTest(name):
                path = self.lab.folder / "password"
                path.write_bytes(text.encode(errors="surrogateescape"))
                with path.open("rb") as file:
                    command = self.start_command("user", "add", "anna", "--password-stdin", stdin=file)
                    self.assert_ends(command, USAGE, part)
        self.assert_command_fails(USAGE, "--password-stdin", "user", "passwd", "anna",
                                  prefix=("setsid", "--wait"))
        self.assertEqual(self.users(), {})

    def test_two_that_add_a_user_at_the_same_time(self):
        rounds = 5
        for number in range(rounds):
            same = [self.start_command("user", "add", f"same{number}") for _ in range(2)]
            other = [self.start_command("user", "add", f"other{number}{letter}") for letter in "ab"]
            self.assertEqual(sorted(command.wait_end() for command in same), [0, FAILURE],
                             [command.describe() for command in same])
            self.assertEqual([command.wait_end() for command in other], [0, 0],
                             [command.describe() for command in other])
        self.assertEqual(len(self.users()), 3 * rounds)
        for name in self.users():
            self.lab.admin("user", "remove", name)


class CommandsToAServer(Commands):
    """The same while one runs."""

    runs_server = True


class Devices(AccountsCase):
    homes = 2

    def test_are_listed_with_and_without_a_server(self):
        server = self.start_server()
        client = self.connect_with(server.listening["invite"])
        self.connect_with(self.invite("anna"), home=self.lab.homes[1])
        status = {line["user"]: line for line in self.lab.admin("status")["clients"]}
        self.assertEqual(len(status), 2)
        own = next(line for user, line in status.items() if user != "anna")
        self.assertEqual((own["addresses"], own["from"].split(":")[0]), ([client.address], "203.0.113.101"))
        self.assertEqual(own["user"], own["device"], "a user named after the device")
        self.assert_pings(self.lab.home, "172.17.0.4")
        own = next(line for line in self.lab.admin("status")["clients"] if line["id"] == own["id"])
        self.assertGreaterEqual(min(own["bytes_from_client"], own["bytes_to_client"]), 3 * 84)
        running = self.listings()
        self.assertIn(client.address, self.run_command("status")[1])
        self.assertEqual(server.stop(), 0, server.describe())
        self.assertEqual(self.listings(), running)
        devices = {device["user"]: device for device in self.lab.admin("device", "list")["devices"]}
        self.assertEqual(devices["anna"]["enrolment"], "invite")
        self.assertEqual(devices["anna"]["last_from"], "203.0.113.102")
        self.assertEqual(devices[own["user"]]["addresses"], [client.address])
        self.assertFalse(devices["anna"]["revoked"])
        number = str(devices["anna"]["id"])
        self.assertTrue(self.lab.admin("device", "revoke", number)["device"]["revoked"])
        self.assertIn("revoked", self.run_command("device", "list")[1])

    def listings(self):
        """As text and as JSON."""
        commands = (["user", "list"], ["device", "list"], ["ban", "list"], ["audit", "--last=4"])
        return [self.run_command(*words) for words in commands] + [self.lab.admin(*words) for words in commands]


class WhoMayAsk(AccountsCase):
    ASK = ("import socket, sys; s = socket.socket(socket.AF_UNIX); s.settimeout(10); s.connect(sys.argv[1]); "
           "s.sendall(b'{\"command\":\"list-users\"}\\n'); print(s.recv(65536).decode())")

    def setUp(self):
        super().setUp()
        self.server = self.start_server()
        self.add_user("anna")
        self.lab.folder.chmod(0o755)

    def assert_nobody_is_refused(self, *statuses):
        for words in (["user", "list"], ["user", "disable", "anna"], ["status"], ["invite", "--json"]):
            status, printed, said = self.run_command(*words, prefix=AS_NOBODY)
            self.assertIn(status, statuses, said)
            self.assertNotIn("anna", printed)
            self.assertNotIn("gvpn://", printed)
            self.assertEqual(len(said.splitlines()), 1, said)
            self.assertEqual("sudo" in said, status == NOT_PERMITTED, said)
        self.assertTrue(self.users()["anna"]["enabled"])

    def ask_the_socket(self):
        path = self.lab.state_dir("server") / "admin.sock"
        return self.lab.office.run(*AS_NOBODY, "/usr/bin/python3", "-c", self.ASK, path, check=False)

    def test_another_user_may_not(self):
        self.assert_nobody_is_refused(NOT_PERMITTED)
        self.assertIn("PermissionError", self.ask_the_socket().stderr)

    def test_another_user_may_not_either_when_root_has_loosened_the_modes(self):
        state = self.lab.state_dir("server")
        state.chmod(0o755)
        self.assertEqual((state / "admin.sock").stat().st_mode & 0o777, 0o600)
        self.assertIn("PermissionError", self.ask_the_socket().stderr)
        (state / "admin.sock").chmod(0o666)
        asked = self.ask_the_socket()
        self.assertNotIn("PermissionError", asked.stderr, "it could connect")
        self.assertNotIn("anna", asked.stdout)
        # The server hangs up, whatever is asked.
        self.assert_nobody_is_refused(FAILURE, NOT_PERMITTED)
        # Neither the database behind it.
        for path in state.glob("gvpn.db*"):
            self.assertEqual(path.stat().st_mode & 0o077, 0, path)

    def test_a_state_directory_that_is_not_there(self):
        path = "/nonexistent/at-all"
        for words in (["user", "list"], ["user", "add", "anna"], ["status"]):
            self.assert_command_fails(FAILURE, path, *words, f"--state-dir={path}", state=None)
        empty = self.lab.state_dir("empty")
        self.assert_command_fails(FAILURE, str(empty), "user", "add", "anna", state="empty")
        self.assertEqual(list(empty.iterdir()), [])

    def test_another_server_is_not_meant(self):
        other = self.start_server(f"--address={OFFICE}:51006", "--tun=second0", cidr=("10.87.0.0/24",), state="other")
        self.add_user("berta", state="other")
        self.assertEqual(list(self.users()), ["anna"])
        self.assertEqual(list(self.users(state="other")), ["berta"])
        self.assert_command_fails(FAILURE, "berta", "user", "disable", "berta")
        self.assertEqual(other.stop(), 0, other.describe())
        for words in (["status"], ["kick", "berta"]):
            self.assert_command_fails(FAILURE, "no gvpn-server runs", *words, state="other")
        self.assertEqual(list(self.users(state="other")), ["berta"])

    def test_a_second_server_of_the_directory_is_refused(self):
        second = self.lab.start_server(f"--address={OFFICE}:51006", "--tun=second0", cidr=("10.87.0.0/24",),
                                       login="device")
        self.assert_ends(second, FAILURE, "state directory")
        self.assertEqual(list(self.users()), ["anna"])

    def test_the_socket_goes_with_the_server_and_a_dead_one_s_is_replaced(self):
        path = self.lab.state_dir("server") / "admin.sock"
        self.server.kill()
        self.assertTrue(path.is_socket())
        self.assertEqual(list(self.users()), ["anna"])
        again = self.start_server()
        self.lab.admin("status")
        self.assertEqual(again.stop(), 0, again.describe())
        self.assertFalse(path.exists())

    def test_rubbish_on_the_socket_hurts_nobody(self):
        path = self.lab.state_dir("server") / "admin.sock"
        held = []
        for data in (b"", b"\n", b"{}\n", b"[1]\n", b"\xff" * 100 + b"\n", b'{"command":"list-users"', b"x" * 20_000,
                     b'{"command":"add-user","name":7,"password_hash":""}\n', b"{" * 5000 + b"\n") * 2:
            connection = socket.socket(socket.AF_UNIX)
            self.addCleanup(connection.close)
            connection.connect(str(path))
            connection.settimeout(20)
            connection.sendall(data)
            held.append(connection)
        self.lab.wait_until(lambda: self.lab.admin("user", "list", check=False)[0] == 0, "an answer for others")
        for connection in held:
            with self.subTest():
                self.assertIn(connection.recv(65536)[:8], (b"", b'{"error"'))
        self.assertTrue(self.server.is_running())


class DefaultDirectory(AccountsCase):
    def test_its_socket_lies_below_run(self):
        server = self.start_with_usual_places()
        self.assertEqual(self.command_inside(server, "user", "add", "anna")[0], 0)
        files = self.files_inside(server, "/var/lib/gvpn", "/run/gvpn")
        self.assertEqual(files["/run/gvpn/server/admin.sock"], "600 root")
        self.assertEqual(files["/var/lib/gvpn/gvpn.db"], "600 root")
        self.assertNotIn("/var/lib/gvpn/admin.sock", files)
        self.connect_with(server.listening["invite"])
        self.assertIn("203.0.113.101", self.command_inside(server, "status")[1])


if __name__ == "__main__":
    case.main()
