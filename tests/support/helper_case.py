"""A home whose users have no rights, but the installed gvpn-helper; and an office that they connect to."""

import time

from support import case
from support.bus_world import ACTIVE, BusWorld
from support.lab import LAN, LAN6, OFFICE, POOL, POOL6, PORT

BOTH = {"bypass": (LAN, LAN6), "cidr": (POOL, POOL6)}


class HelperCase(case.LabCase):
    server_options = ()

    def setUp(self):
        super().setUp()
        self.world = BusWorld(self.lab, self.lab.home)
        self.server = self.start_server(*self.server_options, **BOTH)
        self.before = case.snapshot(self.lab.home)

    def start_unprivileged(self, *options, user=ACTIVE, address=f"{OFFICE}:{PORT}"):
        state = self.lab.state_dir(f"state-of-{user}")
        uid = self.world.uid(user)
        self.lab.home.run("chown", f"{uid}:{uid}", state)
        argv = [str(self.lab.binary("gvpn-client")), "--json", f"--state-dir={state}", f"--server={address}",
                f"--pin={self.server.listening['pin']}", *options]
        return self.world.start(f"gvpn-client of {user}", user, argv)

    def connect_unprivileged(self, *options, **settings):
        client = self.start_unprivileged(*options, **settings)
        client.connected = self.wait_connected(client)
        return client

    def wait_unchanged(self, deadline_s=15):
        limit = time.monotonic() + deadline_s
        while case.difference(self.before, case.snapshot(self.lab.home)) and time.monotonic() < limit:
            time.sleep(0.05)
        self.assert_unchanged(self.lab.home, self.before)
