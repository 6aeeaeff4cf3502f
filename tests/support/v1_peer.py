"""A second, independent speaker of the reference protocol v1, both ends of it (common/protocol/PROTOCOL.md).

As a module: V1Client and V1Listener say whatever a test wants. As a program with a TUN of its own it is what the
reference programs are; forwarding and masquerading are left to whoever starts it:

    python3 -m support.v1_peer client --server HOST:PORT [--cidr 10.86.0.101/24]
    python3 -m support.v1_peer server --bypass PREFIX [--address [HOST]:51005] [--cidr 10.86.0.0/24]
"""

import argparse
import fcntl
import ipaddress
import json
import os
import secrets
import select
import socket
import struct
import subprocess
import threading
import time

REGISTER, PACKET, CALLBACK = 1, 2, -1
VERSION = struct.pack(">d", 1.0)
ANSWER_ERROR, ANSWER_SUCCESS, ANSWER_MISMATCH = b"\0", b"\1", b"\2"
TAKEN = "CIDR is registered!"
TIMEOUT_S = 30


def frame(command, transaction=0, data=b""):
    return struct.pack(">iii", 8 + len(data), command, transaction) + data


def mapped(address):
    """The form with 16 bytes, as the reference client sends it."""
    return bytes(10) + b"\xff\xff" + socket.inet_aton(address)


def registration(address, transaction):
    return frame(REGISTER, transaction, mapped(address))


def reply_text(success=True, message="", bypass=""):
    return json.dumps({"Success": success, "Message": message, "Bypass": bypass}).encode()


class Stream:
    """Handshakes and frames on a connected socket."""

    def __init__(self, connection):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(TIMEOUT_S)
        self.connection = connection
        self._received = b""

    def send(self, data, piece=None, pause_s=0.0):
        """In one send, or piece by piece."""
        for start in range(0, len(data), piece or len(data) or 1):
            self.connection.sendall(data[start:start + (piece or len(data))])
            time.sleep(pause_s)

    def send_frame(self, command, transaction=0, data=b""):
        self.send(frame(command, transaction, data))

    def send_packet(self, packet):
        self.send_frame(PACKET, 0, packet)

    def read(self, count):
        while len(self._received) < count:
            data = self.connection.recv(65536)
            if not data:
                raise ConnectionError("the other side closed")
            self._received += data
        result, self._received = self._received[:count], self._received[count:]
        return result

    def read_frame(self):
        """(command, transaction, data)"""
        length, command, transaction = struct.unpack(">iii", self.read(12))
        return command, transaction, self.read(length - 8)

    def read_rest(self, deadline_s):
        """What comes until the other side closes; nothing but None if it does not in time."""
        limit, data = time.monotonic() + deadline_s, self._received
        self._received = b""
        while True:
            self.connection.settimeout(max(0.01, limit - time.monotonic()))
            try:
                piece = self.connection.recv(65536)
            except TimeoutError:
                return None
            except OSError:  # a reset
                return data
            if not piece:
                return data
            data += piece

    def packets(self, quiet_s):
        """The packets that come until nothing has come for quiet_s."""
        packets = []
        while self._received or select.select([self.connection], [], [], quiet_s)[0]:
            command, _, data = self.read_frame()
            if command == PACKET:
                packets.append(data)
        return packets

    def close(self):
        self.connection.close()

    def reset(self):
        """Ends without a FIN."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


class V1Client(Stream):
    """Connected; has said nothing yet."""

    def __init__(self, home, address, port, source=None):
        with home.entered():
            connection = socket.create_connection((address, port), TIMEOUT_S, (source, 0) if source else None)
        super().__init__(connection)

    def greet(self, version=VERSION):
        """The server's answer."""
        self.send(version)
        return self.read(1)

    def register(self, data, transaction=None):
        """The answer's JSON object; data: the address as raw bytes."""
        transaction = secrets.randbelow(2**31 - 1) + 1 if transaction is None else transaction
        self.send_frame(REGISTER, transaction, data)
        return self.read_reply(transaction)

    def read_reply(self, transaction):
        command, echoed, data = self.read_frame()
        assert (command, echoed) == (CALLBACK, transaction), (command, echoed, transaction, data)
        return json.loads(data)


class V1Listener:
    """A listening socket of a server that is played by the test."""

    def __init__(self, namespace, address, port):
        with namespace.entered():
            self._socket = socket.create_server((address, port))
        self._socket.settimeout(TIMEOUT_S)

    def accept(self):
        return Stream(self._socket.accept()[0])

    def close(self):
        self._socket.close()


# -- the programs

def say(**event):
    print(json.dumps(event), flush=True)


