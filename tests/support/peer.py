"""A second, independent speaker of the protocol (common/protocol/PROTOCOL.md), for what no honest client or server
does. Also plain and TLS connections of other kinds, and packets of its own making."""

import base64
import contextlib
import hashlib
import ipaddress
import itertools
import select
import socket
import socketserver
import ssl
import struct
import subprocess
import threading
import time
import urllib.parse

from support.lab import OFFICE, PORT, make_certificate

FRAME_CONTROL, FRAME_PACKET, FRAME_SEGMENT = 1, 2, 3
HELLO, HELLO_REPLY, LOGIN, LOGIN_REPLY, ADDRESS_REQUEST, ADDRESS_REPLY, PING, PONG, GOODBYE, NOTICE = range(1, 11)
BY_NOTHING, BY_DEVICE, BY_PASSWORD, BY_INVITE = range(4)  # ways to log in
LOGIN_REFUSED, REPLACED, KICKED, SERVER_BUSY = 4, 10, 11, 12  # codes of a goodbye
TIMEOUT_S = 30
POLL_S = 0.05


def connect_plain(home, address=OFFICE, port=PORT, source=None):
    """source: one of the home's addresses, to come from there."""
    with home.entered():
        return socket.create_connection((address, port), TIMEOUT_S, (source, 0) if source else None)


