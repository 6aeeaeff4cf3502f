"""Network namespaces for tests and the demo: made under names of this process, entered, watched, and removed whatever
happens. Linux only, root only, Python's standard library only."""

import atexit
import contextlib
import ctypes
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

PREFIX = "gvpn-lab"
RECORDS = ("/run/gvpn", "/run/gvpn-helper")
OWN_FILES = "/etc/netns"
CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


def run(*argv, namespace=None, check=True, timeout=30, text=None):
    """Runs a command to its end, in a namespace if one is given; returns CompletedProcess with text output."""
    command = [str(word) for word in argv]
    if namespace is not None:
        command = ["ip", "netns", "exec", namespace, *command]
    result = subprocess.run(command, input=text, stdin=None if text else subprocess.DEVNULL, capture_output=True,
                            text=True, timeout=timeout, check=False)
    if check and result.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: exit status {result.returncode}\n{result.stdout}{result.stderr}")
    return result


class Namespace:
    """One network namespace; made by Lab."""

    def __init__(self, role):
        self.role = role
        self.name = f"{PREFIX}-{os.getpid()}-{role}"
        run("ip", "netns", "add", self.name)
        at_end(self.remove)
        # An earlier namespace may have had the same number.
        for record in self.records():
            shutil.rmtree(record, ignore_errors=True)
        # A new namespace inherits some of these from the host: set what the tests rely on.
        self.write_switch("net/ipv6/conf/default/accept_dad", 0)
        self.write_switch("net/ipv6/conf/default/accept_ra", 0)
        self.write_switch("net/ipv6/conf/default/disable_ipv6", 0)
        self.write_switch("net/ipv4/conf/default/rp_filter", 0)
        self.write_switch("net/ipv4/conf/all/rp_filter", 0)
        self.write_switch("net/ipv4/ip_forward", 0)
        self.write_switch("net/ipv6/conf/all/forwarding", 0)
        self.write_switch("net/ipv4/ping_group_range", "0 2147483647")
        self.run("ip", "link", "set", "lo", "up")

    def remove(self):
        """Its programs must be gone."""
        not_at_end(self.remove)
        _delete(self.name)

    def record(self):
        """Where gvpn programs write down what to undo after a kill: common/system/run_directory.h."""
        return self.records()[0]

    def records(self):
        """The same, and where the helper does."""
        return _records_of(self.name)

    def write_etc(self, name, text):
        """Programs that are started in the namespace from now on see this as /etc/<name>, and later changes at once
        (ip-netns(8))."""
        folder = Path(OWN_FILES, self.name)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="ascii")

    def run(self, *argv, **options):
        return run(*argv, namespace=self.name, **options)

    @contextlib.contextmanager
    def entered(self):
        """This thread's new sockets and child processes belong to the namespace inside the with block."""
        with open(f"/proc/self/task/{_thread_id()}/ns/net", "rb") as outside, \
                open(f"/run/netns/{self.name}", "rb") as inside:
            _set_namespace(inside.fileno())
            try:
                yield self
            finally:
                _set_namespace(outside.fileno())

    def write_switch(self, path, value):
        with self.entered(), open(f"/proc/sys/{path}", "w", encoding="ascii") as file:
            file.write(f"{value}\n")

    def read_switch(self, path):
        # /proc/sys/net shows the namespace of the process that opens the file.
        with self.entered(), open(f"/proc/sys/{path}", encoding="ascii") as file:
            return file.read().strip()

    def switches(self):
        """All switches of every interface, of 'default' and of 'all', as 'path = value' lines."""
        lines = []
        with self.entered():
            for family in ("ipv4", "ipv6"):
                base = Path(f"/proc/sys/net/{family}/conf")
                for path in sorted(base.glob("*/*")):
                    if path.name == "stable_secret":  # random
                        continue
                    with contextlib.suppress(OSError):  # the interface has gone meanwhile
                        value = path.read_text(encoding="ascii").strip()
                        lines.append(f"{path.relative_to('/proc/sys/net')} = {value}")
        return lines

    def add_veth(self, here, other, there):
        """A pair of interfaces: `here` in this namespace, `there` in the other; both up."""
        run("ip", "link", "add", here, "netns", self.name, "type", "veth", "peer", "name", there, "netns", other.name)
        self.run("ip", "link", "set", here, "up")
        other.run("ip", "link", "set", there, "up")

    def add_address(self, interface, address):
        family = ["nodad"] if ":" in address else []
        self.run("ip", "addr", "add", address, "dev", interface, *family)


def _thread_id():
    return _libc.gettid()


def _set_namespace(descriptor):
    if _libc.setns(descriptor, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def _records_of(name):
    number = os.stat(f"/run/netns/{name}").st_ino
    return [f"{folder}/net-{number}" for folder in RECORDS]


def _delete(name):
    # The record first: as soon as the namespace is gone, another one can have its number.
    if os.path.exists(f"/run/netns/{name}"):
        for record in _records_of(name):
            shutil.rmtree(record, ignore_errors=True)
    run("ip", "netns", "del", name, check=False)
    shutil.rmtree(f"{OWN_FILES}/{name}", ignore_errors=True)
    with contextlib.suppress(OSError):  # other namespaces have files there, or there is no folder
        os.rmdir(OWN_FILES)


def remove_leftovers():
    """Deletes the namespaces of runs whose process is gone: a killed run can't clean up after itself."""
    for line in run("ip", "netns", "list").stdout.splitlines():
        match = re.match(rf"({PREFIX}-(\d+)-\w+)", line)
        if match and not os.path.exists(f"/proc/{match.group(2)}"):
            _delete(match.group(1))


_cleanups = []


def at_end(action):
    """Runs action when this process ends, also by SIGTERM, SIGINT or SIGHUP; last registered first."""
    if not _cleanups:
        atexit.register(_clean_up)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, _on_signal)
    _cleanups.append(action)


def not_at_end(action):
    """action was done, or is not needed any more."""
    if action in _cleanups:
        _cleanups.remove(action)


def _on_signal(number, _frame):
    # An exception, so that what is under way unwinds; atexit does the rest.
    raise SystemExit(128 + number)


def _clean_up():
    while _cleanups:
        action = _cleanups.pop()
        try:
            action()
        except Exception as error:  # pylint: disable=broad-except
            print(f"while cleaning up: {error}", flush=True)
