"""What is measured, and how: streams and datagrams with iperf3, round-trip times with ping, the first echo after a
start, the time and memory that processes took."""

import contextlib
import json
import os
import re
import select
import socket
import struct
import time
from pathlib import Path

from support.lab import LAN_HOST

UP, DOWN = "up", "down"
DIRECTIONS = (UP, DOWN)
IPERF_PORT = 5201
ECHO_REQUEST, ECHO_REPLY = 8, 0
# A stream has found its speed by then, mostly.
SETTLING_S = 0.5
# How long iperf3 may take beyond its time on a line with full queues.
PATIENCE_S = 40


class MeasureError(Exception):
    """A figure could not be had; the text says why."""


class Load:
    """iperf3 between home and the LAN host, begun at once; gone at the end of the with block. result() waits for its
    end."""

    def __init__(self, world, direction, seconds, *options):
        self._seconds = seconds
        self._log = world.lab.folder / "iperf3.json"
        self._log.unlink(missing_ok=True)
        self._server = world.lab.start("iperf3 server", ["iperf3", "-s", "-1", "-p", IPERF_PORT], world.lan)
        world.lab.wait_until(lambda: world.lab.is_listening(world.lan, IPERF_PORT), "iperf3 listens")
        # Intervals would be most of the output.
        words = ["iperf3", "-c", LAN_HOST, "-p", IPERF_PORT, "-J", "--logfile", self._log, "-i", "0", "-t", seconds,
                 "--connect-timeout", "15000", *options, *(("-R",) if direction == DOWN else ())]
        self._client = world.lab.start("iperf3", words, world.home)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._client.kill()
        self._server.kill()

    def result(self):
        """iperf3's own summary."""
        self._client.wait_end(self._seconds + PATIENCE_S)
        try:
            said = json.loads(self._log.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise MeasureError(f"iperf3 said nothing of use\n{self._client.describe()}") from None
        if said.get("error"):
            raise MeasureError(f"iperf3: {said['error']}")
        return said["end"]

    def received(self):
        """(bits per second, bytes) that arrived."""
        summary = self.result()["sum_received"]
        if summary["bytes"] == 0:
            raise MeasureError("nothing arrived")
        return summary["bits_per_second"], summary["bytes"]


def stream(world, direction, seconds, *options):
    with Load(world, direction, seconds, *options) as load:
        return load.received()


def small_datagrams(world, direction, seconds):
    """Datagrams of 100 bytes that arrive in a second while the sender sends as many as it can."""
    with Load(world, direction, seconds, "-u", "-b", "0", "-l", "100") as load:
        udp = load.result()["sum"]
    arrived = udp["packets"] - udp["lost_packets"]
    if arrived <= 0:
        raise MeasureError("no datagram arrived")
    return arrived / udp["seconds"]


def percentile(values, share):
    """The smallest value that this share of them does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, min(len(ordered) - 1, -int(-share * len(ordered) // 1) - 1))]


def round_trips(world, seconds, interval_s):
    """{"p50": ms, "p99": ms} of pings from home to the LAN host."""
    count = max(20, int(seconds / interval_s))
    result = world.home.run("ping", "-n", "-c", count, "-i", interval_s, "-W", 3, LAN_HOST, check=False,
                            timeout=seconds + PATIENCE_S)
    times = [float(text) for text in re.findall(r"time=([\d.]+) ms", result.stdout)]
    if len(times) < count / 2:
        raise MeasureError(f"{count - len(times)} of {count} pings were lost")
    return {"p50": percentile(times, 0.5), "p99": percentile(times, 0.99)}


def loaded(world, direction, seconds, interval_s):
    """(bits per second, round_trips()) of one stream and the pings beside it."""
    with Load(world, direction, seconds + 2 * SETTLING_S) as load:
        time.sleep(SETTLING_S)
        times = round_trips(world, seconds, interval_s)
        return load.received()[0], times


@contextlib.contextmanager
def _echo_socket(namespace):
    with namespace.entered():
        echo = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)
    with echo:
        echo.setblocking(False)
        yield echo


def wait_first_echo(namespace, program, deadline_s=30):
    """Asks each millisecond until the LAN host answers; the moment (time.monotonic())."""
    limit, number = time.monotonic() + deadline_s, 0
    with _echo_socket(namespace) as echo:
        while time.monotonic() < limit:
            number = (number + 1) % 65536
            with contextlib.suppress(OSError):  # no route yet
                echo.sendto(struct.pack(">BBHHH", ECHO_REQUEST, 0, 0, 0, number), (LAN_HOST, 0))
            if select.select([echo], [], [], 0.001)[0]:
                with contextlib.suppress(OSError):  # told that there is no way
                    if echo.recv(2048)[0] == ECHO_REPLY:
                        return time.monotonic()
            if program is not None and not program.is_running():
                raise MeasureError(f"{program.name} ended\n{program.describe()}")
    said = f"\n{program.describe()}" if program is not None else ""
    raise MeasureError(f"no echo within {deadline_s} s{said}")


# -- processes

def _parents():
    """{process: its parent}"""
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # has ended
            found[int(path.parent.name)] = int(_stat_fields(path)[1])
    return found


def _stat_fields(path):
    # The name before them may hold blanks and brackets.
    return path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()


def family(programs):
    """The processes of these programs and what they have started."""
    parents = _parents()
    wanted = {program.pid for program in programs}
    while True:
        children = {pid for pid, parent in parents.items() if parent in wanted} - wanted
        if not children:
            return wanted
        wanted |= children


def cpu_seconds(programs):
    """User and system time so far."""
    ticks = 0
    for pid in family(programs):
        fields = _stat_fields(Path(f"/proc/{pid}/stat"))
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def memory_kib(programs, field="VmRSS"):
    """Resident now (VmRSS) or at most so far (VmHWM)."""
    total = 0
    for pid in family(programs):
        for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith(f"{field}:"):
                total += int(line.split()[1])
    return total
