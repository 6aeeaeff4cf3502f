"""A computer with a system bus, polkit and the installed gvpn-helper, in the network namespace of a lab's home; and
programs of unprivileged users in it."""

import json
import os
import shutil
import subprocess
import time
from pathlib import Path

from support.program import Program

# What the rules in bus_world.sh say of them: like somebody at the screen, one who may everything, one in no session (an
# administrator has to agree, and no agent asks), one whom the system's rules keep out.
ACTIVE, ADMIN, GUEST, DENIED = "gvpn-active", "gvpn-admin", "gvpn-guest", "gvpn-denied"
SUPPORT = Path(__file__).resolve().parent
POLKITD = "/usr/lib/polkit-1/polkitd"


def why_impossible():
    """Why there can be no such world here, or nothing."""
    missing = [name for name in ("dbus-daemon", "cmake", "nsenter", "useradd") if shutil.which(name) is None]
    if missing:
        return f"not installed: {', '.join(missing)}"
    if not os.path.exists(POLKITD):
        return "not installed: polkitd"
    if subprocess.run(["/usr/bin/python3", "-c", "import dbus"], capture_output=True, check=False).returncode != 0:
        return "not installed: python3-dbus"
    return None


def child_of(pid):
    """The number of its only child process, or nothing."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return int(children[0]) if children else None


class BusWorld:
    def __init__(self, lab, namespace):
        self._lab = lab
        lab.folder.chmod(0o755)
        self.program = lab.start("bus world", ["unshare", "-mpf", "--kill-child", "--mount-proc", "--propagation",
                                               "private", SUPPORT / "bus_world.sh", lab.folder / "world", lab.build],
                                 namespace)
        self.program.wait_event(event="ready", deadline_s=60)
        self._pid = child_of(self.program.pid)

    def enter(self):
        """A command that starts a program in here, as root."""
        return ["nsenter", "-t", str(self._pid), "-m", "-p", "-n", "-r"]

    def run(self, *argv, check=True):
        """As root, to its end."""
        return subprocess.run([*self.enter(), *map(str, argv)], capture_output=True, text=True, timeout=30, check=check)

    def uid(self, user):
        return int(self.run("id", "-u", user).stdout)

    def argv_of(self, user, argv):
        """The same program without any right."""
        return [*self.enter(), "setpriv", "--reuid", user, "--regid", user, "--init-groups", "--inh-caps=-all",
                "--bounding-set=-all", "env", "-i", "PATH=/usr/bin:/bin", "LANG=C.UTF-8", "HOME=/nonexistent", *argv]

    def start(self, name, user, argv, **options):
        return self._lab.start(name, self.argv_of(user, argv), **options)

    def signal(self, program, number):
        """To the program itself: nsenter, which waits for it, does not pass signals on."""
        inner = child_of(program.pid)
        os.kill(inner, number)

    def stop(self, program, number, deadline_s=30):
        self.signal(program, number)
        return program.wait_end(deadline_s)

    def helper_pid(self):
        """In the world's own numbers; nothing: it doesn't run."""
        found = self.run("pgrep", "-x", "gvpn-helper", check=False).stdout.split()
        return int(found[0]) if found else None

    def signal_helper(self, name):
        self.run("kill", f"-{name}", self.helper_pid())

    def wait_for_no_helper(self, deadline_s=15):
        limit = time.monotonic() + deadline_s
        while self.helper_pid() is not None:
            if time.monotonic() > limit:
                raise AssertionError(f"the helper has not ended within {deadline_s} s")
            time.sleep(0.05)


class BusCaller:
    """A process of a user that calls the helper when it is told to; everything it has ends with it."""

    def __init__(self, world, user):
        self._world = world
        script = ["/usr/bin/python3", "-B", str(SUPPORT / "bus_caller.py")]
        self.program = world.start(f"caller ({user})", user, script, stdin=subprocess.PIPE)
        self._answers = 0

    def send(self, command, **fields):
        self.program.process.stdin.write(json.dumps({"command": command, **fields}) + "\n")
        self.program.process.stdin.flush()

    def receive(self, deadline_s=20):
        self._answers += 1
        return self.program.wait_event(answer=self._answers, deadline_s=deadline_s)

    def do(self, command, deadline_s=20, **fields):
        """What it answers: fields of its own, or "error" and "cause"."""
        self.send(command, **fields)
        return self.receive(deadline_s)

    def apply(self, lease, addresses=("10.86.0.2/24",), routes=("172.17.0.0/16",), mtu=1500):
        return self.do("apply", lease=lease, addresses=addresses, routes=routes, mtu=mtu)

    def set_names(self, lease, *domains, servers=("172.17.0.53",)):
        return self.do("set_names", lease=lease, servers=servers, domains=domains)

    def leave(self, number):
        self._world.stop(self.program, number)
