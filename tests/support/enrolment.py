"""What the tests of invites and devices share: a server with accounts, links, and what a client keeps of them."""

import json
import stat
import time
import urllib.parse

from support import case
from support.lab import OFFICE
from support.peer import BY_DEVICE, BY_INVITE, Peer, secret_of

REFUSED = 5
WRONG_KEY = 4


def with_host(link, host):
    """The link of a server that is reached by another name."""
    parts = urllib.parse.urlsplit(link)
    return urllib.parse.urlunsplit(parts._replace(netloc=f"{host}:{parts.port}"))


def with_part(link, name, change):
    """The link with another value of pin, invite, …"""
    parts = urllib.parse.urlsplit(link)
    words = [f"{key}={change(value) if key == name else value}" for key, value in
             (word.split("=", 1) for word in parts.query.split("&"))]
    return urllib.parse.urlunsplit(parts._replace(query="&".join(words)))


def part_of(link, name):
    return urllib.parse.parse_qs(urllib.parse.urlsplit(link).query)[name][0]


def with_other_character(text, place=5):
    return text[:place] + ("B" if text[place] == "A" else "A") + text[place + 1:]


def mode_of(path):
    return stat.S_IMODE(path.stat().st_mode)


class EnrolmentCase(case.LabCase):
    """self.office() first."""

    def office(self, *options, **settings):
        """A running server whose links name its address on the internet; devices log in."""
        return self.start_server(f"--public-address={OFFICE}", *options, **{"login": "device", **settings})

    def wait_serving(self):
        """For a server that says nothing to programs."""
        self.lab.wait_until(lambda: self.lab.admin("status", check=False)[0] == 0, "the server serves")

    def invite(self, *options):
        return self.lab.admin("invite", *options)["invite"]

    def devices(self):
        return self.lab.admin("device", "list")["devices"]

    def trail(self, *events):
        """The entries of these events, the oldest first."""
        return [entry for entry in reversed(self.lab.admin("audit", "--last", "1000")["audit"])
                if entry["event"] in events]

    def enrol(self, *options, **settings):
        """A client that an invite with these options has let in; its link is in .link."""
        link = self.invite(*options)
        client = self.lab.start_client(link, **settings)
        client.connected = self.wait_connected(client)
        client.link = link
        return client

    def enrolled_peer(self, link, **settings):
        """A peer of the test's own that is let in by the link."""
        return self.logged_in(BY_INVITE, secret_of(link), **settings)

    def returning_peer(self, peer, **settings):
        """The same device by a new connection, without a secret."""
        return self.logged_in(BY_DEVICE, None, certificate=peer.certificate, device=peer.device, **settings)

    def logged_in(self, method, secret, **settings):
        peer = Peer(self.lab, **settings)
        self.addCleanup(peer.close)
        peer.log_in(method=method, secret=secret)
        return peer

    def profiles(self, home=None):
        """What the client keeps: the profiles, by their file names."""
        folder = self.lab.state_dir((home or self.lab.home).role) / "profiles"
        return {path: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}

    def only_profile(self, home=None):
        """(path, content)"""
        profiles = self.profiles(home)
        self.assertEqual(len(profiles), 1, profiles)
        return next(iter(profiles.items()))

    def key_file(self, pin, home=None):
        """Where the client keeps its key for the server with this pin."""
        return self.lab.state_dir((home or self.lab.home).role) / "devices" / f"{pin}.pem"

    def assert_is_refused(self, program, *parts):
        """At once, and without another try."""
        self.assert_ends(program, REFUSED, "stage login", *parts, deadline_s=15)
        self.assert_tried_once(program)

    def assert_tried_once(self, program):
        tries = [event for event in program.events if event.get("stage") == "tcp"]
        self.assertEqual(len(tries), 1, program.describe())
        self.assertNotIn("waiting", [event.get("state") for event in program.events])

    @staticmethod
    def wait_s(seconds):
        """For things that must not happen, or happen by the clock."""
        time.sleep(seconds)
