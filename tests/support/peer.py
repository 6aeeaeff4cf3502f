"""A second, independent speaker of the protocol (common/protocol/PROTOCOL.md), for what no honest client does. Also
plain and TLS connections of other kinds, and packets of its own making."""

import itertools
import select
import socket
import ssl
import struct

from support.lab import OFFICE, PORT, make_certificate

FRAME_CONTROL, FRAME_PACKET = 1, 2
HELLO, HELLO_REPLY, LOGIN, LOGIN_REPLY, ADDRESS_REQUEST, ADDRESS_REPLY = range(1, 7)
TIMEOUT_S = 30


def connect_plain(home, address=OFFICE, port=PORT):
    with home.entered():
        return socket.create_connection((address, port), timeout=TIMEOUT_S)


def connect_tls(home, certificate=None, version=ssl.TLSVersion.TLSv1_3):
    """A TLS connection that trusts anybody; the handshake is over when this returns."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = context.maximum_version = version
    if certificate is not None:
        context.load_cert_chain(certificate)
    plain = connect_plain(home)
    try:
        return context.wrap_socket(plain)
    except BaseException:
        plain.close()
        raise


def is_closed_by_peer(connection, deadline_s):
    """True if the other side ends the connection in time; what it says before is thrown away."""
    connection.settimeout(deadline_s)
    try:
        while connection.recv(65536):
            pass
    except TimeoutError:
        return False
    except OSError:  # a reset and each of ssl's errors
        pass
    return True


# -- CBOR (RFC 8949), as much as the messages need

def encode_head(major, number):
    if number < 24:
        return bytes([major << 5 | number])
    for size, kind in ((1, 24), (2, 25), (4, 26), (8, 27)):
        if number < 1 << (8 * size):
            return bytes([major << 5 | kind]) + number.to_bytes(size, "big")
    raise ValueError(number)


def encode(value):
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return encode_head(0, value)
    if isinstance(value, bytes):
        return encode_head(2, len(value)) + value
    if isinstance(value, str):
        return encode_head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return encode_head(4, len(value)) + b"".join(map(encode, value))
    return encode_head(5, len(value)) + b"".join(encode(key) + encode(item) for key, item in value.items())


def decode(data):
    """(value, rest)"""
    major, number = data[0] >> 5, data[0] & 31
    data = data[1:]
    if major == 7:
        return number == 21, data
    if number >= 24:
        size = 1 << (number - 24)
        number, data = int.from_bytes(data[:size], "big"), data[size:]
    if major == 0:
        return number, data
    if major in (2, 3):
        return (data[:number] if major == 2 else data[:number].decode()), data[number:]
    items = []
    for _ in range(number if major == 4 else 2 * number):
        item, data = decode(data)
        items.append(item)
    return (items if major == 4 else dict(zip(items[::2], items[1::2]))), data


def message(number, *fields):
    return encode(dict(enumerate((number, *fields))))


# -- the protocol

def frame(kind, body):
    return struct.pack(">IB", len(body) + 1, kind) + body


class Peer:
    """Connected and greeted, not logged in."""

    _numbers = itertools.count(1)

    def __init__(self, lab, home=None):
        self.name = f"peer{next(self._numbers)}"
        self.connection = connect_tls(home or lab.home, make_certificate(lab.folder, self.name))
        self.connection.settimeout(TIMEOUT_S)
        self.address = None
        self._received = b""

    def say_hello(self):
        self.send_message(HELLO, 2, 2, 0, "a test's own peer", bytes(16))
        self.expect(HELLO_REPLY)

    def log_in(self, wanted=None):
        """After this packets may be sent. self.address is the IPv4 address wanted, or one of the server's choice."""
        self.say_hello()
        self.send_message(LOGIN, 0, self.name)
        self.expect(LOGIN_REPLY)
        network = [socket.inet_aton(wanted) + b"\x18"] if wanted else []
        self.send_message(ADDRESS_REQUEST, network, bool(wanted))
        self.address = socket.inet_ntoa(self.expect(ADDRESS_REPLY)[1][0][:4])

    def send_message(self, number, *fields):
        self.connection.sendall(frame(FRAME_CONTROL, message(number, *fields)))

    def send_packet(self, packet):
        self.connection.sendall(frame(FRAME_PACKET, packet))

    def expect(self, number):
        kind, body = self.receive_frame()
        value, rest = decode(body)
        assert kind == FRAME_CONTROL and value[0] == number and not rest, (kind, value, rest)
        return value

    def receive_frame(self):
        length, kind = struct.unpack(">IB", self._read(5))
        return kind, self._read(length - 1)

    def receive_packets(self, deadline_s):
        """The packets that come until nothing has come for deadline_s."""
        packets = []
        while self._received or self.connection.pending() or select.select([self.connection], [], [], deadline_s)[0]:
            kind, body = self.receive_frame()
            if kind == FRAME_PACKET:
                packets.append(body)
        return packets

    def close(self):
        self.connection.close()

    def _read(self, count):
        while len(self._received) < count:
            data = self.connection.recv(65536)
            if not data:
                raise ConnectionError("the server closed")
            self._received += data
        result, self._received = self._received[:count], self._received[count:]
        return result


# -- packets

def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def echo_request(source, destination, number=1):
    """An IPv4 packet with an ICMP echo request (RFC 792)."""
    payload = bytes(range(32))
    unsummed = struct.pack(">BBHHH", 8, 0, 0, 0x6776, number) + payload
    icmp = unsummed[:2] + struct.pack(">H", checksum(unsummed)) + unsummed[4:]
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(icmp), number, 0, 64, 1, 0,
                       socket.inet_aton(source), socket.inet_aton(destination))
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + icmp


def source_of(packet):
    return socket.inet_ntop(socket.AF_INET, packet[12:16]) if packet[0] >> 4 == 4 \
        else socket.inet_ntop(socket.AF_INET6, packet[8:24])


def is_echo_request(packet):
    """RFC 792, RFC 4443; without IPv4 options or IPv6 extension headers."""
    is_ipv4 = packet[0] >> 4 == 4
    return (packet[9], packet[20:21]) == (1, b"\x08") if is_ipv4 else (packet[6], packet[40:41]) == (58, b"\x80")


class Capture:
    """The IP packets on an interface from now on, either direction."""

    ETH_P_ALL = 3

    def __init__(self, namespace, interface):
        with namespace.entered():
            # SOCK_DGRAM: without the link's header, so that a TUN and a veth look the same.
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(self.ETH_P_ALL))
            self._socket.bind((interface, self.ETH_P_ALL))
        self._socket.setblocking(False)

    def packets(self):
        """Those seen since the last call."""
        seen = []
        while True:
            try:
                packet = self._socket.recv(65536)
            except BlockingIOError:
                return seen
            if packet and packet[0] >> 4 in (4, 6):
                seen.append(packet)

    def sources(self):
        """The source addresses seen since the last call."""
        return {source_of(packet) for packet in self.packets()}

    def close(self):
        self._socket.close()
