"""desktop_enter.py SCOPE UID COMMAND…: becomes the user in his session's control group, then the command. Root, inside
of a desktop's namespaces."""

import os
import sys
from pathlib import Path


def main():
    scope, uid, *command = sys.argv[1:]
    Path(scope, "cgroup.procs").write_text("0", encoding="ascii")
    os.execvp("setpriv", ["setpriv", "--reuid", uid, "--regid", uid, "--init-groups", "--inh-caps=-all",
                          "--bounding-set=-all", *command])


main()
