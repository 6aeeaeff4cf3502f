"""One link lets one computer in, once: what the first start prints, what the link leaves behind, and what it is worth
when it is used twice, too late, or not as it was."""

import datetime
import re
import subprocess
import threading

from support import case
from support.enrolment import EnrolmentCase, mode_of, part_of, with_other_character, with_part
from support.lab import LAN, LAN_HOST, OFFICE, POOL, PORT
from support.peer import BY_DEVICE, BY_INVITE, BY_NOTHING, LOGIN_REFUSED, LOGIN_REPLY, Peer, secret_of
from support.terminal import Terminal

UNREACHABLE, USAGE = 3, 2
SECRET = re.compile(r"invite=([\w-]{22})")
RACES = 5
EARLY_ENDS = 30
FINDER = ("#######", "#     #", "# ### #", "# ### #", "# ### #", "#     #", "#######")


def qr_modules(shown):
    """The dark modules ("#") of the code in half blocks that was shown, without its margin; none if there is none."""
    rows = []
    for line in re.findall(r"\x1b\[40;37;1m([ \u2580\u2584\u2588]+)\x1b\[0m", shown):
        rows.append("".join("#" if half in " \u2584" else " " for half in line))
        rows.append("".join("#" if half in " \u2580" else " " for half in line))
    dark = [number for number, row in enumerate(rows) if "#" in row]
    if not dark:
        return []
    columns = [number for row in rows for number, module in enumerate(row) if module == "#"]
    return [row[min(columns):max(columns) + 1] for row in rows[dark[0]:dark[-1] + 1]]


class Printing(EnrolmentCase):
    """Who gets to see a link."""

    def argv(self, *words, state="server"):
        return [self.lab.binary("gvpn-server"), f"--state-dir={self.lab.state_dir(state)}", *words]

    def server_argv(self, state="server"):
        return self.argv(f"--public-address={OFFICE}", f"--bypass={LAN}", f"--cidr={POOL}", state=state)

    def on_terminal(self, *argv):
        terminal = Terminal("gvpn-server", argv, self.lab.office)
        self.addCleanup(terminal.kill)
        return terminal

    def assert_shows_code(self, shown):
        modules = qr_modules(shown)
        self.assertTrue(modules, shown)
        size = len(modules)
        self.assertEqual({len(row) for row in modules}, {size}, "a square")
        self.assertEqual((size - 17) % 4, 0, size)
        for rows, columns in ((slice(7), slice(7)), (slice(7), slice(-7, None)), (slice(-7, None), slice(7))):
            self.assertEqual(tuple(row[columns] for row in modules[rows]), FINDER)

    def test_the_first_start_prints_an_invite_and_no_later_one(self):
        server = self.office()
        self.assertEqual(server.listening["login"], "device")
        link = server.listening["invite"]
        self.assertTrue(link.startswith(f"gvpn://{OFFICE}:{PORT}/?pin={server.listening['pin']}&invite="), link)
        expires = datetime.datetime.fromisoformat(server.listening["expires"].replace("Z", "+00:00"))
        life = expires - datetime.datetime.now(datetime.timezone.utc)
        self.assertAlmostEqual(life / datetime.timedelta(days=7), 1, delta=0.01)
        self.enrolled_peer(link)
        self.assertEqual(server.stop(), 0, server.describe())
        server = self.office()
        self.assertNotIn("invite=", str(server.events))
        self.assertNotIn("expires", server.listening)

    def test_without_a_terminal_nothing_secret_is_printed(self):
        server = self.lab.start("gvpn-server", self.server_argv(), self.lab.office)
        self.wait_serving()
        self.assertEqual(server.stop(), 0, server.describe())
        said = "\n".join(server.output + server.errors)
        self.assertIn("gvpn-server invite", said, "how to get one")
        self.assertNotIn("invite=", said)
        self.assertEqual(server.events, [])

    def test_a_terminal_shows_the_link_and_its_code_at_the_first_start(self):
        server = self.on_terminal(*self.server_argv())
        server.wait_shown("invite=")
        self.assertEqual(server.stop(), 0, server.describe())
        link = re.search(r"gvpn://\S+", server.shown).group()
        self.assertRegex(link, SECRET)
        self.assert_shows_code(server.shown)
        server = self.on_terminal(*self.server_argv())
        self.wait_serving()
        self.enrolled_peer(link)
        self.assertEqual(server.stop(), 0, server.describe())
        self.assertNotIn("invite=", server.shown)
        self.assertEqual(qr_modules(server.shown), [])

    def test_a_first_start_can_be_ended_while_it_makes_its_invite(self):
        for number in range(EARLY_ENDS):
            state = f"server{number}"
            server = self.on_terminal(*self.server_argv(state))
            self.lab.wait_until((self.lab.state_dir(state) / "admin.sock").exists, "the server begins")
            self.wait_s(number / 1000)  # the invite waits for the disk sooner or later
            self.assertEqual(server.stop(), 0, server.describe())

    def test_the_command_prints_a_link_to_people_and_programs_only(self):
        self.office()
        before = len(self.trail("invite-made"))
        piped = self.lab.office.run(*self.argv("invite"), check=False)
        self.assertEqual(piped.returncode, USAGE, piped)
        self.assertIn("--json", piped.stderr)
        self.assertNotIn("gvpn://", piped.stdout + piped.stderr)
        self.assertEqual(len(self.trail("invite-made")), before, "an invite that nobody has seen")
        terminal = self.on_terminal(*self.argv("invite", "--user", "anna"))
        self.assertEqual(terminal.wait_end(), 0, terminal.describe())
        self.assert_shows_code(terminal.shown)
        link = re.search(r"gvpn://\S+", terminal.shown).group()
        self.enrolled_peer(link)
        self.assertEqual([device["user"] for device in self.devices()], ["anna"])

    def test_a_link_can_be_made_while_no_server_runs(self):
        first = self.office()
        self.assertEqual(first.stop(), 0)
        link = self.invite()
        self.office()
        self.enrolled_peer(link)


