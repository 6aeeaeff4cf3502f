"""The lab itself: a test that stands on a broken lab would say nothing."""

import os
import subprocess
import sys

from support import case
from support.lab import LAN_HOST, LAN_HOST6, OFFICE, OFFICE6, PAGE
from support.snapshot import difference, snapshot


class Lab(case.LabCase):
    def test_joins_home_and_office_and_office_and_lan_but_not_home_and_lan(self):
        for address in (OFFICE, OFFICE6):
            self.assert_pings(self.lab.home, address)
        for address in (LAN_HOST, LAN_HOST6):
            self.assert_pings(self.lab.office, address)
            self.assert_no_answer(self.lab.home, address)

    def test_serves_the_page_in_the_lan_only(self):
        self.lab.start_web_server()
        for host in (LAN_HOST, f"[{LAN_HOST6}]"):
            self.assertEqual(self.lab.fetch(self.lab.office, f"http://{host}/").stdout, PAGE)
            self.assertNotEqual(self.lab.fetch(self.lab.home, f"http://{host}/", deadline_s=1).returncode, 0)

    def test_a_cut_line_is_dead_without_a_word_and_can_be_mended(self):
        self.lab.cut(self.lab.home)
        self.assert_no_answer(self.lab.home, OFFICE)
        self.lab.mend(self.lab.home)
        self.assert_pings(self.lab.home, OFFICE)

    def test_a_snapshot_shows_each_kind_of_change(self):
        office = self.lab.office
        changes = (
            ("interfaces", lambda: office.add_address("lan", "172.17.9.9/32")),
            ("interfaces", lambda: office.run("ip", "link", "set", "lan", "mtu", "1400")),
            ("IPv4 routes", lambda: office.run("ip", "route", "add", "10.1.0.0/16", "dev", "lan")),
            ("IPv6 routes", lambda: office.run("ip", "-6", "route", "add", "fd01::/64", "dev", "lan")),
            ("IPv4 rules", lambda: office.run("ip", "rule", "add", "to", "10.2.0.0/16", "lookup", "100")),
            ("IPv6 rules", lambda: office.run("ip", "-6", "rule", "add", "to", "fd02::/64", "lookup", "100")),
            ("packet filter", lambda: office.run("nft", "add", "table", "inet", "left")),
            ("interfaces", lambda: office.run("ip", "link", "set", "lan", "group", "7")),
            ("IPv4 routes", lambda: office.run("ip", "route", "add", "10.3.0.0/16", "dev", "lan", "table", "77")),
            ("IPv6 routes", lambda: office.run("ip", "-6", "route", "add", "unreachable", "fd03::/64", "table", "77")),
            ("packet filter", lambda: office.run("nft", "add chain inet left below")),
            ("switches", lambda: office.write_switch("net/ipv4/conf/lan/forwarding", 1)),
            ("switches", lambda: office.write_switch("net/ipv6/conf/lan/forwarding", 1)),
            ("resolvers", lambda: office.write_etc("resolv.conf", "nameserver 172.17.0.53\n")),
            ("records", lambda: self.write_record(office, "journal-1.json")),
            ("switches", lambda: office.write_switch("net/ipv6/conf/lan/accept_ra", 2)),
        )
        for section, change in changes:
            before = snapshot(office)
            self.assertEqual(difference(before, snapshot(office)), "")
            change()
            self.assertIn(f"{section}:", difference(before, snapshot(office)))

    @staticmethod
    def write_record(namespace, name):
        os.makedirs(namespace.record())
        with open(f"{namespace.record()}/{name}", "w", encoding="ascii"):
            pass

    def test_shows_a_namespace_files_of_its_own(self):
        self.lab.home.write_etc("hosts", "192.0.2.7 a-name.test\n")
        self.assertIn("192.0.2.7", self.lab.home.run("getent", "hosts", "a-name.test").stdout)
        self.assertNotEqual(self.lab.office.run("getent", "hosts", "a-name.test", check=False).returncode, 0)
        self.lab.close()
        self.assertFalse(os.path.exists(f"/etc/netns/{self.lab.home.name}"))

    def test_removes_what_a_killed_program_recorded_about_the_namespace(self):
        server = self.start_server()
        server.kill()
        record = self.lab.office.record()
        self.assertTrue(os.path.exists(f"{record}/switches.json"), "the server writes its record elsewhere")
        self.lab.close()
        self.assertFalse(os.path.exists(record))

    def test_leaves_nothing_behind_when_the_process_is_stopped(self):
        script = ("import os, signal; from support.lab import Lab; lab = Lab('.');"
                  "sleeper = lab.start('sleeper', ['sleep', '100'], lab.home);"
                  "print(lab.folder, sleeper.pid, flush=True);"
                  "os.kill(os.getpid(), signal.SIGTERM)")
        result = subprocess.run([sys.executable, "-B", "-c", script], capture_output=True, text=True, timeout=30,
                                check=False)
        self.assertEqual(result.returncode, 128 + 15, result.stderr)
        folder, pid = result.stdout.split()
        self.assertFalse(os.path.exists(folder))
        self.assertFalse(os.path.exists(f"/proc/{pid}"))


if __name__ == "__main__":
    case.main()
