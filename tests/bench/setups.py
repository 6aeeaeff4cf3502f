"""What is compared: each setup starts and stops both ends of one way from home to the LAN host."""

import contextlib
import shutil
import subprocess
import time

from bench.measures import wait_first_echo
from support.lab import OFFICE, POOL, PORT

# More arguments of both gvpn programs, by section; one that a program does not know is left out.
GVPN_OPTIONS = {"long": ("--congestion=auto",)}
ENOUGH_S = 10


def stop(program):
    """As asked, or by force: how a peer ends is not measured."""
    try:
        program.stop(deadline_s=ENOUGH_S)
    except AssertionError:
        program.kill()


class Setup:
    """started() is the way there and back as a context; inside, the programs of both ends are known."""

    name = ""
    needs = ()

    def __init__(self, world):
        self.world = world
        self.lab = world.lab
        self.section = None
        self.server = None
        self.client = None

    def missing(self):
        """Programs that are not installed."""
        return [tool for tool in self.needs if shutil.which(tool) is None]

    def version(self):
        """As the program names itself, or nothing."""
        return None

    @contextlib.contextmanager
    def serving(self):
        """The server's end, with what it needs in the office."""
        with self.world.open_office():
            self.server = self.start_server()
            try:
                yield
            finally:
                stop(self.server)
                self.server = None

    @contextlib.contextmanager
    def connected(self):
        """The client's end, with the seconds from its start to the first echo."""
        began = time.monotonic()
        self.client = self.start_client()
        try:
            yield wait_first_echo(self.world.home, self.client) - began
        finally:
            stop(self.client)
            self.client = None

    @contextlib.contextmanager
    def started(self):
        with self.serving(), self.connected():
            yield self

    def programs(self):
        return [program for program in (self.client, self.server) if program is not None]

    def start_server(self):
        raise NotImplementedError

    def start_client(self):
        raise NotImplementedError


class PlainRoute(Setup):
    name = "none"

    @contextlib.contextmanager
    def serving(self):
        with self.world.plain_route():
            yield

    @contextlib.contextmanager
    def connected(self):
        wait_first_echo(self.world.home, None)
        yield None


class Gvpn(Setup):
    name = "gvpn"
    server_options = ()
    client_options = ("--trust-on-first-use",)
    pool = POOL

    def version(self):
        return first_line(str(self.lab.binary("gvpn-server")), "--version")

    @contextlib.contextmanager
    def serving(self):
        # Forwards and masquerades itself.
        self.server = self.start_server()
        try:
            yield
        finally:
            stop(self.server)
            self.server = None

    def start_server(self):
        options = (*self.server_options, *self._known_options("gvpn-server"))
        server = self.lab.start_server(*options, cidr=(self.pool,))
        server.wait_event(event="listening")
        return server

    def start_client(self):
        options = (*self.client_options, *self._known_options("gvpn-client"))
        return self.lab.start_client(f"--server={OFFICE}:{PORT}", *options)

    def _known_options(self, program):
        options = GVPN_OPTIONS.get(self.section, ())
        if not options:
            return ()
        text = self.world.home.run(self.lab.binary(program), "--help").stdout
        return tuple(option for option in options if f"{option.partition('=')[0]} " in text)


class GvpnV1(Gvpn):
    name = "gvpn-v1"
    server_options = ("--allow-v1",)
    client_options = ("--v1",)


class CrowdedGvpn(Gvpn):
    """Has room for thousands of clients that come from one address."""

    pool = "10.86.0.0/16"
    server_options = ("--max-half-open=4000", "--relay=203.0.113.0/24")


def first_line(*argv):
    """What a program says of itself; nothing if it can't."""
    try:
        result = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=10, check=False)
    except OSError:
        return None
    lines = (result.stdout + result.stderr).strip().splitlines()
    return lines[0].strip() if lines else None
