"""systemd-resolved for real in one home of the lab: with a system bus of its own or beside the installed helper, in a
mount namespace of its own, so that the machine's own name resolution is not touched."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from support.namespaces import run

PACKAGES = ("systemd-resolved", "libsystemd-shared")
SERVICE, CONTROL = "lib/systemd/systemd-resolved", "usr/bin/resolvectl"
LIBRARIES = "usr/lib/x86_64-linux-gnu/systemd"
USER, USER_ID = "systemd-resolve", 64991
STUB = "127.0.0.53"

BUS_CONFIG = """<busconfig><type>system</type><listen>unix:path={socket}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/>
</policy></busconfig>
"""
WORLD = """set -e
mount --bind {folder}/passwd /etc/passwd
mount --bind {folder}/group /etc/group
mount -t tmpfs -o mode=755 none /run/systemd
mkdir /run/systemd/resolve
chown {user}:{user} /run/systemd/resolve
echo '{{"event":"ready"}}'
exec sleep infinity
"""


BESIDE = """set -e
id -u {user} >/dev/null 2>&1 || useradd -r -M -s /usr/sbin/nologin {user}
mkdir -p /run/systemd
mount -t tmpfs -o mode=755 none /run/systemd
mkdir /run/systemd/resolve
chown {user}: /run/systemd/resolve
[ -e /{policy} ] || cp {root}/{policy} /{policy}
rm -f /etc/resolv.conf
echo 'nameserver {stub}' >/etc/resolv.conf
"""
POLICY = "usr/share/dbus-1/system.d/org.freedesktop.resolve1.conf"
RELOAD_BUS = ("import dbus; dbus.SystemBus().call_blocking('org.freedesktop.DBus', '/org/freedesktop/DBus',"
              " 'org.freedesktop.DBus', 'ReloadConfig', '', ())")


class Unavailable(Exception):
    """Says why systemd-resolved can't be had here."""


class Download:
    """The folder with the unpacked packages; downloaded once for all tests of a process."""

    folder = None

    @classmethod
    def get(cls):
        if cls.folder is None:
            folder = Path(tempfile.mkdtemp(prefix="gvpn-resolved-"))
            cls.folder = folder
            # apt's own user could not write here.
            command = ["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", *PACKAGES]
            try:
                subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=120)
                for package in folder.glob("*.deb"):
                    subprocess.run(["dpkg", "-x", package, folder], check=True, capture_output=True, timeout=60)
            except (OSError, subprocess.SubprocessError):
                pass
            folder.chmod(0o755)
        return cls.folder

    @classmethod
    def remove(cls):
        if cls.folder is not None:
            shutil.rmtree(cls.folder, ignore_errors=True)
            cls.folder = None


def _root():
    """Below what folder the programs are, or Unavailable."""
    if Path("/", SERVICE).exists():
        return Path("/")
    root = Download.get()
    if not (root / SERVICE).exists():
        raise Unavailable("systemd-resolved is not installed and can't be downloaded")
    return root


def start_names(lab, namespace, address, **names):
    """A name server for tests, as a Program; see name_server.py."""
    script = Path(__file__).resolve().parent / "name_server.py"
    server = lab.start(f"names in {namespace.role}", ["/usr/bin/python3", "-B", script, address,
                                                      *(f"{name}={value}" for name, value in names.items())], namespace)
    server.wait_event(event="ready")
    return server


class Running:
    """What both kinds have in common: run() starts a command where systemd-resolved serves it."""

    _root = None

    def run(self, *command, **options):
        raise NotImplementedError

    def _serve(self, lab, argv, namespace, uplink):
        """Its uplink is the resolver `uplink`, over the interface wan."""
        lab.start("systemd-resolved", [*argv, self._root / SERVICE], namespace)
        lab.wait_until(lambda: lab.is_listening(namespace, 53, udp=True), "systemd-resolved listens")
        self.control("dns", "wan", uplink)
        self.control("default-route", "wan", "yes")

    def control(self, *words):
        """What resolvectl says."""
        return self.run(self._root / CONTROL, *words).stdout

    def settings(self):
        """All that it has for the links that are there."""
        return [self.control(word) for word in ("dns", "domain", "default-route")]

    def address_of(self, name):
        """As any program asks: an IPv4 address, or nothing."""
        answer = self.run("getent", "ahostsv4", name, check=False).stdout.split()
        return answer[0] if answer else None


class ResolvedBeside(Running):
    """In a BusWorld of the namespace, on its system bus."""

    def __init__(self, lab, world, namespace, uplink):
        self._root = _root()
        self._world = world
        world.run("sh", "-c", BESIDE.format(user=USER, policy=POLICY, root=self._root, stub=STUB))
        world.run("/usr/bin/python3", "-c", RELOAD_BUS)
        self._library_path = f"LD_LIBRARY_PATH={self._root / LIBRARIES}"
        self._serve(lab, [*world.enter(), "env", self._library_path], namespace, uplink)

    def run(self, *command, **options):
        return self._world.run("env", self._library_path, *command, **options)


class Resolved(Running):
    """In the namespace, with a bus of its own."""

    def __init__(self, lab, namespace, uplink):
        if shutil.which("dbus-daemon") is None:
            raise Unavailable("dbus-daemon is not installed")
        self._root = _root()
        self._lab, self._namespace = lab, namespace
        self._folder = lab.state_dir(f"resolved-{namespace.role}")
        for folder in (lab.folder, self._folder):
            folder.chmod(0o755)
        namespace.write_etc("resolv.conf", f"nameserver {STUB}\n")
        self._world = self._start_world()
        self._start_bus()
        self._serve(lab, self.prefix(), namespace, uplink)

    def _start_world(self):
        for name, line in (("passwd", f"{USER}:x:{USER_ID}:{USER_ID}::/:/usr/sbin/nologin\n"),
                           ("group", f"{USER}:x:{USER_ID}:\n")):
            present = Path("/etc", name).read_text(encoding="utf-8")
            own = "" if f"\n{USER}:" in present else line
            (self._folder / name).write_text(present + own, encoding="utf-8")
        Path("/run/systemd").mkdir(exist_ok=True)
        script = WORLD.format(folder=self._folder, user=USER)
        world = self._lab.start("world", ["unshare", "--mount", "--propagation", "private", "sh", "-c", script],
                                self._namespace)
        world.wait_event(event="ready")
        return world

    def _start_bus(self):
        socket, config = self._folder / "bus", self._folder / "bus.conf"
        config.write_text(BUS_CONFIG.format(socket=socket), encoding="ascii")
        self._lab.start("bus", [*self.prefix(), "dbus-daemon", "--nofork", "--nopidfile", "--nosyslog",
                                f"--config-file={config}"], self._namespace)
        self._lab.wait_until(socket.exists, "the bus listens")

    def prefix(self):
        """A command that starts a program in this world."""
        return ("nsenter", f"--mount=/proc/{self._world.pid}/ns/mnt", "env",
                f"LD_LIBRARY_PATH={self._root / LIBRARIES}", f"DBUS_SYSTEM_BUS_ADDRESS=unix:path={self._folder}/bus")

    def run(self, *command, **options):
        return run(*self.prefix(), *command, namespace=self._namespace.name, **options)
