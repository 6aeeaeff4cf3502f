"""The project's rules that a compiler does not check, as tables: check_rules.py ROOT prints each violation.

tst_check_rules.py feeds it violating files. A rule is changed here, with the reason, and nowhere else.
"""

import re
import sys
from fnmatch import fnmatchcase
from pathlib import Path

# Which layers' headers a folder may include, beside its own. The keys are all the folders that hold product code.
MAY_INCLUDE = {
    "common/base": (),
    "common/net": ("base",),
    "common/protocol": ("base", "net"),
    "common/tls": ("base",),
    "common/tun": ("base", "net"),
    "common/system": ("base", "net"),
    "common/transport": ("base", "net"),
    "common/tunnel": ("base", "net", "protocol", "tls", "tun", "transport"),
    "common/program": ("base", "net", "tls"),
    "client-gui/bus": ("base", "net"),
    "client-gui/client": ("base", "net", "protocol", "tls", "tun", "system", "transport", "tunnel", "program", "bus"),
    # program: its main() has a log sink and signals, as every other.
    "client-gui/gui": ("client", "program"),
    "client-gui/cli": ("base", "net", "protocol", "tls", "tun", "system", "transport", "tunnel", "program", "client"),
    "client-gui/helper": ("base", "net", "tun", "system", "bus"),
    "server/accounts": ("base", "net", "protocol", "program"),
    "server/admin": ("base", "net", "protocol", "program", "accounts"),
    "server": ("base", "net", "protocol", "tls", "tun", "system", "transport", "tunnel", "program",
               "accounts", "admin"),
}
LAYERS = {folder.rsplit("/", 1)[-1]: folder for folder in MAY_INCLUDE}

# Headers that touch the world, by what they stand for. Each may be included only below the folders named.
SOCKETS = (r"sys/socket\.h|netinet/.*|netdb\.h|linux/.*|sys/epoll\.h|poll\.h"
           r"|Q(Tcp|Udp|Ssl|Local|AbstractSocket|Host|Network|Dns).*|QtNetwork.*")
FILES = r"fstream|filesystem|cstdio|stdio\.h|fcntl\.h|unistd\.h|Q(File|SaveFile|Dir|Process|Settings|TemporaryFile).*"
THREADS = r"thread|mutex|shared_mutex|condition_variable|future|QThread.*|QMutex.*|QtConcurrent.*|pthread\.h"
CLOCKS = r"QDateTime|QElapsedTimer|ctime|time\.h|sys/time\.h"
LOOPS = r"QTimer|QEventLoop|QCoreApplication|QApplication|QSocketNotifier"
FORBIDDEN_HEADERS = (
    ("protocol is bytes in, actions out", "common/protocol", f"{SOCKETS}|{FILES}|{THREADS}|{LOOPS}|{CLOCKS}"),
    ("net is values", "common/net", f"{SOCKETS}|{FILES}|{THREADS}|{LOOPS}|{CLOCKS}"),
    ("tls works on memory", "common/tls", f"{SOCKETS}|{THREADS}|{LOOPS}"),
    ("base does no input or output", "common/base", f"{SOCKETS}|fstream|QFile|{LOOPS}"),
)
ONLY_IN = (
    ("windows", r"QApplication|QWidget|QtWidgets.*|QSystemTrayIcon|QDialog|QMainWindow", ("client-gui/gui",)),
    # The windows ask the desktop whether it has a tray.
    ("D-Bus", r"QDBus.*|QtDBus.*", ("client-gui/bus", "client-gui/client", "client-gui/gui", "client-gui/helper",
                                    "common/system")),
    ("OpenSSL", r"openssl/.*", ("common/tls", "common/base", "common/protocol")),
    ("rtnetlink", r"netlink/.*|linux/(rt)?netlink\.h", ("common/system",)),
)

# Real implementations of the edges, and the only files outside their own layer that may name them. EpollLoop is none:
# what waits in it is handed in, and tests turn it themselves.
REAL_IMPLEMENTATIONS = (
    r"tun/linux_.*", r"system/(linux|resolved)_.*", r"transport/tcp_connector\.h",
    r"transport/epoll_(stream|host)\..*",
)
# qt_edges and system_source make what application hands in.
COMPOSITION_ROOTS = r"(main|\w*application|\w*daemon|data_thread|qt_edges|system_source)\.(h|cpp)"
FAKES = r"\w+/(fake|memory|recording)_.*"

