"""Makes a desktop's world and stays until it is killed; the first process of its own process namespace, root. Mounts,
users and files that it makes vanish with its mount namespace. See desktop.py."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

USER = "gvpn-test"
LAYER = Path("/srv")
SHARED = LAYER / "shared"  # with the test, outside
SUPPORT = LAYER / "support"
SYSTEM_BUS = Path("/run/dbus/system_bus_socket")


def run(*argv, **options):
    subprocess.run([str(word) for word in argv], check=True, **options)


def lay_over(folder):
    """What is installed or written from now on goes into memory."""
    run("mount", "-t", "tmpfs", "-o", "mode=755", "none", LAYER)
    for place, source in ((SHARED, folder), (SUPPORT, Path(__file__).resolve().parent)):
        place.mkdir()
        run("mount", "--bind", source, place)
    for name in ("usr", "etc", "var"):
        upper, work = LAYER / name / "upper", LAYER / name / "work"
        upper.mkdir(parents=True)
        work.mkdir()
        run("mount", "-t", "overlay", "overlay", "-o", f"lowerdir=/{name},upperdir={upper},workdir={work}", f"/{name}")


def add_user():
    run("useradd", "-M", "-d", "/nonexistent", "-s", "/usr/sbin/nologin", "-U", USER)
    return int(subprocess.run(["id", "-u", USER], check=True, capture_output=True, text=True).stdout)


def fake_login(uid):
    """An active session as logind writes it down; polkit reads these files and the control group of a process."""
    for place in ("/run/dbus", "/run/systemd"):
        Path(place).mkdir(exist_ok=True)
        run("mount", "-t", "tmpfs", "-o", "mode=755", "none", place)
    for name in ("seats", "sessions", "users", "machines"):
        Path("/run/systemd", name).mkdir()
    Path("/run/systemd/users", str(uid)).write_text(
        f"NAME={USER}\nSTATE=active\nDISPLAY=c1\nSESSIONS=c1\n", encoding="ascii")
    Path("/run/systemd/sessions/c1").write_text(
        f"UID={uid}\nUSER={USER}\nACTIVE=1\nSTATE=active\nTYPE=x11\nCLASS=user\nSEAT=seat0\n", encoding="ascii")
    run("mount", "-t", "cgroup2", "none", "/sys/fs/cgroup")
    scope = Path(f"/sys/fs/cgroup/user.slice/user-{uid}.slice/session-c1.scope")
    scope.mkdir(parents=True, exist_ok=True)
    return scope


def start_system_bus():
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    subprocess.Popen(["dbus-daemon", "--system", "--nofork", "--nopidfile", "--nosyslog"],  # pylint: disable=R1732
                     env=environment, stdin=subprocess.DEVNULL)
    while not SYSTEM_BUS.exists():
        time.sleep(0.02)


def make_home(uid):
    home = LAYER / "home"
    for place in (home, home / "run"):
        place.mkdir(mode=0o700)
        os.chown(place, uid, uid)
    # Last, since the build may lie there: a display of our own, whatever is taken outside.
    run("mount", "-t", "tmpfs", "-o", "mode=1777", "none", "/tmp")
    Path("/tmp/.X11-unix").mkdir()
    Path("/tmp/.X11-unix").chmod(0o1777)
    return home


def start_session(wanted, home, scope, uid):
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": wanted["language"], "HOME": str(home),
                   "XDG_RUNTIME_DIR": str(home / "run"), "XDG_CURRENT_DESKTOP": "XFCE", "USER": USER}
    variables = [f"{key}={value}" for key, value in environment.items()]
    hand_over = home / "session.json"
    command = ["/usr/bin/python3", "-B", SUPPORT / "desktop_enter.py", scope, uid, "env", "-i", *variables,
               "dbus-run-session", "--", "/usr/bin/python3", "-B", SUPPORT / "desktop_session.py",
               json.dumps(wanted), hand_over]
    session = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL)  # pylint: disable=R1732
    while not hand_over.exists():
        if session.poll() is not None:
            sys.exit(f"the session has ended with status {session.returncode}")
        time.sleep(0.02)
    return json.loads(hand_over.read_text(encoding="utf-8"))


def main():
    folder = Path(sys.argv[1])
    wanted = json.loads((folder / "wanted.json").read_text(encoding="utf-8"))
    lay_over(folder)
    uid = add_user()
    if wanted["build"]:
        run("cmake", "--install", wanted["build"], "--prefix", "/usr", stdout=subprocess.DEVNULL)
    if wanted["keyring"] == "none":
        for name in ("org.freedesktop.secrets", "org.gnome.keyring"):
            Path(f"/usr/share/dbus-1/services/{name}.service").unlink()
    scope = fake_login(uid)
    start_system_bus()
    environment = start_session(wanted, make_home(uid), scope, uid)
    ready = {"uid": uid, "scope": str(scope), "environment": environment}
    partial = SHARED / "session.json.part"
    partial.write_text(json.dumps(ready), encoding="utf-8")
    partial.rename(SHARED / "session.json")
    # Children of children end here.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        signal.pause()


main()
