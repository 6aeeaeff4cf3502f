"""The benchmark works and cleans up; how fast anything is depends on the machine and is not tested."""

import json
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

from bench import world
from bench.limits import judge
from bench.measures import percentile
from bench.report import Results, section_table
from bench.sections import SECTIONS
from support import case
from support.namespaces import PREFIX

RUN = Path(__file__).resolve().parent / "run"
QUICK = {section.name: section for section in SECTIONS if section.name in ("streams", "latency", "line100", "long")}
SETUPS = ("none", "gvpn")


def start(*words, build=case.BUILD):
    return subprocess.Popen([sys.executable, "-B", RUN, "--build-dir", build, *words], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def namespaces_of(process):
    listed = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if line.startswith(f"{PREFIX}-{process.pid}-")]


class QuickRun(unittest.TestCase):
    def test_fills_every_cell_with_plausible_figures(self):
        allowed = world.ALLOWED.read_text(encoding="ascii")
        with tempfile.NamedTemporaryFile("r", suffix=".json") as file:
            process = start("--quick", "--json", file.name)
            printed, said = process.communicate(timeout=300)
            self.assertEqual(process.returncode, 0, printed + said)
            content = json.loads(file.read())
        self.assertEqual(namespaces_of(process), [])
        self.assertEqual(world.ALLOWED.read_text(encoding="ascii"), allowed)
        self.check_values(content["values"])
        self.check_tables(printed)
        self.check_limits(content)

    def check_values(self, values):
        self.assertEqual(set(values), set(QUICK))
        for name, section in QUICK.items():
            for figure, _, _ in section.columns:
                for setup in SETUPS:
                    is_of_programs = "memory" in figure or "cpu" in figure
                    if setup == "none" and is_of_programs:
                        continue
                    with self.subTest(section=name, figure=figure, setup=setup):
                        self.assertEqual(len(values[name][setup][figure]), 1)
                        self.assertGreater(values[name][setup][figure][0], 0)
        for setup in SETUPS:
            self.assertLess(values["line100"][setup]["up_mbit_s"][0], 110)
            self.assertLess(values["line100"][setup]["down_mbit_s"][0], 110)
            self.assertGreaterEqual(values["long"][setup]["loss0_up_ping_p50_ms"][0], 2 * world.LONG_DELAY_MS)
            self.assertLess(values["long"][setup]["loss0_down_mbit_s"][0], 220)

    def check_tables(self, printed):
        for section in QUICK.values():
            self.assertIn(f"## {section.title}\n", printed)
        rows = [line.split(" | ")[0] for line in printed.splitlines()]
        for setup in SETUPS:
            self.assertEqual(rows.count(f"| {setup}"), len(QUICK), printed)

    def check_limits(self, content):
        judged = {entry["what"]: entry for entry in content["limits"]}
        self.assertGreater(judged["one TCP stream up, of no VPN"]["value"], 0)
        self.assertIn(judged["one TCP stream up, of no VPN"]["must"]["met"], (True, False))
        # OpenVPN was not there to be compared with.
        self.assertIsNone(judged["one TCP stream up, by the better OpenVPN"]["must"]["met"])
        self.assertGreater(content["ratios"]["streams"]["none"]["up_1_gbit_s"], 0)
        self.assertEqual(content["failures"], [])