PLATFORM_SWITCH = re.compile(r"^\s*#\s*(el)?if.*\b(__linux__|__APPLE__|_WIN32|_WIN64|Q_OS_\w+)\b")
READS_CLOCK = re.compile(r"\b(Clock|steady_clock|system_clock|high_resolution_clock)::now\b|\bQElapsedTimer\b"
                         r"|\bQDateTime::current|\bclock_gettime\b|\bgettimeofday\b")
CLOCKLESS = ("common/net", "common/protocol", "common/tls", "common/tun", "common/system")
BLOCKS = re.compile(r"\bQEventLoop\b"
                    r"|\bwaitFor(Connected|Encrypted|Disconnected|ReadyRead|BytesWritten|Started|Finished)\b"
                    r"|\bprocessEvents\b|\b(m|u|nano)?sleep\s*\(|\bsleep_(for|until)\b|\bBlockingQueuedConnection\b"
                    r"|\bQHostInfo::fromName\b|\bgetaddrinfo\b|(?<!\w::)\b(std::)?(system|popen)\s*\(")
# Blocks in a thread of its own that nobody waits for.
HAS_A_THREAD_FOR_IT = ("common/transport/name_lookup_posix.cpp",)

SOURCE_SUFFIXES = {".h", ".cpp"}
TEXT_SUFFIXES = SOURCE_SUFFIXES | {".py", ".txt", ".cmake", ".md", ".json", ".in", ".conf", ".service", ".xml", ".sh",
                                   ".desktop", ".policy", ""}
MAX_LINES = 800
# Assembled, so that this file does not contain the words that it looks for.
UNFINISHED = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" * 3, "HA" + "CK")) + r")\b")
# An absolute path in a text names a place of the system, never one of somebody's own machine.
ABSOLUTE_PATH = re.compile(r"(?:^|(?<=[\s\"'(=`]))/([A-Za-z][\w.-]*)/\w")
SYSTEM_FOLDERS = {"bin", "dev", "etc", "lib", "nonexistent", "opt", "org", "proc", "run", "sbin", "srv", "sys", "tmp", "usr", "var"}
# Pieces that code appends to a root, the name of KWallet on its bus, and the example of any path.
PIECES = {"ipv4", "ipv6", "modules", "path"}
# How the tree's CMake files declare tests, beside add_test(NAME …): the function and the suite's name.
DECLARES_TEST = {"gvpn_unit_test": "unit", "gvpn_fuzzer": "fuzz", "gvpn_e2e_test": "e2e", "gvpn_arch_test": "arch"}
CMAKE_CALL = re.compile(rf"^[^#\n]*?\b(foreach|endforeach|add_test|{'|'.join(DECLARES_TEST)})\s*\(([^)]*)\)",
                        re.MULTILINE)
# A test that a text names, in backticks; * stands for any part.
NAMED_TEST = re.compile(r"`((?:unit|fuzz|integration|e2e|arch)\.[\w.*-]+)`")
NAMES_TESTS = "SECURITY.md"
OUTSIDE = {".git", "build", "__pycache__", ".cache", "corpus"}


def folder_of(path):
    """The key of MAY_INCLUDE that path lies in, or None."""
    parents = [str(parent) for parent in Path(path).parents]
    return next((folder for folder in MAY_INCLUDE if folder in parents), None)


