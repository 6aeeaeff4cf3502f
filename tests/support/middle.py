"""Who sits on the way between a client and the server: one who records, and one who shows a key of his own."""

import contextlib
import re
import socket
import socketserver
import subprocess
import threading

from support.lab import OFFICE, PORT, make_certificate
from support.peer import pin_of

MIDDLE = "203.0.113.254"  # the internet's own address


class Recorder:
    """A TCP proxy, on the internet unless another place is named, that keeps what clients send: .recorded has the bytes
    of each connection."""

    class _Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

    def __init__(self, lab, target=(OFFICE, PORT), port=PORT, namespace=None, address=MIDDLE):
        namespace = namespace or lab.internet
        self.recorded = []
        recorder = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                recorder._forward(namespace, self.request, target)

        with namespace.entered():
            self._server = self._Server((address, port), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def _forward(self, namespace, client, target):
        with namespace.entered():
            server = socket.create_connection(target)
        number = len(self.recorded)
        self.recorded.append(b"")

        def keep(data):
            self.recorded[number] += data

        back = threading.Thread(target=self._pump, args=(server, client, lambda data: None), daemon=True)
        back.start()
        self._pump(client, server, keep)
        back.join()
        server.close()

    @staticmethod
    def _pump(source, destination, see):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                see(data)
                destination.sendall(data)
        for end in (source, destination):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


class Impostor:
    """A TLS server on the internet with a key of its own (openssl s_server). It asks for the client's certificate,
    takes any, and writes down each message of the handshake that it can read, and what is said afterwards."""

    def __init__(self, lab, port=PORT):
        certificate = make_certificate(lab.folder, "impostor")
        self.pin = pin_of(certificate)
        self._messages = lab.folder / "impostor-messages"
        self._program = lab.start("impostor", [
            "openssl", "s_server", "-accept", f"{MIDDLE}:{port}", "-cert", certificate, "-key", certificate, "-tls1_3",
            "-verify", "1", "-num_tickets", "0", "-msg", "-msgfile", self._messages], lab.internet,
            stdin=subprocess.PIPE)  # at the end of its input it would end
        lab.wait_until(lambda: lab.is_listening(lab.internet, port), "the impostor listens")

    def close(self):
        self._program.kill()

    def received(self):
        """Names and bytes of the messages that have come: ("ClientHello", b"...")."""
        messages = []
        text = self._messages.read_text(encoding="ascii") if self._messages.exists() else ""
        for block in re.split(r"^(?=<<<|>>>)", text, flags=re.MULTILINE):
            head, _, dump = block.partition("\n")
            if head.startswith("<<<") and "RecordHeader" not in head and "InnerContent" not in head:
                messages.append((head.split(",")[-1].strip(), bytes.fromhex("".join(dump.split()))))
        return messages

    def received_text(self):
        """What clients said once the handshake was over."""
        return "\n".join(self._program.output)
