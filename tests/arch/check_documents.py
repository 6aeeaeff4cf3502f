"""Says where manual pages and README don't tell what the programs do:
check_documents.py ROOT SERVER CLIENT GUI (the built programs; their --help is read).

The functions before main() work on texts, so that tst_check_documents.py can feed them faulty ones.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import unquote

# What a page's first column is called in the sources: subcommands, and events of --json.
SERVER_COMMANDS = re.compile(r'Form\{"([a-z ]+)"')
CLIENT_COMMANDS = re.compile(r'ActionName\{"([a-z]+)"')
EVENTS = re.compile(r'(?:QStringLiteral\("event"\), QStringLiteral\(|clientToJson\(|stateLine\()"([a-z-]+)"')
KEYS = re.compile(r'(?:insert\(|\{)QStringLiteral\("([a-z0-9_]+)"\)')
ENVIRONMENT = re.compile(r'(?:qgetenv|qEnvironmentVariable\w*|\bgetenv)\("([A-Z_]+)"\)')
LONG = re.compile(r"(?<![\w-])--([a-z0-9]+(?:-[a-z0-9]+)*)")
# mdoc's macros that are used here and may follow another one in its line.
MACROS = set("Ar Cm Fl Ql Pa Ev Dv Op Oo Oc Ns Po Pc Pq Xr Em Nm Sx Dq".split())


def options_of_help(text):
    short = re.findall(r"^\s+-(\w)\b", text, re.M)
    return set(LONG.findall(text)) | set(short)


def arguments(line, macro):
    """What stands behind each `macro` of an mdoc line, up to the next one: [["-json"], …]."""
    found, inside = [], False
    for word in line.lstrip(".").split():
        if word == macro:
            inside = True
            found.append([])
        elif word in MACROS:
            inside = False
        elif inside and word not in (",", "|", ".", ";", ":", ")"):
            found[-1].append(word)
    return found


def section(page, title):
    """The lines of one .Sh."""
    found = re.search(rf"^\.Sh {re.escape(title)}\n(.*?)(?=^\.Sh |\Z)", page, re.M | re.S)
    return found.group(1).splitlines() if found else []


def options_of_page(page):
    """(all that are named, those that have an entry)."""
    named, explained = set(), set()
    for line in page.splitlines():
        if not line.startswith("."):
            continue
        names = {name.lstrip("-") for words in arguments(line, "Fl") for name in words[:1]}
        named |= names
        if line.startswith(".It "):
            explained |= names
    return named, explained


def entries(page, title, macro=""):
    """What the .It lines of a section are about, by `macro` or, without one, their first word."""
    found = []
    for line in section(page, title):
        if line.startswith(".It ") and macro:
            found += [word for words in arguments(line, macro) for word in words]
        elif line.startswith(".It "):
            found.append(line.split()[1])
    return found


def compare(what, documented, real):
    for name in sorted(real - documented):
        yield f"{what} {name} is not explained"
    for name in sorted(documented - real):
        yield f"{what} {name} does not exist"


def check_options(page, helps):
    real = set().union(*(options_of_help(text) for text in helps))
    named, explained = options_of_page(page)
    yield from compare("the option", explained, real)
    for name in sorted(named - real - explained):
        yield f"the option {name} does not exist"


def check_commands(page, commands):
    lines = [line[4:] for line in section(page, "COMMANDS") if line.startswith(".It ")]
    known = {" ".join(words) for line in lines for words in arguments("." + line, "Cm")}
    for command in sorted(set(commands) - known):
        yield f"the command {command} is not explained"


def check_config(page, source):
    body = re.search(r"knownKeys\(\)\n\{(.*?)\n\}", source, re.S)
    real = set(re.findall(r'QStringLiteral\("([a-z0-9-]+)"\)', body.group(1))) if body else set()
    if not real:
        yield "the keys are not found in the source"
    yield from compare("the key", set(entries(page, "KEYS", "Cm")), real)


def statuses(source, without=""):
    """The numbers of exit_status.h, less those whose comment begins with `without`."""
    lines = re.findall(r"= (\d+),\s*// (.*)", source)
    return {number for number, comment in lines if not (without and comment.startswith(without))}


def check_events(page, sources):
    """Events and keys of --json: named somewhere in the page, as what they are."""
    text = "\n".join(sources)
    for name in sorted(set(EVENTS.findall(text))):
        if not re.search(rf'^\.It Cm (?:.* )?{name}(?: |$)|"event":"{name}"', page, re.M):
            yield f"the event {name} is not explained"
    for key in sorted(set(KEYS.findall(text)) - {"event"}):
        if not re.search(rf'^\.Ql {key}(?: |$)|"{key}":', page, re.M):
            yield f"the key {key} is not explained"


def check_environment(pages, sources):
    real = set(ENVIRONMENT.findall("\n".join(sources)))
    named = {word for page in pages for word in entries(page, "ENVIRONMENT", "Ev")}
    for name in sorted(real - named):
        yield f"the environment variable {name} is not explained"


def literals(source):
    """The text of string literals, neighbours joined, with … for what is put in."""
    source = re.sub(r"^\s*//.*$", "", source, flags=re.M)
    for group in re.findall(r'"(?:[^"\\\n]|\\.)*"(?:\s*"(?:[^"\\\n]|\\.)*")*', source):
        text = "".join(re.findall(r'"((?:[^"\\\n]|\\.)*)"', group))
        yield re.sub(r"%L?(?:\d+|n)", "…", text.replace('\\"', '"'))


def spans(markdown):
    """Code spans outside of code blocks."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", markdown, flags=re.M | re.S))


