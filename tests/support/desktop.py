"""A person's desktop in a home of the lab: a user with an active session, system and session bus, polkit, keyring, X
server, window manager and a panel with a tray; all real programs, gone with the test, /etc, /usr and /var as before.

desktop_world.py makes it (root, inside of its own mount and process namespaces), desktop_session.py is what the user's
login would start, desktop_probe.py looks at windows and touches them.
"""

import contextlib
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

from support.namespaces import at_end, not_at_end, run

HERE = Path(__file__).resolve().parent
# As desktop_world.py mounts them.
SHARED = Path("/srv/shared")
SUPPORT = Path("/srv/support")
CGROUP_ROOT = Path("/sys/fs/cgroup")
TOOLS = ("Xvfb", "openbox", "xfce4-panel", "xdotool", "xprop", "xwininfo", "import", "convert", "dbus-daemon",
         "dbus-run-session", "gnome-keyring-daemon", "secret-tool", "gdbus", "setpriv", "unshare", "nsenter")
ACCESSIBILITY = "import gi; gi.require_version('Atspi', '2.0'); from gi.repository import Atspi"


def missing_desktop_tools():
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    can_look = subprocess.run(["/usr/bin/python3", "-c", ACCESSIBILITY], capture_output=True, check=False)
    return missing if can_look.returncode == 0 else [*missing, "gir1.2-atspi-2.0"]


