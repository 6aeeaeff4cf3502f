"""A person's way with the tray application, from the link in the mail to the office and home again, on a whole desktop and
with real clicks; and what he sees where something is missing or fails. A picture of each step is kept.
"""

import contextlib
import json
import re

from support import case
from support.desktop import Desktop, missing_desktop_tools
from support.enrolment import EnrolmentCase, with_other_character, with_part
from support.gui import Gui
from support.lab import LAN, LAN_HOST, OFFICE, PAGE, PORT

HOST = "office.example.com"
SERVER = f"{HOST}:{PORT}"
NOTICED_S = 30  # how long it may take until a dead line is seen
BACK_S = 30
AT_ONCE_S = 15
QUESTION = r"~^Add this network\?"
PASSWORD = "correct horse battery"
PROMPT_CLASS = "gcr-prompter"


def grouped(pin):
    return " ".join(re.findall(".{1,4}", pin))


class DesktopCase(EnrolmentCase):
    """self.desktop and self.server; pictures are kept under the test's name."""

    def enter(self, **settings):
        """A person's desktop in the lab's home."""
        self.lab.folder.chmod(0o755)
        desktop = Desktop(self.lab, **settings)
        self.addCleanup(desktop.close)
        self.addCleanup(desktop.keep_pictures, self.id().rsplit(".", 1)[-1].removeprefix("test_"))
        desktop.add_host(OFFICE, HOST)
        self.before = case.snapshot(self.lab.home)
        self.desktop = desktop
        return desktop

    def _take_last_picture(self):
        with contextlib.suppress(RuntimeError):  # the display may be gone
            self.desktop.picture("end")

    def start_gui(self, *arguments, **settings):
        gui = Gui(self.desktop, *arguments, **settings)
        self.addCleanup(gui.kill)
        self.addCleanup(self._take_last_picture)
        return gui

    def office_of_that_name(self, **settings):
        server = self.start_server(f"--public-address={HOST}", **{"login": "device", **settings})
        self.assertIn(f"//{SERVER}/", server.listening["invite"])
        return server

    def assert_reaches_the_office(self):
        self.assert_pings(self.lab.home, LAN_HOST)
        page = self.desktop.run("curl", "-sS", "--noproxy", "*", "--max-time", "10", f"http://{LAN_HOST}/")
        self.assertEqual(page.stdout, PAGE)

    def assert_home_is_as_before(self):
        self.assert_unchanged(self.lab.home, self.before)

    def find_in_home(self, text, *folders):
        """The user's files with this text."""
        home = self.desktop.session["environment"]["HOME"]
        places = [f"{home}/{folder}" for folder in folders or [""]]
        found = self.desktop.run("grep", "-rlaF", "--", text, *places, check=False)
        self.assertIn(found.returncode, (0, 1), found.stderr)
        return found.stdout.split()

    def assert_nothing_asks(self):
        self.assertFalse(self.desktop.is_there("~.", "dialog"))
        self.assertEqual(self.desktop.probe("windows", PROMPT_CLASS), {})


