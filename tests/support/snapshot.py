"""What a namespace's network looks like, as lines that can be compared: before a program ran and after it ended. With
it what gvpn programs have recorded about it."""

import difflib
import json
import re
from pathlib import Path

VOLATILE = re.compile(r" (expires|age) \S+")
RUNNING_TIMER = re.compile(r'"\w+_timer": [\d.]+(, )?')  # of a bridge


def _lines(namespace, *argv):
    return sorted(VOLATILE.sub("", line).rstrip() for line in namespace.run(*argv).stdout.splitlines() if line.strip())


def _interfaces(namespace):
    for link in json.loads(namespace.run("ip", "-j", "-d", "addr").stdout):
        settings = {key: value for key, value in link.items() if key not in ("addr_info", "flags")}
        settings = RUNNING_TIMER.sub("", json.dumps(settings, sort_keys=True))
        yield f"{link['ifname']} {','.join(sorted(link['flags']))} {settings}"
        for address in link["addr_info"]:
            yield f"{link['ifname']} {json.dumps(address, sort_keys=True)}"


def _packet_filter(namespace):
    """Each line with its table's name in front."""
    table = ""
    # Without what isn't a setting. Not as JSON: nft 1.0.6 writes none for a table that has an owner.
    for line in namespace.run("nft", "--stateless", "list", "ruleset").stdout.splitlines():
        if line.startswith("table "):
            table = line.removesuffix(" {")
        yield f"{table}: {line.strip()}"


def snapshot(namespace):
    """{section: [line, …]}"""
    resolvers = namespace.run("cat", "/etc/resolv.conf", check=False).stdout.splitlines()
    return {
        "interfaces": list(_interfaces(namespace)),
        "IPv4 routes": _lines(namespace, "ip", "-4", "route", "show", "table", "all"),
        "IPv6 routes": _lines(namespace, "ip", "-6", "route", "show", "table", "all"),
        "IPv4 rules": _lines(namespace, "ip", "-4", "rule"),
        "IPv6 rules": _lines(namespace, "ip", "-6", "rule"),
        "packet filter": list(_packet_filter(namespace)),
        "switches": namespace.switches(),
        "resolvers": resolvers,
        "records": sorted(str(path) for folder in namespace.records() for path in Path(folder).glob("*.json*")),
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
