"""gvpn-server under a service manager that speaks sd_notify(3): it says when it is ready, how it goes, and that it lives."""

import contextlib
import os
import re
import shutil
import signal
import socket
import time
from pathlib import Path

from support import accounts_case, case
from support.lab import PORT

WATCHDOG_S = 0.4


class FakeManager:
    """The manager's socket, bound in the office, and what it was told: (time, fields) for each datagram."""

    def __init__(self, namespace, path):
        self.path = path
        self.told = []
        with namespace.entered():
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        with namespace.entered():  # abstract names belong to a network namespace
            self._socket.bind("\0" + path[1:] if path.startswith("@") else path)
        self._socket.setblocking(False)

    def close(self):
        self._socket.close()

    def variables(self, **others):
        values = {"NOTIFY_SOCKET": self.path, **others}
        return ("env", *(f"{name}={value}" for name, value in values.items()))

    def read(self):
        """What came since the last call."""
        before = len(self.told)
        with contextlib.suppress(BlockingIOError):
            while True:
                text = self._socket.recv(4096).decode("utf-8")
                self.told.append((time.monotonic(), dict(line.split("=", 1) for line in text.split("\n"))))
        return [fields for _, fields in self.told[before:]]

    def wait(self, wanted, deadline_s=20, **fields):
        """The first of the datagrams from number `wanted` on that has these fields; also how many there were before."""
        limit = time.monotonic() + deadline_s
        while True:
            self.read()
            for number, (_, found) in enumerate(self.told[wanted:], wanted):
                if all(found.get(name) == value for name, value in fields.items()):
                    return number
            if time.monotonic() > limit:
                raise AssertionError(f"not told within {deadline_s} s: {fields}; told: {self.told}")
            time.sleep(0.01)


class ServiceCase(case.LabCase):
    def manage(self, path=None):
        manager = FakeManager(self.lab.office, str(path or self.lab.folder / "notify"))
        self.addCleanup(manager.close)
        return manager

    def start_managed(self, manager, *options, **variables):
        server = self.lab.start_server(*options, prefix=manager.variables(**variables))
        server.listening = server.wait_event(event="listening")
        self.ready = manager.wait(0, READY="1")
        return server