class Journey(DesktopCase):
    def test_from_the_link_to_the_office_and_home_again(self):
        self.lab.start_web_server()
        self.server = self.office_of_that_name()
        self.enter()
        gui = self.start_gui(with_part(self.server.listening["invite"], "name", lambda _: "Office"))
        self.says_yes_to_the_link(gui)
        self.connects_in_the_tray(gui)
        self.loses_the_line_and_gets_it_back(gui)
        self.quits(gui)
        gui = self.start_gui()
        self.connects_with_nothing_to_type(gui)
        self.disconnects_in_the_tray(gui)
        self.assertEqual(gui.stop(), 0, gui.program.describe())
        self.assert_home_is_as_before()

    def says_yes_to_the_link(self, gui):
        desktop = self.desktop
        desktop.wait_for(QUESTION, "dialog")
        gui.read(f"^{SERVER}$")
        gui.read(f"^{grouped(self.server.listening['pin'])}$")
        # An Enter that was meant for another window must not say yes.
        self.assertEqual(gui.focused(), "Cancel")
        desktop.picture("asked")
        gui.press("Add")
        gui.wait_state("Office", "Not connected")
        desktop.picture("added")
        # Nothing connects by itself.
        self.assertEqual(self.events_of("client-connected"), [])
        self.assert_home_is_as_before()

    def connects_in_the_tray(self, gui):
        desktop = self.desktop
        gui.wait_icon("disconnected")
        before = self.picture_of_icon(gui)
        self.assertEqual(gui.entries(), ["Connect Office", "Show window", "Quit"])
        gui.choose("Connect Office")
        gui.wait_state("Office", "Connected")
        self.assertIn(LAN, gui.read("^Office gives you access to: "))
        desktop.picture("connected")
        gui.press("Got it")
        gui.wait_icon("connected")
        self.assertNotEqual(self.picture_of_icon(gui), before)
        # A panel shows the last notification there at first.
        self.lab.wait_until(lambda: "connected as 10.86.0." in gui.tip(), "the tray's tip says the address")
        self.assert_reaches_the_office()
        self.lab.fetch(self.lab.home, f"http://{LAN_HOST}/big", output="/dev/null")
        gui.read(r"^5\d\.\d MB$")
        desktop.picture("used")
        gui.open_menu()
        desktop.picture("menu")
        desktop.keys("Escape")

    def loses_the_line_and_gets_it_back(self, gui):
        self.lab.cut(self.lab.home)
        gui.read("^Waiting: next try in [0-9]+ second", NOTICED_S + AT_ONCE_S)
        # The first try comes soon, and has a reason of its own.
        sentence = gui.read(f"^(The connection to {SERVER} was lost|Could not reach {SERVER}) ")
        self.assertRegex(sentence, r"\(stage \w+\): .+; .+\.$")
        gui.wait_icon("trouble")
        self.desktop.picture("waiting")
        self.lab.mend(self.lab.home)
        gui.wait_state("Office", "Connected", BACK_S)
        gui.wait_icon("connected")
        self.desktop.picture("back")
        self.assert_reaches_the_office()

    def quits(self, gui):
        desktop = self.desktop
        gui.choose("Quit")
        gui.read(r"^Quitting ends (one|1) connection")
        self.assertEqual(gui.focused(), "Stay")
        desktop.picture("quit")
        desktop.keys("Return")
        desktop.wait_gone("~^Quit gvpn", "dialog")
        self.assert_reaches_the_office()
        gui.choose("Quit")
        gui.press("Disconnect and quit")
        self.assertEqual(gui.program.wait_end(), 0, gui.program.describe())
        self.assert_home_is_as_before()

    def connects_with_nothing_to_type(self, gui):
        gui.wait_state("Office", "Not connected")
        gui.press("Connect")
        gui.wait_state("Office", "Connected")
        self.assert_nothing_asks()
        self.assertFalse(self.desktop.is_there("~^Office gives you access to: "))
        self.desktop.picture("again")
        self.assert_reaches_the_office()
        # By its own key, which the keyring has: no file.
        self.assertEqual([entry["event"] for entry in self.trail("invite-redeemed")], ["invite-redeemed"])
        self.assertEqual(self.find_in_home("PRIVATE KEY", ".local/state", ".config"), [])

    def disconnects_in_the_tray(self, gui):
        desktop = self.desktop
        desktop.keys("alt+F4")
        desktop.wait_gone("~^Office", "list item")
        self.assertTrue(gui.program.is_running())
        gui.choose("Disconnect Office (connected)")
        gui.wait_icon("disconnected")
        desktop.lab.wait_until(lambda: "Connect Office" in gui.entries(), "it is disconnected")
        self.assert_home_is_as_before()
        gui.click_icon()
        gui.wait_state("Office", "Not connected")

    def events_of(self, kind):
        return [event for event in list(self.server.events) if event["event"] == kind]

    def picture_of_icon(self, gui):
        """Its pixels."""
        x, y = gui.icon_place()
        return self.desktop.run("import", "-window", "root", "-crop", f"24x24+{x - 12}+{y - 12}", "-depth", "8",
                                "txt:-").stdout


