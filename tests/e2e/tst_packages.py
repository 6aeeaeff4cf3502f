"""The Debian packages in a clean Debian 12: they install with nothing but Debian's own packages, what they install
works, an upgrade keeps what people have, and nothing is left behind."""

import json
import os
import shutil
import tempfile
import unittest
from pathlib import Path

from support import case
from support.debian_tree import BootedTree, DebianTree, make_packages, missing_tree_tools, unpack
from support.lab import GATEWAY, LAN, LAN_HOST, OFFICE, PAGE, POOL, PORT
from support.namespaces import at_end, run

CHECKERS = ("lintian", "desktop-file-validate", "appstreamcli", "xmllint", "systemd-analyze")
# As the unit starts it.
AS_THE_SERVICE = ("setpriv", "--reuid=gvpn-server", "--regid=gvpn-server", "--init-groups", "--no-new-privs",
                  "--inh-caps=-all,+net_admin,+net_bind_service", "--ambient-caps=-all,+net_admin,+net_bind_service",
                  "--bounding-set=-all,+net_admin,+net_bind_service", "env", "XDG_STATE_HOME=/var/lib")
SETTINGS = f"bypass={LAN}\ncidr={POOL}\npublic-address={OFFICE}\njson=true\n"
NEXT_VERSION = "99.0"
CLIENT_STATE = "/var/lib/gvpn-client"
PERSON = "person"
# In place of a login manager, which would say who sits at the screen.
AT_THE_MACHINE = f"""polkit.addRule(function(action, subject) {{
    if (action.id == "org.gvpn.connect" && subject.user == "{PERSON}")
        return polkit.Result.YES;
}});
"""
EXPOSURE = {"gvpn-server.service": 30, "gvpn-helper.service": 45}
PACKAGES = {}
NEXT_PACKAGES = {}


def setUpModule():
    folder = Path(tempfile.mkdtemp(prefix="gvpn-packages-"))
    at_end(lambda: shutil.rmtree(folder, ignore_errors=True))
    folder.chmod(0o755)
    (folder / "next").mkdir()
    NEXT_PACKAGES.update(make_packages(case.BUILD, folder / "next", "-D", f"CPACK_PACKAGE_VERSION={NEXT_VERSION}"))
    PACKAGES.update(make_packages(case.BUILD, folder))


class Files(unittest.TestCase):
    """What is in the packages, read by those who know how it should be."""

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="gvpn-files-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def test_three_packages_and_debians_own_rules(self):
        self.assertEqual(sorted(PACKAGES), ["gvpn", "gvpn-gui", "gvpn-server"])
        result = run("lintian", "--allow-root", "--fail-on", "error,warning", "--tag-display-limit", "0",
                     *PACKAGES.values(), check=False, timeout=120)
        self.assertEqual((result.returncode, result.stdout), (0, ""), result.stderr)

    def test_what_they_need(self):
        needed = {"gvpn-server": ("nftables", "libqt6sql6-sqlite", "libqt6core6", "libssl3"),
                  "gvpn": ("nftables", "polkitd", "libqt6dbus6"),
                  "gvpn-gui": (f"gvpn (= {self.field('gvpn', 'Version')})", "libqt6svg6", "libqt6widgets6")}
        for name, parts in needed.items():
            for part in parts:
                with self.subTest(f"{name} needs {part}"):
                    self.assertIn(part, self.field(name, "Depends"))
        self.assertIn("qt6-wayland", self.field("gvpn-gui", "Recommends"))
        self.assertNotIn("-dev", "".join(self.field(name, "Depends") for name in PACKAGES))

    @staticmethod
    def field(package, name):
        return run("dpkg-deb", "--field", PACKAGES[package], name).stdout.strip()

    def test_desktop_files_are_valid(self):
        unpack(PACKAGES, self.folder)
        share = self.folder / "usr/share"
        run("desktop-file-validate", share / "applications/org.gvpn.Gui.desktop")
        run("appstreamcli", "validate", "--no-net", share / "metainfo/org.gvpn.Gui.metainfo.xml")
        run("xmllint", "--noout", "--nonet", share / "dbus-1/system.d/org.gvpn.Helper1.conf",
            share / "polkit-1/actions/org.gvpn.policy")
        entry = (share / "applications/org.gvpn.Gui.desktop").read_text(encoding="utf-8")
        for part in ("MimeType=x-scheme-handler/gvpn;", "Exec=gvpn-gui %u", "[zh_CN]"):
            self.assertIn(part, entry)
        for path in ("applications/org.gvpn.Gui.desktop", "metainfo/org.gvpn.Gui.metainfo.xml",
                     "polkit-1/actions/org.gvpn.policy"):
            self.assertIn("zh_CN", (share / path).read_text(encoding="utf-8"), path)
        self.assertTrue((share / "icons/hicolor/scalable/apps/gvpn.svg").exists())

    def test_programs_have_no_search_path_of_their_own(self):
        unpack(PACKAGES, self.folder)
        programs = [path for name in ("usr/bin", "usr/libexec") for path in (self.folder / name).iterdir()]
        self.assertEqual(len(programs), 4)
        for path in programs:
            dynamic = run("readelf", "--dynamic", path).stdout
            self.assertIn("NEEDED", dynamic)
            self.assertNotRegex(dynamic, r"R(UN)?PATH", path.name)

    def test_services_may_do_little(self):
        unpack(PACKAGES, self.folder)
        for name, most in EXPOSURE.items():
            with self.subTest(name):
                run("systemd-analyze", "security", "--offline=true", f"--threshold={most}",
                    self.folder / "usr/lib/systemd/system" / name)

    def test_another_prefix_has_programs_that_start_and_are_found(self):
        environment = ["env", f"DESTDIR={self.folder}"]
        run(*environment, "cmake", "--install", case.BUILD, "--prefix", "/opt/gvpn", timeout=60)
        for name in ("gvpn-server", "gvpn-client"):
            self.assertIn(name, run(self.folder / "opt/gvpn/bin" / name, "--version").stdout)
        run("env", "QT_QPA_PLATFORM=offscreen", self.folder / "opt/gvpn/bin/gvpn-gui", "--version")
        places = {"usr/share/dbus-1/system-services/org.gvpn.Helper1.service": "Exec=/opt/gvpn/libexec/gvpn-helper\n",
                  "usr/lib/systemd/system/gvpn-helper.service": "ExecStart=/opt/gvpn/libexec/gvpn-helper\n",
                  "usr/lib/systemd/system/gvpn-server.service": "ExecStart=/opt/gvpn/bin/gvpn-server run\n"}
        for path, part in places.items():
            self.assertIn(part, (self.folder / path).read_text(encoding="utf-8"), path)
        self.assertTrue(os.access(self.folder / "opt/gvpn/libexec/gvpn-helper", os.X_OK))
        self.assertTrue((self.folder / "usr/share/polkit-1/actions/org.gvpn.policy").exists())


