"""`gvpn-client doctor`: each fault is in the first line, a healthy way is said to be one at once, and nothing is changed
by looking, least of all a tunnel that stands."""

import contextlib
import json
import socket
import time
import unittest

from support import case, resolved
from support.bus_world import ACTIVE, DENIED, GUEST, why_impossible
from support.enrolment import EnrolmentCase, with_host
from support.helper_case import HelperCase
from support.lab import LAN, LAN_HOST, OFFICE, PORT
from support.middle import Impostor

HEALTHY = "Nothing stands in the way."
GOOD, TROUBLE, USAGE = 0, 1, 2
QUICK_S, PATIENCE_S = 3, 15
NOBODY = 65534
OTHER_OFFICE = "203.0.113.77"
OTHER_PIN = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"


class Answer:
    def __init__(self, status, output, errors, seconds):
        self.status, self.text, self.errors, self.seconds = status, output, errors, seconds
        self.first = output.split("\n", 1)[0]
        self.verdicts = {line.split()[1]: line.split()[0] for line in output.splitlines()[1:]}

    def line(self, check):
        return next(line for line in self.text.splitlines()[1:] if line.split()[1] == check)


class DoctorCase(EnrolmentCase):
    def command(self, *options, state=None):
        return [self.lab.binary("gvpn-client"), "doctor", f"--state-dir={self.lab.state_dir(state or 'home')}",
                *options]

    def ask(self, *options, prefix=(), **settings):
        begun = time.monotonic()
        result = self.lab.home.run(*prefix, *self.command(*options, **settings), check=False, timeout=60)
        return Answer(result.returncode, result.stdout, result.stderr, time.monotonic() - begun)

    def assert_healthy(self, answer):
        self.assertEqual((answer.status, answer.first, answer.errors), (GOOD, HEALTHY, ""), answer.text)

    def assert_trouble(self, check, *parts, **asked):
        """The first line names it, and no check before it is in trouble."""
        answer = self.ask(*asked.pop("options", ()), **asked)
        self.assertEqual(answer.status, TROUBLE, answer.text)
        self.assertTrue(answer.first.startswith("Trouble: "), answer.text)
        for part in parts:
            self.assertIn(part, answer.first)
        self.assertEqual(next(name for name, verdict in answer.verdicts.items() if verdict == "trouble"), check,
                         answer.text)
        self.assertLess(answer.seconds, PATIENCE_S)
        return answer

    def files(self, state="home"):
        folder = self.lab.state_dir(state)
        return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*"))
                if path.is_file() and path.parent.name != "locks"}

    def other_network(self, name, *addresses):
        """Another interface of the home's."""
        self.lab.home.run("ip", "link", "add", name, "type", "bridge")
        self.lab.home.run("ip", "link", "set", name, "up")
        for address in addresses:
            self.lab.home.add_address(name, address)
        self.addCleanup(self.lab.home.run, "ip", "link", "del", name, check=False)