class SomethingIsMissing(DesktopCase):
    """Someone who logs in by password, on a poorer desktop."""

    def add(self, gui):
        gui.press("Add")
        gui.wait_state("Anna", "Not connected")

    def link(self):
        self.lab.admin("user", "add", "anna", "--password-stdin", text=f"{PASSWORD}\n")
        return f"gvpn://{SERVER}/?pin={self.server.listening['pin']}&user=anna&name=Anna"

    def give_password(self, gui):
        self.desktop.wait_for("~^Password needed", "dialog")
        self.desktop.wait_for("Remember in keyring", "check box")
        self.desktop.press("~^Password", "password text")
        self.desktop.type(PASSWORD)
        self.desktop.picture("password")
        self.desktop.keys("Return")
        gui.wait_state("Anna", "Connected")

    def test_no_tray_and_no_keyring(self):
        self.server = self.office_of_that_name(login="password")
        desktop = self.enter(panel=False, keyring="none")
        gui = self.start_gui(self.link())
        self.add(gui)
        # Both, once.
        self.assertIn("To get a tray:", gui.read("^This desktop shows no tray icons"))
        gui.read("^There is no keyring to be had")
        desktop.picture("no-tray")
        gui.press("Got it")
        gui.press("Connect")
        self.give_password(gui)
        desktop.picture("no-keyring")
        self.assert_pings(self.lab.home, LAN_HOST)
        self.assertEqual(self.find_in_home(PASSWORD), [])
        # Closed it could not be found again.
        desktop.keys("alt+F4")
        gui.read("^Quitting ends ")
        gui.press("Stay")
        desktop.start_panel()
        gui.wait_icon("connected")
        desktop.keys("alt+F4")
        desktop.wait_gone("~^Anna", "list item")
        desktop.picture("hidden")
        gui.click_icon()
        gui.wait_state("Anna", "Connected")
        # When the panel goes, the icon goes with it: the window comes back by itself.
        desktop.keys("alt+F4")
        desktop.wait_gone("~^Anna", "list item")
        desktop.stop_panel()
        gui.wait_state("Anna", "Connected")
        gui.read("^This desktop shows no tray icons")
        desktop.picture("panel-gone")
        self.assertEqual(gui.stop(), 0, gui.program.describe())
        self.assert_home_is_as_before()

    def test_a_locked_keyring(self):
        self.server = self.office_of_that_name(login="password")
        desktop = self.enter(keyring="locked")
        gui = self.start_gui(self.link())
        desktop.wait_for(QUESTION, "dialog")
        self.assertEqual(desktop.probe("windows", PROMPT_CLASS), {})
        gui.press("Add")
        gui.wait_state("Anna", "Not connected")
        # It has a key to keep now, and keeps it in a file without a question.
        gui.read("^The keyring is locked ")
        self.assert_nothing_asks()
        gui.press("Connect")
        self.give_password(gui)
        desktop.picture("locked")
        self.assert_nothing_asks()
        self.assertEqual(self.find_in_home(PASSWORD), [])
        gui.press("Disconnect")
        gui.wait_state("Anna", "Not connected")
        # The device is known by its key now, which is in a file: neither the keyring nor a password is needed.
        gui.press("Connect")
        gui.wait_state("Anna", "Connected")
        self.assert_nothing_asks()
        self.assert_pings(self.lab.home, LAN_HOST)


