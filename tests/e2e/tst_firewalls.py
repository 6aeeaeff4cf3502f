"""Packet filters of other programs on the office's computer: Docker's is opened while the server runs, of the others the
server says which command lets it through, and that command does."""

import shutil
import signal
from pathlib import Path

from support import case
from support.lab import LAN, LAN6, LAN_HOST, LAN_HOST6, POOL, POOL6

BOTH = {"bypass": (LAN, LAN6), "cidr": (POOL, POOL6)}
ALLOW = "Allow it with: "
RECORDED = Path(__file__).resolve().parents[1] / "unit" / "system" / "data"

# As dockerd 20.10 and 28 lay out their chains when they have switched forwarding on themselves.
DOCKER_20 = """
-P FORWARD DROP
-N DOCKER
-N DOCKER-ISOLATION-STAGE-1
-N DOCKER-ISOLATION-STAGE-2
-N DOCKER-USER
-A DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2
-A DOCKER-ISOLATION-STAGE-1 -j RETURN
-A DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP
-A DOCKER-ISOLATION-STAGE-2 -j RETURN
-A DOCKER-USER -j RETURN
-A FORWARD -j DOCKER-USER
-A FORWARD -j DOCKER-ISOLATION-STAGE-1
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o docker0 -j DOCKER
-A FORWARD -i docker0 ! -o docker0 -j ACCEPT
-A FORWARD -i docker0 -o docker0 -j ACCEPT
"""
DOCKER_28 = """
-P FORWARD DROP
-N DOCKER
-N DOCKER-BRIDGE
-N DOCKER-CT
-N DOCKER-FORWARD
-N DOCKER-ISOLATION-STAGE-1
-N DOCKER-ISOLATION-STAGE-2
-N DOCKER-USER
-A FORWARD -j DOCKER-USER
-A FORWARD -j DOCKER-FORWARD
-A DOCKER ! -i docker0 -o docker0 -j DROP
-A DOCKER-BRIDGE -o docker0 -j DOCKER
-A DOCKER-CT -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A DOCKER-FORWARD -j DOCKER-CT
-A DOCKER-FORWARD -j DOCKER-ISOLATION-STAGE-1
-A DOCKER-FORWARD -j DOCKER-BRIDGE
-A DOCKER-FORWARD -i docker0 -j ACCEPT
-A DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2
-A DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP
"""
LOCKED = """
-P INPUT DROP
-P FORWARD DROP
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p ipv6-icmp -j ACCEPT
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
"""
LOCKED_NFT = """
table inet office {
    chain input {
        type filter hook input priority 0; policy drop;
        iifname "lo" accept
        ct state established,related accept
        meta l4proto ipv6-icmp accept
        tcp dport 22 accept
    }
    chain forward {
        type filter hook forward priority 0; policy drop;
        ct state vmap { established : accept, related : accept, invalid : drop }
    }
}
"""


class FirewallCase(case.LabCase):
    def load_iptables(self, rules, programs=("iptables", "ip6tables")):
        for program in programs:
            for rule in rules.strip().splitlines():
                if program.startswith("iptables") and "ipv6-icmp" in rule:
                    continue
                self.lab.office.run(program, *rule.split())

    def obstacles(self, server, count):
        """The first so many, in any order."""
        self.lab.wait_until(lambda: len(events(server)) >= count, f"{count} obstacles")
        self.assertEqual(len(events(server)), count, events(server))
        return events(server)

    def assert_reaches_the_lan(self):
        for host in (LAN_HOST, LAN_HOST6):
            self.assert_pings(self.lab.home, host)


def events(server):
    return [event for event in server.events if event.get("event") == "obstacle"]


