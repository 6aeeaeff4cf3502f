"""A name server for tests: name_server.py ADDRESS NAME=IPV4…  Answers those names and nothing else; each question is a
JSON line on standard output."""

import json
import socket
import struct
import sys

HEADER = struct.Struct("!HHHHHH")
A, IN = 1, 1
NO_ERROR, NO_SUCH_NAME = 0, 3
IS_ANSWER = 0x8180  # a response, recursion desired and available


def question_of(packet):
    """(name, type, the question's bytes) of a query with one question."""
    labels, at = [], HEADER.size
    while packet[at]:
        labels.append(packet[at + 1:at + 1 + packet[at]].decode("ascii"))
        at += 1 + packet[at]
    kind, = struct.unpack_from("!H", packet, at + 1)
    return ".".join(labels).lower(), kind, packet[HEADER.size:at + 5]


def answer_to(packet, names):
    identifier = HEADER.unpack_from(packet)[0]
    name, kind, question = question_of(packet)
    print(json.dumps({"asked": name, "type": kind}), flush=True)
    status = NO_ERROR if name in names else NO_SUCH_NAME
    records = b""
    if name in names and kind == A:
        records = struct.pack("!HHHIH", 0xC00C, A, IN, 5, 4) + socket.inet_aton(names[name])
    return HEADER.pack(identifier, IS_ANSWER | status, 1, 1 if records else 0, 0, 0) + question + records


def main():
    names = dict(word.lower().split("=") for word in sys.argv[2:])
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((sys.argv[1], 53))
    print(json.dumps({"event": "ready"}), flush=True)
    while True:
        packet, sender = server.recvfrom(4096)
        server.sendto(answer_to(packet, names), sender)


if __name__ == "__main__":
    main()
