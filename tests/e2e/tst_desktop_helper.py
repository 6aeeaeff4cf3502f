"""The command-line client of a person without rights, with the helper as it is installed: activated by the real system
bus, asked about by the real polkit."""

from support import case
from support.desktop import Desktop, missing_desktop_tools
from support.lab import LAN_HOST, OFFICE, PORT

NOT_PERMITTED = 7


class WithoutRights(case.LabCase):
    def setUp(self):
        super().setUp()
        self.server = self.start_server()
        self.desktop = Desktop(self.lab, panel=False, keyring="none")
        self.before = case.snapshot(self.lab.home)

    def start_as_user(self, *options):
        return self.desktop.start("gvpn-client", "gvpn-client", "--json", f"--server={OFFICE}:{PORT}",
                                  f"--pin={self.server.listening['pin']}", *options)

    def say_that_the_session_is(self, state):
        """What logind writes when somebody else sits at the machine."""
        for file in (f"users/{self.desktop.uid}", "sessions/c1"):
            self.desktop.run("sed", "-i", f"s/^STATE=.*/STATE={state}/", f"/run/systemd/{file}", as_root=True)

    def test_connects_and_leaves_everything_as_it_was(self):
        client = self.start_as_user()
        self.wait_connected(client)
        self.assert_pings(self.lab.home, LAN_HOST)
        self.assertEqual(self.desktop.run("id", "-u").stdout.strip(), str(self.desktop.uid))
        self.desktop.run("pkill", "-TERM", "-x", "gvpn-client")
        self.assertEqual(client.wait_end(), 0, client.describe())
        self.assert_unchanged(self.lab.home, self.before)

    def test_a_killed_client_leaves_nothing(self):
        client = self.start_as_user()
        self.wait_connected(client)
        self.desktop.run("pkill", "-KILL", "-x", "gvpn-client")
        client.wait_end()
        self.lab.wait_until(lambda: "gvpn0" not in self.lab.home.run("ip", "-o", "link").stdout, "the link is gone", 10)
        self.assert_unchanged(self.lab.home, self.before)

    def test_who_does_not_sit_at_the_machine_is_told_why_not(self):
        self.say_that_the_session_is("online")
        client = self.start_as_user()
        self.assertEqual(client.wait_end(), NOT_PERMITTED, client.describe())
        sentence = " ".join(client.errors)
        self.assertRegex(sentence, "administrator")
        self.assert_unchanged(self.lab.home, self.before)


if __name__ == "__main__":
    missing = missing_desktop_tools()
    if missing:
        print(f"skipped: not installed: {', '.join(missing)}")
        raise SystemExit(case.SKIPPED)
    case.main()