class Docker(FirewallCase):
    def start_behind_docker(self, rules):
        """The running server, the state of the network before it, and what it said."""
        self.load_iptables(rules)
        before = case.snapshot(self.lab.office)
        server = self.start_server(**BOTH)
        return server, before, self.obstacles(server, 2)

    def chain(self, program="iptables"):
        return [line for line in self.lab.office.run(program, "-S", "DOCKER-USER").stdout.splitlines() if "gvpn" in line]

    def test_the_chain_for_others_is_open_while_the_server_runs(self):
        for name, rules in (("20.10", DOCKER_20), ("28", DOCKER_28)):
            with self.subTest(name):
                server, before, found = self.start_behind_docker(rules)
                for event in found:
                    self.assertEqual((event["keeper"], event["path"], event["mended"]), ("docker", "forward", True))
                client = self.connect(server)
                self.assert_reaches_the_lan()
                for program, pool in (("iptables", POOL), ("ip6tables", POOL6)):
                    self.assertEqual(len(self.chain(program)), 2)
                    for line, options in zip(self.chain(program), (f"-s {pool} -i tun0", f"-d {pool} -o tun0")):
                        self.assertIn(options.replace("tun0", server.listening["interface"]), line)
                self.assertEqual(client.stop(), 0, client.describe())
                self.assertEqual(server.stop(), 0, server.describe())
                self.assert_unchanged(self.lab.office, before)
                self.lab.office.run("nft", "flush", "ruleset")

    def test_cleanup_closes_it_after_a_killed_server(self):
        server, before, _ = self.start_behind_docker(DOCKER_20)
        server.kill()
        self.assertEqual(len(self.chain()), 2)
        cleanup = self.lab.start("cleanup", [self.lab.binary("gvpn-server"), "cleanup"], self.lab.office)
        self.assertEqual(cleanup.wait_end(), 0, cleanup.describe())
        self.assertIn("DOCKER-USER", "\n".join(cleanup.output))
        self.assert_unchanged(self.lab.office, before)

    def test_the_next_server_takes_a_killed_ones_rules_away(self):
        server, before, _ = self.start_behind_docker(DOCKER_28)
        server.kill()
        server = self.start_server(**BOTH)
        self.obstacles(server, 2)
        self.assertEqual(len(self.chain()), 2)
        self.assertEqual(server.stop(), 0, server.describe())
        self.assert_unchanged(self.lab.office, before)

    def test_rules_that_were_lost_come_back(self):
        server, before, _ = self.start_behind_docker(DOCKER_28)
        self.connect(server)
        self.assert_reaches_the_lan()
        for program in ("iptables", "ip6tables"):
            self.lab.office.run(program, "-F", "DOCKER-USER")
        self.assert_no_answer(self.lab.home, LAN_HOST)
        server.process.send_signal(signal.SIGHUP)
        self.obstacles(server, 4)
        self.assert_reaches_the_lan()
        self.assertEqual(server.stop(), 0, server.describe())
        self.assert_unchanged(self.lab.office, before)

    def test_others_rules_in_the_chain_stay(self):
        self.load_iptables(DOCKER_28 + "-A DOCKER-USER -s 10.9.9.9/32 -m comment --comment gvpn_mine -j DROP\n", ["iptables"])
        before = case.snapshot(self.lab.office)
        server = self.start_server()
        self.obstacles(server, 1)
        self.assertEqual(len(self.chain()), 3)
        self.assertIn("gvpn_mine", self.chain()[0])
        self.assertEqual(server.stop(), 0, server.describe())
        self.assert_unchanged(self.lab.office, before)

    def test_what_others_drop_there_stays_dropped(self):
        self.load_iptables(DOCKER_20.replace("-A DOCKER-USER -j RETURN", "-A DOCKER-USER -i gvpn0 -j DROP\n-A DOCKER-USER -j RETURN"),
                           ["iptables"])
        server = self.start_server("--tun=gvpn0")
        found = self.obstacles(server, 1)
        self.assertEqual((found[0]["keeper"], found[0]["mended"]), ("iptables", False))
        self.assertEqual(self.chain(), ["-A DOCKER-USER -i gvpn0 -j DROP"])
        self.connect(server)
        self.assert_no_answer(self.lab.home, LAN_HOST)

    def test_a_saved_rule_of_an_old_owner_goes(self):
        self.load_iptables(DOCKER_28, ["iptables"])
        before = case.snapshot(self.lab.office)
        self.lab.office.run("nft", "add", "rule", "ip", "filter", "DOCKER-USER", "iifname", "gvpn0", "counter", "accept",
                            "comment", '"gvpn_gvpn0 owner_0123"')
        server = self.start_server("--tun=gvpn0")
        self.obstacles(server, 1)
        self.assertEqual(len(self.chain()), 2)
        self.assertNotIn("owner_0123", "".join(self.chain()))
        self.assertEqual(server.stop(), 0, server.describe())
        self.assert_unchanged(self.lab.office, before)