def includes_of(text):
    """(line number, '<' or '"', name) of each include."""
    for number, line in enumerate(text.splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if match:
            yield number, match.group(1), match.group(2)


def check_quoted_include(path, folder, name):
    if ".." in name.split("/"):
        return 'an include with ".."'
    if re.fullmatch(r"(moc_)?\w+\.(moc|cpp)", name) and (name.endswith(".moc") or name.startswith("moc_")):
        return None
    layer = name.split("/", 1)[0]
    if "/" not in name or layer not in LAYERS:
        return f'"{name}" is not written as "layer/file.h"'
    if LAYERS[layer] != folder and layer not in MAY_INCLUDE[folder]:
        return f'{folder} must not include "{name}" (allowed: {", ".join(MAY_INCLUDE[folder]) or "nothing"})'
    if LAYERS[layer] == folder:
        return None
    is_root = re.fullmatch(COMPOSITION_ROOTS, Path(path).name)
    if any(re.fullmatch(pattern, name) for pattern in REAL_IMPLEMENTATIONS) and not is_root:
        return f'"{name}" is a real implementation: only a composition root names it'
    if re.fullmatch(FAKES, name):
        return f'"{name}" is a fake: only tests name it'
    return None


def check_system_include(folder, name, files):
    for reason, where, pattern in FORBIDDEN_HEADERS:
        if folder == where and re.fullmatch(pattern, name):
            return f"<{name}> in {folder}: {reason}"
    for what, pattern, folders in ONLY_IN:
        if re.fullmatch(pattern, name) and folder not in folders:
            return f"<{name}>: {what} only in {', '.join(folders)}"
    layer = name.split("/", 1)[0]
    if layer in LAYERS and str(Path(LAYERS[layer]).parent / name) in files:
        return f'<{name}> is ours: "{name}"'
    return None


def check_source(path, text, files):
    """Violations of one product source file as (line, sentence)."""
    folder = folder_of(path)
    if folder is None:
        yield 1, "product code outside the folders of MAY_INCLUDE"
        return
    for number, kind, name in includes_of(text):
        fault = (check_quoted_include(path, folder, name) if kind == '"'
                 else check_system_include(folder, name, files))
        if fault:
            yield number, fault
    if path.endswith(".h") and not re.search(r"^#pragma once$", text, re.MULTILINE):
        yield 1, "no #pragma once"
    for number, line in enumerate(text.splitlines(), 1):
        code = line.split("//", 1)[0]
        if PLATFORM_SWITCH.search(code):
            yield number, "another system is another file, not an #if"
        if folder in CLOCKLESS and READS_CLOCK.search(code):
            yield number, f"{folder} reads a clock: now is an argument"
        if BLOCKS.search(code) and path not in HAS_A_THREAD_FOR_IT:
            yield number, "this blocks the thread"


def check_text(path, text):
    """Violations of any text file."""
    lines = text.splitlines()
    if Path(path).suffix in SOURCE_SUFFIXES and len(lines) > MAX_LINES:
        yield MAX_LINES, f"{len(lines)} lines, at most {MAX_LINES}"
    for number, line in enumerate(lines, 1):
        match = UNFINISHED.search(line)
        if match:
            yield number, f"unfinished by its own word: {match.group()}"
        # Unit tests make up paths as values and open none of them.
        for match in () if path.startswith("tests/unit/") else ABSOLUTE_PATH.finditer(line):
            if match.group(1) not in SYSTEM_FOLDERS | PIECES:
                yield number, f"a path of somebody's own machine: /{match.group(1)}/"


def declared_tests(cmake):
    """The names of the tests that one CMake file declares, in loops too."""
    loop, values = None, []
    for command, words in CMAKE_CALL.findall(cmake):
        words = words.split()
        if command == "foreach":
            loop, values = words[0], words[1:]
        elif command == "endforeach":
            loop = None
        else:
            parts = words[:2] if command == "gvpn_unit_test" else words[:1]
            name = words[1] if command == "add_test" else ".".join([DECLARES_TEST[command], *parts])
            yield from (name.replace(f"${{{loop}}}", value) for value in values) if loop else (name,)


def check_named_tests(text, files):
    """Tests that a text names and nobody runs."""
    declared = [name for path, cmake in files.items()
                if Path(path).name == "CMakeLists.txt" for name in declared_tests(cmake)]
    for number, line in enumerate(text.splitlines(), 1):
        for named in NAMED_TEST.findall(line):
            if not any(fnmatchcase(name, named) for name in declared):
                yield number, f"there is no test {named}"


def check(files):
    """Every violation in files, a dict of path (relative to the root) to text, as 'path:line: sentence'."""
    found = []
    for path, text in sorted(files.items()):
        faults = list(check_text(path, text))
        is_product = path.split("/", 1)[0] in ("common", "client-gui", "server")
        if is_product and Path(path).suffix in SOURCE_SUFFIXES:
            faults += check_source(path, text, files)
        elif Path(path).suffix in SOURCE_SUFFIXES:
            faults += [(number, 'an include with ".."') for number, _, name in includes_of(text)
                       if ".." in name.split("/")]
        if path == NAMES_TESTS:
            faults += check_named_tests(text, files)
        found += [f"{path}:{number}: {sentence}" for number, sentence in sorted(faults)]
    return found


def read_tree(root):
    files = {}
    for path in sorted(root.rglob("*")):
        relative = path.relative_to(root)
        is_foreign = OUTSIDE.intersection(relative.parts) or relative.name == "LICENSE"
        if not is_foreign and path.is_file() and not path.is_symlink() and path.suffix in TEXT_SUFFIXES:
            files[str(relative)] = path.read_text(encoding="utf-8", errors="replace")
    return files


def main():
    files = read_tree(Path(sys.argv[1]))
    sources = sum(1 for path in files if folder_of(path) and Path(path).suffix in SOURCE_SUFFIXES)
    if sources == 0:
        print(f"found no sources below {sys.argv[1]}")
        return 1
    violations = check(files)
    print("\n".join(violations + [f"{sources} source files of the product, {len(violations)} violations"]))
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
