"""What the programs leave open to others on the same machine: nothing of their memory, no file of theirs; and the
server that root starts with --run-as has nothing but CAP_NET_ADMIN."""

import os
import pwd
import re
import shutil
from pathlib import Path

from support import case
from support.accounts_case import AS_NOBODY, FAILURE, NOBODY, NOT_PERMITTED, RIGHT, AccountsCase
from support.lab import GATEWAY, LAN_HOST, OFFICE, PAGE, PORT

NET_ADMIN = 1 << 12  # capabilities(7)
SERVICE = "nobody"
OPEN_DOORS = ("prlimit", "--core=unlimited", "sh", "-c", 'umask 0; exec "$@"', "sh")
# Nobody, but with CAP_NET_ADMIN, and a /run of its own.
AS_CAPABLE_NOBODY = ("unshare", "--mount", "sh", "-ec",
                     "mount -t tmpfs none /dev/net; mknod -m 666 /dev/net/tun c 10 200; "
                     'mount -t tmpfs -o mode=0777 none /run; exec "$@"', "sh",
                     "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--inh-caps=+net_admin",
                     "--ambient-caps=+net_admin")


def status_of(pid, task=""):
    text = Path(f"/proc/{pid}/{task}/status").read_text(encoding="ascii")
    return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)


class HygieneCase(AccountsCase):
    def setUp(self):
        super().setUp()
        # The test's own folder is root's alone, else.
        self.lab.folder.chmod(0o755)

    def give_state_dir(self, name, user=NOBODY):
        path = self.lab.state_dir(name)
        os.chown(path, user, user)
        return path


class Processes(HygieneCase):
    def assert_is_private(self, program):
        """Its user can't look into it: of what can't be dumped /proc belongs to root (proc(5))."""
        for name in ("mem", "environ", "fd", "maps"):
            with self.subTest(name):
                self.assertEqual(os.stat(f"/proc/{program.pid}/{name}").st_uid, 0)
        read = self.lab.office.run(*AS_NOBODY, "cat", f"/proc/{program.pid}/environ", check=False)
        self.assertNotEqual(read.returncode, 0)
        self.assertEqual(read.stdout, "")
        limits = Path(f"/proc/{program.pid}/limits").read_text(encoding="ascii")
        self.assertRegex(limits, r"Max core file size +0 +0 ")

    def test_no_other_program_of_the_same_user_can_look_into_them(self):
        self.give_state_dir("server")
        self.give_state_dir("home")
        server = self.start_server(prefix=(*AS_CAPABLE_NOBODY, *OPEN_DOORS))
        client = self.connect_with(server.listening["invite"], prefix=(*AS_CAPABLE_NOBODY, *OPEN_DOORS))
        sleeper = self.lab.start("sleep", [*AS_CAPABLE_NOBODY, "sleep", "100"], self.lab.office)
        self.lab.wait_until(lambda: status_of(sleeper.pid)["Name"] == "sleep", "the other program")
        for program in (server, client, sleeper):
            self.assertEqual(status_of(program.pid)["Uid"].split(), [str(NOBODY)] * 4, program.describe())
        self.assertEqual(os.stat(f"/proc/{sleeper.pid}/mem").st_uid, NOBODY, "others belong to their user")
        self.assert_is_private(server)
        self.assert_is_private(client)
        self.assert_pings(self.lab.home, LAN_HOST)

    def test_no_secret_is_in_a_file_that_others_can_read(self):
        server = self.start_server(prefix=OPEN_DOORS)
        client = self.connect_with(server.listening["invite"], prefix=OPEN_DOORS)
        self.add_user("anna", RIGHT)
        files = [path for name in ("server", "home") for path in self.lab.state_dir(name).rglob("*")]
        names = {path.name for path in files}
        self.assertLessEqual({"gvpn.db", "gvpn.db-wal", "gvpn.db-shm", "server-key.pem", "admin.sock"}, names)
        self.assertTrue(any(name.endswith(".pem") and name != "server-key.pem" for name in names), names)
        for path in files:
            with self.subTest(path):
                self.assertEqual(path.lstat().st_mode & 0o077, 0)
        self.assertEqual(client.stop(), 0)