class Figures(unittest.TestCase):
    def test_a_percentile_is_one_of_the_values(self):
        for values, share, expected in (((3,), 0.5, 3), ((3,), 0.99, 3), ((2, 1), 0.5, 1), ((3, 1, 2), 0.5, 2),
                                        (range(1, 101), 0.5, 50), (range(1, 101), 0.99, 99),
                                        (range(1, 1001), 0.99, 990)):
            with self.subTest(values=values, share=share):
                self.assertEqual(percentile(values, share), expected)

    def test_each_row_has_a_cell_for_each_column(self):
        for section in SECTIONS:
            with self.subTest(section=section.name):
                results = Results()
                results.add(section.name, "gvpn", {section.columns[0][0]: 1})
                results.missing[section.name] = {"ocserv": "not installed: ocserv"}
                lines = section_table(section, ["gvpn", "ocserv"], results).splitlines()[2:]
                self.assertEqual(len(lines), 4)
                self.assertEqual({line.count("|") for line in lines}, {len(section.columns) + 2})
                self.assertIn(" not installed: ocserv ", lines[3])

    def test_limits_are_judged_by_the_medians(self):
        results = Results()
        for own, udp, tcp in ((10, 1, 0.5), (99, 1, 9), (11, 1, 1.1)):
            for setup, value in (("gvpn", own), ("openvpn-udp", udp), ("openvpn-tcp", tcp)):
                results.add("streams", setup, {"up_1_gbit_s": value})
        for figure, value in (("loaded_up_p99_ms", 6), ("loaded_down_p99_ms", 6.1)):
            results.add("latency", "gvpn", {figure: value})
        judged = {entry["what"]: entry for entry in judge(results.median)}
        for what, value, must, aim in (("one TCP stream up, by the better OpenVPN", 10, True, False),
                                       ("one TCP stream down, by the better OpenVPN", None, None, None),
                                       ("one TCP stream up, of no VPN", None, None, None),
                                       ("RTT p99 under a saturating stream up", 6, True, False),
                                       ("RTT p99 under a saturating stream down", 6.1, False, False)):
            with self.subTest(what=what):
                entry = judged[what]
                self.assertEqual((entry["must"]["met"], entry["aim"]["met"]), (must, aim))
                self.assertAlmostEqual(entry["value"], value)


class Stopping(unittest.TestCase):
    def test_a_signal_leaves_no_namespace(self):
        process = start("--quick", "--only", "long")
        try:
            limit = time.monotonic() + 30
            while not namespaces_of(process) and time.monotonic() < limit:
                time.sleep(0.05)
            self.assertTrue(namespaces_of(process))
            time.sleep(1)
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)
        finally:
            process.kill()
            process.communicate()
        self.assertEqual(process.returncode, 128 + signal.SIGTERM)
        self.assertEqual(namespaces_of(process), [])

    def test_what_the_host_allowed_is_put_back_after_a_signal(self):
        for allowed in ("reno bbr\n", "reno cubic\n"):
            with self.subTest(allowed=allowed), tempfile.NamedTemporaryFile("w+", encoding="ascii") as file:
                file.write(allowed)
                file.flush()
                script = (f"import os, pathlib, signal; from bench import world;"
                          f"world.ALLOWED = pathlib.Path({file.name!r}); world.allow_congestion();"
                          "print(world.ALLOWED.read_text(), flush=True);"
                          "os.kill(os.getpid(), signal.SIGTERM); signal.pause()")
                result = subprocess.run([sys.executable, "-B", "-c", script], capture_output=True, text=True,
                                        timeout=30, check=False)
                self.assertIn("cubic", result.stdout.split(), result.stderr)
                self.assertEqual(Path(file.name).read_text(encoding="ascii"), allowed)


class Refusing(unittest.TestCase):
    def test_names_what_it_does_not_know(self):
        for word, part in (("--only=speed", "no such section: speed"), ("--setups=none,ipsec", "no such setup: ipsec"),
                           ("--rounds=0", "not a number in reason"), ("--seconds=nan", "not a number in reason")):
            with self.subTest(word=word):
                process = start(word)
                _, said = process.communicate(timeout=30)
                self.assertEqual(process.returncode, 2)
                self.assertIn(part, said)

    def test_stops_at_once_without_programs(self):
        with tempfile.TemporaryDirectory() as empty:
            process = start("--quick", build=empty)
            _, said = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 1, said)
        self.assertIn("is not built", said)

    def test_a_measurement_that_fails_is_told_by_the_exit_status(self):
        with tempfile.TemporaryDirectory() as folder:
            for place in ("server/gvpn-server", "client-gui/cli/gvpn-client"):
                path = Path(folder, place)
                path.parent.mkdir(parents=True)
                path.symlink_to("/usr/bin/false")
            process = start("--quick", "--only=streams", "--setups=gvpn", build=folder)
            printed, said = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 1, printed + said)
        self.assertIn("streams, round 1, gvpn: FAILED: gvpn-server did not say", printed)
        self.assertIn("1 of the measurements failed", said)


if __name__ == "__main__":
    case.main()
