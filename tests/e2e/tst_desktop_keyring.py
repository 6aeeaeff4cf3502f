"""The command-line client and a person's keyring, as the tray application has filled it: what is open is used without a
question; what is locked is neither opened nor waited for where there is no terminal."""

import json
import time
import unittest

from support import case
from support.accounts_case import RIGHT, AccountsCase
from support.desktop import Desktop, missing_desktop_tools
from support.lab import OFFICE, PORT

FAILURE = 1
SOON_S = 15  # the keyring's own limit is 3


@unittest.skipIf(missing_desktop_tools(), f"not installed: {missing_desktop_tools()}")
class Keyring(AccountsCase):
    def setUp(self):
        super().setUp()
        self.server = self.start_server(login="password")
        self.add_user("anna", RIGHT)
        self.pin = self.server.listening["pin"]
        self.desktop = Desktop(self.lab, panel=False, keyring="open")

    def keep(self, key, secret):
        """As QtKeychain does."""
        self.desktop.run("secret-tool", "store", "--label=gvpn", "xdg:schema", "org.qt.keychain", "user", key,
                         "server", "gvpn", "type", "plaintext", text=secret)

    def write_profile(self, name, **changes):
        profile = {"version": 2, "name": name, "server": f"{OFFICE}:{PORT}", "pin": self.pin, "user": "anna",
                   "accept_routes": ["auto"], "created": "2026-01-31T12:00:00Z", "connects_at_start": False,
                   "reconnects": True, "remembers_password": False, "device_key": "file", "known_routes": [], **changes}
        self.desktop.run("sh", "-c", 'umask 077; mkdir -p "$HOME/.config/gvpn/profiles"; '
                         f'cat >"$HOME/.config/gvpn/profiles/{name}.json"', text=json.dumps(profile))

    def start_client(self, name):
        return self.desktop.start("gvpn-client", "gvpn-client", "--json", f"--profile={name}", "--once")

    def stop_client(self, client):
        self.desktop.run("pkill", "-TERM", "-x", "gvpn-client")
        self.assertEqual(client.wait_end(), 0, client.describe())

    def networks_of(self, name):
        shown = self.desktop.run("gvpn-client", "profile", "show", name, "--json").stdout
        return json.loads(shown)["known_routes"]

    def test_a_password_is_taken_from_it(self):
        self.keep(f"password/{self.pin}/anna", RIGHT)
        self.write_profile("Office", remembers_password=True, known_routes=["10.99.0.0/16"])
        client = self.start_client("Office")
        routes = self.wait_connected(client)["routes"]
        self.lab.wait_until(lambda: "now also gives access to" in " ".join(client.errors), "new networks are said", 10)
        self.assertEqual(self.networks_of("Office"), sorted(["10.99.0.0/16", *routes]))
        self.stop_client(client)
        # What is known is not told again.
        client = self.start_client("Office")
        self.wait_connected(client)
        self.assertNotRegex(" ".join(client.errors), "now also")
        self.stop_client(client)

    def test_a_locked_one_is_left_alone(self):
        self.write_profile("Office", device_key="keyring", remembers_password=True)
        self.desktop.lock_keyring()
        begin = time.monotonic()
        client = self.start_client("Office")
        self.assertEqual(client.wait_end(), FAILURE, client.describe())
        self.assertLess(time.monotonic() - begin, SOON_S)
        self.assertRegex(" ".join(client.errors), "keyring")
        windows = self.desktop.run("xdotool", "search", "--class", "gcr-prompter", check=False).stdout
        self.assertEqual(windows.strip(), "")


if __name__ == "__main__":
    case.main()
