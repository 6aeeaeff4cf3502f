"""desktop_session.py WANTED FILE: what a login starts, as the user, inside of his session bus: accessibility, X server,
window manager, panel with a tray, keyring. Writes the session's environment to FILE and stays. See desktop.py."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

PANEL = """<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array">
    <value type="int" value="1"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=8;x=0;y=0"/>
      <property name="length" type="uint" value="100"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="size" type="uint" value="32"/>
      <property name="plugin-ids" type="array"><value type="int" value="1"/></property>
    </property>
  </property>
  <property name="plugins" type="empty">
    <property name="plugin-1" type="string" value="systray">
      <property name="square-icons" type="bool" value="true"/>
    </property>
  </property>
</channel>
"""
KEPT = ("PATH", "LANG", "HOME", "USER", "XDG_RUNTIME_DIR", "XDG_CURRENT_DESKTOP", "DBUS_SESSION_BUS_ADDRESS", "DISPLAY",
        "QT_LINUX_ACCESSIBILITY_ALWAYS_ON")


def start(*argv, **options):
    return subprocess.Popen(argv, stdin=subprocess.DEVNULL, **options)  # pylint: disable=consider-using-with


def wait_until(condition, what, deadline_s=60):
    limit = time.monotonic() + deadline_s
    while not condition():
        if time.monotonic() > limit:
            sys.exit(f"{what}: not within {deadline_s} s")
        time.sleep(0.02)


def succeeds(*argv):
    return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode == 0


def open_accessibility():
    """Before any program starts: it looks once."""
    os.environ["QT_LINUX_ACCESSIBILITY_ALWAYS_ON"] = "1"
    subprocess.run(["gdbus", "call", "--session", "-d", "org.a11y.Bus", "-o", "/org/a11y/bus", "-m",
                    "org.freedesktop.DBus.Properties.Set", "org.a11y.Status", "IsEnabled", "<true>"],
                   check=True, stdout=subprocess.DEVNULL)


def start_display():
    reading, writing = os.pipe()
    start("Xvfb", "-displayfd", str(writing), "-screen", "0", "1280x800x24", "-nolisten", "tcp", "-nolisten", "local",
          pass_fds=[writing])
    os.close(writing)
    with os.fdopen(reading, encoding="ascii") as pipe:
        number = pipe.readline().strip()
    os.environ["DISPLAY"] = f":{number}"
    # For what the bus starts later, such as the keyring's question.
    subprocess.run(["gdbus", "call", "--session", "-d", "org.freedesktop.DBus", "-o", "/org/freedesktop/DBus", "-m",
                    "org.freedesktop.DBus.UpdateActivationEnvironment", f"{{'DISPLAY': ':{number}'}}"],
                   check=True, stdout=subprocess.DEVNULL)
    start("openbox")
    wait_until(lambda: succeeds("xprop", "-root", "_NET_SUPPORTING_WM_CHECK"), "the window manager runs")


def write_panel_settings():
    folder = Path(os.environ["HOME"], ".config/xfce4/xfconf/xfce-perchannel-xml")
    folder.mkdir(parents=True)
    (folder / "xfce4-panel.xml").write_text(PANEL, encoding="utf-8")


def start_panel():
    start("xfce4-panel", "--disable-wm-check")
    wait_until(lambda: succeeds("gdbus", "call", "--session", "-d", "org.kde.StatusNotifierWatcher", "-o",
                                "/StatusNotifierWatcher", "-m", "org.freedesktop.DBus.Peer.Ping"), "the panel runs")


def start_keyring(kind):
    if kind == "none":
        return
    # One line is the password of the keyring that it makes.
    subprocess.run(["gnome-keyring-daemon", "--unlock", "--components=secrets"], input="\n", text=True, check=True,
                   stdout=subprocess.DEVNULL)
    # There is something in it: else a locked one and an empty one look alike.
    subprocess.run(["secret-tool", "store", "--label=first", "test", "first"], input="x", text=True, check=True)
    if kind == "locked":
        subprocess.run(["gdbus", "call", "--session", "-d", "org.freedesktop.secrets", "-o", "/org/freedesktop/secrets",
                        "-m", "org.freedesktop.Secret.Service.Lock",
                        "['/org/freedesktop/secrets/collection/login']"], check=True, stdout=subprocess.DEVNULL)


def main():
    wanted, target = json.loads(sys.argv[1]), Path(sys.argv[2])
    open_accessibility()
    start_display()
    start_keyring(wanted["keyring"])
    write_panel_settings()
    if wanted["panel"]:
        start_panel()
    environment = {key: os.environ[key] for key in KEPT if key in os.environ}
    partial = target.with_suffix(".part")
    partial.write_text(json.dumps(environment), encoding="utf-8")
    partial.rename(target)
    while True:
        signal.pause()


main()
