"""What bash completes for gvpn-server, gvpn-client and gvpn-gui: asked of a real bash, with the real programs.

Exit status 77 (skipped for CTest) where there is no bash-completion.
"""

import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from support.terminal import Terminal

SKIPPED = 77
BUILD = Path(os.environ.get("GVPN_BUILD_DIR", Path(__file__).resolve().parents[2] / "build" / "release"))
FILES = Path(__file__).resolve().parents[2] / "installer" / "completion"
LIBRARY = Path("/usr/share/bash-completion/bash_completion")
PROGRAMS = {"gvpn-server": BUILD / "server" / "gvpn-server",
            "gvpn-client": BUILD / "client-gui" / "cli" / "gvpn-client",
            "gvpn-gui": BUILD / "client-gui" / "gui" / "gvpn-gui"}
SCRIPT = """
source "$1" && source "$2" && { [ "$3" != sudo ] || source /usr/share/bash-completion/completions/sudo; } || exit
function=$(complete -p "$3" | sed -E 's/.*-F ([^ ]+).*/\\1/')
shift 3
COMP_LINE=$1 COMP_POINT=${#1} COMP_TYPE=9 COMP_KEY=9
shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
"$function" "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\\0' "${COMPREPLY[@]}"
"""
LONG = re.compile(r"(?<![\w-])--[a-z0-9]+(?:-[a-z0-9]+)*")
PIN = "BwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"


def words_of(line):
    """As readline cuts them: at blanks that aren't quoted, before and behind "=" and ":"."""
    words = re.findall(r"[=:]|(?:\\.|\"[^\"]*\"?|'[^']*'?|[^\s=:])+", line)
    return words + [""] if line.endswith((" ", "=")) and not re.search(r"\"[^\"]*$", line) else words


