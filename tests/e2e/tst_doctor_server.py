"""gvpn-server doctor: a healthy server has nothing in its way, and each fault that is made is the answer, its first line."""

import json
import os
import shutil
import signal
import socket
import sys
import time

from support import case
from support.lab import LAN, LAN6, OFFICE_LAN, POOL, POOL6, PORT

# linux/rtnetlink.h
RTMGRP_LINK = 1
RTM_DELLINK = 17
HEALTHY = "Nothing stands in the way."
BOTH = {"bypass": (LAN, LAN6), "cidr": (POOL, POOL6)}
LONGEST_S = 15  # its own deadlines are 3 s each, at once; the rest is for a busy computer


def without(folder):
    """A prefix: the file system with nothing in this folder, for the program only."""
    return ("unshare", "--mount", "sh", "-ec", f'mount -t tmpfs none {folder}; exec "$@"', "sh")


def message_types(links):
    """Of the netlink messages that wait there, each in a datagram of its own."""
    while True:
        try:
            message = links.recv(65536)
        except BlockingIOError:
            return
        yield int.from_bytes(message[4:6], sys.byteorder)


class DoctorCase(case.LabCase):
    def examine(self, *options, prefix=()):
        """(exit status, lines)"""
        command = [*prefix, self.lab.binary("gvpn-server"), "doctor", f"--state-dir={self.lab.state_dir('server')}"]
        started = time.monotonic()
        result = self.lab.office.run(*command, *options, check=False)
        self.assertLess(time.monotonic() - started, LONGEST_S)
        self.assertEqual(result.stderr, "")
        return result.returncode, result.stdout.splitlines()

    def verdicts(self, lines):
        return {line.split()[1]: line.split()[0] for line in lines[1:]}

    def assert_healthy(self, *options):
        status, lines = self.examine(*options)
        self.assertEqual((status, lines[0]), (0, HEALTHY), lines)
        return self.verdicts(lines)

    def assert_trouble(self, check, *parts, options=(), prefix=()):
        """It is the first line, and all parts are in it."""
        status, lines = self.examine(*options, prefix=prefix)
        self.assertEqual(status, 1, lines)
        self.assertTrue(lines[0].startswith("Trouble: "), lines)
        for part in parts:
            self.assertIn(part, lines[0])
        troubles = [name for name, verdict in self.verdicts(lines).items() if verdict == "trouble"]
        self.assertEqual(troubles[0], check, lines)


class Healthy(DoctorCase):
    def test_nothing_stands_in_the_way(self):
        self.start_server(**BOTH)
        verdicts = self.assert_healthy()
        for check in ("rights", "key", "database", "clock", "lan", "overlap", "tun", "port", "reach", "filter",
                      "forwarding", "firewall", "nat"):
            self.assertEqual(verdicts[check], "good", check)

    def files(self):
        return sorted((path.name, path.stat().st_uid) for path in self.lab.state_dir("server").iterdir())

    def test_it_leaves_nothing_behind(self):
        """Of another user, too, for whom a file of root's would be the end."""
        shutil.chown(self.lab.state_dir("server"), "nobody")
        self.lab.folder.chmod(0o711)
        server = self.start_server("--run-as=nobody", **BOTH)
        before = case.snapshot(self.lab.office)
        files = self.files()
        self.assertEqual({owner for _, owner in files}, {self.lab.state_dir("server").stat().st_uid})
        self.assert_healthy()
        self.assert_unchanged(self.lab.office, before)
        self.assertEqual(files, self.files())
        self.connect(server)
        self.assert_healthy()

    def test_it_makes_no_interface(self):
        self.start_server(**BOTH)
        with self.lab.office.entered():
            links = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
        self.addCleanup(links.close)
        links.bind((0, RTMGRP_LINK))
        links.setblocking(False)
        self.assert_healthy()
        # The tunnel's interface may still be heard of.
        self.assertNotIn(RTM_DELLINK, list(message_types(links)))

    def test_what_the_server_has_mended_is_no_trouble(self):
        for tables in ("ip", "ip6"):
            self.lab.office.run("nft", f"add table {tables} filter;"
                                       f"add chain {tables} filter DOCKER-USER;"
                                       f"add chain {tables} filter FORWARD "
                                       "{ type filter hook forward priority 0; policy drop; };"
                                       f"add rule {tables} filter FORWARD jump DOCKER-USER")
        self.start_server(**BOTH)
        self.lab.wait_until(lambda: "gvpn0" in self.lab.office.run("nft", "list", "chain", "ip6", "filter",
                                                               "DOCKER-USER").stdout, "the rules in Docker's chain")
        self.assert_healthy()

    def test_programs_read_it_as_json(self):
        self.start_server()
        status, lines = self.examine("--json")
        objects = [json.loads(line) for line in lines]
        self.assertEqual((status, objects[0]), (0, {"event": "doctor", "healthy": True}))
        self.assertEqual({line["event"] for line in objects[1:]}, {"check"})
        self.assertEqual({line["verdict"] for line in objects[1:]} - {"good", "note", "skipped"}, set())

    def test_the_way_back_without_masquerading_is_told(self):
        self.start_server("--masquerade=off", **BOTH)
        status, lines = self.examine()
        self.assertEqual(status, 0)
        self.assertTrue(any(f"a route to {POOL} via {OFFICE_LAN}" in line for line in lines), lines)


