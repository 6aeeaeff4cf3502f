"""What gvpn must reach, and what it aims at, as a table over the medians of one run."""

from dataclasses import dataclass

from bench.measures import DIRECTIONS

OURS, PLAIN, OPENVPN, WIREGUARD = "gvpn", "none", "openvpn-udp", "wireguard-go"
OPENVPNS = (OPENVPN, "openvpn-tcp")
AT_LEAST, AT_MOST = "≥", "≤"


@dataclass(frozen=True)
class Limit:
    """value(medians) -> number, or None if something in it was not measured. must or aim may be None."""

    text: str
    value: object
    kind: str
    must: float = None
    aim: float = None
    unit: str = ""

    def is_met(self, value, limit):
        return value >= limit if self.kind == AT_LEAST else value <= limit


def ours(section, figure):
    return lambda medians: medians(section, OURS, figure)


def against(section, figure, *others):
    """Ours by the largest of the others' that are there."""
    def value(medians):
        own = medians(section, OURS, figure)
        found = [other for other in (medians(section, name, figure) for name in others) if other]
        return own / max(found) if own is not None and found else None
    return value


def beyond(section, figure, other):
    """By how much ours is more."""
    def value(medians):
        pair = [medians(section, name, figure) for name in (OURS, other)]
        return None if None in pair else pair[0] - pair[1]
    return value


def share(section, figure, whole):
    """One of our figures by another, in %."""
    def value(medians):
        part, all_of_it = (medians(section, OURS, name) for name in (figure, whole))
        return part / all_of_it * 100 if part is not None and all_of_it else None
    return value


def percent(value):
    def scaled(medians):
        found = value(medians)
        return None if found is None else found * 100
    return scaled


def limits_of(way):
    """Those that hold in each direction."""
    stream, line, ping = f"{way}_1_gbit_s", f"{way}_mbit_s", f"{way}_ping_p50_ms"
    return (
        Limit(f"one TCP stream {way}, by the better OpenVPN",
              against("streams", stream, *OPENVPNS), AT_LEAST, 10, 20, "×"),
        Limit(f"one TCP stream {way}, of no VPN",
              percent(against("streams", stream, PLAIN)), AT_LEAST, 20, 40, "%"),
        Limit(f"one TCP stream {way}, by wireguard-go",
              against("streams", stream, WIREGUARD), AT_LEAST, 2.5, 5, "×"),
        Limit(f"CPU seconds per GB, one stream {way}",
              ours("streams", f"{way}_1_cpu_s_per_gb"), AT_MOST, 1.8, 1.2, "s"),
        Limit(f"100-byte UDP packets {way}, by OpenVPN UDP",
              against("packets", f"{way}_kpps", OPENVPN), AT_LEAST, 1.2, 2, "×"),
        Limit(f"RTT p99 under a saturating stream {way}",
              ours("latency", f"loaded_{way}_p99_ms"), AT_MOST, 6, 3, "ms"),
        Limit(f"100 Mbit/s: ping p50 under a stream {way}, by OpenVPN UDP",
              against("line100", ping, OPENVPN), AT_MOST, 1, None, "×"),
        Limit(f"100 Mbit/s: throughput {way}, of OpenVPN UDP",
              percent(against("line100", line, OPENVPN)), AT_LEAST, 95, None, "%"),
        Limit(f"100 Mbit/s: ping p50 under a stream {way}, beyond no VPN",
              beyond("line100", ping, PLAIN), AT_MOST, None, 5, "ms"),
        Limit(f"20 ms, no loss: throughput {way}, of no VPN",
              percent(against("long", f"loss0_{line}", PLAIN)), AT_LEAST, 85, 95, "%"),
        Limit(f"20 ms, 1 % loss: throughput {way}, by no VPN",
              against("long", f"loss1_{line}", PLAIN), AT_LEAST, 8, 20, "×"),
        Limit(f"20 ms, 1 % loss: ping p50 under a stream {way}",
              ours("long", f"loss1_{ping}"), AT_MOST, 150, 80, "ms"),
    )


LIMITS = (
    *(limit for pair in zip(*(limits_of(way) for way in DIRECTIONS)) for limit in pair),
    Limit("idle RTT p50, by OpenVPN UDP", against("latency", "idle_p50_ms", OPENVPN), AT_MOST, 1.8, 1.0, "×"),
    Limit("memory of an idle client on the server, of 1,000",
          ours("clients", "beside_1000_memory_kib"), AT_MOST, 100, 50, "KiB"),
    Limit("CPU of 1,000 idle clients on the server",
          ours("clients", "beside_1000_cpu_percent"), AT_MOST, 1, 0.3, "% of a core"),
    Limit("a stream beside 1,000 idle clients, of one alone",
          share("clients", "beside_1000_gbit_s", "alone_1000_gbit_s"), AT_LEAST, 90, 98, "%"),
)


def judge(medians):
    """A dict for each limit, with "met" and "missed" (None: not measured, or there is no such limit)."""
    judged = []
    for limit in LIMITS:
        value = limit.value(medians)
        entry = {"what": limit.text, "value": value, "unit": limit.unit, "kind": limit.kind}
        for name in ("must", "aim"):
            bound = getattr(limit, name)
            is_open = value is None or bound is None
            entry[name] = {"limit": bound, "met": None if is_open else limit.is_met(value, bound)}
        judged.append(entry)
    return judged
