"""A person's desktop in a home of the lab: a user with an active session, system and session bus, polkit, keyring, X
server, window manager and a panel with a tray; all real programs, gone with the test, /etc, /usr and /var as before.

desktop_world.py makes it (root, inside of its own mount and process namespaces), desktop_session.py is what the user's
login would start, desktop_probe.py looks at windows and presses buttons by their accessible names.
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
TOOLS = ("Xvfb", "openbox", "xfce4-panel", "xdotool", "import", "convert", "dbus-daemon", "dbus-run-session",
         "gnome-keyring-daemon", "secret-tool", "gdbus", "setpriv", "unshare", "nsenter")


def missing_desktop_tools():
    return [tool for tool in TOOLS if shutil.which(tool) is None]


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
        wanted = {"build": str(lab.build) if installs else None, "keyring": keyring, "panel": panel,
                  "language": language}
        (self.folder / "wanted.json").write_text(json.dumps(wanted), encoding="utf-8")
        self.world = lab.start("desktop", ["unshare", "-mpf", "--kill-child", "--mount-proc", "--propagation", "private",
                                           "/usr/bin/python3", "-B", HERE / "desktop_world.py", self.folder], self.home)
        at_end(self.close)
        try:
            lab.wait_until(self._is_ready, "the desktop is there", 40)
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

    def start(self, name, *argv, as_root=False):
        """A Program of the user's, in his session."""
        return self.lab.start(name, self._inside(argv, as_root))

    def spawn(self, *argv):
        """A program that nobody reads; its output goes to a file below .folder."""
        name = Path(argv[0]).name
        log = open(self.folder / f"{name}.log", "ab")  # pylint: disable=consider-using-with
        with log:
            return subprocess.Popen([str(word) for word in self._inside(argv, False)], stdin=subprocess.DEVNULL,
                                    stdout=log, stderr=log)

    def _inside(self, argv, as_root):
        enter = ["nsenter", "-t", self._init_pid(), "-m", "-p", "-n", "--"]
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

    # -- looking and touching

    def probe(self, *words, check=True, timeout=20):
        """desktop_probe.py's answer."""
        result = self.run("/usr/bin/python3", "-B", SUPPORT / "desktop_probe.py", *words, check=check, timeout=timeout)
        return json.loads(result.stdout) if result.stdout.strip() else None

    def wait_for(self, name, role=None, deadline_s=15):
        """The widget of this accessible name, as {"name", "role", "x", "y", "width", "height", "states", "text"}."""
        words = ["wait", name, role or "", str(deadline_s)]
        return self.probe(*words, timeout=deadline_s + 10)

    def is_there(self, name, role=None):
        return self.probe("find", name, role or "") is not None

    def click_widget(self, name, role=None, button=1):
        """A real pointer event in the middle of it."""
        widget = self.wait_for(name, role)
        self.click(widget["x"] + widget["width"] // 2, widget["y"] + widget["height"] // 2, button)

    def click(self, x, y, button=1):
        self.run("xdotool", "mousemove", str(x), str(y), "sleep", "0.05", "click", str(button))

    def keys(self, *names):
        self.run("xdotool", "key", "--clearmodifiers", *names)

    def type(self, text):
        self.run("xdotool", "type", "--delay", "5", text)

    def picture(self, name):
        """A PNG of the whole screen; numbered, so that they sort in the order in which they were taken."""
        self._picture_count += 1
        file = f"{self._picture_count:02}-{name}.png"
        self.run("import", "-window", "root", SHARED / "pictures" / file)
        return self.pictures / file

    def lock_keyring(self):
        self.run("gdbus", "call", "--session", "-d", "org.freedesktop.secrets", "-o", "/org/freedesktop/secrets",
                 "-m", "org.freedesktop.Secret.Service.Lock", "['/org/freedesktop/secrets/collection/login']")

    def keep_pictures(self, name):
        """Copies them to the folder that $GVPN_ARTIFACTS names, if it does."""
        target = os.environ.get("GVPN_ARTIFACTS")
        if target:
            shutil.copytree(self.pictures, Path(target) / name, dirs_exist_ok=True)
