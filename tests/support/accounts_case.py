"""What the tests of users, devices and passwords share: subcommands as people type them, clients with invites and
passwords, peers that come from addresses of the test's choice."""

import os
import re
import time

from support import case
from support.lab import LAN, OFFICE, PORT
from support.peer import BY_DEVICE, BY_INVITE, BY_PASSWORD, GOODBYE, LOGIN_REPLY, Peer, make_certificate, secret_of

FAILURE, USAGE, REFUSED, NOT_PERMITTED = 1, 2, 5, 7
NOBODY = 65534
AS_NOBODY = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--inh-caps=-all",
             "--bounding-set=-all")
# The usual places of root's server, empty and for the program alone: the machine's stay as they are.
USUAL_PLACES = ("unshare", "--mount", "sh", "-ec",
                'mount -t tmpfs none /var/lib; mount -t tmpfs none /run; exec "$@"', "sh")
RIGHT = "a right password"
SERVER = f"--server={OFFICE}:{PORT}"
SENTENCE = re.compile(r"^\S.*[.?!)]$")
AT_ONCE_S = 1


class AccountsCase(case.LabCase):
    """The server asks for logins."""

    def start_server(self, *options, login="device", **settings):
        return super().start_server(f"--public-address={OFFICE}", *options, login=login, **settings)

    # -- subcommands

    def run_command(self, *words, state="server", prefix=(), text=None):
        """As a person runs it, without --json: its exit status, what it printed, what it said on standard error. No
        state: without --state-dir."""
        command = [*prefix, self.lab.binary("gvpn-server"), *words]
        if state:
            command.append(f"--state-dir={self.lab.state_dir(state)}")
        result = self.lab.office.run(*command, check=False, text=text)
        return result.returncode, result.stdout, result.stderr

    def start_command(self, *words, state="server", **settings):
        """The same, not waited for."""
        command = [self.lab.binary("gvpn-server"), *words, f"--state-dir={self.lab.state_dir(state)}"]
        return self.lab.start("gvpn-server " + " ".join(words[:2]), command, self.lab.office, **settings)

    def assert_command_fails(self, status, part, *words, **settings):
        """With one sentence that has this part, whatever the case of its letters."""
        returned, printed, said = self.run_command(*words, **settings)
        self.assertEqual(returned, status, f"{words}: {printed}{said}")
        self.assertEqual(printed, "")
        self.assertEqual(len(said.splitlines()), 1, said)
        self.assertRegex(said.rstrip("\n"), SENTENCE)
        self.assertIn(part.lower(), said.lower())

    def start_with_usual_places(self, *options, prefix=USUAL_PLACES):
        """A server without --state-dir."""
        argv = [*prefix, self.lab.binary("gvpn-server"), "--json", f"--public-address={OFFICE}", f"--bypass={LAN}",
                *options]
        server = self.lab.start("gvpn-server", argv, self.lab.office)
        server.listening = server.wait_event(event="listening")
        return server

    @staticmethod
    def inside(server):
        """A prefix: in the file systems that this server sees."""
        return ("nsenter", f"--mount=/proc/{server.pid}/ns/mnt")

    def command_inside(self, server, *words):
        return self.run_command(*words, state=None, prefix=self.inside(server))

    def files_inside(self, server, *places):
        """{path: "mode owner"} of what lies there."""
        found = self.lab.office.run(*self.inside(server), "find", *places, "-printf", r"%p\t%m %u\n").stdout
        return dict(line.split("\t") for line in found.splitlines())

    def add_user(self, name, password=None, state="server"):
        words = ["--password-stdin"] if password else []
        return self.lab.admin("user", "add", name, *words, text=password, state=state)["user"]

    def set_password(self, name, password):
        self.lab.admin("user", "passwd", name, "--password-stdin", text=password)

    def invite(self, user=None, state="server"):
        """A link."""
        return self.lab.admin("invite", *([f"--user={user}"] if user else []), state=state)["invite"]

    def users(self, state="server"):
        return {user["name"]: user for user in self.lab.admin("user", "list", state=state)["users"]}

    def devices_of(self, user):
        return [device for device in self.lab.admin("device", "list")["devices"] if device["user"] == user]

    def bans(self):
        return self.lab.admin("ban", "list")["bans"]

    def trail(self, event, state="server"):
        """The entries of this kind, the newest first."""
        return [entry for entry in self.lab.admin("audit", state=state)["audit"] if entry["event"] == event]

    # -- clients

    def connect_with(self, *words, **settings):
        """A client that is connected with these words of its command line; the event is in .connected."""
        client = self.lab.start_client(*words, **settings)
        client.connected = self.wait_connected(client)
        client.address = client.connected["address"].split("/")[0]
        return client

    def reconnect(self, **settings):
        """One that needs neither link nor password any more."""
        return self.connect_with(SERVER, **settings)

    def start_with_password(self, user, password, *options, home=None, state=None, prefix=(), words=None):
        """A client that reads the password from its standard input, or as `words` have it."""
        home = home or self.lab.home
        words = words or ("--password-stdin",)
        argv = [*prefix, self.lab.binary("gvpn-client"), "--json", f"--user={user}", *words, SERVER,
                f"--state-dir={self.lab.state_dir(state or home.role)}", *options]
        ours, its = os.pipe()
        os.write(its, password.encode() + b"\n")
        os.close(its)
        client = self.lab.start(f"gvpn-client ({home.role})", argv, home, stdin=ours)
        os.close(ours)
        return client

    def connect_with_password(self, user, password, *options, **settings):
        client = self.start_with_password(user, password, "--trust-on-first-use", *options, **settings)
        client.connected = self.wait_connected(client)
        return client

    def assert_refused(self, client, *parts):
        self.assert_ends(client, REFUSED, *parts)

    def assert_stays_out(self, *parts, **settings):
        """A client without link or password is refused."""
        self.assert_refused(self.lab.start_client(SERVER, **settings), *parts)

    def start_ping(self, home, address):
        """Echoes that have begun to come; see assert_no_echo_was_lost()."""
        ping = self.lab.start(f"ping ({home.role})", ["ping", "-n", "-i", "0.05", address], home)
        self.lab.wait_until(lambda: len(ping.output) > 3, "the first echoes")
        return ping

    def refusals(self, server):
        """The events of connections that were told no."""
        return [event for event in server.events if event.get("event") == "connection-refused"
                and event["code"] == "login-refused"]

    # -- peers

    def add_far_addresses(self, *addresses, home=None):
        """Sources that the office reaches by a route: they are not its neighbours, so no shared sources."""
        home = home or self.lab.home
        via = next(address for address in home.run("hostname", "-I").stdout.split() if address.startswith("203.0.113."))
        for address in addresses:
            home.run("ip", "addr", "add", address, "dev", "lo")
            self.lab.office.run("ip", "route", "add", address, "via", via)

    def certificates(self, count, name="device"):
        """Keys of so many devices."""
        return [make_certificate(self.lab.folder, f"{name}{number}") for number in range(count)]

    def answer_to(self, method, user=None, secret=None, **place):
        """What a new connection's login is answered with: (number, code, text), code and text of a goodbye."""
        peer = Peer(self.lab, **place)
        with peer.connection:
            answer = peer.try_login(method, user, secret)
        return (GOODBYE, answer[1], answer[2]) if answer[0] == GOODBYE else (answer[0], None, None)

    def assert_lets_in(self, method, user=None, secret=None, **place):
        answer = self.answer_to(method, user, secret, **place)
        self.assertEqual(answer[0], LOGIN_REPLY, answer)

    def assert_turns_away(self, part, method, user=None, secret=None, **place):
        number, _, text = self.answer_to(method, user, secret, **place)
        self.assertEqual(number, GOODBYE)
        self.assertIn(part, text)

    def enrolled_peer(self, user, **place):
        """A peer that is connected with an invite of this user."""
        peer = Peer(self.lab, **place)
        self.addCleanup(peer.close)
        peer.log_in(method=BY_INVITE, secret=secret_of(self.invite(user)))
        return peer

    def guess_passwords(self, count, user, **place):
        """So many different wrong ones, each from a connection of its own; the answers."""
        return [self.answer_to(BY_PASSWORD, user, f"wrong {time.monotonic_ns()}", **place) for _ in range(count)]

    def show_unknown_keys(self, certificates, **place):
        return [self.answer_to(BY_DEVICE, certificate=certificate, **place) for certificate in certificates]
