"""Says which sources clang-format would change: check_format.py ROOT. Exit status 77 without clang-format 14."""

import shutil
import subprocess
import sys
from pathlib import Path

FOLDERS = ("common", "server", "client-gui", "tests")


def main():
    root = Path(sys.argv[1])
    program = shutil.which("clang-format-14")
    if program is None:
        print("skipped: there is no clang-format-14 here, and other versions decide differently")
        return 77
    files = sorted(str(path) for folder in FOLDERS for path in (root / folder).rglob("*")
                   if path.suffix in (".h", ".cpp"))
    if not files:
        print(f"found no sources below {root}")
        return 1
    result = subprocess.run([program, "--dry-run", "-Werror", "--style=file", *files], check=False)
    if result.returncode != 0:
        print("\nclang-format-14 -i FILE mends these")
    return 1 if result.returncode != 0 else 0


sys.exit(main())
