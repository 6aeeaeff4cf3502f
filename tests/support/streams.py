"""TCP connections and UDP sockets of a test itself, in the namespaces of a lab: what a browser would not show, such as a
segment size, the path's MTU, or a checksum of what arrived."""

import hashlib
import os
import socket
import threading

PORT = 7000
DEADLINE_S = 20  # of one call
PIECE_BYTES = 256 * 1024
# Not named by Python 3.11: linux/in.h, linux/in6.h
MTU_DISCOVER = {socket.AF_INET: (socket.IPPROTO_IP, 10), socket.AF_INET6: (socket.IPPROTO_IPV6, 23)}
MTU = {socket.AF_INET: (socket.IPPROTO_IP, 14), socket.AF_INET6: (socket.IPPROTO_IPV6, 24)}
DISCOVER_DO = 2


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def make_socket(namespace, address, kind=socket.SOCK_STREAM):
    with namespace.entered():
        made = socket.socket(family_of(address), kind)
    made.settimeout(DEADLINE_S)
    return made


class Connection:
    """A TCP connection from one namespace to an address in another. mss: what each end is told to take at most."""

    def __init__(self, client, server, address, client_mss=None, server_mss=None, client_options=()):
        with make_socket(server, address) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if server_mss:
                listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, server_mss)
            listener.bind((address, PORT))
            listener.listen()
            self.client = make_socket(client, address)
            if client_mss:
                self.client.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, client_mss)
            for option in client_options:
                self.client.setsockopt(*option)
            self.client.connect((address, PORT))
            self.server, _ = listener.accept()
        self.server.settimeout(DEADLINE_S)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.close()
        self.server.close()

    def segment_sizes(self):
        """What the client and the server send at most in one packet."""
        return [end.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG) for end in (self.client, self.server)]

    def upload(self, size):
        return carry(self.client, self.server, size)

    def download(self, size):
        return carry(self.server, self.client, size)


def carry(sender, receiver, size):
    """Whether this many random bytes arrive as they were."""
    content = os.urandom(size)
    errors = []

    def send():
        try:
            sender.sendall(content)
        except OSError as error:
            errors.append(error)

    thread = threading.Thread(target=send)
    thread.start()
    digest = hashlib.sha256()
    left = size
    try:
        while left > 0:
            piece = receiver.recv(min(left, PIECE_BYTES))
            if not piece:
                break
            digest.update(piece)
            left -= len(piece)
    except OSError as error:
        errors.append(error)
        sender.shutdown(socket.SHUT_RDWR)
    thread.join()
    if errors:
        raise AssertionError(f"{left} of {size} bytes missing: {errors[0]}")
    return digest.digest() == hashlib.sha256(content).digest()


def discover(sender):
    """From now on this socket's datagrams may not be fragmented anywhere."""
    level, option = MTU_DISCOVER[sender.family]
    sender.setsockopt(level, option, DISCOVER_DO)


def path_mtu(sender):
    """What this connected socket knows of its path."""
    level, option = MTU[sender.family]
    return sender.getsockopt(level, option)
