"""Looks at a desktop as a screen reader does (AT-SPI), and touches it as a hand does (xdotool). Reads one JSON list a line,
a verb and its words, and answers with one JSON object a line, {"answer": NUMBER, "value": …} or {"answer": NUMBER,
"error": …}. Each is done by a process of its own: what the accessibility library remembers would be stale.

    find NAME ROLE              the first showing widget, or null
    wait NAME ROLE SECONDS      the same, as soon as it is there
    gone NAME ROLE SECONDS      as soon as there is none
    press NAME ROLE SECONDS     a click of the pointer in its middle, as soon as it is there and has come to rest
    click X Y BUTTON            of the pointer
    keys KEY…                   as xdotool names them
    type TEXT
    tree                        all showing widgets
    tray                        what a program shows in the tray: {"icon", "tip", "entries"}, or null
    windows CLASS               visible X windows of a class: {"id": [x, y, width, height]}

NAME: a widget's accessible name; with "~" before it, a regular expression that is searched for in the name. ROLE: "" for
any. A widget is {"name", "role", "states", "x", "y", "width", "height"}.
"""

import json
import os
import re
import subprocess
import sys
import time

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, Gio, GLib  # noqa: E402  pylint: disable=wrong-import-position

WATCHER = ("org.kde.StatusNotifierWatcher", "/StatusNotifierWatcher")
ITEM = "org.kde.StatusNotifierItem"
STEP_S = 0.05


def describe(widget):
    box = widget.get_extents(Atspi.CoordType.SCREEN)
    states = [state.value_nick for state in widget.get_state_set().get_states()]
    return {"name": widget.get_name(), "role": widget.get_role_name(), "states": states, "x": box.x, "y": box.y,
            "width": box.width, "height": box.height}


def showing(root):
    """Depth first. A window may go while it is read."""
    for number in range(count_of(root)):
        try:
            widget = root.get_child_at_index(number)
            if widget is None:
                continue
            # An application has no such state itself.
            is_showing = widget.get_state_set().contains(Atspi.StateType.SHOWING)
            if is_showing:
                yield widget
            if is_showing or widget.get_role() == Atspi.Role.APPLICATION:
                yield from showing(widget)
        except GLib.Error:
            continue


def count_of(root):
    try:
        return root.get_child_count()
    except GLib.Error:
        return 0


def has_name(widget, name):
    text = widget.get_name() or ""
    return re.search(name[1:], text, re.MULTILINE) is not None if name.startswith("~") else text == name


def all_showing():
    return showing(Atspi.get_desktop(0))


def find_widget(name, role):
    for widget in all_showing():
        try:
            if has_name(widget, name) and role in ("", widget.get_role_name()):
                return widget
        except GLib.Error:
            continue
    return None


def list_names():
    return "\n".join(sorted({f"{one['role']} {one['name']!r}" for one in tree() if one["name"]}))


def until(look, seconds, what):
    """look()'s first true answer."""
    limit = time.monotonic() + float(seconds)
    while True:
        try:
            seen = look()
        except GLib.Error:
            seen = None
        if seen:
            return seen
        if time.monotonic() > limit:
            raise LookupError(f"{what}: not within {seconds} s; there are:\n{list_names()}")
        time.sleep(STEP_S)


def find(name, role):
    widget = find_widget(name, role)
    return widget and describe(widget)


def wait(name, role, seconds):
    return until(lambda: find(name, role), seconds, f"{role or 'widget'} {name!r}")


def gone(name, role, seconds):
    return until(lambda: find_widget(name, role) is None, seconds, f"{role or 'widget'} {name!r} has gone")


def press(name, role, seconds):
    seen = []

    def at_rest():
        seen.append(find(name, role))
        return seen[-1] if len(seen) > 1 and seen[-1] == seen[-2] and "enabled" in seen[-1]["states"] else None

    widget = until(lambda: at_rest() if find(name, role) else None, seconds, f"{role or 'widget'} {name!r}")
    click(widget["x"] + widget["width"] // 2, widget["y"] + widget["height"] // 2, 1)
    return widget


def tree():
    widgets = []
    for widget in all_showing():
        try:
            widgets.append(describe(widget))
        except GLib.Error:
            continue
    return widgets


def xdotool(*words):
    return subprocess.run(["xdotool", *map(str, words)], check=True, capture_output=True, text=True).stdout


def click(x, y, button):
    xdotool("mousemove", x, y, "sleep", "0.05", "click", button)


def keys(*names):
    xdotool("key", "--clearmodifiers", *names)


def type_text(text):
    xdotool("type", "--delay", "5", text)


class Bus:
    def __init__(self):
        self._bus = Gio.bus_get_sync(Gio.BusType.SESSION)

    def call(self, name, path, interface, method, arguments):
        return self._bus.call_sync(name, path, interface, method, arguments, None, Gio.DBusCallFlags.NO_AUTO_START,
                                   5000, None).unpack()

    def property(self, name, path, interface, key):
        return self.call(name, path, "org.freedesktop.DBus.Properties", "Get",
                         GLib.Variant("(ss)", (interface, key)))[0]


def tray():
    bus = Bus()
    try:
        items = bus.property(*WATCHER, WATCHER[0], "RegisteredStatusNotifierItems")
        if not items:
            return None
        name, path = items[0].split("/", 1)
        path = "/" + path
        menu = bus.property(name, path, ITEM, "Menu")
        _, layout = bus.call(name, menu, "com.canonical.dbusmenu", "GetLayout",
                             GLib.Variant("(iias)", (0, -1, [])))
        return {"icon": bus.property(name, path, ITEM, "IconName"),
                "tip": bus.property(name, path, ITEM, "ToolTip"), "entries": [entry_of(one) for one in layout[2]]}
    except GLib.Error:
        return None


def entry_of(layout):
    """A menu's entry: {"label", "enabled"}; a line between entries has no label."""
    properties = layout[1]
    label = properties.get("label", "")
    return {"label": re.sub("_(.)", r"\1", label), "enabled": properties.get("enabled", True),
            "shown": properties.get("visible", True)}


def windows(name):
    found = subprocess.run(["xdotool", "search", "--onlyvisible", "--class", name], check=False, capture_output=True,
                           text=True).stdout.split()
    answer = {}
    for window in found:
        text = subprocess.run(["xwininfo", "-id", window], check=False, capture_output=True, text=True).stdout
        numbers = [re.search(rf"{word}: +(-?\d+)", text) for word in ("left X", "left Y", "Width", "Height")]
        if all(numbers):  # else it has gone meanwhile
            answer[window] = [int(number.group(1)) for number in numbers]
    return answer


VERBS = {"find": find, "wait": wait, "gone": gone, "press": press, "click": click, "keys": keys, "type": type_text,
         "tree": tree, "tray": tray, "windows": windows}


def answer_to(words):
    try:
        return {"value": VERBS[words[0]](*words[1:])}
    except (LookupError, GLib.Error, subprocess.CalledProcessError) as error:
        return {"error": str(error.args[0] if error.args else error)}


def main():
    for number, line in enumerate(sys.stdin, 1):
        child = os.fork()
        if child == 0:
            Atspi.init()
            print(json.dumps({"answer": number, **answer_to(json.loads(line))}), flush=True)
            os._exit(0)
        if os.waitpid(child, 0)[1] != 0:
            print(json.dumps({"answer": number, "error": "the probe broke; see its standard error"}), flush=True)


main()
