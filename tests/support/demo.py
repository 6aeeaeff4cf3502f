"""The reference scenario, played and told in plain words: demo.py BUILD. Started by installer/demo."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.lab import LAN, LAN_HOST, OFFICE, PAGE, PORT, Lab  # pylint: disable=wrong-import-position
from support.snapshot import difference, snapshot  # pylint: disable=wrong-import-position


class Step:
    """Names what is being done, so that a failure can say where it happened."""

    number = 0
    current = "start"

    @classmethod
    def begin(cls, text):
        cls.number += 1
        cls.current = text
        print(f"\n{cls.number}. {text}", flush=True)


def show(text):
    print("\n".join(f"     {line}" for line in text.strip().splitlines()), flush=True)


def require(condition, complaint):
    if not condition:
        raise AssertionError(complaint)


def show_unreachable(lab):
    result = lab.fetch(lab.home, f"http://{LAN_HOST}/", deadline_s=2)
    show(f"$ curl http://{LAN_HOST}/\n{result.stderr}")
    require(result.returncode != 0, "the page is reachable without the tunnel")


def play(lab):
    Step.begin("Three places made of network namespaces: a home, an office, and the office's LAN with a web server.")
    lab.start_web_server()
    show(f"home 203.0.113.101 -- internet -- {OFFICE} office 172.17.0.1 -- LAN {LAN} -- {LAN_HOST} web server")
    before = {namespace: snapshot(namespace) for namespace in (lab.home, lab.office)}

    Step.begin("The computer at home has no way to the web server.")
    show_unreachable(lab)

    Step.begin(f"In the office the server starts: gvpn-server --bypass={LAN}")
    server = lab.start_server(f"--public-address={OFFICE}:{PORT}", cidr=(), login="")
    listening = server.wait_event(event="listening")
    show(f"It listens on TCP port {listening['port']}, gives addresses of {listening['cidr']}, and prints an invite link:")
    show(listening["invite"])

    Step.begin("At home the client starts with that link: gvpn-client LINK")
    client = lab.start_client(listening["invite"])
    connected = client.wait_event(event="state", state="connected", deadline_s=20)
    routes = ", ".join(connected["routes"])
    profile = client.wait_event(event="profile")
    show(f"The server knows this computer by its own key now; the link is used up. Profile: {profile['name']}")
    show(f"Connected as {connected['address']} on {connected['interface']}, with routes to {routes}.")

    Step.begin(f"ping {LAN_HOST} at home")
    result = lab.ping(lab.home, LAN_HOST, count=4, interval=0.2)
    show(result.stdout + result.stderr)
    require(result.returncode == 0, "echoes were lost")

    Step.begin(f"curl http://{LAN_HOST}/ at home")
    result = lab.fetch(lab.home, f"http://{LAN_HOST}/")
    show(result.stdout + result.stderr)
    require(result.stdout == PAGE, "this is not the office's page")

    Step.begin("The client disconnects, the server stops; both put everything back.")
    for program in (client, server):
        status = program.stop()
        require(status == 0, f"{program.name} ended with status {status}")
    for namespace, state in before.items():
        changes = difference(state, snapshot(namespace))
        require(not changes, f"left behind in the {namespace.role}:\n{changes}")
    show("Addresses, routes, rules, packet filters and forwarding switches are as they were.")
    show_unreachable(lab)


def main():
    lab = Lab(sys.argv[1])
    try:
        play(lab)
    except Exception as error:  # pylint: disable=broad-except
        print(f"\nThe demo failed at step {Step.number}, \"{Step.current}\"\n{error}\n", file=sys.stderr)
        print(lab.describe(), file=sys.stderr)
        return 1
    finally:
        lab.close()
    print("\nThat was gvpn: one port, one link, and the office's LAN is there.", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