def is_quote(span):
    """A sentence of a program: it has blanks, and begins with a capital or leaves something out."""
    return " " in span and (span.startswith("…") or span.endswith("…") or re.match(r"[A-Z][a-z']+ ", span) is not None)


def check_quotes(markdown, known, stages):
    """known: the literals of all sources. Each piece of a quoted sentence stands in one of them."""
    quotes = [span for span in spans(markdown) if is_quote(span)]
    if not quotes:
        yield "no sentence of a program is quoted"
    for quote in quotes:
        for stage in re.findall(r"\(stage (\w+)\)", quote):
            if stage not in stages:
                yield f"{quote!r} names the stage {stage}, which does not exist"
        rest = re.sub(r"\(stage \w+\)", "…", quote)
        pieces = [piece.strip(" :;,.") for piece in rest.split("…")]
        for piece in filter(None, pieces):
            if not any(piece in literal for literal in known):
                yield f"no program says {piece!r}"


def check_buttons(markdown, known):
    """What stands in *italics* with a capital is on a button or in a menu."""
    labels = {literal.replace("&", "") for literal in known}
    for name in re.findall(r"(?<!\*)\*([A-Z][^*\n]*)\*(?!\*)", markdown):
        if name not in labels:
            yield f"there is no button or menu {name!r}"


def anchors(markdown):
    for title in re.findall(r"^#+ (.*)$", markdown, re.M):
        yield re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def check_links(markdown, exists):
    """exists: of a path relative to the document, whether it is there."""
    for target in re.findall(r"\]\(([^)\s]+)\)", markdown):
        path, _, anchor = target.partition("#")
        if re.match(r"[a-z]+:", path):
            continue
        if path and not exists(unquote(path)):
            yield f"the link {target} leads nowhere"
        elif not path and anchor not in set(anchors(markdown)):
            yield f"the link {target} leads to no heading"


def check_commands_of(markdown, helps):
    """Commands in code: helps has each program's options by its name."""
    blocks = re.findall(r"^```\n(.*?)^```", markdown, re.M | re.S)
    for code in spans(markdown) + [line for block in blocks for line in block.splitlines()]:
        found = re.match(r"(?:sudo )?(?:\S*/)?(gvpn-server|gvpn-client|gvpn-gui) ", code + " ")
        if found:
            known = helps[found.group(1)]
        elif code.startswith("--"):
            known = set().union(*helps.values())
        else:
            continue
        for option in LONG.findall(code):
            if option not in known:
                yield f"{code!r}: the option {option} does not exist"