class Completion(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.home = Path(directory.name)
        places = {str(program.parent) for program in PROGRAMS.values()}
        self.environment = {"PATH": ":".join([*sorted(places), os.environ["PATH"]]), "HOME": directory.name, "LC_ALL": "C.UTF-8",
                            "QT_QPA_PLATFORM": "offscreen", "XDG_RUNTIME_DIR": directory.name}

    def complete(self, line, name=None):
        """What is offered at the end of this line, sorted. name: what completes it, which the first word is mostly."""
        words = words_of(line)
        own = name or words[0]
        file = FILES / next((word.split("/")[-1] for word in words if word.split("/")[-1] in PROGRAMS), own)
        done = subprocess.run(["bash", "--norc", "-c", SCRIPT, "bash", LIBRARY, file, own, line, *words],
                              capture_output=True, text=True, timeout=20, stdin=subprocess.DEVNULL, cwd=self.home,
                              env=self.environment, check=False)
        self.assertEqual((done.stderr, done.returncode), ("", 0))
        return sorted(filter(None, done.stdout.split("\0")))

    def assert_rows(self, rows):
        for line, expected in rows:
            with self.subTest(line):
                self.assertEqual(self.complete(line), sorted(expected.split()))

    def options_of(self, name, *command):
        done = subprocess.run([PROGRAMS[name], *command, "--help"], capture_output=True, text=True, timeout=20,
                              stdin=subprocess.DEVNULL, env=self.environment, check=True)
        return set(LONG.findall(done.stdout))

    def add_profile(self, name, *state_dir):
        profile = {"version": 1, "name": name, "server": "office.example.com", "pin": PIN, "accept_routes": ["auto"],
                   "created": "2026-01-31T12:00:00Z"}
        file = self.home / "exported"
        file.write_text(json.dumps(profile), encoding="utf-8")
        subprocess.run([PROGRAMS["gvpn-client"], "profile", "import", file, *state_dir], env=self.environment,
                       capture_output=True, timeout=20, check=True)
        file.unlink()

    def test_the_server_s_commands(self):
        self.assert_rows((
            ("gvpn-server ", "run invite user device ban status kick audit doctor cleanup"),
            ("gvpn-server us", "user"),
            ("gvpn-server user ", "add passwd disable enable remove list"),
            ("gvpn-server user pa", "passwd"),
            ("gvpn-server device ", "list revoke"),
            ("gvpn-server ban lift ", "shared"),
            ("gvpn-server --state-dir /x device re", "revoke"),
            ("gvpn-server --state-dir=/x --json device re", "revoke"),
            ("gvpn-server --address :51005 us", "user"),
            ("gvpn-server user disable ", ""),
            ("gvpn-server run ", ""),
            ("gvpn-server frobnicate ", ""),
            ("gvpn-server frobnicate --", ""),
            ("gvpn-server xy", ""),
        ))

    def test_the_server_s_options_are_those_that_it_has(self):
        self.assertEqual(set(self.complete("gvpn-server --")), self.options_of("gvpn-server"))
        offered = set()
        for command in ("user add", "invite", "audit", "device list"):
            offered |= set(self.complete(f"gvpn-server {command} --"))
        # It says what a password is for: an option of the server itself.
        self.assertEqual(offered, self.options_of("gvpn-server", "user") - {"--login"})

    def test_the_server_s_options_and_their_values(self):
        self.assert_rows((
            ("gvpn-server --lo", "--login --log-level"),
            ("gvpn-server user add anna --pass", "--password-stdin --password-fd"),
            ("gvpn-server invite --qr --ex", "--expires"),
            ("gvpn-server user list --qr", ""),
            ("gvpn-server --login ", "device password none"),
            ("gvpn-server --login=", "device password none"),
            ("gvpn-server --login=p", "password"),
            ("gvpn-server --login x", ""),
            ("gvpn-server --masquerade o", "on off"),
            ("gvpn-server --offload=a", "auto"),
            ("gvpn-server doctor --log-level=w", "warning"),
            ("gvpn-server --congestion sys", "system"),
            ("gvpn-server --run-as roo", "root"),
            ("gvpn-server --address ", ""),
            ("gvpn-server --address :510", ""),
            ("gvpn-server --tun g", ""),
        ))

    def test_files_and_directories(self):
        (self.home / "server.conf").touch()
        (self.home / "state").mkdir()
        self.assert_rows((
            ("gvpn-server --config s", "server.conf state"),
            ("gvpn-server --state-dir s", "state"),
            ("gvpn-server --state-dir=s", "state"),
            ("gvpn-client profile import s", "server.conf state"),
        ))

    def test_the_client_s_commands_and_values(self):
        self.assert_rows((
            ("gvpn-client ", "profile doctor"),
            ("gvpn-client profile ", "list show remove export import"),
            ("gvpn-client profile list ", ""),
            ("gvpn-client profile list --", "--state-dir --json --log-level --help"),
            ("gvpn-client --once do", "doctor"),
            ("gvpn-client --accept-routes=n", "none"),
            ("gvpn-client --offload ", "auto off"),
            ("gvpn-client --log-level d", "debug"),
            ("gvpn-client --server office.example.com:5", ""),
            ("gvpn-client --pin ", ""),
            ("gvpn-client gvpn://office.example.com:51005/?pin=x --on", "--once"),
            ("gvpn-client gvpn://office.example.com:51005/?pin=x ", ""),
            ("gvpn-client frobnicate --", ""),
            ("gvpn-gui --", "--hidden --log-level --help --version"),
            ("gvpn-gui --log-level=i", "info"),
            ("gvpn-gui gv", ""),
        ))
        self.assertEqual(set(self.complete("gvpn-client --")), self.options_of("gvpn-client"))
        self.assertEqual(set(self.complete("gvpn-gui --")), self.options_of("gvpn-gui"))
        self.assertLessEqual(set(self.complete("gvpn-client doctor --")), self.options_of("gvpn-client"))

    def test_names_of_profiles(self):
        self.assertEqual(self.complete("gvpn-client --profile "), [])
        for name in ("Head office", "Heap", "Branch", 'A "b" \\c'):
            self.add_profile(name)
        (self.home / ".config/gvpn/profiles/broken.json").write_text("{")
        other = self.home / "other place"
        self.add_profile("Other", "--state-dir", other)
        for line, expected in (
                ("gvpn-client --profile ", ['A "b" \\c', "Branch", "Head office", "Heap"]),
                ("gvpn-client --profile=He", ["Head office", "Heap"]),
                ("gvpn-client --profile Head\\ of", ["Head office"]),
                ('gvpn-client --profile "Head o', ["Head office"]),
                ("gvpn-client profile show B", ["Branch"]),
                ("gvpn-client profile export x", []),
                ("gvpn-client doctor --profile Bra", ["Branch"])):
            with self.subTest(line):
                self.assertEqual(self.complete(line), expected)
        (self.home / "place").symlink_to(other)
        self.assertEqual(self.complete("gvpn-client --state-dir place --profile "), ["Other"])
        self.assertEqual(self.complete("gvpn-client --state-dir=place profile remove "), ["Other"])

    def test_only_the_installed_program_is_run_and_not_behind_sudo(self):
        self.add_profile("Head office")
        marks = self.home / "marks"
        marks.mkdir()
        foreign = self.home / "gvpn-client"
        foreign.write_text(f"#!/bin/sh\ntouch {marks}/foreign\n", encoding="ascii")
        foreign.chmod(0o755)
        for line in ("./gvpn-client --profile H", f"{foreign} --profile H", "./gvpn-client profile show H"):
            with self.subTest(line):
                self.assertEqual(self.complete(line, "gvpn-client"), [])
        self.assertEqual(self.complete("sudo gvpn-client --off", "sudo"), ["--offload"])
        for line in ("sudo gvpn-client --profile H", "sudo -u root gvpn-client profile show H"):
            with self.subTest(line):
                self.assertEqual(self.complete(line, "sudo"), [])
        self.assertEqual(list(marks.iterdir()), [])
        self.environment["PATH"] = os.environ["PATH"]
        self.assertEqual(self.complete("gvpn-client --profile H"), [])

    def test_a_person_gets_a_name_with_blanks_by_the_tabulator_key(self):
        self.add_profile("Head office")
        shell = Terminal("bash", ["env", "-i", *(f"{name}={value}" for name, value in self.environment.items()),
                                  "INPUTRC=/dev/null", "TERM=dumb", "PS1=> ", "bash", "--norc", "--noprofile", "-i"])
        self.addCleanup(shell.kill)
        program = PROGRAMS["gvpn-client"]
        shell.type(f"source {LIBRARY}; source {shlex.quote(str(FILES / 'gvpn-client'))}; PATH={program.parent}:$PATH; "
                   "echo rea''dy\n")
        shell.wait_shown("ready")
        shell.type("gvpn-client pro\tsh\tHe\t\n")
        shell.wait_shown("Server: office.example.com:51005")


if __name__ == "__main__":
    if not LIBRARY.exists():
        print("skipped: bash-completion is not installed")
        sys.exit(SKIPPED)
    unittest.main()
