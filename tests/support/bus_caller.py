"""An unprivileged program that calls gvpn-helper over the system bus, for bus_world.BusCaller: commands as JSON lines on
standard input, an answer for each on standard output."""

import fcntl
import ipaddress
import json
import os
import select
import socket
import struct
import sys

import dbus

NAME, PATH, INTERFACE = "org.gvpn.Helper1", "/org/gvpn/Helper1", "org.gvpn.Helper1"
PROPERTIES = "org.freedesktop.DBus.Properties"
SETTINGS, NAMES = "(a(ayu)a(ayu)u)", "(aayas)"
TUNGETIFF, TUNSETPERSIST = 0x800454D2, 0x400454CB
VNET_HEADER_BYTES = 10
TCP_CONGESTION = 13
TIMEOUT_S = 20


class Caller:
    def __init__(self):
        self.bus = dbus.SystemBus()
        self.tuns = {}

    def call(self, method, signature, args, interface=INTERFACE):
        return self.bus.call_blocking(NAME, PATH, interface, method, signature, args, timeout=TIMEOUT_S)

    def do_open(self, offloads=True):
        lease, tun, interface, index = self.call("Open", "b", (offloads,))
        self.tuns[int(lease)] = tun.take()
        return {"lease": int(lease), "interface": str(interface), "index": int(index)}

    def do_describe(self, lease):
        """What the kernel says of the descriptor."""
        answer = fcntl.ioctl(self.tuns[lease], TUNGETIFF, bytes(40))
        name, flags = struct.unpack("16sH", answer[:18])
        return {"name": name.rstrip(b"\0").decode(), "flags": flags}

    def do_apply(self, lease, addresses, routes, mtu):
        def network(text):
            value = ipaddress.ip_interface(text)
            return dbus.ByteArray(value.ip.packed), dbus.UInt32(value.network.prefixlen)

        settings = ([network(text) for text in addresses], [network(text) for text in routes], mtu)
        self.call("Apply", "u" + SETTINGS, (lease, settings))
        return {}

    def do_set_names(self, lease, servers, domains):
        packed = [dbus.ByteArray(ipaddress.ip_address(text).packed) for text in servers]
        names = (dbus.Array(packed, signature="ay"), dbus.Array(domains, signature="s"))
        return {"in_force": bool(self.call("SetNames", "u" + NAMES, (lease, names)))}

    def do_raw(self, method, signature, args, interface=INTERFACE):
        """Whatever the signature allows."""
        return {"result": str(self.call(method, signature, args, interface))}

    def do_close(self, lease):
        self.call("Close", "u", (lease,))
        return {}

    def do_version(self):
        return {"version": int(self.call("Get", "ss", (INTERFACE, "Version"), PROPERTIES))}

    def do_introspect(self):
        return {"xml": str(self.call("Introspect", "", (), "org.freedesktop.DBus.Introspectable"))}

    def do_persist(self, lease):
        fcntl.ioctl(self.tuns[lease], TUNSETPERSIST, 1)
        return {}

    def do_close_tun(self, lease):
        os.close(self.tuns.pop(lease))
        return {}

    def do_send_and_read(self, lease, target):
        """Sends a datagram to an address that is routed into the tunnel; the destination that comes out."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"hello", (target, 4444))
        tun = self.tuns[lease]
        for _ in range(20):
            if not select.select([tun], [], [], 5)[0]:
                return {"destination": "nothing came"}
            packet = os.read(tun, 65536)[VNET_HEADER_BYTES:]
            if packet[0] >> 4 == 4:
                return {"destination": str(ipaddress.ip_address(packet[16:20]))}
        return {"destination": "no IPv4 packet came"}

    def do_congestion(self, name, kind="tcp"):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM) as tried:
            self.call("SetCongestionControl", "hs", (dbus.types.UnixFd(tried), name))
            return {"now": tried.getsockopt(socket.IPPROTO_TCP, TCP_CONGESTION, 16).split(b"\0")[0].decode()}


def main():
    caller = Caller()
    for number, line in enumerate(sys.stdin, 1):
        fields = json.loads(line)
        try:
            answer = getattr(caller, "do_" + fields.pop("command"))(**fields)
        except dbus.DBusException as error:
            answer = {"error": error.get_dbus_name(), "cause": error.get_dbus_message()}
        except OSError as error:
            answer = {"error": "OSError", "cause": str(error)}
        print(json.dumps({"answer": number, **answer}), flush=True)


if __name__ == "__main__":
    main()