class Others(FirewallCase):
    def assert_remedies_work(self, keeper, count, prefix=()):
        """So many things to do are all that it takes."""
        server = self.start_server(**BOTH)
        found = self.obstacles(server, count)
        self.assert_no_answer(self.lab.home, LAN_HOST)
        for event in found:
            self.assertEqual((event["keeper"], event["mended"]), (keeper, False))
            self.assertTrue(event["remedy"].startswith(ALLOW), event)
            self.lab.office.run(*prefix, "sh", "-ec", event["remedy"].removeprefix(ALLOW))
        self.connect(server)
        self.assert_reaches_the_lan()
        self.assertEqual(len(events(server)), count)
        return server

    def test_iptables(self):
        self.load_iptables(LOCKED)
        self.assert_remedies_work("iptables", 5)

    def test_plain_nftables(self):
        self.lab.office.run("nft", "-f", "-", text=LOCKED_NFT)
        self.assert_remedies_work("nftables", 4)

    def test_what_lets_us_through_is_not_named(self):
        self.lab.office.run("nft", "-f", "-", text=LOCKED_NFT)
        self.assert_remedies_work("nftables", 4)
        for program in reversed(self.lab.programs):
            self.assertEqual(program.stop(), 0, program.describe())
        server = self.start_server(**BOTH)
        self.connect(server)
        # The one that is told, so that what is silent has been looked at.
        self.lab.office.run("nft", "insert", "rule", "inet", "office", "input", "ct", "state", "new", "tcp", "dport",
                            str(server.listening["port"]), "drop")
        server.process.send_signal(signal.SIGHUP)
        self.assertEqual(self.obstacles(server, 1)[0]["path"], "input")
        self.assertEqual(server.stop(), 0, server.describe())
        self.assertEqual(len(events(server)), 1)

    def test_iptables_legacy(self):
        if shutil.which("iptables-legacy") is None:
            self.skipTest("there is no iptables-legacy")
        if self.lab.office.run("iptables-legacy", "-S", check=False).returncode != 0:
            self.skipTest("the kernel has no tables of iptables-legacy")
        self.load_iptables(LOCKED, ("iptables-legacy", "ip6tables-legacy"))
        self.assert_remedies_work("iptables-legacy", 5)

    def test_ufw(self):
        if shutil.which("ufw") is None:
            self.skipTest("ufw is not installed")
        # Its settings are below /etc, which belongs to the machine.
        settings = self.lab.folder / "ufw"
        shutil.copytree("/etc/ufw", settings)
        prefix = ("unshare", "--mount", "sh", "-ec", f'mount --bind "{settings}" /etc/ufw; exec "$@"', "sh")
        self.lab.office.run(*prefix, "ufw", "--force", "enable")
        self.assert_remedies_work("ufw", 2, prefix)

    def test_firewalld(self):
        self.lab.office.run("nft", "-f", RECORDED / "firewalld.nft")
        server = self.start_server(**BOTH)
        found = self.obstacles(server, 2)
        self.assertEqual([(event["keeper"], event["path"]) for event in found],
                         [("firewalld", "forward"), ("firewalld", "input")])
        self.assertIn(f"--zone={server.listening['interface']} --change-interface=", found[0]["remedy"])
        self.assertIn(f"--add-port={server.listening['port']}/tcp", found[1]["remedy"])


if __name__ == "__main__":
    if shutil.which("iptables") is None:
        print("skipped: not installed: iptables")
        raise SystemExit(case.SKIPPED)
    case.main()