class Life(ServiceCase):
    def test_it_is_ready_when_the_port_listens(self):
        for path in (None, f"@gvpn-{os.getpid()}"):
            with self.subTest(path or "a path"):
                manager = self.manage(path)
                server = self.start_managed(manager)
                self.assertTrue(self.lab.is_listening(self.lab.office, PORT))
                self.assertEqual(manager.told[self.ready][1]["STATUS"], f"no clients, port {PORT}")
                self.assertEqual(server.stop(), 0, server.describe())
                stopping = manager.wait(self.ready, STOPPING="1")
                self.assertEqual(stopping, len(manager.told) - 1, "nothing comes after it")

    def test_it_tells_who_is_there(self):
        manager = self.manage()
        server = self.start_managed(manager)
        client = self.connect(server)
        connected = manager.wait(self.ready, STATUS=f"1 client, port {PORT}")
        self.assertEqual(client.stop(), 0)
        manager.wait(connected, STATUS=f"no clients, port {PORT}")

    def test_it_tells_of_a_reload(self):
        manager = self.manage()
        server = self.start_managed(manager)
        before = time.monotonic_ns() // 1000
        server.process.send_signal(signal.SIGHUP)
        reloading = manager.wait(self.ready, RELOADING="1")
        manager.wait(reloading + 1, READY="1")
        moment = int(manager.told[reloading][1]["MONOTONIC_USEC"])
        self.assertTrue(before <= moment <= time.monotonic_ns() // 1000, f"{before} {moment}")

    def test_a_start_that_fails_is_never_ready(self):
        manager = self.manage()
        server = self.lab.start_server("--address=192.0.2.1:51005", prefix=manager.variables())
        self.assertNotEqual(server.wait_end(), 0)
        self.assertEqual([fields for fields in manager.read() if "READY" in fields], [])

    def test_its_children_hear_nothing_of_it(self):
        manager = self.manage()
        seen = self.lab.folder / "environment"
        nft = self.lab.folder / "nft"
        nft.write_text(f'#!/bin/sh\nenv >> "{seen}"\nexec "{self.lab.folder}/real-nft" "$@"\n', encoding="ascii")
        nft.chmod(0o755)
        shutil.copy("/usr/sbin/nft", self.lab.folder / "real-nft")
        mount = f"mount --bind '{nft}' /usr/sbin/nft"
        self.lab.start_server(prefix=(*manager.variables(WATCHDOG_USEC="30000000"), "unshare", "--mount", "sh", "-ec",
                                      f'{mount}; exec "$@"', "sh"))
        manager.wait(0, READY="1")
        said = seen.read_text(encoding="utf-8")
        self.assertIn("LC_ALL=C", said)
        self.assertNotRegex(said, "NOTIFY_SOCKET|WATCHDOG")

    def test_it_is_heard_after_it_has_given_root_up(self):
        hidden = self.lab.folder / "hidden"
        hidden.mkdir(mode=0o700)
        manager = self.manage(hidden / "notify")
        self.lab.folder.chmod(0o711)
        shutil.chown(self.lab.state_dir("server"), "nobody")
        server = self.lab.start_server("--run-as=nobody", prefix=manager.variables())
        ready = manager.wait(0, READY="1")
        self.assertEqual(server.stop(), 0, server.describe())
        manager.wait(ready, STOPPING="1")


class Watchdog(ServiceCase):
    def beats(self, manager, seconds):
        manager.read()
        time.sleep(seconds)
        return sum(1 for fields in manager.read() if fields.get("WATCHDOG") == "1")

    def test_a_server_that_lives_says_so_and_one_that_hangs_does_not(self):
        manager = self.manage()
        server = self.start_managed(manager, WATCHDOG_USEC=int(WATCHDOG_S * 1e6))
        manager.wait(self.ready, WATCHDOG="1")
        self.assertGreaterEqual(self.beats(manager, 4 * WATCHDOG_S), 4)
        server.process.send_signal(signal.SIGSTOP)
        self.beats(manager, WATCHDOG_S / 2)
        self.assertEqual(self.beats(manager, 3 * WATCHDOG_S), 0)
        server.process.send_signal(signal.SIGCONT)
        manager.wait(len(manager.told), WATCHDOG="1")

    def test_a_watchdog_for_another_process_is_left_alone(self):
        manager = self.manage()
        self.start_managed(manager, WATCHDOG_USEC=int(WATCHDOG_S * 1e6), WATCHDOG_PID=1)
        self.assertEqual(self.beats(manager, 3 * WATCHDOG_S), 0)

    def test_garbage_changes_nothing(self):
        for variables in ({"WATCHDOG_USEC": "soon"}, {"WATCHDOG_USEC": "-5"}, {"NOTIFY_SOCKET": "relative"},
                          {"NOTIFY_SOCKET": "/" + "x" * 300}, {"NOTIFY_SOCKET": "/dev/null", "WATCHDOG_USEC": "400000"}):
            with self.subTest(variables):
                prefix = ("env", *(f"{name}={value}" for name, value in variables.items()))
                server = self.start_server(prefix=prefix)
                self.assertEqual(server.stop(), 0, server.describe())
                self.assertEqual([line for line in server.errors if re.search("WARNING|service", line)
                                  and "login" not in line], [], server.describe())


class AsTheUnitStartsIt(accounts_case.AccountsCase):
    """As a user of its own with ambient capabilities, who has the usual places; root's commands beside it."""

    CAPABILITIES = "-all,+net_admin,+net_bind_service"
    BECOME = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", f"--inh-caps={CAPABILITIES}",
              f"--ambient-caps={CAPABILITIES}", f"--bounding-set={CAPABILITIES}", "--no-new-privs")
    PLACES = ("unshare", "--mount", "sh", "-ec", "mount -t tmpfs none /run; mount -t tmpfs none /var/lib; "
              "mkdir -m 700 /var/lib/gvpn; chown nobody: /var/lib/gvpn; "
              '"$0" cleanup --run-as=nobody >&2; exec "$@"')

    def start_unit(self, *options, prefix=None):
        """With its ExecStartPre, unless the places are there."""
        self.lab.folder.chmod(0o711)
        prefix = prefix or (*self.PLACES, self.lab.binary("gvpn-server"))
        return self.start_with_usual_places("--state-dir=/var/lib/gvpn", *options, prefix=(*prefix, *self.BECOME))

    def clean_up(self, holder):
        """As ExecStopPost does."""
        return self.lab.office.run(*self.inside(holder), *self.BECOME, self.lab.binary("gvpn-server"), "cleanup")

    def hold(self, server):
        """A second holder of its file systems."""
        holder = self.lab.start("sleep", [*self.inside(server), "sleep", "1000"], self.lab.office)
        self.lab.wait_until(lambda: "sleep" in Path(f"/proc/{holder.pid}/comm").read_text(encoding="ascii"), "held")
        return holder

    def test_it_may_be_told_to_be_the_user_that_it_is(self):
        server = self.start_unit("--run-as=nobody")
        self.assertEqual(server.stop(), 0, server.describe())

    def test_roots_commands_work_and_a_clean_stop_leaves_nothing_to_clean_up(self):
        before = case.snapshot(self.lab.office)
        server = self.start_unit("--address=:443")
        holder = self.hold(server)
        for words in (["status"], ["invite", "--json"], ["user", "list"]):
            self.assertEqual(self.command_inside(server, *words)[0], 0, words)
        doctor = self.lab.office.run(*self.inside(server), self.lab.binary("gvpn-server"), "doctor", "--address=:443")
        self.assertIn("Nothing stands in the way.", doctor.stdout)
        self.assertEqual(server.stop(), 0, server.describe())
        cleaned = self.clean_up(holder)
        self.assertEqual((cleaned.stdout, cleaned.stderr), ("There was nothing to clean up.\n", ""))
        self.assert_unchanged(self.lab.office, before)

    def test_what_a_killed_one_left_is_cleaned_up_with_the_same_rights(self):
        before = case.snapshot(self.lab.office)
        server = self.start_unit()
        holder = self.hold(server)
        server.kill()
        self.assertIn("undone: ", self.clean_up(holder).stdout)
        self.assert_unchanged(self.lab.office, before)
        again = self.start_unit(prefix=self.inside(holder))
        self.assertEqual(again.stop(), 0, again.describe())


if __name__ == "__main__":
    case.main()