class Enrolled(DoctorCase):
    """The home has been connected before, and isn't now."""

    def setUp(self):
        super().setUp()
        self.server = self.office()
        client = self.enrol()
        self.assertEqual(client.stop(), 0)
        self.pin = self.server.listening["pin"]
        self.profile, self.content = self.only_profile()

    def clients(self):
        return self.lab.admin("status")["clients"]

    def test_a_healthy_way_is_said_at_once_and_nothing_is_changed(self):
        before, files = case.snapshot(self.lab.home), self.files()
        answer = self.ask()
        self.assert_healthy(answer)
        self.assertLess(answer.seconds, QUICK_S)
        self.assertEqual({verdict for name, verdict in answer.verdicts.items() if name != "tray"}, {"good"}, answer.text)
        self.assertIn(OFFICE, answer.line("port"))
        self.assertIn(self.pin, answer.line("tls"))
        self.assertIn("10.86.0.", answer.line("address"))
        self.assertIn(LAN, answer.line("routes"))
        self.lab.wait_until(lambda: not self.clients(), "its session has ended")
        self.assert_unchanged(self.lab.home, before)
        self.assertEqual(self.files(), files)
        client = self.lab.start_client("--profile", self.content["name"])
        self.wait_connected(client)

    def test_programs_are_told_the_same(self):
        for options, healthy in (((), True), ((f"--server={OFFICE}:9",), False)):
            answer = self.ask("--json", *options)
            head, *checks = [json.loads(line) for line in answer.text.splitlines()]
            self.assertEqual((head["event"], head["healthy"]), ("doctor", healthy), answer.text)
            self.assertEqual({check["event"] for check in checks}, {"check"})
            self.assertLessEqual({check["verdict"] for check in checks}, {"good", "note", "trouble", "skipped"})
            names = [check["check"] for check in checks]
            self.assertEqual(len(names), len(set(names)))
            if not healthy:
                self.assertEqual(head["check"], "port")
                self.assertTrue(head["reason"] and head["remedy"])

    def test_what_is_between_here_and_the_server(self):
        self.lab.home.write_etc("resolv.conf", "nameserver 203.0.113.254\n")
        self.assert_trouble("name", "nowhere.invalid", "stage resolve", options=("--server=nowhere.invalid",))
        self.assert_trouble("port", "stage tcp", "no program listens", options=(f"--server={OFFICE}:9",))
        self.lab.home.run("ip", "route", "add", "unreachable", "198.51.100.0/24")
        self.assert_trouble("port", "stage tcp", "no way to this address", options=("--server=198.51.100.1",))
        web = self.lab.start("web server", ["/usr/bin/python3", "-m", "http.server", "8080"], self.lab.office)
        self.lab.wait_until(lambda: self.lab.is_listening(self.lab.office, 8080), "it listens")
        self.assert_trouble("tls", f"{OFFICE}:8080", "stage tls", "check that this port is gvpn-server's",
                            options=(f"--server={OFFICE}:8080", f"--pin={self.pin}"))
        web.kill()
        self.lab.office.run("nft", "-f", "-", text="table inet drops { chain in { type filter hook input priority 0; "
                                                   f"tcp dport {PORT} drop; }}; }}")
        self.assert_trouble("port", "stage tcp", "Nothing answers at all")

    def test_a_program_that_says_nothing_costs_no_patience(self):
        with self.lab.office.entered():
            listener = socket.create_server((OFFICE, 8081))
        bus = socket.socket(socket.AF_UNIX)
        path = self.lab.folder / "silent-bus"
        bus.bind(str(path))
        bus.listen()
        with contextlib.closing(listener), contextlib.closing(bus):
            self.assert_trouble("tls", "did not answer the TLS handshake",
                                options=(f"--server={OFFICE}:8081", f"--pin={self.pin}"),
                                prefix=("env", f"DBUS_SYSTEM_BUS_ADDRESS=unix:path={path}"))

    def test_a_program_that_only_tries_is_not_taken_for_a_tunnel(self):
        self.assertEqual(self.server.stop(), 0)
        client = self.lab.start_client("--profile", self.content["name"])
        client.wait_event(event="state", state="waiting")
        answer = self.assert_trouble("port", "no program listens")
        self.assertNotIn("good", (answer.verdicts["login"], answer.verdicts["routes"]))
        client.stop()

    def test_another_key_is_named_with_both_fingerprints(self):
        self.assert_trouble("tls", self.pin, OTHER_PIN, options=(f"--server={OFFICE}", f"--pin={OTHER_PIN}"))
        self.assertEqual(self.server.stop(), 0)
        other = self.office(state="another-server")
        self.assert_trouble("tls", self.pin, other.listening["pin"], "pretending")

    def test_one_who_shows_his_own_key_is_named(self):
        impostor = Impostor(self.lab, PORT)
        self.addCleanup(impostor.close)
        self.assert_trouble("tls", self.pin, impostor.pin,
                            options=("--server=203.0.113.254", f"--pin={self.pin}"))
        self.assertNotIn("Certificate", [name for name, _ in impostor.received()])

    def test_a_key_that_nobody_knows_is_a_note(self):
        answer = self.ask(f"--server={OFFICE}", state="nobody-yet")
        self.assert_healthy(answer)
        self.assertEqual(answer.verdicts["tls"], "note")
        self.assertIn(self.pin, answer.line("tls"))
        self.assertEqual(self.files("nobody-yet"), {})

    def test_a_revoked_device_is_told_what_to_ask_for(self):
        self.lab.admin("device", "revoke", str(self.devices()[0]["id"]))
        self.assert_trouble("login", "stage login", "administrator", "invite link")

    def test_profiles_that_cannot_be_used(self):
        self.assert_trouble("profile", '"Attic"', self.content["name"], options=("--profile=Attic",))
        text = self.profile.read_text(encoding="utf-8")
        self.profile.write_text("{", encoding="utf-8")
        for options in ((), ("--profile", self.content["name"])):
            self.assert_trouble("profile", self.profile.name, options=options)
        self.profile.write_text(text.replace('"file"', '"keyring"'), encoding="utf-8")
        self.assert_trouble("keyring", self.content["name"], "keyring")
        self.profile.write_text(text, encoding="utf-8")
        key = self.key_file(self.pin)
        key.write_text("no key", encoding="ascii")
        self.assert_trouble("login", key.name)

    def test_of_several_profiles_one_is_to_be_chosen(self):
        second = {**self.content, "name": "Attic", "server": "attic.example:51005", "pin": OTHER_PIN}
        path = self.profile.with_name("Attic.json")
        path.write_text(json.dumps(second), encoding="utf-8")
        path.chmod(0o600)
        answer = self.ask()
        self.assert_healthy(answer)
        self.assertIn("Attic", answer.line("profile"))
        self.assertIn(self.content["name"], answer.line("profile"))
        self.assertNotIn("port", answer.verdicts)

    def test_a_tunnel_that_stands_is_looked_at_and_left_alone(self):
        for options in (("--profile", self.content["name"]), (f"--server={OFFICE}",)):
            with self.subTest(options):
                client = self.lab.start_client(*options)
                connected = self.wait_connected(client)
                seen = len(client.events)
                for asked in ((), (f"--server={OFFICE}",)):
                    answer = self.ask(*asked)
                    self.assert_healthy(answer)
                    self.assertIn("let this computer in already", answer.line("login"))
                    self.assertIn(connected["address"], answer.line("address"))
                    self.assertIn(LAN, answer.line("routes"))
                    self.assertEqual(answer.verdicts["route"], "good")
                self.assert_pings(self.lab.home, LAN_HOST)
                self.assertEqual(client.events[seen:], [])
                self.other_network("vpn0")
                self.lab.home.run("ip", "route", "add", "172.17.0.0/24", "dev", "vpn0")
                self.assert_trouble("route", LAN, "172.17.0.0/24 on vpn0")
                self.lab.home.run("ip", "link", "del", "vpn0")
                self.assertEqual(client.stop(), 0)

    def test_a_tunnel_to_an_address_of_earlier_is_left_alone(self):
        """The name leads elsewhere since: only the interface tells of the tunnel, which has no profile."""
        client = self.lab.start_client(f"--server={OFFICE}")
        connected = self.wait_connected(client)
        seen = len(client.events)
        self.lab.office.add_address("wan", f"{OTHER_OFFICE}/24")
        answer = self.ask(f"--server={OTHER_OFFICE}", f"--pin={self.pin}")
        self.assert_healthy(answer)
        self.assertIn(f"{connected['interface']} is up", answer.line("login"))
        self.assertEqual(client.events[seen:], [])
        self.assert_pings(self.lab.home, LAN_HOST)

    def test_networks_that_are_in_the_way(self):
        self.other_network("vpn0")
        self.lab.home.run("ip", "route", "add", LAN, "dev", "vpn0")
        self.assert_trouble("routes", LAN, "vpn0")
        self.lab.home.run("ip", "route", "del", LAN, "dev", "vpn0")
        self.lab.home.run("ip", "route", "add", "172.17.8.0/24", "via", "203.0.113.254")
        self.assert_trouble("route", LAN, "172.17.8.0/24 on wan")
        self.lab.home.run("ip", "route", "del", "172.17.8.0/24")
        self.lab.home.run("ip", "route", "add", "172.16.0.0/12", "via", "203.0.113.254", "table", "52")
        self.assert_trouble("route", LAN, "172.16.0.0/12 on wan")
        self.lab.home.run("ip", "route", "flush", "table", "52")
        self.lab.home.run("ip", "link", "del", "vpn0")
        self.other_network("lan0", "172.17.9.9/16")
        self.assert_trouble("routes", f"this computer is on {LAN} on lan0", "--accept-routes")
        answer = self.ask("--accept-routes=none")
        self.assert_healthy(answer)
        self.assertEqual(answer.verdicts["routes"], "note")
        self.assertIn("leaves it out", answer.line("routes"))

    def test_a_tunnel_network_that_is_in_the_way(self):
        self.other_network("lan0", "10.86.0.9/24")
        self.assert_trouble("address", "10.86.0.0/24 on lan0")

    def test_one_without_rights_or_helper_is_told(self):
        self.lab.folder.chmod(0o755)
        state = self.lab.state_dir("home")
        self.lab.home.run("chown", "-R", f"{NOBODY}:{NOBODY}", state)
        prefix = ("env", "DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nonexistent/bus", "setpriv", f"--reuid={NOBODY}",
                  f"--regid={NOBODY}", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all")
        answer = self.assert_trouble("helper", "gvpn-helper", "no system bus", "sudo", prefix=prefix)
        self.assertEqual(answer.verdicts["login"], "good", answer.text)

    def test_an_invite_is_not_redeemed(self):
        link = self.invite()
        name = self.content["name"]
        answer = self.ask(link, state="new-home")
        self.assert_healthy(answer)
        self.assertEqual(answer.verdicts["login"], "note")
        self.assertIn("invite", answer.line("login"))
        self.assertEqual(self.files("new-home"), {})
        client = self.lab.start_client(link, state="new-home")
        self.wait_connected(client)
        self.assertEqual(client.stop(), 0)
        # Of one that is known it says what the profile has.
        self.assertIn(name, self.ask(with_host(link, OFFICE)).line("profile"))

    def test_what_cannot_be_asked(self):
        for words, part in ((("--once",), "--once"), (("--pin", self.pin), "--pin"), (("--v1",), "--v1"),
                            (("what",), "link")):
            answer = self.ask(*words)
            self.assertEqual((answer.status, answer.text), (USAGE, ""), words)
            self.assertIn(part, answer.errors)


class InTheClear(DoctorCase):
    def test_a_server_of_the_reference_is_looked_at_too(self):
        self.start_server("--allow-v1")
        answer = self.ask(f"--server={OFFICE}", "--v1")
        self.assert_healthy(answer)
        self.assertEqual(answer.verdicts["tls"], "note")
        self.assertIn("10.86.0.101/24", answer.line("address"))
        self.assert_trouble("address", "10.99.0.5",
                            options=(f"--server={OFFICE}", "--v1", "--cidr=10.99.0.5/24"))


class NamesOfTheOffice(DoctorCase):
    DOMAIN = "office.example"

    def setUp(self):
        super().setUp()
        try:
            self.resolved = resolved.Resolved(self.lab, self.lab.home, "203.0.113.254")
        except resolved.Unavailable as reason:
            self.skipTest(str(reason))

    @classmethod
    def tearDownClass(cls):
        resolved.Download.remove()

    def assert_says(self, verdict, *parts, prefix=None):
        answer = self.ask(f"--server={OFFICE}", prefix=prefix or self.resolved.prefix())
        self.assert_healthy(answer)
        self.assertEqual(answer.verdicts["dns"], verdict, answer.text)
        for part in (self.DOMAIN, *parts):
            self.assertIn(part, answer.line("dns"))

    def test_it_is_said_where_they_are_asked(self):
        server = self.start_server(f"--dns={LAN_HOST}", f"--dns-domain={self.DOMAIN}")
        client = self.connect(server, prefix=self.resolved.prefix())
        self.assert_says("good", "through " + client.connected["interface"])
        self.assertEqual(client.stop(), 0)
        self.assert_says("good", "will be asked at the office")
        self.assert_says("note", "no systemd-resolved",
                         prefix=("env", "DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nonexistent/bus"))


@unittest.skipIf(why_impossible() is not None, why_impossible() or "")
class WithHelper(HelperCase):
    def ask(self, user):
        state = self.lab.state_dir(f"state-of-{user}")
        uid = self.world.uid(user)
        self.lab.home.run("chown", f"{uid}:{uid}", state)
        program = self.world.start(f"doctor of {user}", user, [
            str(self.lab.binary("gvpn-client")), "doctor", f"--server={OFFICE}", f"--state-dir={state}",
            f"--pin={self.server.listening['pin']}"])
        return program.wait_end(PATIENCE_S), program.output

    def test_it_says_whether_this_session_would_be_let(self):
        status, output = self.ask(ACTIVE)
        self.assertEqual((status, output[0]), (GOOD, HEALTHY), output)
        status, output = self.ask(GUEST)
        self.assertEqual((status, output[0]), (GOOD, HEALTHY), output)
        self.assertIn("password will be asked for", "".join(output))
        status, output = self.ask(DENIED)
        self.assertEqual(status, TROUBLE, output)
        self.assertIn("rules do not allow it", output[0])
        self.assert_unchanged(self.lab.home, self.before)

    def test_a_polkit_that_says_nothing_is_named(self):
        self.assertEqual(self.ask(ACTIVE)[0], GOOD)
        self.world.run("sh", "-c", "kill -STOP $(pgrep -x polkitd)")
        status, output = self.ask(ACTIVE)
        self.assertEqual(status, TROUBLE, output)
        self.assertIn("polkit", output[0])
        self.assertNotIn("good polkit", " ".join("".join(output).split()))

    def test_a_missing_helper_is_named(self):
        self.world.run("rm", "/usr/share/dbus-1/system-services/org.gvpn.Helper1.service")
        self.world.run("sh", "-c", "kill -HUP $(pgrep -x dbus-daemon)")
        status, output = self.ask(ACTIVE)
        self.assertEqual(status, TROUBLE)
        self.assertIn("not installed", output[0])


if __name__ == "__main__":
    case.main()