class Enrolling(EnrolmentCase):
    homes = 2

    def test_a_link_is_needed_once(self):
        server = self.office()
        link = server.listening["invite"]
        client = self.lab.start_client(link)
        self.wait_connected(client)
        self.assert_pings(self.lab.home, LAN_HOST)
        path, profile = self.only_profile()
        self.assertEqual((profile["server"], profile["pin"]), (f"{OFFICE}:{PORT}", server.listening["pin"]))
        self.assertNotIn("invite", profile)
        self.assertEqual((mode_of(path), mode_of(self.key_file(profile["pin"]))), (0o600, 0o600))
        self.assert_nobody_keeps(part_of(link, "invite"), secret_of(link))
        device, = self.devices()
        self.assertEqual((device["user"], device["enrolment"], device["revoked"]), (device["name"], "invite", False))
        self.assertEqual(client.stop(), 0, client.describe())
        for options in (("--profile", profile["name"]), ("--server", OFFICE)):
            with self.subTest(options[0]):
                client = self.lab.start_client(*options)
                self.wait_connected(client)
                self.assert_pings(self.lab.home, LAN_HOST)
                self.assertEqual(client.stop(), 0, client.describe())
        self.assertEqual([entry["detail"] for entry in self.trail("login")], ["invite", "device", "device"])
        self.assertEqual(self.profiles(), {path: profile})

    def assert_nobody_keeps(self, text, secret):
        for role in ("home", "server"):
            for file in self.lab.state_dir(role).rglob("*"):
                if file.is_file():
                    content = file.read_bytes()
                    self.assertFalse(text.encode() in content or secret in content, file)

    def test_the_link_can_come_from_standard_input(self):
        self.office()
        argv = [self.lab.binary("gvpn-client"), "--json", f"--state-dir={self.lab.state_dir('home')}", "--link-stdin"]
        client = self.lab.start("gvpn-client", argv, self.lab.home, stdin=subprocess.PIPE)
        client.process.stdin.write(f"{self.invite()}\n")
        client.process.stdin.close()
        self.wait_connected(client)
        self.assertNotIn("invite", self.only_profile()[1])

    def test_key_and_profile_are_kept_before_anything_is_sent(self):
        server = self.office()
        link = server.listening["invite"]
        self.assertEqual(server.stop(), 0, server.describe())
        self.assert_ends(self.lab.start_client(link, "--once"), UNREACHABLE, "stage tcp")
        path, profile = self.only_profile()
        key = self.key_file(profile["pin"])
        self.assertEqual(profile["invite"], part_of(link, "invite"))
        self.assertEqual((mode_of(path), mode_of(key)), (0o600, 0o600))
        made = key.read_bytes()
        self.office()
        self.wait_connected(self.lab.start_client("--profile", profile["name"], "--once"))
        self.assert_pings(self.lab.home, LAN_HOST)
        self.assertNotIn("invite", self.only_profile()[1])
        self.assertEqual(key.read_bytes(), made)

    def test_a_second_computer_is_refused(self):
        self.office()
        client = self.enrol("--user", "anna")
        second = self.lab.homes[1]
        self.assert_is_refused(self.lab.start_client(client.link, home=second), "another device", "new link")
        self.assertEqual(len(self.devices()), 1)
        # It has kept what could be right another time, and nothing was changed for the first one.
        self.assertIn("invite", self.only_profile(second)[1])
        self.assert_pings(self.lab.home, LAN_HOST)
        # A new link takes the old one's place.
        self.wait_connected(self.lab.start_client(self.invite("--user", "anna"), home=second))
        self.assertNotIn("invite", self.only_profile(second)[1])
        self.assert_pings(second, LAN_HOST)

    def test_of_two_computers_that_race_one_gets_in(self):
        server = self.office()
        clients = [self.lab.start_client(server.listening["invite"], home=home) for home in self.lab.homes]
        ends = ("connected", "disconnected")
        for client in clients:
            self.lab.wait_until(lambda: client.events and client.events[-1].get("state") in ends, "an end of the race")
        winner, loser = sorted(clients, key=lambda client: ends.index(client.events[-1]["state"]))
        self.assert_is_refused(loser, "another device")
        self.assert_pings(self.lab.homes[clients.index(winner)], LAN_HOST)
        self.assertEqual(len(self.devices()), 1)

    def test_a_used_link_still_leads_to_its_profile_when_it_has_expired(self):
        self.office()
        client = self.enrol("--expires", "3s")
        self.assertEqual(client.stop(), 0, client.describe())
        path, profile = self.only_profile()
        self.wait_s(3.5)
        # A person may use the line of a shell's history for ever; the key of this computer is known.
        for words in ((client.link,), ("--profile", profile["name"])):
            again = self.lab.start_client(*words)
            self.wait_connected(again)
            self.assertEqual(again.stop(), 0, again.describe())
        self.assertEqual(self.profiles(), {path: profile})
        self.assertEqual(self.trail("login-refused"), [])

    def test_links_that_are_not_valid(self):
        self.office()
        late = self.invite("--expires", "2s")
        changed = with_part(self.invite(), "invite", with_other_character)
        self.wait_s(2.5)
        for number, (name, link) in enumerate((("expired", late), ("changed", changed))):
            with self.subTest(name):
                client = self.lab.start_client(link, home=self.lab.homes[number])
                self.assert_is_refused(client, "not valid", "new link")
                self.assertNotIn(part_of(link, "invite"), "".join(client.errors))
        self.assertEqual(self.devices(), [])