class InACleanDebian(case.LabCase):
    """One walk: each step needs the one before."""

    def setUp(self):
        super().setUp()
        self.lab.folder.chmod(0o755)
        self.tree = DebianTree(self.lab, PACKAGES["gvpn"].parent)
        self.networks = {place: case.snapshot(place) for place in (self.lab.office, self.lab.home)}

    def test_from_the_first_installation_to_the_purge(self):
        self.install_and_purge_unused()
        clean = self.everything()
        self.assertEqual([path for path in clean[0] if "gvpn" in path], [])
        self.tree.install(*(path.name for path in PACKAGES.values()))
        self.look_at_what_is_there()
        self.lab.start_web_server()
        server = self.start_server()
        client = self.start_client(server.listening["invite"])
        profile = client.wait_event(event="profile")["name"]
        self.assert_lan_is_reached()
        keys = self.keys()
        self.upgrade()
        self.assert_lan_is_reached()
        self.assertEqual(client.stop(), 0, client.describe())
        self.assertEqual(server.stop(), 0, server.describe())
        self.assertEqual(self.keys(), keys)
        server, client = self.start_server(), self.start_client("--profile", profile)
        self.assert_lan_is_reached()
        self.remove(server, client)
        self.assertEqual(self.keys(), keys)
        # gvpn-gui is gone: it has nothing to purge.
        self.tree.apt("purge", "gvpn", "gvpn-server")
        files, *accounts = self.everything()
        self.assertEqual(sorted(files ^ clean[0]), [])
        self.assertEqual(accounts, list(clean[1:]))
        self.assertEqual(self.tree.run("find", "/run", "-name", "*gvpn*").stdout, "")

    def install_and_purge_unused(self):
        """By apt alone, so with Debian's packages alone; they stay."""
        said = self.tree.install(*(path.name for path in PACKAGES.values()))
        self.assertIn("forward TCP port 51005", said)
        self.assertIn("sudo gvpn-server invite", said)
        self.tree.apt("purge", "gvpn", "gvpn-gui", "gvpn-server")

    def everything(self):
        return self.tree.files(), self.tree.read("/etc/passwd"), self.tree.read("/etc/group")

    def look_at_what_is_there(self):
        for name in ("gvpn-server", "gvpn-client"):
            self.assertIn(name, self.tree.run(name, "--version").stdout)
        self.assertIn("gvpn-gui", self.tree.run("env", "QT_QPA_PLATFORM=offscreen", "gvpn-gui", "--version").stdout)
        for name in EXPOSURE:
            self.tree.run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", name)
        self.assertEqual(self.tree.run("stat", "-c", "%U %a", "/var/lib/gvpn").stdout, "gvpn-server 700\n")
        self.assertIn("/usr/sbin/nologin", self.tree.run("getent", "passwd", "gvpn-server").stdout)
        self.tree.write("/etc/gvpn/server.conf", self.tree.read("/etc/gvpn/server.conf") + SETTINGS)

    def start_server(self):
        self.tree.run("gvpn-server", "cleanup", "--run-as=gvpn-server", namespace=self.lab.office)
        server = self.tree.start(self.lab, "gvpn-server", [*AS_THE_SERVICE, "gvpn-server", "run"], self.lab.office)
        server.listening = server.wait_event(event="listening")
        status = Path(f"/proc/{server.pid}/status").read_text(encoding="ascii")
        capabilities = (1 << 12) | (1 << 10)  # capabilities(7): CAP_NET_ADMIN, CAP_NET_BIND_SERVICE
        self.assertIn(f"CapBnd:\t{capabilities:016x}\n", status)
        return server

    def start_client(self, *words):
        command = ["gvpn-client", "--json", f"--state-dir={CLIENT_STATE}", *words]
        client = self.tree.start(self.lab, "gvpn-client", command, self.lab.home)
        self.wait_connected(client)
        return client

    def assert_lan_is_reached(self):
        for address in (GATEWAY, LAN_HOST):
            self.assert_pings(self.lab.home, address)
        self.assertEqual(self.lab.fetch(self.lab.home, f"http://{LAN_HOST}/").stdout, PAGE)

    def keys(self):
        """What people would miss: keys by their sums, names of users, the administrator's settings."""
        find = f"find /var/lib/gvpn {CLIENT_STATE} -name '*.pem' | sort | xargs sha256sum"
        sums = self.tree.run("sh", "-c", find).stdout
        self.assertIn("server-key.pem", sums)
        self.assertGreaterEqual(len(sums.splitlines()), 2, sums)
        database = self.tree.run("stat", "-c", "%n %U", "/var/lib/gvpn/gvpn.db").stdout
        return sums, database, self.tree.read("/etc/gvpn/server.conf")

    def upgrade(self):
        self.tree.install(*(f"next/{path.name}" for path in NEXT_PACKAGES.values()))
        versions = self.tree.run("dpkg-query", "-W", "-f", "${Version} ${db:Status-Status}\n", "gvpn*").stdout
        self.assertEqual(set(versions.split("\n")[:3]), {f"{NEXT_VERSION} installed"})

    def start_elsewhere(self, name):
        """A program at the same path, in another root, as of a container."""
        folder = self.lab.folder / f"only-{name}"
        folder.mkdir()
        shutil.copy("/usr/bin/sleep", folder / name)
        other = self.lab.start(f"another {name}", ["unshare", "--mount", "--propagation", "private", "sh", "-c",
                                                   f"mount --bind {folder} /usr/bin && exec /usr/bin/{name} infinity"])
        self.lab.wait_until(lambda: os.readlink(f"/proc/{other.pid}/exe") == f"/usr/bin/{name}", "it runs")
        return other

    def remove(self, server, client):
        """With the server and the client at work: they are told to end, and put back what is not theirs."""
        others = [self.start_elsewhere(name) for name in ("gvpn-server", "gvpn-client")]
        self.tree.apt("remove", "gvpn-server", namespace=self.lab.office)
        self.assertEqual(server.wait_end(), 0, server.describe())
        self.tree.apt("remove", "gvpn-gui", "gvpn", namespace=self.lab.home)
        self.assertEqual(client.wait_end(), 0, client.describe())
        for other in others:
            self.assertTrue(other.is_running(), other.describe())
            other.kill()
        for place, before in self.networks.items():
            self.assert_unchanged(place, before)
        self.assertEqual(self.tree.run("find", "/usr/bin", "/usr/libexec", "-name", "gvpn*").stdout, "")