class Tun:
    """One packet a read and a write; ends with the process."""

    TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000

    def __init__(self, name):
        self._name = name
        self._file = os.open("/dev/net/tun", os.O_RDWR)
        fcntl.ioctl(self._file, self.TUNSETIFF, struct.pack("16sH22x", name.encode(), self.IFF_TUN | self.IFF_NO_PI))

    def set_up(self, address, *routes):
        self._ip("addr", "add", address, "dev", self._name)
        self._ip("link", "set", self._name, "up", "mtu", "1500")
        for route in routes:
            self._ip("route", "add", route, "dev", self._name)

    def read(self):
        return os.read(self._file, 65536)

    def write(self, packet):
        try:
            os.write(self._file, packet)
        except OSError as error:  # the kernel refuses what is no packet
            say(event="not written", reason=str(error))

    @staticmethod
    def _ip(*words):
        subprocess.run(["ip", *words], check=True)


def destination_of(packet):
    """An IPv4 packet's; nothing of others."""
    return packet[16:20] if len(packet) >= 20 and packet[0] >> 4 == 4 else None


def in_background(action, *arguments):
    threading.Thread(target=action, args=arguments, daemon=True).start()


class ReferenceClient:
    """Registers, then copies packets until the server is gone."""

    def __init__(self, options):
        interface = ipaddress.ip_interface(options.cidr)
        self._own = interface.ip.packed
        host, _, port = options.server.rpartition(":")
        self._stream = Stream(socket.create_connection((host.strip("[]"), int(port)), TIMEOUT_S))
        self._stream.send(VERSION)
        answer = self._stream.read(1)
        if answer != ANSWER_SUCCESS:
            raise SystemExit(f"the server answered {answer!r}")
        reply = self._register(str(interface.ip))
        if not reply["success"]:
            raise SystemExit(f"refused: {reply['message']}")
        self._tun = Tun(options.tun)
        self._tun.set_up(options.cidr, reply["bypass"])
        self._stream.connection.settimeout(None)
        say(event="connected", address=options.cidr, bypass=reply["bypass"])

    def _register(self, address):
        transaction = secrets.randbelow(2**31 - 1) + 1
        self._stream.send(registration(address, transaction))
        while True:
            command, echoed, data = self._stream.read_frame()
            if (command, echoed) == (CALLBACK, transaction):
                return {key.lower(): value for key, value in json.loads(data).items()}

    def run(self):
        in_background(self._copy_from_tun)
        while True:
            command, _, packet = self._stream.read_frame()
            if command == PACKET and destination_of(packet):
                self._tun.write(packet)

    def _copy_from_tun(self):
        while True:
            packet = self._tun.read()
            destination = destination_of(packet)
            if destination == self._own:
                self._tun.write(packet)
            elif destination:
                self._stream.send_packet(packet)


class ReferenceServer:
    """One thread a client and one for the TUN; who registered what is a dictionary."""

    def __init__(self, options):
        network = ipaddress.ip_network(options.cidr)
        self._bypass = ipaddress.ip_network(options.bypass)
        self._clients = {}
        self._lock = threading.Lock()
        self._tun = Tun(options.tun)
        self._tun.set_up(f"{network[1]}/{network.prefixlen}")
        host, _, port = options.address.rpartition(":")
        self._listener = socket.create_server((host, int(port)))
        say(event="listening", port=int(port))

    def run(self):
        in_background(self._copy_from_tun)
        while True:
            connection, peer = self._listener.accept()
            in_background(self._serve, Stream(connection), peer)

    def _copy_from_tun(self):
        while True:
            packet = self._tun.read()
            stream = self._clients.get(destination_of(packet))
            if stream is not None:
                try:
                    stream.send_packet(packet)
                except OSError as error:
                    say(event="not sent", reason=str(error))

    def _serve(self, stream, peer):
        stream.connection.settimeout(None)
        try:
            self._converse(stream)
        except OSError as error:
            say(event="gone", peer=peer[0], reason=str(error))
        with self._lock:
            self._clients = {address: other for address, other in self._clients.items() if other is not stream}
        stream.close()

    def _converse(self, stream):
        if stream.read(8) != VERSION:
            stream.send(ANSWER_MISMATCH)
            return
        stream.send(ANSWER_SUCCESS)
        while True:
            command, transaction, data = stream.read_frame()
            if command == REGISTER:
                is_registered = self._register(stream, data[-4:])
                stream.send_frame(CALLBACK, transaction, reply_text(is_registered, "" if is_registered else TAKEN,
                                                                    str(self._bypass)))
                if not is_registered:
                    return
            elif command == PACKET:
                destination = destination_of(data)
                if destination and ipaddress.ip_address(destination) in self._bypass:
                    self._tun.write(data)

    def _register(self, stream, address):
        with self._lock:
            return self._clients.setdefault(address, stream) is stream


def main():
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(required=True)
    client = commands.add_parser("client")
    client.add_argument("--server", required=True)
    client.add_argument("--cidr", default="10.86.0.101/24")
    client.set_defaults(program=ReferenceClient)
    server = commands.add_parser("server")
    server.add_argument("--bypass", required=True)
    server.add_argument("--address", default=":51005")
    server.add_argument("--cidr", default="10.86.0.0/24")
    server.set_defaults(program=ReferenceServer)
    for command in (client, server):
        command.add_argument("--tun", default="gvpn")
    options = parser.parse_args()
    options.program(options).run()


if __name__ == "__main__":
    main()
