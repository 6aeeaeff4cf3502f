"""Looks at windows through the accessibility bus, as a screen reader does. Prints one JSON value.

    find NAME ROLE            the first showing widget of this name ("" : any role), or null
    wait NAME ROLE SECONDS    the same, waited for; exit status 1 with what there is if it doesn't come
    press NAME ROLE           its first action (a button's press), without the pointer
    tree                      all showing widgets
"""

import json
import sys
import time

import pyatspi


def describe(widget):
    answer = {"name": widget.name, "role": widget.getRoleName(),
              "states": [str(state).removeprefix("<enum STATE_").split(" ")[0].lower()
                         for state in widget.getState().getStates()]}
    try:
        box = widget.queryComponent().getExtents(pyatspi.DESKTOP_COORDS)
        answer.update(x=box.x, y=box.y, width=box.width, height=box.height)
    except NotImplementedError:
        pass
    try:
        answer["text"] = widget.queryText().getText(0, -1)
    except NotImplementedError:
        pass
    return answer


def showing(root):
    """Depth first. A window may go while it is read."""
    for widget in list_children(root):
        try:
            if widget is None:
                continue
            if widget.getState().contains(pyatspi.STATE_SHOWING):
                yield widget
            yield from showing(widget)
        except Exception:  # pylint: disable=broad-exception-caught  # the bus raises GLib's own kinds
            continue


def list_children(root):
    try:
        return [root.getChildAtIndex(number) for number in range(root.childCount)]
    except Exception:  # pylint: disable=broad-exception-caught
        return []


def find(name, role):
    desktop = pyatspi.Registry.getDesktop(0)
    for widget in showing(desktop):
        if widget.name == name and role in ("", widget.getRoleName()):
            return widget
    return None


def wait(name, role, seconds):
    limit = time.monotonic() + seconds
    while True:
        widget = find(name, role)
        if widget is not None:
            return describe(widget)
        if time.monotonic() > limit:
            there = [f"{other.getRoleName()} {other.name!r}" for other in showing(pyatspi.Registry.getDesktop(0))]
            sys.exit(f"no {role or 'widget'} {name!r} within {seconds} s; there are:\n" + "\n".join(there))
        time.sleep(0.1)


def main():
    verb, *words = sys.argv[1:]
    if verb == "find":
        widget = find(*words)
        answer = widget and describe(widget)
    elif verb == "wait":
        answer = wait(words[0], words[1], float(words[2]))
    elif verb == "press":
        wait(words[0], words[1], 10)
        answer = find(*words).queryAction().doAction(0)
    else:
        answer = [describe(widget) for widget in showing(pyatspi.Registry.getDesktop(0))]
    print(json.dumps(answer))


main()
