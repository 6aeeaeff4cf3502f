"""What can't work is said in one sentence, before anything is changed."""

import os
import re

from support import case
from support.lab import LAN, OFFICE, POOL, PORT
from support.peer import connect_plain

USAGE, NOT_PERMITTED = 2, 7
PIN = "A" * 43
NOBODY = 65534
WITHOUT_RIGHTS = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--inh-caps=-all",
                  "--bounding-set=-all")
WITHOUT_TUN = ("unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /dev/net && exec "$@"', "sh")

# (name, options, exit status, part of the sentence)
SERVER_ROWS = (
    ("a prefix that is too long", ["--cidr=10.0.0.0/33"], USAGE, "10.0.0.0/33"),
    ("no prefix", ["--cidr=office"], USAGE, "office"),
    ("a pool without room", ["--cidr=10.86.0.0/32"], USAGE, "10.86.0.0/32"),
    ("two pools of one family", ["--cidr=10.86.0.0/24", "--cidr=10.87.0.0/24"], USAGE, "--cidr"),
    ("a LAN that is no prefix", ["--bypass=172.17.0.0/xx"], USAGE, "172.17.0.0/xx"),
    ("a LAN that contains the pool", ["--cidr=172.17.3.0/24"], (1, USAGE), "172.17.3.0/24"),
    ("a port above the range", ["--address=:70000"], USAGE, "70000"),
    ("a port that is no number", ["--address=:http"], USAGE, "http"),
    ("a name that no interface can have", ["--tun=an-interface-name-too-long"], USAGE, "--tun"),
    ("a TUN name that is taken", ["--tun=lan"], (1, USAGE), "lan"),
    ("an unknown option", ["--frobnicate"], USAGE, "frobnicate"),
    ("an unknown masquerade mode", ["--masquerade=perhaps"], USAGE, "perhaps"),
    ("a word too many", ["run", "away"], USAGE, "away"),
)

CLIENT_ROWS = (
    ("no server", [], USAGE, "--server"),
    ("a port above the range", [f"--server={OFFICE}:70000", f"--pin={PIN}"], USAGE, "70000"),
    ("a pin that is none", [f"--server={OFFICE}", "--pin=abc"], USAGE, "pin"),
    ("a link of another kind", ["https://example.org/"], USAGE, "gvpn://"),
    ("a link without a pin", [f"gvpn://{OFFICE}:{PORT}/"], USAGE, "pin"),
    ("an address that is none", [f"--server={OFFICE}", f"--pin={PIN}", "--cidr=10.86.0.300/24"], USAGE, "10.86.0.300"),
    ("two ways to trust", [f"--server={OFFICE}", f"--pin={PIN}", "--trust-on-first-use"], USAGE, "not both"),
    ("a route that is none", [f"--server={OFFICE}", f"--pin={PIN}", "--accept-routes=home"], USAGE, "home"),
    ("a TUN name that is taken", [f"--server={OFFICE}", f"--pin={PIN}", "--tun=wan"], 1, "wan"),
    ("an unknown option", ["--frobnicate"], USAGE, "frobnicate"),
)


class Options(case.LabCase):
    def start(self, namespace, program, *options, prefix=()):
        state = self.lab.state_dir(f"state-of-{program}")
        if prefix is WITHOUT_RIGHTS:
            os.chown(state, NOBODY, NOBODY)
            self.lab.folder.chmod(0o755)
        return self.lab.start(program, [*prefix, self.lab.binary(program), f"--state-dir={state}", *options], namespace)

    def assert_one_sentence(self, program, status, part):
        statuses = status if isinstance(status, tuple) else (status,)
        self.assertIn(program.wait_end(), statuses, program.describe())
        # That everybody is let in is said at each start, and no failure.
        said = [line for line in program.errors if "--login none: everybody" not in line]
        self.assertEqual(len(said), 1, program.describe())
        self.assertIn(part, said[0])
        self.assertRegex(said[0], re.compile(r"^\S.*[.?!)]$"), "a sentence")

    def assert_rows(self, namespace, program, rows, *more):
        before = case.snapshot(namespace)
        for name, options, status, part in rows:
            with self.subTest(name):
                self.assert_one_sentence(self.start(namespace, program, *options, *more), status, part)
        self.assert_unchanged(namespace, before)

    def test_the_server_refuses_what_it_cannot_use(self):
        self.assert_rows(self.lab.office, "gvpn-server", SERVER_ROWS, "--login=none", f"--bypass={LAN}")

    def test_the_client_refuses_what_it_cannot_use(self):
        self.assert_rows(self.lab.home, "gvpn-client", CLIENT_ROWS)

    def test_a_login_mode_must_be_known(self):
        for options, part in ((["--login=magic"], "magic"), (["--login"], "login")):
            with self.subTest(options):
                self.assert_one_sentence(self.start(self.lab.office, "gvpn-server", *options), USAGE, part)

    def test_a_port_in_use_is_said(self):
        other = self.start_server()
        before = case.snapshot(self.lab.office)
        server = self.start(self.lab.office, "gvpn-server", "--login=none", f"--bypass={LAN}", "--cidr=10.87.0.0/24")
        self.assertEqual(server.wait_end(), 1, server.describe())
        self.assertIn(str(PORT), server.errors[-1])
        self.assert_unchanged(self.lab.office, before)
        self.assertTrue(other.is_running())
        connect_plain(self.lab.home).close()

    def test_no_rights_are_said(self):
        server = self.start(self.lab.office, "gvpn-server", "--login=none", f"--bypass={LAN}", f"--cidr={POOL}",
                            prefix=WITHOUT_RIGHTS)
        self.assertEqual(server.wait_end(), NOT_PERMITTED, server.describe())
        self.assertRegex(server.errors[-1].lower(), "sudo|cap_net_admin")
        self.start_server()
        client = self.start(self.lab.home, "gvpn-client", f"--server={OFFICE}:{PORT}", "--trust-on-first-use",
                            prefix=WITHOUT_RIGHTS)
        self.assertEqual(client.wait_end(), NOT_PERMITTED, client.describe())
        self.assertRegex(client.errors[-1].lower(), "sudo|cap_net_admin")

    def test_a_computer_without_tun_is_said(self):
        server = self.start(self.lab.office, "gvpn-server", "--login=none", f"--bypass={LAN}", f"--cidr={POOL}",
                            prefix=WITHOUT_TUN)
        self.assertIn(server.wait_end(), (1, NOT_PERMITTED), server.describe())
        self.assertIn("/dev/net/tun", server.errors[-1])
        self.start_server()
        client = self.start(self.lab.home, "gvpn-client", f"--server={OFFICE}:{PORT}", "--trust-on-first-use",
                            prefix=WITHOUT_TUN)
        self.assertIn(client.wait_end(), (1, NOT_PERMITTED), client.describe())
        self.assertIn("/dev/net/tun", client.errors[-1])

    def test_help_and_version_are_no_failure(self):
        for namespace, program in ((self.lab.office, "gvpn-server"), (self.lab.home, "gvpn-client")):
            for option in ("--help", "--version"):
                with self.subTest(f"{program} {option}"):
                    started = self.start(namespace, program, option)
                    self.assertEqual(started.wait_end(), 0, started.describe())
                    self.assertTrue(started.output)


if __name__ == "__main__":
    case.main()
