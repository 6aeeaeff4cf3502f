"""A clean Debian 12, made by debootstrap from the mirror that this computer's apt uses and kept as an archive below the
build directory; each test unpacks its own and enters it with chroot. The packages under test are made by CPack."""

import fcntl
import os
import re
import shutil
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

from support.namespaces import at_end, not_at_end, run

HERE = Path(__file__).resolve().parent
CODENAME = "bookworm"
TOOLS = ("debootstrap", "cpack", "dpkg-deb", "unshare", "nsenter")
ENVIRONMENT = ("env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C.UTF-8",
               "DEBIAN_FRONTEND=noninteractive")
# Where apt and dpkg keep their own books, what a boot makes anew, and what people have at home.
BOOKS = ("/var/lib/dpkg", "/var/lib/apt", "/var/cache", "/var/log", "/proc", "/dev", "/run", "/srv", "/tmp", "/root")


def make_packages(build, folder, *options):
    """The three packages of what is built, as {name: path}."""
    run("cpack", "--config", Path(build, "CPackConfig.cmake"), "-B", folder, *options, timeout=120)
    shutil.rmtree(Path(folder, "_CPack_Packages"))
    return {path.name.split("_")[0]: path for path in sorted(Path(folder).glob("*.deb"))}


def _sources():
    """Debian's own, of those that this computer's apt reads: [(site, release), ...]."""
    fields = "$(SITE) $(RELEASE) $(CODENAME) $(COMPONENT)"
    lines = run("apt-get", "indextargets", "--format", fields, "Created-By: Packages", "Origin: Debian").stdout
    rows = {tuple(line.split()) for line in lines.splitlines()}
    found = sorted((site, release) for site, release, codename, component in rows
                   if component == "main" and codename.startswith(CODENAME))
    if not any(release == CODENAME for _, release in found):
        raise RuntimeError(f"this computer's apt knows no mirror of Debian {CODENAME}")
    return found


def _proxies():
    return [f"{key}={value}" for key, value in os.environ.items() if key.lower().endswith("_proxy")]


def _run_apart(*argv, timeout):
    """What it mounts, and whatever it starts, goes with it, however it ends."""
    run("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private", *argv,
        timeout=timeout)


def _remove_unfinished(root):
    """Of a run that was killed. Nothing is removed through a mount, which may be this computer's /proc or /dev."""
    mounts = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()]
    inside = [place for place in mounts if place.startswith(f"{root.resolve()}/")]
    if inside:
        raise RuntimeError(f"something is mounted at {inside[0]}: unmount it first")
    shutil.rmtree(root, ignore_errors=True)


def _make_base(root):
    sources = _sources()
    mirror = next(site for site, release in sources if release == CODENAME)
    _run_apart("debootstrap", "--variant=minbase", CODENAME, root, mirror, timeout=600)
    lines = "".join(f"deb {site} {release} main\n" for site, release in sources)
    (root / "etc/apt/sources.list").write_text(lines, encoding="ascii")
    proxies = re.findall(r"^Acquire::https?::Proxy.*$", run("apt-config", "dump").stdout, re.MULTILINE)
    (root / "etc/apt/apt.conf.d/90mirror").write_text("\n".join(proxies), encoding="ascii")
    _run_apart("chroot", root, *ENVIRONMENT, *_proxies(), "apt-get", "-q", "update", timeout=300)
    shutil.rmtree(root / "var/cache/apt/archives")
    (root / "var/cache/apt/archives").mkdir()