class Trouble(DesktopCase):
    """One desktop after the other's profile files: what fails is said in the window."""

    FOLDER = ".config/gvpn/profiles"

    def setUp(self):
        super().setUp()
        self.server = self.start_server()
        self.enter()

    def write_profile(self, name, **changes):
        pin = changes.pop("pin", self.server.listening["pin"])
        profile = {"version": 2, "name": name, "server": SERVER, "pin": pin, "accept_routes": ["auto"],
                   "created": "2026-01-31T12:00:00Z", "connects_at_start": False, "reconnects": True,
                   "remembers_password": False, "device_key": "file", "known_routes": [], **changes}
        self.desktop.write(f"{self.FOLDER}/{name}.json", json.dumps(profile))

    def test_is_said_in_the_window(self):
        self.write_profile("Office")
        self.write_profile("Wrong", pin=with_other_character(self.server.listening["pin"]))
        self.desktop.write(f"{self.FOLDER}/Broken.json", '{"version": 1, "name": ')
        gui = self.start_gui()
        for step in (self.a_broken_file_is_named, self.a_refused_pin, self.a_server_that_vanishes,
                     self.a_second_start_hands_its_link_over, self.the_end_of_the_session):
            with self.subTest(step.__name__):
                step(gui)

    def choose_profile(self, gui, name):
        self.desktop.press(f"~^{name}: ", "list item")
        gui.wait_state(name, ".")

    def a_broken_file_is_named(self, gui):
        gui.read(r"Broken\.json.*mend or remove")
        gui.wait_state("Office", "Not connected")
        self.desktop.picture("broken")

    def a_refused_pin(self, gui):
        self.choose_profile(gui, "Wrong")
        gui.press("Connect")
        gui.wait_state("Wrong", "Could not connect")
        sentence = gui.read("but the trusted one is")
        self.assertIn(f"it showed the key {self.server.listening['pin']}", sentence)
        self.assertIn("only a new link from the administrator helps", sentence)
        gui.wait_icon("trouble")
        self.desktop.picture("refused")
        gui.press("Copy details")
        self.assert_home_is_as_before()

    def a_server_that_vanishes(self, gui):
        self.choose_profile(gui, "Office")
        gui.press("Connect")
        gui.wait_state("Office", "Connected")
        self.server.kill()
        gui.read("^Waiting: next try in ", AT_ONCE_S)
        self.assertIn("check", gui.read(f"^(The connection to|Could not reach) {SERVER} "))
        self.desktop.picture("vanished")
        self.server = self.start_server()
        gui.wait_state("Office", "Connected", BACK_S)
        self.assert_pings(self.lab.home, LAN_HOST)

    def a_second_start_hands_its_link_over(self, gui):
        link = f"gvpn://other.example.com/?pin={self.server.listening['pin']}&name="
        for name in ("Other", "More"):
            second = self.start_gui(f"{link}{name}")
            self.assertEqual(second.program.wait_end(), 0, second.program.describe())
            self.desktop.wait_for(QUESTION, "dialog")
        gui.read("^other.example.com:51005$")
        gui.read("^Another link came meanwhile")
        self.desktop.picture("handed-over")
        self.desktop.keys("Escape")
        self.desktop.wait_gone(QUESTION, "dialog")
        self.assertFalse(self.desktop.is_there("~^(Other|More): ", "list item"))

    def the_end_of_the_session(self, gui):
        """What a logout sends; it doesn't ask then."""
        gui.wait_state("Office", "Connected")
        self.assertEqual(gui.stop(), 0, gui.program.describe())
        self.assert_home_is_as_before()

    def test_a_display_that_goes_takes_the_tunnel_along(self):
        self.write_profile("Office", connects_at_start=True)
        gui = self.start_gui("--hidden")
        gui.wait_icon("connected")
        self.assert_pings(self.lab.home, LAN_HOST)
        self.desktop.run("pkill", "-KILL", "-x", "Xvfb")
        gui.program.wait_end()
        self.lab.wait_until(lambda: case.difference(self.before, case.snapshot(self.lab.home)) == "",
                            "home is as it was", 10)

    def test_in_chinese(self):
        self.write_profile("Office")
        gui = self.start_gui(environment=["LANG=zh_CN.UTF-8"])
        gui.wait_state("Office", "未连接")
        gui.press("~^连接")
        gui.wait_state("Office", "已连接")
        gui.read("^连接时长")
        self.assertEqual(gui.entries()[1:], ["显示窗口(S)", "退出(Q)"])
        self.desktop.picture("connected")
        self.desktop.keys("ctrl+q")
        self.desktop.wait_for("~^退出", "dialog")
        self.desktop.picture("quit")


if __name__ == "__main__":
    missing = missing_desktop_tools()
    if missing:
        print(f"skipped: not installed: {', '.join(missing)}")
        raise SystemExit(case.SKIPPED)
    case.main()
