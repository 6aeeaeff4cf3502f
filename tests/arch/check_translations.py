"""Says what is missing in translations/: check_translations.py ROOT. Exit status 77 without Qt's lupdate.

Every text of client-gui that a person may read goes through tr() as a whole sentence, and has a finished translation.
check() works on values, so that tst_check_translations.py can feed it faulty ones.
"""

import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

SOURCES = "client-gui"
# The command line's listings have columns, which are joined; its sentences are covered by the .ts all the same.
NO_JOINING = ("client-gui/gui", "client-gui/client")
COMPLETE = ("gvpn_zh_CN.ts",)
PLURALS_ONLY = ("gvpn_en.ts",)
TR_CALL = r"(?:\w+::)?\btr\((?:[^()\"]|\"(?:[^\"\\]|\\.)*\"|\((?:[^()\"]|\"(?:[^\"\\]|\\.)*\")*\))*\)"
JOINED = (re.compile(TR_CALL + r"\s*\+(?!\+)"), re.compile(r"\+=?\s*" + TR_CALL))
PLACE = re.compile(r"%(?:L?\d+|n)")
MNEMONIC = re.compile(r"&(?!&)\w")


def messages(text):
    """(context, source, comment, is it numerus, [translations], type) of each message of a .ts file."""
    for context in ElementTree.fromstring(text).iter("context"):
        for message in context.iter("message"):
            translation = message.find("translation")
            is_numerus = message.get("numerus") == "yes"
            texts = ([form.text or "" for form in translation.findall("numerusform")] if is_numerus
                     else [translation.text or ""])
            yield (context.findtext("name"), message.findtext("source"), message.findtext("comment") or "",
                   is_numerus, texts, translation.get("type"))


def check_translation(message):
    """The faults of one finished-looking message."""
    _, source, _, is_numerus, texts, state = message
    if state in ("vanished", "obsolete"):
        yield "is no more in the sources"
        return
    if state == "unfinished" or not texts or not all(texts):
        yield "has no finished translation"
        return
    for text in texts:
        places = set(PLACE.findall(source))
        # One of several forms may say the number as a word.
        optional = {"%n"} if is_numerus else set()
        if set(PLACE.findall(text)) | optional != places | optional:
            yield f"has other places than its source: {text!r}"
        if bool(MNEMONIC.search(source)) != bool(MNEMONIC.search(text)):
            yield f"has a mnemonic where its source has none, or none where it has one: {text!r}"


def check(committed, fresh, is_plurals_only=False):
    """Sentences about one language: its .ts as it is committed, and as lupdate makes it from the sources."""
    known = {message[:3]: message for message in messages(committed)}
    wanted = {message[:3]: message for message in messages(fresh) if not is_plurals_only or message[3]}
    found = [f"{key[0]}: {key[1]!r} is missing" for key in wanted if key not in known]
    for key, message in known.items():
        if key not in wanted:
            found.append(f"{key[0]}: {key[1]!r} is no more in the sources")
            continue
        found += [f"{key[0]}: {key[1]!r} {fault}" for fault in check_translation(message)]
    return found


def check_joining(path, text):
    """Texts that are put together from pieces, whose order is another one in other languages."""
    for pattern in JOINED:
        for match in pattern.finditer(text):
            yield f"{path}:{text.count(chr(10), 0, match.start()) + 1}: a text built by concatenation: use %1"


def find_lupdate():
    candidates = ("/usr/lib/qt6/bin/lupdate", shutil.which("lupdate6"), shutil.which("lupdate"))
    return next((path for path in candidates if path and Path(path).exists()), None)


def extract(lupdate, root):
    with tempfile.TemporaryDirectory() as directory:
        made = Path(directory) / "fresh.ts"
        subprocess.run([lupdate, "-silent", "-locations", "none", "-source-language", "en", "-target-language", "zh_CN",
                        str(root / SOURCES), "-ts", str(made)], check=True, stdin=subprocess.DEVNULL)
        return made.read_text(encoding="utf-8")


def main():
    root = Path(sys.argv[1])
    lupdate = find_lupdate()
    if lupdate is None:
        print("skipped: there is no lupdate of Qt 6 here (qt6-l10n-tools)")
        return 77
    fresh = extract(lupdate, root)
    found = []
    for name in COMPLETE + PLURALS_ONLY:
        committed = (root / "translations" / name).read_text(encoding="utf-8")
        found += [f"{name}: {fault}" for fault in check(committed, fresh, name in PLURALS_ONLY)]
    for folder in NO_JOINING:
        for path in sorted((root / folder).glob("*.cpp")):
            found += check_joining(path.relative_to(root), path.read_text(encoding="utf-8"))
    count = sum(1 for _ in messages(fresh))
    print("\n".join(found + [f"{count} texts, {len(found)} faults"]))
    return 1 if found or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