class WhatAServerStandsOn(DoctorCase):
    def test_not_root(self):
        self.start_server()
        self.lab.folder.chmod(0o711)
        self.assert_trouble("rights", "Only root", "sudo gvpn-server doctor",
                            prefix=("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"))

    def test_options_that_cannot_be_used(self):
        status, lines = self.examine("--cidr=nonsense")
        self.assertEqual(status, 2)
        self.assertIn("--cidr nonsense", lines[0])
        config = self.lab.folder / "server.conf"
        config.write_text("adress = :51005\n", encoding="ascii")
        status, lines = self.examine(f"--config={config}")
        self.assertEqual(status, 2)
        self.assertIn("adress", lines[0])

    def test_a_key_that_others_can_read(self):
        self.start_server()
        key = self.lab.state_dir("server") / "server-key.pem"
        key.chmod(0o644)
        self.assert_trouble("key", str(key), "0644", f"chmod 600 {key}")
        key.chmod(0o600)
        self.assert_healthy()

    def test_a_key_of_another_user(self):
        self.start_server()
        key = self.lab.state_dir("server") / "server-key.pem"
        shutil.chown(key, "nobody")
        self.assert_trouble("key", "belongs to nobody", "chown root:")

    def test_a_database_that_is_broken(self):
        self.start_server().stop()
        database = self.lab.state_dir("server") / "gvpn.db"
        content = bytearray(database.read_bytes())
        content[4096:12288] = os.urandom(8192)
        database.write_bytes(content)
        self.assert_trouble("database", str(database), "put back a copy")

    def test_a_clock_that_is_behind(self):
        self.start_server()
        later = time.time() + 7 * 24 * 3600
        os.utime(self.lab.state_dir("server") / "server-key.pem", (later, later))
        self.assert_trouble("clock", "server-key.pem was written at", "timedatectl")

    def test_no_tun(self):
        self.start_server()
        self.assert_trouble("tun", "/dev/net/tun", "modprobe tun", prefix=without("/dev/net"))