class UnderSystemd(case.LabCase):
    """A computer with a systemd of its own, which starts the services in their sandboxes."""

    def setUp(self):
        if "\tcgroup2\n" not in Path("/proc/filesystems").read_text(encoding="ascii"):
            self.skipTest("this kernel has no control groups of version 2, which systemd needs")
        super().setUp()
        self.lab.folder.chmod(0o755)
        self.tree = DebianTree(self.lab, PACKAGES["gvpn"].parent)

    def boot(self, place):
        self.box = BootedTree(self.lab, self.tree, place)
        self.addCleanup(self.box.close)

    def test_a_person_without_rights_connects_by_the_helper(self):
        self.tree.install(PACKAGES["gvpn"].name)
        self.tree.run("useradd", "--create-home", PERSON)
        self.tree.write("/etc/polkit-1/rules.d/00-test.rules", AT_THE_MACHINE)
        self.boot(self.lab.home)
        before = case.snapshot(self.lab.home)
        server = self.start_server()
        for number in ("TERM", "KILL"):
            with self.subTest(number):
                client = self.box.start("gvpn-client", PERSON, "gvpn-client", "--json", f"--server={OFFICE}:{PORT}",
                                        f"--pin={server.listening['pin']}")
                self.wait_connected(client)
                self.assert_pings(self.lab.home, LAN_HOST)
                self.assertEqual(self.box.state("gvpn-helper"), "active")
                self.box.run("systemctl", "kill", f"--signal={number}", client.unit)
                client.wait_end()
                self.lab.wait_until(lambda: "gvpn0" not in self.lab.home.run("ip", "link").stdout, "the link is gone")
                self.assert_unchanged(self.lab.home, before)

    def test_the_service_from_the_boot_to_the_purge(self):
        self.tree.install(PACKAGES["gvpn-server"].name, PACKAGES["gvpn"].name)
        settings = self.tree.read("/etc/gvpn/server.conf") + SETTINGS.replace("json=true\n", "")
        self.tree.write("/etc/gvpn/server.conf", settings)
        self.boot(self.lab.office)
        self.wait_for_the_service()
        self.box.run("systemctl", "stop", "gvpn-server")
        before = case.snapshot(self.lab.office)
        self.box.run("systemctl", "start", "gvpn-server")
        self.lab.start_web_server()
        invite = json.loads(self.box.run("gvpn-server", "invite", "--json").stdout)["invite"]
        client = self.lab.start_client(invite)
        self.wait_connected(client)
        for step in (self.reload, self.kill, self.upgrade):
            with self.subTest(step.__name__):
                count = len(client.events)
                if step():
                    self.wait_connected(client, after=count)
                self.assertEqual(self.lab.fetch(self.lab.home, f"http://{LAN_HOST}/").stdout, PAGE)
        self.assertEqual(client.stop(), 0, client.describe())
        self.box.run("systemctl", "stop", "gvpn-server")
        self.assertEqual(self.box.show("gvpn-server", "Result"), "success")
        self.assert_unchanged(self.lab.office, before)
        self.start_the_helper_by_the_bus()
        self.box.run("systemctl", "start", "gvpn-server")
        self.box.run("apt-get", "-q", "-y", "purge", "gvpn-server", "gvpn")
        self.assert_unchanged(self.lab.office, before)
        for unit in EXPOSURE:
            self.assertEqual((self.box.state(unit), self.box.show(unit, "LoadState")), ("inactive", "not-found"))

    def wait_for_the_service(self):
        self.lab.wait_until(lambda: self.box.state("gvpn-server") == "active", "the service is up")
        return self.box.show("gvpn-server", "MainPID")

    def reload(self):
        """The same process, the same session: nobody connects anew."""
        process = self.wait_for_the_service()
        self.box.run("systemctl", "reload", "gvpn-server")
        self.assertEqual(self.wait_for_the_service(), process)

    def kill(self):
        """What it leaves is undone, and it comes back."""
        process = self.wait_for_the_service()
        self.box.run("systemctl", "kill", "--signal=KILL", "gvpn-server")
        self.lab.wait_until(lambda: self.box.show("gvpn-server", "NRestarts") == "1", "it is started again")
        self.assertNotEqual(self.wait_for_the_service(), process)
        said = self.box.run("journalctl", "--no-pager", "-u", "gvpn-server").stdout
        self.assertIn("undone: load nftables table", said)
        return True

    def upgrade(self):
        process = self.wait_for_the_service()
        self.box.run("apt-get", "-q", "-y", "--no-install-recommends", "install",
                     *(f"/srv/packages/next/{NEXT_PACKAGES[name].name}" for name in ("gvpn-server", "gvpn")))
        self.assertNotEqual(self.wait_for_the_service(), process)
        return True

    def start_the_helper_by_the_bus(self):
        self.assertEqual(self.box.state("gvpn-helper"), "inactive")
        said = self.box.run("busctl", "--system", "call", "org.gvpn.Helper1", "/org/gvpn/Helper1",
                            "org.freedesktop.DBus.Introspectable", "Introspect").stdout
        self.assertIn("org.gvpn.Helper1", said)
        self.assertEqual(self.box.state("gvpn-helper"), "active")
        journal = self.box.run("journalctl", "--no-pager", "--quiet", "-o", "cat", "-t", "gvpn-helper").stdout
        self.assertEqual(journal, "", "it complains of nothing")


if __name__ == "__main__":
    missing = missing_tree_tools() + case.missing_tools(CHECKERS)
    if missing and case.why_skipped() is None:
        raise SystemExit(f"not installed: {', '.join(missing)}; installer/install-packages packages")
    case.main()
