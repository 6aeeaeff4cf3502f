"""A program under test as a child process: its JSON events, what it says on standard error, how it ends."""

import ctypes
import json
import signal
import subprocess
import threading
import time

from support.namespaces import at_end, not_at_end

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def _die_with_the_test():
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Program:
    """Started at once. Events are the JSON objects on standard output, one a line; moments says of each when it came
    (time.monotonic())."""

    def __init__(self, name, argv, namespace=None, stdin=None):
        self.name = name
        self.argv = [str(word) for word in argv]
        self.events = []
        self.moments = []
        self.output = []
        self.errors = []
        self._changed = threading.Condition()
        command = self.argv
        if namespace is not None:
            command = ["ip", "netns", "exec", namespace.name, *command]
        self.process = subprocess.Popen(command, stdin=stdin if stdin is not None else subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                        errors="backslashreplace", preexec_fn=_die_with_the_test)
        self._readers = [threading.Thread(target=self._read_output, daemon=True),
                         threading.Thread(target=self._read_errors, daemon=True)]
        for reader in self._readers:
            reader.start()
        at_end(self.kill)

    @property
    def pid(self):
        return self.process.pid

    def is_running(self):
        return self.process.poll() is None

    def wait_event(self, deadline_s=30, after=0, **fields):
        """The first event from number `after` on that has these values; fails with all that the program said."""
        return self.events[self.wait_event_number(deadline_s, after, **fields)]

    def wait_event_number(self, deadline_s=30, after=0, **fields):
        limit = time.monotonic() + deadline_s
        with self._changed:
            while True:
                for number, event in enumerate(self.events[after:], after):
                    if all(event.get(key) == value for key, value in fields.items()):
                        return number
                left = limit - time.monotonic()
                if left <= 0 or not self._is_reading():
                    break
                self._changed.wait(min(left, 0.2))
        raise AssertionError(f"{self.name} did not say {fields} within {deadline_s} s\n{self.describe()}")

    def wait_end(self, deadline_s=30):
        """Its exit status."""
        try:
            status = self.process.wait(deadline_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} did not end within {deadline_s} s\n{self.describe()}") from None
        for reader in self._readers:
            reader.join(10)
        not_at_end(self.kill)
        return status

    def stop(self, number=signal.SIGTERM, deadline_s=30):
        if self.is_running():
            self.process.send_signal(number)
        return self.wait_end(deadline_s)

    def kill(self):
        if self.is_running():
            self.process.kill()
        self.process.wait()
        not_at_end(self.kill)

    def memory_kib(self):
        """Resident memory now."""
        with open(f"/proc/{self.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmRSS:"))

    def describe(self, lines=15):
        """What a person needs to see when something failed."""
        state = "running" if self.is_running() else f"ended with status {self.process.returncode}"
        said = [f"    out: {json.dumps(event)}" for event in self.events[-lines:]]
        said += [f"    out: {line}" for line in self.output[-lines:]]
        said += [f"    err: {line}" for line in self.errors[-lines:]]
        return "\n".join([f"--- {self.name} ({state}): {' '.join(self.argv)}", *said])

    def _is_reading(self):
        return self._readers[0].is_alive() or self.is_running()

    def _read_output(self):
        for line in self.process.stdout:
            with self._changed:
                try:
                    event = json.loads(line)
                except ValueError:
                    event = None
                if isinstance(event, dict):
                    self.moments.append(time.monotonic())
                    self.events.append(event)
                else:
                    self.output.append(line.rstrip("\n"))
                self._changed.notify_all()

    def _read_errors(self):
        for line in self.process.stderr:
            with self._changed:
                self.errors.append(line.rstrip("\n"))
                self._changed.notify_all()