class Redeeming(EnrolmentCase):
    """By peers of the test's own."""

    homes = 2

    def test_of_two_that_race_one_gets_in(self):
        self.office("--max-devices=20")
        for number in range(RACES):
            secret = secret_of(self.invite("--user", f"racer{number}"))
            peers = [Peer(self.lab, home) for home in self.lab.homes for _ in range(2)]
            start, answers = threading.Barrier(len(peers)), []

            def redeem(peer):
                peer.say_hello()
                start.wait(10)
                answers.append(peer.send_login(BY_INVITE, secret=secret))

            threads = [threading.Thread(target=redeem, args=(peer,)) for peer in peers]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(30)
            self.assertEqual(len(answers), len(peers))
            self.assertEqual([answer[0] for answer in answers].count(LOGIN_REPLY), 1, answers)
            self.assertEqual({answer[1] for answer in answers if answer[0] != LOGIN_REPLY}, {LOGIN_REFUSED}, answers)
            for peer in peers:
                peer.close()
        self.assertEqual(sorted(device["user"] for device in self.devices()), [f"racer{n}" for n in range(RACES)])

    def test_the_same_device_may_redeem_its_link_again(self):
        self.office()
        link = self.invite()
        first = self.enrolled_peer(link)
        first.close()
        again = self.enrolled_peer(link, certificate=first.certificate)
        self.assertEqual(again.address, first.address)
        self.assertEqual(len(self.devices()), 1)
        self.assertEqual(len(self.trail("invite-redeemed")), 1)

    def test_a_link_lost_nothing_when_it_expired_after_its_use(self):
        self.office()
        first = self.enrolled_peer(self.invite("--expires", "2s"))
        first.close()
        self.wait_s(2.5)
        self.assertEqual(self.returning_peer(first).address, first.address)

    def test_nothing_but_an_invite_or_a_known_key_gets_in(self):
        self.office()
        rows = ((BY_NOTHING, None), (BY_DEVICE, None), (BY_DEVICE, bytes(16)), (BY_INVITE, bytes(16)))
        for number, (method, secret) in enumerate(rows):
            with self.subTest(method=method, secret=secret):
                peer = Peer(self.lab, device=f"stranger{number}")
                self.addCleanup(peer.close)
                peer.refusal(method, secret=secret)
                self.assertEqual(peer.methods, [BY_DEVICE, BY_INVITE])
        self.assertEqual(self.devices(), [])
        self.assertEqual(self.lab.admin("user", "list")["users"], [])


if __name__ == "__main__":
    case.main()
