"""What the end-to-end tests share: a lab for each test, the usual way to start both programs, assertions in words.

Exit status 77 (skipped for CTest) where the tests can't run at all.
"""

import os
import re
import signal
import sys
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from support.lab import OFFICE, PORT, Lab, missing_tools
from support.snapshot import difference, snapshot

SKIPPED = 77
BUILD = Path(os.environ.get("GVPN_BUILD_DIR", Path(__file__).resolve().parents[2] / "build" / "release"))
TOOLS = ("ip", "nft", "ping", "curl", "iperf3", "openssl", "ss", "setpriv", "unshare")


class LabCase(unittest.TestCase):
    """self.lab is new for each test."""

    homes = 1

    def setUp(self):
        self.lab = Lab(BUILD, self.homes)
        self.addCleanup(self.lab.close)

    def start_server(self, *options, **settings):
        """The running server; its first event is in .listening."""
        server = self.lab.start_server(*options, **settings)
        server.listening = server.wait_event(event="listening")
        return server

    def start_client(self, server, *options, address=f"{OFFICE}:{PORT}", **settings):
        """A client that knows the server's pin; not waited for."""
        return self.lab.start_client(f"--server={address}", f"--pin={server.listening['pin']}", *options, **settings)

    def connect(self, server, *options, **settings):
        """A client that is connected; the event is in .connected."""
        client = self.start_client(server, *options, **settings)
        client.connected = self.wait_connected(client)
        return client

    def wait_connected(self, client, deadline_s=40, after=0):
        return client.wait_event(event="state", state="connected", deadline_s=deadline_s, after=after)

    def run_together(self, *actions):
        """Each in a thread of its own, as a subtest of its own name: for things that mostly wait. A program that an
        action starts is killed when the action ends."""
        with ThreadPoolExecutor(len(actions)) as pool:
            futures = [pool.submit(action) for action in actions]
        for action, future in zip(actions, futures):
            with self.subTest(action.__name__):
                future.result()

    def assert_pings(self, namespace, address, **options):
        result = self.lab.ping(namespace, address, **options)
        self.assertEqual(result.returncode, 0, f"ping {address} from {namespace.role}:\n{result.stdout}{result.stderr}")

    def assert_no_answer(self, namespace, address, *options):
        result = self.lab.ping(namespace, address, count=2, deadline_s=1, options=options)
        is_unreachable = result.returncode == 2  # no route
        self.assertTrue(is_unreachable or " 0 received" in result.stdout, result.stdout)

    def assert_no_echo_was_lost(self, ping):
        """Stops a ping that was started as a program. One whose answer was still on its way is not lost."""
        ping.stop(signal.SIGINT)
        numbers = [int(number) for number in re.findall(r"icmp_seq=(\d+) ttl=", "\n".join(ping.output))]
        self.assertTrue(numbers, ping.describe())
        missing = set(range(1, max(numbers) + 1)).difference(numbers)
        self.assertEqual(missing, set(), f"lost of {max(numbers)}")

    def assert_ends(self, program, status, *parts, deadline_s=40):
        """It ends with this status and says why: each part is in what it says on standard error."""
        self.assertEqual(program.wait_end(deadline_s), status, program.describe())
        said = "\n".join(program.errors)
        self.assertTrue(said, f"nothing on standard error\n{program.describe()}")
        for part in parts:
            self.assertIn(part.lower(), said.lower(), program.describe())

    def assert_unchanged(self, namespace, before):
        changes = difference(before, snapshot(namespace))
        self.assertEqual(changes, "", f"left behind in {namespace.role}:\n{changes}")


class _Result(unittest.TextTestResult):
    """Shows what the programs said when a test fails, while they still run."""

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._describe(test)

    def addError(self, test, err):
        super().addError(test, err)
        self._describe(test)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._describe(test)

    def _describe(self, test):
        lab = getattr(test, "lab", None)
        if lab is not None:
            self.stream.writeln(f"\n{lab.describe()}")


def why_skipped():
    """Why the tests can't run here, or nothing."""
    if os.geteuid() != 0:
        return "needs root to make network namespaces"
    missing = missing_tools(TOOLS)
    if missing:
        return f"not installed: {', '.join(missing)}"
    if not os.path.exists("/dev/net/tun"):
        return "there is no /dev/net/tun"
    return None


def main():
    reason = why_skipped()
    if reason is not None:
        print(f"skipped: {reason}")
        sys.exit(SKIPPED)
    unittest.main(module="__main__", testRunner=unittest.TextTestRunner(resultclass=_Result, verbosity=2))
