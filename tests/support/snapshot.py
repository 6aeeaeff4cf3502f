"""What a namespace's network looks like, as lines that can be compared: before a program ran and after it ended."""

import difflib
import json
import re

VOLATILE = re.compile(r" (expires|age) \S+")
VOLATILE_KEYS = ("handle", "packets", "bytes")  # numbers of rules and counters are not settings


def _strip_volatile(value):
    if isinstance(value, dict):
        return {key: _strip_volatile(item) for key, item in value.items() if key not in VOLATILE_KEYS}
    if isinstance(value, list):
        return [_strip_volatile(item) for item in value]
    return value


def _lines(namespace, *argv):
    return sorted(VOLATILE.sub("", line).rstrip() for line in namespace.run(*argv).stdout.splitlines() if line.strip())


def _interfaces(namespace):
    for link in json.loads(namespace.run("ip", "-j", "addr").stdout):
        flags = ",".join(sorted(link["flags"]))
        yield f"{link['ifname']} {link['link_type']} mtu {link['mtu']} {link['operstate']} {flags}"
        for address in link["addr_info"]:
            yield f"{link['ifname']} {address['local']}/{address['prefixlen']} {address['scope']}"


def _packet_filter(namespace):
    listing = json.loads(namespace.run("nft", "-j", "list", "ruleset").stdout or "{}")
    for item in listing.get("nftables", []):
        if "metainfo" not in item:
            yield json.dumps(_strip_volatile(item), sort_keys=True)


def snapshot(namespace):
    """{section: [line, …]}"""
    with open("/etc/resolv.conf", encoding="utf-8", errors="replace") as file:
        resolvers = file.read().splitlines()
    return {
        "interfaces": list(_interfaces(namespace)),
        "IPv4 routes": _lines(namespace, "ip", "-4", "route", "show", "table", "all"),
        "IPv6 routes": _lines(namespace, "ip", "-6", "route", "show", "table", "all"),
        "IPv4 rules": _lines(namespace, "ip", "-4", "rule"),
        "IPv6 rules": _lines(namespace, "ip", "-6", "rule"),
        "packet filter": list(_packet_filter(namespace)),
        "switches": namespace.switches(),
        "resolvers": resolvers,
    }


def difference(before, after):
    """Readable; empty when both are equal."""
    lines = []
    for section in sorted(before.keys() | after.keys()):
        changes = difflib.unified_diff(before.get(section, []), after.get(section, []), lineterm="", n=0)
        changes = [line for line in changes if not line.startswith(("---", "+++", "@@"))]
        if changes:
            lines += [f"{section}:", *(f"  {line}" for line in changes)]
    return "\n".join(lines)
