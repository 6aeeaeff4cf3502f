"""The sections of the benchmark: each measures one setup once, in a round, and returns its figures."""

import contextlib
import time
from dataclasses import dataclass

from bench import measures
from bench.measures import DIRECTIONS, MeasureError
from bench.setups import CrowdedGvpn, stop
from support.lab import OFFICE, PORT

MANY_CLIENTS = "tests/bench/gvpn_many_clients"
CROWDS = (1, 100, 1000)
CONNECTIONS = 5
# Between two pings: small against what is measured, and no load.
IDLE_INTERVAL_S, LOADED_INTERVAL_S = 0.005, 0.01
LOSSES_PERCENT = (0, 1)
MIB = 1024


@dataclass
class Settings:
    """How long the parts of a measurement last."""

    seconds: float = 5
    # A long line needs time to fill, and what follows loss needs time to tell chance from habit.
    long_factor: float = 2
    # Idle clients say something every few seconds only.
    idle_s: float = 20


def measure_streams(world, setup, settings):
    figures = {}
    with setup.started():
        for streams in (1, 4):
            for direction in DIRECTIONS:
                before = measures.cpu_seconds(setup.programs())
                rate, size = measures.stream(world, direction, settings.seconds, "-P", streams)
                used = measures.cpu_seconds(setup.programs()) - before
                figures[f"{direction}_{streams}_gbit_s"] = rate / 1e9
                if setup.programs():
                    figures[f"{direction}_{streams}_cpu_s_per_gb"] = used / (size / 1e9)
        for end, program in (("client", setup.client), ("server", setup.server)):
            if program is not None:
                figures[f"{end}_memory_mib"] = measures.memory_kib([program]) / MIB
                figures[f"{end}_peak_memory_mib"] = measures.memory_kib([program], "VmHWM") / MIB
    return figures


def measure_packets(world, setup, settings):
    with setup.started():
        return {f"{direction}_kpps": measures.small_datagrams(world, direction, settings.seconds) / 1000
                for direction in DIRECTIONS}


def round_trip_figures(times, prefix):
    return {f"{prefix}_{key}_ms": value for key, value in times.items()}


def measure_latency(world, setup, settings):
    with setup.started():
        figures = round_trip_figures(measures.round_trips(world, settings.seconds, IDLE_INTERVAL_S), "idle")
        for direction in DIRECTIONS:
            _, times = measures.loaded(world, direction, settings.seconds, LOADED_INTERVAL_S)
            figures.update(round_trip_figures(times, f"loaded_{direction}"))
    return figures


def loaded_line_figures(world, seconds, prefix=""):
    """Speed and round trips beside it, each way, on a line that is slower than the machine."""
    figures = {}
    for direction in DIRECTIONS:
        rate, times = measures.loaded(world, direction, seconds, LOADED_INTERVAL_S)
        figures[f"{prefix}{direction}_mbit_s"] = rate / 1e6
        figures.update(round_trip_figures(times, f"{prefix}{direction}_ping"))
    return figures


def measure_line100(world, setup, settings):
    with world.narrow_line(), setup.started():
        return loaded_line_figures(world, settings.seconds)


def measure_long(world, setup, settings):
    figures = {}
    for loss in LOSSES_PERCENT:
        with world.long_line(loss), setup.started():
            figures.update(loaded_line_figures(world, settings.seconds * settings.long_factor, f"loss{loss}_"))
    return figures


def measure_connect(_world, setup, _settings):
    times = []
    with setup.serving():
        # The first one also makes keys.
        for _ in range(CONNECTIONS + 1):
            with setup.connected() as seconds:
                times.append(seconds * 1000)
    return {"connect_ms": measures.percentile(times[1:], 0.5)}


@contextlib.contextmanager
def crowd(world, count):
    """So many more clients, from another home, that are connected and do nothing."""
    program = world.lab.start("many clients", [world.lab.build / MANY_CLIENTS, "--server", f"{OFFICE}:{PORT}",
                                               "--count", count], world.lab.homes[1])
    try:
        event = program.wait_event(event="connected", deadline_s=60)
        if event["count"] != count:
            raise MeasureError(f"{event['count']} of {count} clients are connected")
        yield
        if not program.is_running():
            raise MeasureError(f"the crowd ended\n{program.describe()}")
    finally:
        stop(program)