def help_of(*command):
    # Qt makes the folder if there is none.
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "LC_ALL": "C.UTF-8", "XDG_RUNTIME_DIR": folder}
        done = subprocess.run([*command, "--help"], capture_output=True, text=True, timeout=30,
                              stdin=subprocess.DEVNULL, env=environment, check=False)
    return done.stdout if done.returncode == 0 else ""


def read_all(root, *patterns):
    return [path.read_text(encoding="utf-8") for pattern in patterns for path in sorted(root.glob(pattern))]


def check_pages(root, helps):
    pages = {path.name: path.read_text(encoding="utf-8") for path in sorted((root / "installer/man").glob("gvpn*.[1-8]"))}
    status = (root / "common/program/exit_status.h").read_text(encoding="utf-8")
    server, client = pages["gvpn-server.8"], pages["gvpn-client.1"]
    gui, helper = pages["gvpn-gui.1"], pages["gvpn-helper.8"]
    checks = {
        "gvpn-server.8": [check_options(server, helps["gvpn-server"]),
                          check_commands(server, ["run", "doctor", "cleanup", *(
                              words for text in read_all(root, "server/admin/command_line.cpp")
                              for words in SERVER_COMMANDS.findall(text))]),
                          check_events(server, read_all(root, "server/server_events.cpp", "server/server_application.cpp")),
                          compare("the exit status", set(entries(server, "EXIT STATUS")), statuses(status, "client"))],
        "gvpn-server.conf.5": [check_config(pages["gvpn-server.conf.5"], text)
                               for text in read_all(root, "server/config_file.cpp")],
        "gvpn-client.1": [check_options(client, helps["gvpn-client"]),
                          check_commands(client, ["doctor", *(
                              f"profile {name}" for text in read_all(root, "client-gui/cli/profile_command.cpp")
                              for name in CLIENT_COMMANDS.findall(text))]),
                          check_events(client, read_all(root, "client-gui/cli/output.cpp", "client-gui/cli/profile_command.cpp",
                                                        "common/program/checkup.cpp")),
                          compare("the exit status", set(entries(client, "EXIT STATUS")), statuses(status))],
        "gvpn-gui.1": [check_options(gui, helps["gvpn-gui"]),
                       compare("the exit status", set(entries(gui, "EXIT STATUS")), {"0", "1", "2"})],
        "gvpn-helper.8": [compare("the exit status", set(entries(helper, "EXIT STATUS")), {"0", "1"})],
        "the manual pages": [check_environment(pages.values(), read_all(
            root, "common/program/*.cpp", "server/**/*.cpp", "client-gui/**/*.cpp"))],
    }
    return [f"{name}: {fault}" for name, found in checks.items() for one in found for fault in one]


def check_readme(root, helps):
    readme = (root / "README.md").read_text(encoding="utf-8")
    sources = read_all(root, "server/**/*.cpp", "client-gui/**/*.cpp", "common/**/*.cpp")
    known = {literal for source in sources for literal in literals(source)}
    stages = set(re.findall(r'case Stage::\w+: return "(\w+)"', "\n".join(read_all(root, "client-gui/client/fault.cpp"))))
    options = {name: set().union(*(options_of_help(text) for text in texts)) for name, texts in helps.items()}
    faults = [check_quotes(readme, known, stages), check_buttons(readme, known), check_commands_of(readme, options)]
    found = [f"README.md: {fault}" for one in faults for fault in one]
    for path in sorted(root.glob("*.md")):
        text = path.read_text(encoding="utf-8")
        found += [f"{path.name}: {fault}" for fault in check_links(text, lambda target: (root / target).exists())]
    return found


def main():
    root, server, client, gui = Path(sys.argv[1]), *sys.argv[2:5]
    helps = {"gvpn-server": [help_of(server), help_of(server, "user"), help_of(server, "doctor")],
             "gvpn-client": [help_of(client), help_of(client, "doctor")],
             "gvpn-gui": [help_of(gui)]}
    found = [f"{name} --help says nothing" for name, texts in helps.items() if not texts[0]]
    found += check_pages(root, helps) + check_readme(root, helps)
    print("\n".join([*found, f"{len(found)} faults"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