class WhatIsBetweenClientsAndTheLan(DoctorCase):
    def test_the_server_does_not_run(self):
        self.start_server().stop()
        self.assert_trouble("port", "gvpn-server does not run", str(PORT), "Start it:",
                            options=(f"--bypass={LAN}", f"--cidr={POOL}"))

    def test_the_port_is_held_by_another_program(self):
        with self.lab.office.entered():
            other = socket.socket(socket.AF_INET6)
        self.addCleanup(other.close)
        other.bind(("::", PORT))
        other.listen()
        self.assert_trouble("port", f"TCP port {PORT} is held by", f"(process {os.getpid()})", "--address",
                            options=(f"--bypass={LAN}", f"--cidr={POOL}"))

    def test_another_server_holds_the_port(self):
        self.start_server(state="other")
        self.assert_trouble("port", "gvpn-server (process", "--state-dir",
                            options=(f"--bypass={LAN}", "--cidr=10.99.0.0/24"))

    def test_a_server_that_hangs(self):
        server = self.start_server()
        server.process.send_signal(signal.SIGSTOP)
        self.assert_trouble("port", "does not answer", "systemctl restart")

    def test_a_server_that_listens_on_one_address_only(self):
        for options in ((f"--address={OFFICE_LAN}:{PORT}",), (f"--address=0.0.0.0:{PORT}",)):
            server = self.start_server(*options, **BOTH)
            self.assert_healthy()
            self.assertEqual(server.stop(), 0)

    def test_the_lan_interface_is_down(self):
        self.start_server()
        self.lab.office.run("ip", "link", "set", "lan", "down")
        self.assert_trouble("lan", "lan, which leads to the LAN network", "is down", "ip link set lan up")
        self.lab.office.run("ip", "link", "set", "lan", "up")
        self.assert_healthy()

    def test_a_route_of_another_tunnel_overlaps(self):
        self.start_server()
        self.lab.office.run("ip", "tuntap", "add", "work0", "mode", "tun")
        self.lab.office.run("ip", "link", "set", "work0", "up")
        for check, network in (("overlap", "10.86.0.128/25"), ("lan", "172.17.4.0/24")):
            with self.subTest(network):
                self.lab.office.run("ip", "route", "add", network, "dev", "work0")
                self.assert_trouble(check, network, "work0")
                self.lab.office.run("ip", "route", "del", network, "dev", "work0")
        self.assert_healthy()

    def test_forwarding_is_switched_off_behind_its_back(self):
        self.start_server(**BOTH)
        # The kernel has a switch of its own for that since 6.17.
        own6 = "net/ipv6/conf/lan/force_forwarding"
        has_own6 = self.lab.office.run("test", "-e", f"/proc/sys/{own6}", check=False).returncode == 0
        for path in ("net/ipv4/conf/lan/forwarding", own6 if has_own6 else "net/ipv6/conf/all/forwarding"):
            with self.subTest(path):
                self.lab.office.write_switch(path, 0)
                self.assert_trouble("forwarding", f"/proc/sys/{path}", "systemctl restart gvpn-server")
                self.lab.office.write_switch(path, 1)

    def test_the_table_is_deleted(self):
        self.start_server()
        self.lab.office.run("nft", "flush", "ruleset")
        self.assert_trouble("filter", "inet gvpn_gvpn0 is gone", "restart")

    def test_a_foreign_filter_drops_what_is_forwarded(self):
        self.start_server()
        self.lab.office.run("nft", "add table inet strict; add chain inet strict forward "
                                   "{ type filter hook forward priority 0; policy drop; }")
        self.assert_trouble("firewall", "strict", "forward")
        self.lab.office.run("nft", "delete table inet strict")
        self.assert_healthy()

    def test_a_foreign_filter_keeps_clients_away(self):
        self.start_server()
        self.lab.office.run("nft", "add table ip strict; add chain ip strict input "
                                   "{ type filter hook input priority 0; policy drop; };"
                                   "add rule ip strict input iif lo accept")
        self.assert_trouble("firewall", "strict", "input")

    def test_an_own_address_that_does_not_answer(self):
        self.start_server()
        self.lab.office.run("nft", "add table ip strict; add chain ip strict output "
                                   "{ type filter hook output priority 0; };"
                                   f"add rule ip strict output ip daddr {OFFICE_LAN} tcp dport {PORT} drop")
        self.assert_trouble("reach", f"{OFFICE_LAN}:{PORT}", "no answer")

    def test_a_resolver_that_is_silent(self):
        self.start_server()
        self.lab.office.run("nft", "add table ip quiet; add chain ip quiet output { type filter hook output priority 0; };"
                                   "add rule ip quiet output udp dport 53 drop")
        self.assert_trouble("dns", "172.17.0.53", options=("--dns=172.17.0.53", "--dns-domain=office.example"))

    def test_a_public_name_that_does_not_resolve(self):
        self.lab.office.write_etc("resolv.conf", "nameserver 203.0.113.254\n")
        self.start_server()
        self.assert_trouble("name", "office.invalid", "--public-address",
                            options=("--public-address=office.invalid",))


if __name__ == "__main__":
    case.main()
