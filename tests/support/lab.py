"""The world of the reference scenario in network namespaces:

    home, home2, …  ──┐
                      ├── internet (a bridge) ── office ── lan
    203.0.113.101 …   │      203.0.113.254     203.0.113.1
    2001:db8:113::101 ┘      2001:db8:113::254 2001:db8:113::1
                                               172.17.0.1    172.17.0.4      /16
                                               fd00:17::1    fd00:17::4      /64

The homes and the office have their default routes to the internet, which forwards nothing: a home has no way to the
LAN. Used by the end-to-end tests and by the demo.
"""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from support.namespaces import Namespace, at_end, not_at_end, remove_leftovers
from support.program import Program

OFFICE = "203.0.113.1"
OFFICE6 = "2001:db8:113::1"
PORT = 51005
LAN = "172.17.0.0/16"
LAN6 = "fd00:17::/64"
OFFICE_LAN = "172.17.0.1"
LAN_HOST = "172.17.0.4"
OFFICE_LAN6 = "fd00:17::1"
LAN_HOST6 = "fd00:17::4"
POOL = "10.86.0.0/24"
POOL6 = "fd86::/64"
GATEWAY = "10.86.0.1"

PAGE = "<html><body><h1>The office's own page</h1></body></html>\n"
BIG_FILE_BYTES = 50 * 1024 * 1024


