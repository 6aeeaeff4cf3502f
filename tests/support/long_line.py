"""A long line between two network namespaces, for tests: whatever one end's interface is given comes out of the other's
some milliseconds later. For a few thousand packets a second. As a program: long_line.py NAMESPACE NAMESPACE DELAY_MS.

    home: far 198.18.0.2 ───── delay ───── far 198.18.0.1 :office
"""

import collections
import ctypes
import fcntl
import os
import select
import struct
import sys
import time

NEAR = "198.18.0.1"
FAR = "198.18.0.2"
INTERFACE = "far"
TUNSETIFF = 0x400454CA  # linux/if_tun.h
IFF_TUN = 0x0001
IFF_NO_PI = 0x1000
MAX_PACKET = 65536
MAX_WAITING = 2000  # packets a direction; the rest is lost, as on any line
PACKETS_A_TURN = 64
CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


def add_long_line(lab, delay_ms):
    """Joins the lab's office and home: the server's address for this home is NEAR from now on."""
    program = lab.start("long line", ["/usr/bin/python3", "-B", __file__, lab.office.name, lab.home.name, delay_ms])
    for namespace, address in ((lab.office, NEAR), (lab.home, FAR)):
        lab.wait_until(lambda where=namespace: has_interface(where), f"the line's end in {namespace.role}")
        namespace.run("ip", "addr", "add", f"{address}/30", "dev", INTERFACE)
        namespace.run("ip", "link", "set", INTERFACE, "mtu", 1500, "up")
    return program


def lose(namespace, percent):
    """Of what arrives over the line in this namespace. Behind the line, since a sender hears of what its own computer
    drops. 0: none any more."""
    namespace.run("nft", "delete", "table", "ip", "loss", check=False)
    if percent > 0:
        namespace.run("nft", "-f", "-", text="table ip loss { chain arriving { type filter hook prerouting priority raw\n"
                      f"iifname {INTERFACE} numgen random mod 100 < {percent} drop\n}}\n}}\n")


def has_interface(namespace):
    return namespace.run("ip", "link", "show", INTERFACE, check=False).returncode == 0


def open_end(namespace):
    with open(f"/run/netns/{namespace}", "rb") as inside:
        if _libc.setns(inside.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"setns {namespace}")
    descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(descriptor, TUNSETIFF, struct.pack("16sH22x", INTERFACE.encode(), IFF_TUN | IFF_NO_PI))
    return descriptor


def take_in(descriptor, waiting, due):
    for _ in range(PACKETS_A_TURN):
        try:
            packet = os.read(descriptor, MAX_PACKET)
        except (BlockingIOError, OSError):  # nothing more, or the interface is down still
            return
        if len(waiting) < MAX_WAITING:
            waiting.append((due, packet))


def give_out(descriptor, waiting, now):
    while waiting and waiting[0][0] <= now:
        try:
            os.write(descriptor, waiting.popleft()[1])
        except OSError:  # the interface is down, or full
            pass


def relay(ends, delay_s):
    queues = [(ends[0], ends[1], collections.deque()), (ends[1], ends[0], collections.deque())]
    poll = select.poll()
    for end in ends:
        poll.register(end, select.POLLIN)
    while True:
        dues = [waiting[0][0] for _, _, waiting in queues if waiting]
        wait_ms = max(0.0, (min(dues) - time.monotonic()) * 1000) if dues else 1000
        poll.poll(wait_ms)
        now = time.monotonic()
        for source, target, waiting in queues:
            take_in(source, waiting, now + delay_s)
            give_out(target, waiting, now)


if __name__ == "__main__":
    relay([open_end(name) for name in sys.argv[1:3]], float(sys.argv[3]) / 1000)