class Desktop:
    """Started at once and ready when the constructor returns. close() ends every program of it."""

    def __init__(self, lab, home=None, keyring="open", panel=True, language="C.UTF-8", installs=True):
        """keyring: "open", "locked" (there is one, nobody opens it) or "none". panel: is there a tray?"""
        self.lab = lab
        self.home = home or lab.home
        self.folder = lab.folder / f"desktop-{self.home.role}-{time.monotonic_ns()}"
        self.folder.mkdir(mode=0o755)
        self.pictures = self.folder / "pictures"
        self.pictures.mkdir()
        self.pictures.chmod(0o1777)
        self._picture_count = 0
        self._probe, self._asked = None, 0
        wanted = {"build": str(lab.build) if installs else None, "keyring": keyring, "panel": panel,
                  "language": language}
        (self.folder / "wanted.json").write_text(json.dumps(wanted), encoding="utf-8")
        self.world = lab.start("desktop", ["unshare", "-mpf", "--kill-child", "--mount-proc", "--propagation", "private",
                                           "/usr/bin/python3", "-B", HERE / "desktop_world.py", self.folder], self.home)
        at_end(self.close)
        try:
            lab.wait_until(self._is_ready, "the desktop is there", 120)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.world.describe(60)}") from None
        self.session = json.loads((self.folder / "session.json").read_text(encoding="utf-8"))
        self.uid = self.session["uid"]

    def close(self):
        not_at_end(self.close)
        self.world.kill()
        scope = f"user.slice/user-{getattr(self, 'uid', 0)}.slice"
        for name in (f"{scope}/session-c1.scope", scope):
            # Processes that were just killed may still count.
            for _ in range(50):
                with contextlib.suppress(OSError):
                    (CGROUP_ROOT / name).rmdir()
                if not (CGROUP_ROOT / name).exists():
                    break
                time.sleep(0.02)

    # -- programs of the user and of root

    def run(self, *argv, as_root=False, check=True, timeout=30, text=None):
        """Runs a command inside to its end, as the user in his session; CompletedProcess."""
        return run(*self._inside(argv, as_root), check=check, timeout=timeout, text=text)

    def start(self, name, *argv, as_root=False, **options):
        """A Program of the user's, in his session."""
        return self.lab.start(name, self._inside(argv, as_root), **options)

    def spawn(self, *argv):
        """A program that nobody reads; its output goes to a file below .folder."""
        name = Path(argv[0]).name
        log = open(self.folder / f"{name}.log", "ab")  # pylint: disable=consider-using-with
        with log:
            return subprocess.Popen([str(word) for word in self._inside(argv, False)], stdin=subprocess.DEVNULL,
                                    stdout=log, stderr=log)

    def _inside(self, argv, as_root):
        enter = ["nsenter", "-t", self._init_pid(), "-m", "-p", "-n", "-r", "--"]
        if as_root:
            return [*enter, *argv]
        # In the session's scope: that is how polkit knows whose session a process belongs to.
        variables = [f"{key}={value}" for key, value in self.session["environment"].items()]
        return [*enter, "/usr/bin/python3", "-B", SUPPORT / "desktop_enter.py", self.session["scope"], str(self.uid),
                "env", "-i", *variables, *argv]

    def _init_pid(self):
        """The first process of the desktop's process namespace, as it is called outside."""
        children = Path(f"/proc/{self.world.pid}/task/{self.world.pid}/children").read_text(encoding="ascii")
        return children.split()[0]

    def _is_ready(self):
        if not self.world.is_running():
            raise AssertionError("the desktop's world has ended")
        return (self.folder / "session.json").exists()

    # -- looking and touching: desktop_probe.py says what the words mean

    def probe(self, *words, timeout=60):
        if self._probe is None:
            self._probe = self.start("probe", "/usr/bin/python3", "-B", SUPPORT / "desktop_probe.py",
                                     stdin=subprocess.PIPE)
        self._asked += 1
        self._probe.process.stdin.write(json.dumps(words) + "\n")
        self._probe.process.stdin.flush()
        answer = self._probe.wait_event(answer=self._asked, deadline_s=timeout)
        if "error" in answer:
            raise AssertionError(answer["error"])
        return answer["value"]

    def wait_for(self, name, role="", deadline_s=40):
        return self.probe("wait", name, role, deadline_s, timeout=deadline_s + 10)

    def wait_gone(self, name, role="", deadline_s=40):
        self.probe("gone", name, role, deadline_s, timeout=deadline_s + 10)

    def is_there(self, name, role=""):
        return self.probe("find", name, role) is not None

    def press(self, name, role="", deadline_s=40):
        """A real pointer event in the middle of it."""
        return self.probe("press", name, role, deadline_s, timeout=deadline_s + 10)

    def click(self, x, y, button=1):
        self.probe("click", x, y, button)

    def keys(self, *names):
        self.probe("keys", *names)

    def type(self, text):
        self.probe("type", text)

    def picture(self, name):
        """A PNG of the whole screen; numbered, so that they sort in the order in which they were taken."""
        self._picture_count += 1
        file = f"{self._picture_count:02}-{name}.png"
        self.run("import", "-window", "root", SHARED / "pictures" / file)
        return self.pictures / file

    def start_panel(self):
        """Later than the login."""
        self.spawn("xfce4-panel", "--disable-wm-check")

    def stop_panel(self):
        self.run("xfce4-panel", "--quit")

    def write(self, path, text, mode=0o600):
        """A file of the user's; path: below his home."""
        self.run("sh", "-c", 'umask 077; mkdir -p "$(dirname "$1")" && cat >"$1" && chmod "$2" "$1"', "sh",
                 f"{self.session['environment']['HOME']}/{path}", f"{mode:o}", text=text)

    def add_host(self, address, name):
        self.run("sh", "-c", 'echo "$1" >>/etc/hosts', "sh", f"{address} {name}", as_root=True)

    def lock_keyring(self):
        self.run("gdbus", "call", "--session", "-d", "org.freedesktop.secrets", "-o", "/org/freedesktop/secrets",
                 "-m", "org.freedesktop.Secret.Service.Lock", "['/org/freedesktop/secrets/collection/login']")

    def keep_pictures(self, name):
        """Copies them to where people look at them: the folder that $GVPN_ARTIFACTS names, else one of the build."""
        target = Path(os.environ.get("GVPN_ARTIFACTS", self.lab.build / "screenshots"))
        shutil.copytree(self.pictures, target / name, dirs_exist_ok=True)