@contextmanager
def _locked(path):
    with open(path, "w", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _base(build):
    """The tree as an archive, since files below the build directory may be given to another user; and the folder of
    what apt has downloaded for it."""
    cache = Path(build, "debian-tree")
    archive, downloads, root = cache / f"{CODENAME}.tar", cache / "downloads", cache / "unfinished"
    downloads.mkdir(parents=True, exist_ok=True)
    with _locked(cache / "lock"):
        if not archive.exists():
            _remove_unfinished(root)
            root.mkdir()
            _make_base(root)
            run("tar", "--create", "--file", f"{archive}.part", "--directory", root, ".", timeout=120)
            _remove_unfinished(root)
            Path(f"{archive}.part").rename(archive)
    return archive, downloads


class DebianTree:
    """Its programs see the network namespace that they are started in."""

    def __init__(self, lab, packages):
        """packages: a folder, seen inside as /srv/packages."""
        archive, downloads = _base(lab.build)
        self.layer = layer = lab.folder / "tree"
        layer.mkdir()
        self.root = layer / "root"
        arguments = (archive, downloads, packages, layer)
        self.world = lab.start("Debian tree", ["unshare", "--mount", "--propagation", "private",
                                               HERE / "debian_tree.sh", *arguments])
        self.world.wait_event(event="ready", deadline_s=60)
        self.inside = ("nsenter", f"--mount=/proc/{self.world.pid}/ns/mnt", "chroot", self.root, *ENVIRONMENT)

    def run(self, *argv, namespace=None, check=True, timeout=120):
        return run(*self.inside, *argv, namespace=namespace and namespace.name, check=check, timeout=timeout)

    def start(self, lab, name, argv, namespace):
        return lab.start(name, [*self.inside, *argv], namespace)

    def apt(self, *words, namespace=None):
        """apt-get's output."""
        command = ["env", *_proxies(), "apt-get", "-q", "-y", "--no-install-recommends", *words]
        result = self.run(*command, namespace=namespace, check=False, timeout=300)
        if result.returncode != 0 and words[0] == "install":
            # The cached lists are too old for the mirror.
            self.run("env", *_proxies(), "apt-get", "-q", "update", timeout=120)
            return self.run(*command, namespace=namespace, timeout=300).stdout
        if result.returncode != 0:
            raise RuntimeError(f"apt-get {' '.join(words)}:\n{result.stdout}{result.stderr}")
        return result.stdout

    def install(self, *paths, namespace=None):
        return self.apt("install", *(f"/srv/packages/{path}" for path in paths), namespace=namespace)

    def files(self):
        """All that lies there, without BOOKS."""
        skipped = [word for place in BOOKS for word in ("-path", place, "-prune", "-o")]
        return set(self.run("find", "/", *skipped, "-print").stdout.splitlines())

    def read(self, path):
        return self.run("cat", path).stdout

    def write(self, path, text):
        run("nsenter", f"--mount=/proc/{self.world.pid}/ns/mnt", "tee", f"{self.root}{path}", text=text)


class BootedTree:
    """A tree whose systemd runs, in a network namespace. Nothing may be started in the tree itself meanwhile."""

    def __init__(self, lab, tree, namespace):
        self.lab, self.tree = lab, tree
        tree.run("rm", "-f", "/usr/sbin/policy-rc.d")
        self.first = lab.start("systemd", ["nsenter", f"--mount=/proc/{tree.world.pid}/ns/mnt", HERE / "debian_boot.sh",
                                           tree.layer], namespace)
        at_end(self.close)
        lab.wait_until(lambda: self._process() and self.state("multi-user.target") == "active", "systemd is up", 60)

    def _process(self):
        if not self.first.is_running():
            raise AssertionError(self.first.describe())
        children = Path(f"/proc/{self.first.pid}/task/{self.first.pid}/children").read_text(encoding="ascii").split()
        return children and Path(f"/proc/{children[0]}/comm").read_text(encoding="ascii") == "systemd\n" and children[0]

    def _enter(self):
        namespaces = ("--mount", "--pid", "--net", "--cgroup", "--uts")
        return ("nsenter", f"--target={self._process()}", *namespaces, *ENVIRONMENT)

    def run(self, *argv, check=True, timeout=120):
        return run(*self._enter(), *argv, check=check, timeout=timeout)

    def start(self, name, user, *argv):
        """A user's program as a service, whose name is in .unit: systemctl kill reaches it."""
        unit = f"test-{time.monotonic_ns()}.service"
        service = ("systemd-run", "--quiet", "--pipe", "--wait", "--collect", f"--unit={unit}", f"--uid={user}",
                   f"--setenv=HOME=/home/{user}")
        program = self.lab.start(name, [*self._enter(), *service, *argv])
        program.unit = unit
        return program

    def state(self, unit):
        return self.run("systemctl", "is-active", unit, check=False).stdout.strip()

    def show(self, unit, field):
        return self.run("systemctl", "show", "--value", "--property", field, unit).stdout.strip()

    def close(self):
        not_at_end(self.close)
        self.first.kill()
        # Control groups are the whole computer's. They are empty a moment later.
        group = self.tree.layer / f"cgroup/gvpn-test-{self.first.pid}"
        # A boot that failed may have made none.
        remove = 'test ! -d "$0" || find "$0" -depth -type d -exec rmdir {} ";"'
        command = ("nsenter", f"--mount=/proc/{self.tree.world.pid}/ns/mnt", "sh", "-c", remove, group)
        self.lab.wait_until(lambda: run(*command, check=False).stderr == "", "its control groups are gone", 10)


def missing_tree_tools():
    return [tool for tool in TOOLS if shutil.which(tool) is None]


def unpack(packages, folder):
    """What the packages would install, below the folder."""
    for path in packages.values():
        subprocess.run(["dpkg-deb", "-x", path, folder], check=True)