def measure_clients(world, setup, settings):
    """One client with a stream, beside a crowd and then alone."""
    crowded = CrowdedGvpn(world)
    crowded.section = setup.section
    figures = {}
    for count in CROWDS:
        # A server of its own: memory that an earlier crowd has left free would hide that of this one.
        with crowded.serving():
            memory = measures.memory_kib([crowded.server])
            with crowd(world, count):
                before = measures.cpu_seconds([crowded.server])
                time.sleep(settings.idle_s)
                used = measures.cpu_seconds([crowded.server]) - before
                figures[f"beside_{count}_memory_kib"] = (measures.memory_kib([crowded.server]) - memory) / count
                figures[f"beside_{count}_cpu_percent"] = used / settings.idle_s * 100
                figures[f"beside_{count}_gbit_s"] = speed_of_one(world, crowded, settings)
            figures[f"alone_{count}_gbit_s"] = speed_of_one(world, crowded, settings)
    return figures


def speed_of_one(world, setup, settings):
    with setup.connected():
        return measures.stream(world, measures.UP, settings.seconds)[0] / 1e9


def why_no_crowd(world):
    if not (world.lab.build / MANY_CLIENTS).exists():
        return f"{MANY_CLIENTS} is not built"
    return None


@dataclass(frozen=True)
class Section:
    """measure(world, setup, settings) -> {figure: value}; columns: (figure, title, decimals)."""

    name: str
    title: str
    measure: object
    columns: tuple
    without: tuple = ()
    only: tuple = ()
    why_not: object = lambda _world: None


def both_ways(figure, title, decimals):
    """A column a direction; figure and title hold {}."""
    return tuple((figure.format(direction), title.format(direction), decimals) for direction in DIRECTIONS)


def line_columns(prefix, title):
    return (*both_ways(prefix + "{}_mbit_s", title + "{} Mbit/s", 1),
            *both_ways(prefix + "{}_ping_p50_ms", title + "ping p50 ms, {}", 1),
            *both_ways(prefix + "{}_ping_p99_ms", title + "ping p99 ms, {}", 1))


def crowd_columns(count):
    return ((f"beside_{count}_gbit_s", f"beside {count}: Gbit/s", 2), (f"alone_{count}_gbit_s", "then alone", 2),
            (f"beside_{count}_memory_kib", "KiB a client", 0), (f"beside_{count}_cpu_percent", "idle % of a core", 2))


SECTIONS = (
    Section("streams", "TCP streams", measure_streams, (
        *both_ways("{}_1_gbit_s", "1 stream {}, Gbit/s", 2), *both_ways("{}_4_gbit_s", "4 streams {}, Gbit/s", 2),
        *both_ways("{}_1_cpu_s_per_gb", "CPU s per GB, 1 {}", 2),
        *both_ways("{}_4_cpu_s_per_gb", "CPU s per GB, 4 {}", 2),
        ("client_memory_mib", "client MiB", 0), ("client_peak_memory_mib", "peak", 0),
        ("server_memory_mib", "server MiB", 0), ("server_peak_memory_mib", "peak", 0))),
    Section("packets", "100-byte UDP packets", measure_packets, both_ways("{}_kpps", "{} kpps", 1)),
    Section("latency", "Round-trip times", measure_latency, (
        ("idle_p50_ms", "idle p50 ms", 3), ("idle_p99_ms", "p99", 3),
        ("loaded_up_p50_ms", "under upload p50 ms", 2), ("loaded_up_p99_ms", "p99", 2),
        ("loaded_down_p50_ms", "under download p50 ms", 2), ("loaded_down_p99_ms", "p99", 2))),
    Section("line100", "A loaded line of 100 Mbit/s", measure_line100, line_columns("", "")),
    Section("long", "20 ms each way, 200 Mbit/s", measure_long,
            (*line_columns("loss0_", "no loss: "), *line_columns("loss1_", "1 % loss: "))),
    Section("connect", "From the client's start to the first echo", measure_connect, (("connect_ms", "ms", 0),),
            without=("none",)),
    Section("clients", "Idle clients beside one stream up", measure_clients,
            tuple(column for count in CROWDS for column in crowd_columns(count)),
            only=("gvpn",), why_not=why_no_crowd),
)