class RunAs(HygieneCase):
    """Started by root, as somebody else."""

    def setUp(self):
        super().setUp()
        self.addCleanup(shutil.rmtree, "/run/gvpn/server", ignore_errors=True)  # the service's
        self.before = case.snapshot(self.lab.office)
        self.give_state_dir("server")

    def start_service(self, *options, **settings):
        return self.start_server(f"--run-as={SERVICE}", *options, prefix=OPEN_DOORS, **settings)

    def assert_files_belong_to_the_service(self):
        places = [self.lab.state_dir("server"), Path(self.lab.office.record())]
        for path in [path for place in places if place.exists() for path in (place, *place.rglob("*"))]:
            with self.subTest(path):
                self.assertEqual(path.lstat().st_uid, NOBODY)
                self.assertEqual(path.lstat().st_mode & 0o077, 0)

    def test_each_thread_has_one_capability_and_no_way_to_another(self):
        server = self.start_service(login="password")
        self.add_user("anna", RIGHT)
        self.connect_with_password("anna", RIGHT)
        tasks = [f"task/{name}" for name in os.listdir(f"/proc/{server.pid}/task")]
        self.assertGreaterEqual(len(tasks), 4, "main, data, accounts, hashes")
        for task in tasks:
            status = status_of(server.pid, task)
            with self.subTest(status["Name"]):
                self.assertEqual(status["Uid"].split(), [str(NOBODY)] * 4)
                self.assertEqual(status["Gid"].split(), [str(pwd.getpwuid(NOBODY).pw_gid)] * 4)
                self.assertLessEqual(set(status["Groups"].split()), {str(pwd.getpwuid(NOBODY).pw_gid)})
                for name in ("CapPrm", "CapEff", "CapBnd"):
                    self.assertEqual(int(status[name], 16), NET_ADMIN, name)
                for name in ("CapInh", "CapAmb"):
                    self.assertEqual(int(status[name], 16), 0, name)
                self.assertEqual(status["NoNewPrivs"], "1")
        self.assertEqual(os.stat(f"/proc/{server.pid}/mem").st_uid, 0, "not to be dumped")

    def test_the_reference_scenario_and_everything_is_undone(self):
        self.lab.start_web_server()
        server = self.start_service()
        self.connect_with(server.listening["invite"])
        for address in (GATEWAY, LAN_HOST):
            self.assert_pings(self.lab.home, address)
        self.assertEqual(self.lab.fetch(self.lab.home, f"http://{LAN_HOST}/").stdout, PAGE)
        self.assert_files_belong_to_the_service()
        self.assertEqual(server.stop(), 0, server.describe())
        self.assert_unchanged(self.lab.office, self.before)

    def test_a_killed_one_is_cleaned_up_by_the_next_or_by_root(self):
        for name, clean_up in (("the next", self.start_and_stop), ("root", self.run_cleanup)):
            with self.subTest(name):
                self.start_service().kill()
                self.assertNotEqual(case.difference(self.before, case.snapshot(self.lab.office)), "")
                clean_up()
                self.assert_unchanged(self.lab.office, self.before)
        self.start_and_stop()

    def start_and_stop(self):
        server = self.start_service()
        self.assertEqual(server.stop(), 0, server.describe())

    def run_cleanup(self):
        cleanup = self.lab.start("cleanup", [self.lab.binary("gvpn-server"), "cleanup"], self.lab.office)
        self.assertEqual(cleanup.wait_end(), 0, cleanup.describe())

    def test_roots_commands_leave_nothing_that_the_service_cannot_use(self):
        server = self.start_service()
        self.look_after_accounts("with")
        self.assert_files_belong_to_the_service()
        self.assertEqual(server.stop(), 0, server.describe())
        link = self.look_after_accounts("without")
        self.assert_files_belong_to_the_service()
        server = self.start_service()
        self.assertEqual(set(self.users()), {"with", "without"})
        self.connect_with(link)
        self.add_user("afterwards")
        self.assertEqual(server.stop(), 0, server.describe())

    def look_after_accounts(self, name):
        """With a password and an address to remember; a link."""
        self.add_user(name, RIGHT)
        self.lab.admin("audit")
        return self.lab.admin("invite", f"--user={name}", f"--public-address={OFFICE}:{PORT}")["invite"]

    def test_a_service_after_a_root_that_had_no_run_as(self):
        """Its files are root's now: that is said, and what helps."""
        os.chown(self.lab.state_dir("server"), 0, 0)
        self.assertEqual(self.start_server().stop(), 0)
        server = self.lab.start_server(f"--run-as={SERVICE}", login="device")
        self.assert_ends(server, NOT_PERMITTED, "belongs to another user", f"chown -R {SERVICE}")
        command = re.search(r"sudo (chown -R \S+ \S+)\.", server.errors[-1]).group(1)
        self.lab.office.run(*command.split())
        self.start_and_stop()

    def test_without_run_as_root_becomes_the_owner_of_the_state_directory(self):
        server = self.start_server(prefix=OPEN_DOORS)
        self.assertEqual(status_of(server.pid)["Uid"].split(), [str(NOBODY)] * 4)
        self.add_user("anna", RIGHT)
        self.assert_files_belong_to_the_service()
        self.assertEqual(server.stop(), 0, server.describe())
        self.start_and_stop()

    def test_a_new_directory_is_made_for_the_service(self):
        (self.lab.folder / "parent").mkdir(mode=0o755)
        path = self.lab.folder / "parent" / "new"
        server = self.lab.start_server(f"--run-as={SERVICE}", f"--state-dir={path}", login="device")
        server.wait_event(event="listening")
        self.assertEqual((path.stat().st_uid, path.stat().st_mode & 0o777), (NOBODY, 0o700))

    def test_who_cannot_be_become_is_one_sentence(self):
        rows = (("no such user", "nosuchuser", (), "server", FAILURE, "nosuchuser"),
                ("root", "root", (), "root's", FAILURE, "root is root"),
                ("not root", "daemon", AS_NOBODY, "server", NOT_PERMITTED, "sudo"))
        for name, user, prefix, state, status, part in rows:
            with self.subTest(name):
                server = self.lab.start_server(f"--run-as={user}", login="device", prefix=prefix, state=state)
                self.assert_ends(server, status, part)
                self.assertEqual(len(server.errors), 1, server.describe())
        self.assert_unchanged(self.lab.office, self.before)