def connect_tls(home, certificate=None, version=ssl.TLSVersion.TLSv1_3, **place):
    """A TLS connection that trusts anybody; the handshake is over when this returns. place: as in connect_plain()."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = context.maximum_version = version
    if certificate is not None:
        context.load_cert_chain(certificate)
    plain = connect_plain(home, **place)
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


def control(number, *fields):
    """A control frame with a message."""
    return frame(FRAME_CONTROL, message(number, *fields))


def network(text):
    """An address and the length of its prefix."""
    value = ipaddress.ip_interface(text)
    return value.ip.packed + bytes([value.network.prefixlen])


def login(method=BY_NOTHING, device="", user=None, secret=None):
    """The message. A secret is text (a password) or bytes (an invite's); whatever is given is sent, fitting or not."""
    fields = {0: LOGIN, 1: method, 2: device}
    if user is not None:
        fields[3] = user
    if secret is not None:
        fields[4] = secret.encode() if isinstance(secret, str) else secret
    return encode(fields)


def secret_of(link):
    """The bytes of a link's invite."""
    invite = urllib.parse.parse_qs(urllib.parse.urlsplit(link).query)["invite"][0]
    return base64.urlsafe_b64decode(invite + "=" * (-len(invite) % 4))


def hello_reply(methods=(BY_NOTHING,)):
    """Its frame."""
    return control(HELLO_REPLY, 2, 0, "a test's own server", list(methods))


def address_reply(addresses=("10.86.0.5/24",), gateways=("10.86.0.1",), routes=(), resolvers=(), domains=(), mtu=1500,
                  keepalive=10):
    """Its frame. Bytes are taken as they are in place of an address or a network."""
    def packed(values, pack):
        return [value if isinstance(value, bytes) else pack(value) for value in values]

    def pack_address(text):
        return ipaddress.ip_address(text).packed

    return control(ADDRESS_REPLY, packed(addresses, network), packed(gateways, pack_address), packed(routes, network),
                   packed(resolvers, pack_address), list(domains), mtu, keepalive)


class Speaker:
    """Frames over a connection, in either role."""

    def __init__(self, connection):
        self.connection = connection
        self.connection.settimeout(TIMEOUT_S)
        self._received = b""

    def send_message(self, number, *fields):
        self.connection.sendall(control(number, *fields))

    def send_packet(self, packet):
        self.connection.sendall(frame(FRAME_PACKET, packet))

    def expect(self, number):
        kind, body = self.receive_frame()
        value, rest = decode(body)
        assert kind == FRAME_CONTROL and value[0] == number and not rest, (kind, value, rest)
        return value

    def has_input(self, deadline_s):
        return bool(self._received or self.connection.pending()
                    or select.select([self.connection], [], [], deadline_s)[0])

    def receive_frame(self):
        length, kind = struct.unpack(">IB", self._read(5))
        return kind, self._read(length - 1)

    def receive_packets(self, deadline_s):
        """The packets that come until nothing has come for deadline_s."""
        packets = []
        while self.has_input(deadline_s):
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
                raise ConnectionError("the other end closed")
            self._received += data
        result, self._received = self._received[:count], self._received[count:]
        return result


class Peer(Speaker):
    """A client that is connected: not greeted, not logged in. certificate: another peer's, to be the same device;
    instance: unlike the other's, to be another run of the program. place: as in connect_plain()."""

    _numbers = itertools.count(1)

    def __init__(self, lab, home=None, certificate=None, device=None, instance=bytes(16), **place):
        self.name = f"peer{next(self._numbers)}"
        self.device = self.name if device is None else device
        self.certificate = certificate or make_certificate(lab.folder, self.name)
        super().__init__(connect_tls(home or lab.home, self.certificate, **place))
        self.instance = instance
        self.methods = []
        self.address = None

    def say_hello(self):
        self.send_message(HELLO, 2, 2, 0, "a test's own peer", self.instance)
        self.methods = self.expect(HELLO_REPLY)[4]

    def log_in(self, wanted=None, method=BY_NOTHING, user=None, secret=None):
        """After this packets may be sent. self.address is the IPv4 address wanted, or one of the server's choice."""
        answer = self.try_login(method, user, secret)
        assert answer[0] == LOGIN_REPLY, answer
        networks = [socket.inet_aton(wanted) + b"\x18"] if wanted else []
        self.send_message(ADDRESS_REQUEST, networks, bool(wanted))
        self.address = socket.inet_ntoa(self.expect(ADDRESS_REPLY)[1][0][:4])

    def try_login(self, method=BY_NOTHING, user=None, secret=None):
        """Hello and login; the answer's message as it is: a login reply, or a goodbye."""
        self.say_hello()
        return self.send_login(method, user, secret)

    def send_login(self, method=BY_NOTHING, user=None, secret=None):
        """After the hello."""
        self.connection.sendall(frame(FRAME_CONTROL, login(method, self.device, user, secret)))
        return decode(self.receive_frame()[1])[0]

    def refusal(self, method, user=None, secret=None):
        """The code and the text of the goodbye that answers a login."""
        answer = self.try_login(method, user, secret)
        assert answer[0] == GOODBYE, answer
        return answer[1], answer[2]

    def wait_message(self, number, deadline_s=10):
        """The first message of this number; packets and other messages before it are thrown away."""
        limit = time.monotonic() + deadline_s
        while time.monotonic() < limit:
            if self.has_input(POLL_S):
                kind, body = self.receive_frame()
                value = decode(body)[0] if kind == FRAME_CONTROL else {}
                if value.get(0) == number:
                    return value
        raise AssertionError(f"no message {number} within {deadline_s} s")


def pin_of(certificate):
    """The SHA-256 of the public key (SubjectPublicKeyInfo) in base64url, as in a link."""
    key = subprocess.run(["openssl", "x509", "-in", certificate, "-noout", "-pubkey"], check=True, capture_output=True)
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=key.stdout, check=True,
                         capture_output=True)
    return base64.urlsafe_b64encode(hashlib.sha256(der.stdout).digest()).rstrip(b"=").decode()