class Lab:
    """Namespaces, the programs in them and a folder for their files. close() removes everything; so does the end of the
    process."""

    def __init__(self, build, homes=1):
        remove_leftovers()
        self.build = Path(build)
        self.folder = Path(tempfile.mkdtemp(prefix="gvpn-lab-"))
        self.programs = []
        self._namespaces = []
        at_end(self.close)
        self.internet = self._add("internet")
        self.office = self._add("office")
        self.lan = self._add("lan")
        self._make_internet()
        self._make_office()
        self.homes = [self._make_home(number) for number in range(1, homes + 1)]
        self.home = self.homes[0]

    # -- making the world

    def _add(self, role):
        namespace = Namespace(role)
        self._namespaces.append(namespace)
        return namespace

    def _make_internet(self):
        self.internet.run("ip", "link", "add", "br0", "type", "bridge", "mcast_snooping", "0")
        self.internet.run("ip", "link", "set", "br0", "up")
        self.internet.add_address("br0", "203.0.113.254/24")
        self.internet.add_address("br0", "2001:db8:113::254/64")

    def _join_internet(self, namespace, address, address6):
        namespace.add_veth("wan", self.internet, namespace.role)
        self.internet.run("ip", "link", "set", namespace.role, "master", "br0")
        namespace.add_address("wan", f"{address}/24")
        namespace.add_address("wan", f"{address6}/64")
        namespace.run("ip", "route", "add", "default", "via", "203.0.113.254")
        namespace.run("ip", "-6", "route", "add", "default", "via", "2001:db8:113::254")

    def _make_office(self):
        self._join_internet(self.office, OFFICE, OFFICE6)
        self.office.add_veth("lan", self.lan, "eth0")
        self.office.add_address("lan", f"{OFFICE_LAN}/16")
        self.office.add_address("lan", f"{OFFICE_LAN6}/64")
        self.lan.add_address("eth0", f"{LAN_HOST}/16")
        self.lan.add_address("eth0", f"{LAN_HOST6}/64")

    def _make_home(self, number):
        home = self._add("home" if number == 1 else f"home{number}")
        self._join_internet(home, f"203.0.113.{100 + number}", f"2001:db8:113::{100 + number}")
        return home

    def add_lan_routes_back(self):
        """The LAN knows the way to the tunnel network, as it must without masquerading."""
        self.lan.run("ip", "route", "add", POOL, "via", OFFICE_LAN)
        self.lan.run("ip", "-6", "route", "add", POOL6, "via", OFFICE_LAN6)

    def cut(self, home):
        """The line goes dead without anybody being told: no reset, no carrier loss."""
        self.internet.run("ip", "link", "set", home.role, "nomaster")

    def mend(self, home):
        self.internet.run("ip", "link", "set", home.role, "master", "br0")

    # -- programs

    def start(self, name, argv, namespace=None, **options):
        program = Program(name, argv, namespace, **options)
        self.programs.append(program)
        return program

    def binary(self, name):
        places = {"gvpn-server": "server/gvpn-server", "gvpn-client": "client-gui/cli/gvpn-client",
                  "gvpn-helper": "client-gui/helper/gvpn-helper"}
        path = self.build / places[name]
        if not path.exists():
            raise FileNotFoundError(f"{path} is not built")
        return path

    def state_dir(self, name):
        path = self.folder / name
        if not path.exists():
            path.mkdir(mode=0o700)
        return path

    def start_server(self, *options, place=None, bypass=(LAN,), cidr=(POOL,), login="none", state="server", prefix=()):
        """The server with --json, in the office if no place is named; --address and everything else as options. prefix:
        a command that starts it."""
        argv = [*prefix, self.binary("gvpn-server"), "--json", f"--state-dir={self.state_dir(state)}"]
        argv += [f"--bypass={prefix}" for prefix in bypass] + [f"--cidr={prefix}" for prefix in cidr]
        argv += ["--login", login] if login else []
        return self.start("gvpn-server", [*argv, *options], place or self.office)

    def start_client(self, *options, home=None, state=None, prefix=()):
        home = home or self.home
        argv = [*prefix, self.binary("gvpn-client"), "--json", f"--state-dir={self.state_dir(state or home.role)}"]
        return self.start(f"gvpn-client ({home.role})", [*argv, *options], home)

    def admin(self, *words, state="server", check=True, text=None):
        """Runs a subcommand of gvpn-server in the office; what it prints as JSON. check=False: (exit status, JSON or
        None, standard error). text: its standard input."""
        command = [self.binary("gvpn-server"), *words, "--json", f"--state-dir={self.state_dir(state)}"]
        result = self.office.run(*command, check=False, text=text)
        if check and result.returncode != 0:
            raise AssertionError(f"gvpn-server {' '.join(map(str, words))}: exit status {result.returncode}\n"
                                 f"{result.stdout}{result.stderr}")
        try:
            answer = json.loads(result.stdout)
        except ValueError:
            if check:
                raise AssertionError(f"no JSON: {result.stdout!r}") from None
            answer = None
        return answer if check else (result.returncode, answer, result.stderr)

    def start_web_server(self):
        """Serves a page and a file of 50 MB of random bytes in the LAN; returns the file's SHA-256."""
        folder = self.state_dir("www")
        (folder / "index.html").write_text(PAGE, encoding="ascii")
        content = os.urandom(BIG_FILE_BYTES)
        (folder / "big").write_bytes(content)
        self.start("web server", ["/usr/bin/python3", "-m", "http.server", "--bind", "::", "--directory", folder, "80"],
                   self.lan)
        self.wait_until(lambda: self.is_listening(self.lan, 80), "the web server listens")
        return hashlib.sha256(content).hexdigest()

    # -- looking

    @staticmethod
    def is_listening(namespace, port, udp=False):
        kind = "-u" if udp else "-t"
        return f":{port} " in namespace.run("ss", "-Hln", kind).stdout

    @staticmethod
    def wait_until(condition, what, deadline_s=30):
        limit = time.monotonic() + deadline_s
        while not condition():
            if time.monotonic() > limit:
                raise AssertionError(f"{what}: not within {deadline_s} s")
            time.sleep(0.02)

    @staticmethod
    def fetch(namespace, url, deadline_s=15, output="-"):
        """curl's result; stdout is the page."""
        return namespace.run("curl", "-sS", "-g", "--noproxy", "*", "--max-time", deadline_s, "-o", output, url,
                             check=False, timeout=deadline_s + 10)

    @staticmethod
    def ping(namespace, address, count=3, payload=56, interval=0.05, deadline_s=10, options=()):
        """ping's result; exit status 0 only if every echo came back."""
        result = namespace.run("ping", "-n", "-c", count, "-i", interval, "-s", payload, "-W", deadline_s, *options,
                               address, check=False, timeout=count * interval + deadline_s + 30)
        if result.returncode == 0 and f" {count} received, 0% packet loss" not in result.stdout:
            result.returncode = 1
        return result

    def describe(self):
        return "\n".join(program.describe() for program in self.programs if program.argv[0] != "/usr/bin/python3")

    # -- the end

    def close(self):
        not_at_end(self.close)
        for program in reversed(self.programs):
            program.kill()
        for namespace in self._namespaces:
            namespace.remove()
        self._namespaces.clear()
        shutil.rmtree(self.folder, ignore_errors=True)


def missing_tools(names):
    """Which of these programs are not installed."""
    return [name for name in names if shutil.which(name) is None]


def make_certificate(folder, name):
    """A self-signed P-256 certificate and its key as one PEM file: what a peer of its own making would show."""
    path = Path(folder) / f"{name}.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-days", "2", "-subj", f"/CN={name}", "-keyout", str(path), "-out", f"{path}.crt"],
                   check=True, capture_output=True)
    with open(path, "ab") as file:
        file.write(Path(f"{path}.crt").read_bytes())
    return path
