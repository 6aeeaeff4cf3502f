"""A program on a pseudo-terminal of its own, as a person sits before it: what it shows, what is typed."""

import fcntl
import os
import pty
import signal
import struct
import subprocess
import termios
import threading
import time

from support.namespaces import at_end, not_at_end


def _take_terminal():
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Terminal:
    """Started at once; the terminal is also its controlling one (/dev/tty). .shown is all that it has shown so far."""

    def __init__(self, name, argv, namespace=None, columns=120):
        self.name = name
        self.argv = [str(word) for word in argv]
        self._shown = b""
        self._changed = threading.Condition()
        command = self.argv if namespace is None else ["ip", "netns", "exec", namespace.name, *self.argv]
        self._keyboard, program_end = pty.openpty()
        fcntl.ioctl(program_end, termios.TIOCSWINSZ, struct.pack("HHHH", 60, columns, 0, 0))
        self.process = subprocess.Popen(command, stdin=program_end, stdout=program_end, stderr=program_end,
                                        start_new_session=True, preexec_fn=_take_terminal)
        os.close(program_end)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        at_end(self.kill)

    @property
    def pid(self):
        return self.process.pid

    @property
    def shown(self):
        return self._shown.decode(errors="backslashreplace").replace("\r\n", "\n")

    def type(self, text):
        os.write(self._keyboard, text.encode())

    def wait_shown(self, text, deadline_s=30):
        """Until it has shown this."""
        limit = time.monotonic() + deadline_s
        with self._changed:
            while text not in self.shown:
                left = limit - time.monotonic()
                if left <= 0 or not self._reader.is_alive():
                    raise AssertionError(f"{self.name} did not show {text!r} within {deadline_s} s\n{self.describe()}")
                self._changed.wait(min(left, 0.2))

    def is_running(self):
        return self.process.poll() is None

    def wait_end(self, deadline_s=30):
        """Its exit status; then .shown is complete."""
        try:
            status = self.process.wait(deadline_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} did not end within {deadline_s} s\n{self.describe()}") from None
        self._reader.join(10)
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

    def describe(self):
        state = "running" if self.is_running() else f"ended with status {self.process.returncode}"
        return f"--- {self.name} on a terminal ({state}): {' '.join(self.argv)}\n{self.shown!r}"

    def _read(self):
        while True:
            try:
                data = os.read(self._keyboard, 65536)
            except OSError:  # EIO: nobody has the other end open any more (pty(7))
                data = b""
            with self._changed:
                self._shown += data
                self._changed.notify_all()
            if not data:
                os.close(self._keyboard)
                return
