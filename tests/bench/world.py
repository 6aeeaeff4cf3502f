"""The lab of the end-to-end tests made comparable and slow: the same congestion control everywhere, an office that lets
a home through, a narrow line and a long one."""

import contextlib
from pathlib import Path

from support.lab import LAN, OFFICE, Lab
from support.namespaces import at_end

# Inside and outside of every tunnel. What the host has would come into the namespaces, and BBR inside changes the
# comparison.
CONGESTION = "cubic"
ALLOWED = Path("/proc/sys/net/ipv4/tcp_allowed_congestion_control")

HOME = "203.0.113.101"
# A buffer of 50 ms, as lines of this speed have it at the least.
NARROW = ("rate", "100mbit", "burst", "32kb", "latency", "50ms")
LONG = ("rate", "200mbit", "burst", "64kb", "latency", "50ms")
LONG_DELAY_MS = 20
LOSS_SEED = 20


def allow_congestion():
    """A namespace may only choose what the host allows to everybody; put back when this process ends."""
    before = ALLOWED.read_text(encoding="ascii")
    if CONGESTION in before.split():
        return
    at_end(lambda: ALLOWED.write_text(before, encoding="ascii"))
    try:
        ALLOWED.write_text(f"{before.strip()} {CONGESTION}\n", encoding="ascii")
    except OSError as error:
        raise RuntimeError(f"this kernel has no {CONGESTION} for the comparison: {error.strerror}") from error


class World:
    """home (and home2 for many clients), office and LAN; close() removes them."""

    def __init__(self, build):
        allow_congestion()
        self.lab = Lab(build, homes=2)
        self.home, self.office, self.lan = self.lab.home, self.lab.office, self.lab.lan
        for namespace in (self.office, self.lan, *self.lab.homes):
            namespace.write_switch("net/ipv4/tcp_congestion_control", CONGESTION)

    def close(self):
        self.lab.close()

    def end_programs(self):
        """What a measurement that failed has left."""
        for program in reversed(self.lab.programs):
            program.kill()
        self.lab.programs.clear()

    @contextlib.contextmanager
    def open_office(self):
        """Forwards and masquerades, for whatever doesn't do so itself."""
        self.office.write_switch("net/ipv4/ip_forward", 1)
        self.office.run("nft", "add table ip bench; add chain ip bench leaving "
                               "{ type nat hook postrouting priority srcnat; }; "
                               "add rule ip bench leaving oifname lan masquerade")
        try:
            yield
        finally:
            self.office.run("nft", "delete table ip bench")
            self.office.write_switch("net/ipv4/ip_forward", 0)

    @contextlib.contextmanager
    def plain_route(self):
        """No tunnel: the office is home's router to the LAN."""
        with self.open_office():
            self.home.run("ip", "route", "add", LAN, "via", OFFICE)
            try:
                yield
            finally:
                self.home.run("ip", "route", "del", LAN)

    @contextlib.contextmanager
    def narrow_line(self):
        """100 Mbit/s each way, by a token bucket on what home and office send."""
        with contextlib.ExitStack() as stack:
            for namespace in (self.home, self.office):
                namespace.run("tc", "qdisc", "add", "dev", "wan", "root", "tbf", *NARROW)
                stack.callback(namespace.run, "tc", "qdisc", "del", "dev", "wan", "root")
            yield

    @contextlib.contextmanager
    def long_line(self, loss_percent):
        """Home and office reach each other over delay_line.cpp: 200 Mbit/s and 20 ms each way."""
        relay = self.lab.start("delay line", [
            "nice", "-n", "-15", self.lab.build / "tests/bench/gvpn_delay_line", f"--first={self.home.name}",
            f"--second={self.office.name}", f"--delay-ms={LONG_DELAY_MS}", f"--loss-percent={loss_percent}",
            f"--seed={LOSS_SEED}"])
        try:
            relay.wait_event(event="ready", deadline_s=10)
            self._use_line(self.home, HOME, OFFICE)
            self._use_line(self.office, OFFICE, HOME)
            yield
        finally:
            # Its TUNs and their routes go with it.
            relay.stop()
        overflowed = sum(event["overflowed"] for event in relay.events if event["event"] == "carried")
        if overflowed:
            raise RuntimeError(f"this machine was too slow for the long line, which lost {overflowed} packets itself")

    @staticmethod
    def _use_line(namespace, here, there):
        # A TUN's queue of 500 packets would be the line's second one.
        namespace.run("ip", "link", "set", "line", "up", "txqueuelen", "5000")
        namespace.run("tc", "qdisc", "add", "dev", "line", "root", "tbf", *LONG)
        namespace.run("ip", "route", "add", there, "dev", "line", "src", here)