class RunAsInTheUsualPlaces(HygieneCase):
    def test_what_root_made_before_is_no_obstacle(self):
        first = self.start_with_usual_places()
        # A second holder of the file systems, which a killed server leaves as they were.
        holder = self.lab.start("sleep", [*self.inside(first), "sleep", "1000"], self.lab.office)
        self.lab.wait_until(lambda: status_of(holder.pid)["Name"] == "sleep", "the file systems are held")
        self.assertEqual(self.command_inside(first, "user", "add", "anna")[0], 0)
        first.kill()
        self.lab.office.run(*self.inside(holder), "chown", "-R", f"{SERVICE}:", "/var/lib/gvpn")
        service = self.start_with_usual_places(f"--run-as={SERVICE}", prefix=self.inside(holder))
        for words in (["user", "add", "bob"], ["invite", "--json"], ["status"]):
            self.assertEqual(self.command_inside(service, *words)[0], 0)
        files = self.files_inside(service, "/var/lib/gvpn", "/run/gvpn")
        # So that the service can't put something else in the place of what it is given at the next start.
        self.assertEqual(files.pop("/run/gvpn"), "755 root")
        self.assertEqual({owner.split()[1] for owner in files.values()}, {SERVICE}, files)
        self.assertEqual(files["/run/gvpn/server/admin.sock"], f"600 {SERVICE}")
        self.assertEqual(service.stop(), 0, service.describe())
        self.assertEqual(self.command_inside(holder, "user", "add", "carl")[0], 0)
        files = self.files_inside(holder, "/var/lib/gvpn", "/run/gvpn")
        self.assertEqual(files.pop("/run/gvpn"), "755 root")
        self.assertEqual({owner.split()[1] for owner in files.values()}, {SERVICE}, files)


if __name__ == "__main__":
    case.main()
