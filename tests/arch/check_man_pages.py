"""Has mandoc and groff read the manual pages: check_man_pages.py ROOT. Exit status 77 without one of them.

First they have to find fault with a page that is wrong.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

READERS = (("mandoc", "-T", "lint", "-W", "warning"),
           ("groff", "-mandoc", "-Tutf8", "-Kutf8", "-ww", "-z"))
# One end too many for mandoc, and a request that groff can't read.
FAULTY = ".Dd January 1, 2026\n.Dt A 1\n.Os\n.Sh NAME\n.Nm a\n.Nd b\n.El\n.sp x\n"


def complaints(reader, page):
    done = subprocess.run([*reader, str(page)], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL,
                          check=False)
    return (done.stdout + done.stderr).splitlines()


def main():
    missing = [reader[0] for reader in READERS if shutil.which(reader[0]) is None]
    if missing:
        print("skipped: not installed:", ", ".join(missing))
        return 77
    pages = sorted(Path(sys.argv[1]).glob("installer/man/*.[1-8]"))
    found = [line for page in pages for reader in READERS for line in complaints(reader, page)]
    with tempfile.TemporaryDirectory() as directory:
        faulty = Path(directory) / "faulty.1"
        faulty.write_text(FAULTY, encoding="utf-8")
        found += [f"{reader[0]} finds no fault in a faulty page" for reader in READERS if not complaints(reader, faulty)]
    print("\n".join([*found, f"{len(pages)} pages, {len(found)} faults"]))
    return 1 if found or not pages else 0


if __name__ == "__main__":
    sys.exit(main())
