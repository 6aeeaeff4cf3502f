"""The client knows its server by the server's key, and by nothing else: before that is checked, nothing of the client
leaves it, and no other key is ever taken in place of the one it knows."""

import subprocess

from support import case
from support.enrolment import WRONG_KEY, EnrolmentCase, part_of, with_host, with_other_character, with_part
from support.lab import LAN_HOST, OFFICE
from support.middle import MIDDLE, Impostor, Recorder
from support.peer import secret_of

USER, PASSWORD = "canary-user", "canary-password"
# A client under a host name that nothing else has.
HOST = "canary-host-name"
ON_HOST = ("unshare", "--uts", "sh", "-ec", f'hostname {HOST}; exec "$@"', "sh")
AT_ONCE_S = 10
IMPOSTORS_PORT = 51006


def public_key_of(key_file):
    """As it stands in each certificate of it (DER)."""
    return subprocess.run(["openssl", "pkey", "-in", key_file, "-pubout", "-outform", "DER"], check=True,
                          capture_output=True).stdout


class Pinning(EnrolmentCase):
    def assert_stops(self, client, *pins):
        """At once, for good, and with these fingerprints."""
        self.assert_ends(client, WRONG_KEY, "stage tls", *pins, deadline_s=AT_ONCE_S)
        self.assertEqual(client.events[-1]["state"], "disconnected", client.describe())
        self.assert_tried_once(client)


class AnotherKeyInTheMiddle(Pinning):
    def setUp(self):
        super().setUp()
        self.office()
        self.impostor = Impostor(self.lab, IMPOSTORS_PORT)
        self.recorder = Recorder(self.lab, target=(MIDDLE, IMPOSTORS_PORT))
        self.addCleanup(self.recorder.close)

    def everything_received(self):
        """On the wire, and what the impostor could read of it."""
        return b"".join([*self.recorder.recorded, *(content for _, content in self.impostor.received()),
                         self.impostor.received_text().encode()])

    def assert_nothing_has_left(self, *canaries):
        names = [name for name, _ in self.impostor.received()]
        self.assertIn("ClientHello", names)
        self.assertEqual([name for name in names if name != "ClientHello" and not name.startswith("fatal")], [])
        received = self.everything_received()
        for canary in (HOST.encode(), USER.encode(), *canaries):
            self.assertNotIn(canary, received)

    def test_gets_nothing_of_who_has_a_link(self):
        link = self.invite("--user", USER)
        pin = part_of(link, "pin")
        fake = with_host(link, MIDDLE)
        self.assert_stops(self.lab.start_client(fake, prefix=ON_HOST), pin, self.impostor.pin)
        secrets = (part_of(link, "invite").encode(), secret_of(link), public_key_of(self.key_file(pin)))
        self.assert_nothing_has_left(*secrets)
        # What is kept of the link doesn't weaken that.
        again = self.lab.start_client("--profile", self.only_profile()[1]["name"], prefix=ON_HOST)
        self.assert_stops(again, pin, self.impostor.pin)
        self.assert_nothing_has_left(*secrets)
        self.assertEqual(self.trail("login", "login-refused"), [])
        self.wait_connected(self.lab.start_client(link))

    def test_gets_no_password(self):
        pin = part_of(self.invite(), "pin")
        argv = [*ON_HOST, self.lab.binary("gvpn-client"), "--json", f"--state-dir={self.lab.state_dir('home')}",
                "--server", MIDDLE, "--pin", pin, "--user", USER, "--password-stdin"]
        client = self.lab.start("gvpn-client", argv, self.lab.home, stdin=subprocess.PIPE)
        client.process.stdin.write(f"{PASSWORD}\n")
        client.process.stdin.close()
        self.assert_stops(client, pin, self.impostor.pin)
        self.assert_nothing_has_left(PASSWORD.encode(), public_key_of(self.key_file(pin)))

    def test_would_see_the_key_of_a_client_that_trusts_it(self):
        link = with_part(with_host(self.invite(), MIDDLE), "pin", lambda pin: self.impostor.pin)
        client = self.lab.start_client(link)
        client.wait_event(stage="login")
        self.lab.wait_until(lambda: "gvpn-client" in self.impostor.received_text(), "the client's hello")
        self.assertIn(public_key_of(self.key_file(self.impostor.pin)), self.everything_received())
        self.assertIn("Certificate", [name for name, _ in self.impostor.received()])


class AnotherKeyOfTheServer(Pinning):
    homes = 2

    def change_key(self, server):
        """The server that comes back with another one."""
        self.assertEqual(server.stop(), 0, server.describe())
        self.lab.state_dir("server").joinpath("server-key.pem").unlink()
        changed = self.office()
        self.assertNotEqual(changed.listening["pin"], server.listening["pin"])
        return changed

    def test_a_pin_with_another_character_is_not_the_servers(self):
        server = self.office()
        link = server.listening["invite"]
        changed = with_part(link, "pin", with_other_character)
        self.assert_stops(self.lab.start_client(changed), part_of(changed, "pin"), server.listening["pin"])
        self.assertEqual(self.trail("login", "login-refused"), [])
        self.wait_connected(self.lab.start_client(link))
        self.assertEqual(len(self.devices()), 1)

    def test_only_a_new_link_helps(self):
        server = self.office()
        client = self.enrol()
        self.assertEqual(client.stop(), 0, client.describe())
        old_path, old = self.only_profile()
        changed = self.change_key(server)
        pins = (old["pin"], changed.listening["pin"])
        self.assert_stops(self.lab.start_client("--profile", old["name"]), *pins)
        self.assert_stops(self.lab.start_client("--server", OFFICE), *pins)
        self.assert_stops(self.lab.start_client(client.link), *pins)
        _, old = self.only_profile()
        client = self.lab.start_client(self.invite())
        self.wait_connected(client)
        self.assert_pings(self.lab.home, LAN_HOST)
        self.assertEqual(client.stop(), 0, client.describe())
        profiles = self.profiles()
        self.assertEqual(profiles.pop(old_path), old)
        (_, new), = profiles.items()
        self.assertEqual(new["pin"], changed.listening["pin"])
        self.assertNotEqual(public_key_of(self.key_file(old["pin"])), public_key_of(self.key_file(new["pin"])))
        refused = self.lab.start_client("--profile", old["name"])
        self.assert_ends(refused, WRONG_KEY, "stage tls", "profile remove", *pins, deadline_s=AT_ONCE_S)
        self.assertEqual([event.get("state") for event in refused.events], ["disconnected"], refused.describe())
        client = self.lab.start_client("--profile", new["name"])
        self.wait_connected(client)
        # By its address alone, the server is the one that the last link named.
        self.assertEqual(client.stop(), 0, client.describe())
        self.wait_connected(self.lab.start_client("--server", OFFICE))

    def test_a_client_that_waits_for_its_server_stops(self):
        server = self.office()
        client = self.enrol()
        changed = self.change_key(server)
        self.assert_ends(client, WRONG_KEY, "stage tls", server.listening["pin"], changed.listening["pin"])
        self.assertEqual(client.events[-1]["state"], "disconnected", client.describe())
        self.assertEqual(len(self.trail("login")), 1)


if __name__ == "__main__":
    case.main()