class OwnServer:
    """A server in the office, in a thread. It answers with the frames that the test chooses, honest ones if it doesn't,
    and answers each IPv4 echo request that comes through the tunnel. One client at a time."""

    HONEST = {
        HELLO: hello_reply(),
        LOGIN: control(LOGIN_REPLY),
        ADDRESS_REQUEST: address_reply(),
    }

    def __init__(self, lab, port=PORT):
        certificate = make_certificate(lab.folder, f"own-server{port}")
        self.pin = pin_of(certificate)
        self.answers = dict(self.HONEST)  # bytes for the number of a client's message
        self.answers_echoes = True
        self.logins = []  # the messages of clients
        self.goodbyes = []  # the codes that clients gave
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.minimum_version = ssl.TLSVersion.TLSv1_3
        self._context.num_tickets = 0
        self._context.load_cert_chain(certificate)
        self._speaker = None
        self._lock = threading.Lock()  # a TLS connection is one thread's at a time
        self._is_closing = False
        with lab.office.entered():
            self._listener = socket.create_server(("", port))
        self._listener.settimeout(POLL_S)
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def send(self, data):
        """Frames for the client that is connected now. One that has gone is no error."""
        with self._lock, contextlib.suppress(OSError):
            self._speaker.connection.sendall(data)

    def close(self):
        self._is_closing = True
        self._thread.join()
        self._listener.close()

    def _accept(self):
        while not self._is_closing:
            try:
                plain = self._listener.accept()[0]
            except TimeoutError:
                continue
            plain.settimeout(TIMEOUT_S)
            # A client that doesn't like the server ends the connection.
            with contextlib.suppress(OSError), self._context.wrap_socket(plain, server_side=True) as connection:
                self._speaker = Speaker(connection)
                self._serve(self._speaker)

    def _serve(self, speaker):
        while not self._is_closing:
            if speaker.has_input(POLL_S):
                with self._lock:
                    self._answer(speaker, *speaker.receive_frame())

    def _answer(self, speaker, kind, body):
        if kind == FRAME_PACKET:
            if self.answers_echoes and is_echo_request(body) and body[0] >> 4 == 4:
                speaker.send_packet(echo_reply(body))
            return
        fields = decode(body)[0]
        if fields[0] == LOGIN:
            self.logins.append(fields)
        if fields[0] == PING:
            speaker.send_message(PONG, fields[1])
        elif fields[0] == GOODBYE:
            self.goodbyes.append(fields[1])
        else:
            speaker.connection.sendall(self.answers.get(fields[0], b""))


# -- connections inside the tunnel

class EchoServer:
    """Sends back what it gets, to any number of connections at a time."""

    class _Handler(socketserver.BaseRequestHandler):
        def handle(self):
            while data := self.request.recv(65536):
                self.request.sendall(data)

    def __init__(self, namespace, address, port=7):
        self.address = (address, port)
        with namespace.entered():
            self._server = socketserver.ThreadingTCPServer(self.address, self._Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()


class EchoStream:
    """A connection to an EchoServer that notices a byte that is lost, or comes twice or in the wrong order."""

    def __init__(self, namespace, server):
        with namespace.entered():
            self._socket = socket.create_connection(server.address, timeout=TIMEOUT_S)
        self._expected = b""
        self._numbers = itertools.count()

    def send(self):
        """Does not wait for the echo."""
        line = f"line {next(self._numbers)}\n".encode()
        self._expected += line
        self._socket.sendall(line)

    def receive_all(self, deadline_s):
        """What has come back of all that was sent must be the same; a TimeoutError otherwise."""
        self._socket.settimeout(deadline_s)
        while self._expected:
            data = self._socket.recv(len(self._expected))
            assert data and self._expected.startswith(data), (data, self._expected)
            self._expected = self._expected[len(data):]

    def close(self):
        self._socket.close()


# -- packets

def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def echo_request(source, destination, number=1):
    """An IPv4 packet with an ICMP echo request (RFC 792)."""
    return icmp_packet(source, destination, struct.pack(">BBHHH", 8, 0, 0, 0x6776, number) + bytes(range(32)), number)


def echo_reply(request):
    """For an echo request without IPv4 options."""
    icmp = b"\0\0\0\0" + request[24:]
    return icmp_packet(socket.inet_ntoa(request[16:20]), socket.inet_ntoa(request[12:16]), icmp)


def icmp_packet(source, destination, unsummed, number=1):
    """An IPv4 packet with this ICMP message, whose checksum is 0 so far."""
    icmp = unsummed[:2] + struct.pack(">H", checksum(unsummed)) + unsummed[4:]
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(icmp), number, 0, 64, 1, 0,
                       socket.inet_aton(source), socket.inet_aton(destination))
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + icmp


def source_of(packet):
    return socket.inet_ntop(socket.AF_INET, packet[12:16]) if packet[0] >> 4 == 4 \
        else socket.inet_ntop(socket.AF_INET6, packet[8:24])


def destination_of(packet):
    return socket.inet_ntop(socket.AF_INET, packet[16:20]) if packet[0] >> 4 == 4 \
        else socket.inet_ntop(socket.AF_INET6, packet[24:40])


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
