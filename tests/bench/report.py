"""The values of a run: collected, reduced to medians, and written as Markdown tables and as JSON."""

import os
import platform
import re
import statistics
from pathlib import Path

from bench.limits import OURS, judge
from bench.setups import first_line

NOTHING = "-"


class Results:
    """values[section][setup][figure] is a list, a value a round."""

    def __init__(self):
        self.values = {}
        self.missing = {}
        self.failures = []

    def add(self, section, setup, figures):
        place = self.values.setdefault(section, {}).setdefault(setup, {})
        for figure, value in figures.items():
            place.setdefault(figure, []).append(value)

    def median(self, section, setup, figure):
        values = self.values.get(section, {}).get(setup, {}).get(figure)
        return statistics.median(values) if values else None

    def medians(self):
        return {section: {setup: {figure: statistics.median(values) for figure, values in figures.items()}
                          for setup, figures in setups.items()} for section, setups in self.values.items()}

    def ratios(self):
        """Ours by each other setup's: ratios[section][setup][figure]."""
        medians = self.medians()
        return {section: {setup: {figure: own / figures[figure] for figure, own in setups[OURS].items()
                                  if figures.get(figure)}
                          for setup, figures in setups.items() if setup != OURS}
                for section, setups in medians.items() if OURS in setups}

    def as_json(self, **more):
        return {**more, "values": self.values, "medians": self.medians(), "ratios": self.ratios(),
                "limits": judge(self.median), "not_measured": self.missing,
                "failures": [{"section": section, "setup": setup, "round": number}
                             for section, setup, number, _ in self.failures]}


def machine():
    """What the figures depend on; nothing that tells whose machine it is."""
    cpu = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
    system = re.search(r'^PRETTY_NAME="?([^"\n]+)', Path("/etc/os-release").read_text(encoding="utf-8"), re.MULTILINE)
    memory = re.search(r"^MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text(encoding="utf-8"), re.MULTILINE)
    return {"cpu": cpu.group(1) if cpu else platform.machine(), "cores": os.cpu_count(),
            "memory_mib": int(memory.group(1)) // 1024, "system": system.group(1) if system else platform.system(),
            "kernel": platform.release()}


def versions(setups):
    found = {"openssl": first_line("openssl", "version"), "iperf3": first_line("iperf3", "--version")}
    found.update({setup.name: setup.version() for setup in setups if not setup.missing()})
    return {name: text for name, text in found.items() if text}


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def shown(value, decimals):
    return NOTHING if value is None else f"{value:.{decimals}f}"


def section_table(section, setups, results):
    rows = []
    missing = results.missing.get(section.name, {})
    for setup in setups:
        if setup in missing:
            rows.append([setup, missing[setup], *[NOTHING] * (len(section.columns) - 1)])
        elif setup in results.values.get(section.name, {}):
            rows.append([setup, *(shown(results.median(section.name, setup, figure), decimals)
                                  for figure, _, decimals in section.columns)])
    header = ["", *(title for _, title, _ in section.columns)]
    return f"## {section.title}\n\n{table(header, rows)}"


def judgement(entry, name):
    """'≥ 10 ×: met'"""
    bound, is_met = entry[name]["limit"], entry[name]["met"]
    if bound is None:
        return NOTHING
    text = f"{entry['kind']} {bound:g} {entry['unit']}"
    return text if is_met is None else f"{text}: {'met' if is_met else 'MISSED'}"


def limits_table(results):
    rows = [[entry["what"], NOTHING if entry["value"] is None else f"{entry['value']:.3g} {entry['unit']}",
             judgement(entry, "must"), judgement(entry, "aim")] for entry in judge(results.median)]
    return f"## What gvpn must reach and aims at\n\n{table(['', 'gvpn', 'must', 'aim'], rows)}"


def markdown(sections, setups, results, settings, about, found_versions):
    """All of it. Medians of the rounds."""
    head = [f"{about['cpu']}, {about['cores']} cores, {about['memory_mib']} MiB; {about['system']}, "
            f"kernel {about['kernel']}; cubic inside and outside.",
            "; ".join(f"{name}: {text}" for name, text in found_versions.items()) + ".",
            f"Medians of {settings['rounds']} interleaved rounds, {settings['seconds']:g} s each measurement."]
    parts = ["# gvpn beside others on one machine", "\n".join(head)]
    parts += [section_table(section, setups, results) for section in sections]
    return "\n\n".join([*parts, limits_table(results)])
