"""gvpn-gui as the person at a desktop sees and touches it: its window, its questions, its icon in the panel with the
menu."""

import os
import re
import signal

from support.bus_world import child_of

# Of windows that a panel makes: itself, its plugins, their menus.
PANEL_CLASS = "wrapper|xfce4-panel"
LINE_PARTS = 0.35  # of an entry's height has a line between entries


class Gui:
    """A started gvpn-gui. environment: "NAME=VALUE" words."""

    def __init__(self, desktop, *arguments, environment=()):
        self.desktop = desktop
        self.program = desktop.start("gvpn-gui", "env", *environment, "gvpn-gui", *arguments)

    # -- the program

    def send(self, number):
        """To the program itself: nsenter, which waits for it, does not pass signals on."""
        os.kill(child_of(self.program.pid), number)

    def stop(self, number=signal.SIGTERM, deadline_s=20):
        """Its exit status."""
        self.send(number)
        return self.program.wait_end(deadline_s)

    def kill(self):
        """Whatever state it is in; all that is its own goes with it."""
        if self.program.is_running():
            self.send(signal.SIGKILL)
            self.program.wait_end()

    # -- the window

    def wait_state(self, profile, state, deadline_s=40):
        """What the list says of a profile; a regular expression."""
        self.desktop.wait_for(f"~^{re.escape(profile)}(: |：){state}", "list item", deadline_s)

    def read(self, pattern, deadline_s=40):
        """The whole of a text in the window that this regular expression is found in."""
        return self.desktop.wait_for(f"~{pattern}", "label", deadline_s)["name"]

    def press(self, button, deadline_s=40):
        self.desktop.press(button, "push button", deadline_s)

    def focused(self):
        """The accessible name of what has the keyboard."""
        for widget in self.desktop.probe("tree"):
            if {"focused", "focusable"} <= set(widget["states"]) and widget["role"] != "list item":
                return widget["name"]
        return None

    # -- the panel

    def wait_icon(self, state, deadline_s=40):
        """disconnected, connecting, connected or trouble"""
        self.desktop.lab.wait_until(lambda: self.icon() == f"gvpn-{state}", f"the tray's icon is {state}", deadline_s)

    def icon(self):
        tray = self.desktop.probe("tray")
        return tray and tray["icon"]

    def entries(self):
        """The menu's texts, without lines."""
        return [entry["label"] for entry in self._menu() if entry["label"]]

    def tip(self):
        return " ".join(self.desktop.probe("tray")["tip"][2:])

    def icon_place(self):
        """Of its middle on the screen."""
        panel = self._panel_windows()
        plugin = min(panel.values(), key=lambda box: box[2] * box[3])
        return plugin[0] + plugin[3] // 2, plugin[1] + plugin[3] // 2

    def click_icon(self, button=1):
        self.desktop.click(*self.icon_place(), button)

    def open_menu(self):
        """[x, y, width, height] of it."""
        before = self._panel_windows()
        self.click_icon(3)
        found = []

        def is_open():
            now = self._panel_windows()
            found[:] = [box for window, box in now.items() if window not in before and box[3] > 40]
            return found

        self.desktop.lab.wait_until(is_open, "the tray's menu is open", 20)
        return found[0]

    def choose(self, label):
        """A click on an entry of the tray's menu."""
        x, y, width, height = self.open_menu()
        entries = [entry for entry in self._menu() if entry["shown"]]
        heights = [1 if entry["label"] else LINE_PARTS for entry in entries]
        number = [entry["label"] for entry in entries].index(label)
        middle = sum(heights[:number]) + 0.5
        self.desktop.click(x + width // 2, y + int(height * middle / sum(heights)))

    def _menu(self):
        return self.desktop.probe("tray")["entries"]

    def _panel_windows(self):
        return self.desktop.probe("windows", PANEL_CLASS)
