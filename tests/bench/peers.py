"""Other people's VPNs in the same place, as they are without tuning, with keys made for the run."""

import base64
import contextlib
import hashlib
import os
import subprocess

from bench.setups import Setup, first_line
from support.lab import LAN, OFFICE, make_certificate

LAN_AND_MASK = "172.17.0.0 255.255.0.0"


class OpenVpnUdp(Setup):
    """AES-256-GCM, in user space: the kernel's data channel would be another program."""

    name = "openvpn-udp"
    needs = ("openvpn", "openssl")
    server_transport, client_transport = "udp", "udp"
    port = 1194

    def version(self):
        return " ".join((first_line("openvpn", "--version") or "").split()[:2]) or None

    def start_server(self):
        return self._start("server", self.world.office, "--mode", "server", "--tls-server", "--topology", "subnet",
                           "--server", "10.87.0.0", "255.255.255.0", "--proto", self.server_transport,
                           "--port", self.port, "--dh", "none", "--push", f"route {LAN_AND_MASK}",
                           "--keepalive", "10", "60", is_ready=True)

    def start_client(self):
        return self._start("client", self.world.home, "--client", "--proto", self.client_transport, "--nobind",
                           "--remote", OFFICE, self.port)

    def _start(self, role, place, *words, is_ready=False):
        other = "client" if role == "server" else "server"
        certificate = self._certificate(role)
        argv = ["openvpn", "--dev", "tun", "--cert", certificate, "--key", certificate, "--peer-fingerprint",
                self._fingerprint(self._certificate(other)), "--data-ciphers", "AES-256-GCM", "--disable-dco", *words]
        program = self.lab.start(f"openvpn {role}", argv, place)
        if is_ready:
            self.lab.wait_until(lambda: any("Initialization Sequence Completed" in line for line in program.output),
                                "openvpn serves")
        return program

    def _certificate(self, role):
        path = self.lab.folder / f"openvpn-{role}.pem"
        return path if path.exists() else make_certificate(self.lab.folder, f"openvpn-{role}")

    @staticmethod
    def _fingerprint(path):
        result = subprocess.run(["openssl", "x509", "-in", path, "-noout", "-fingerprint", "-sha256"],
                                capture_output=True, text=True, check=True)
        return result.stdout.strip().partition("=")[2]


class OpenVpnTcp(OpenVpnUdp):
    name = "openvpn-tcp"
    server_transport, client_transport = "tcp-server", "tcp-client"


class WireGuardGo(Setup):
    name = "wireguard-go"
    needs = ("wireguard-go", "wg")
    port = 51820
    # Their control sockets lie in one folder for all namespaces.
    office_tun, home_tun = "benchwg-office", "benchwg-home"

    def __init__(self, world):
        super().__init__(world)
        self._keys = {}

    def version(self):
        return first_line("wireguard-go", "--version")

    def start_server(self):
        return self._start(self.world.office, self.office_tun, "10.89.0.1/24",
                           ["listen-port", self.port, "peer", self._public("home"), "allowed-ips", "10.89.0.2/32"])

    def start_client(self):
        program = self._start(self.world.home, self.home_tun, "10.89.0.2/24",
                              ["peer", self._public("office"), "endpoint", f"{OFFICE}:{self.port}",
                               "allowed-ips", f"{LAN},10.89.0.0/24"])
        self.world.home.run("ip", "route", "add", LAN, "dev", self.home_tun)
        return program

    def _start(self, place, tun, address, settings):
        control = f"/run/wireguard/{tun}.sock"
        with contextlib.suppress(FileNotFoundError):  # of one that was killed
            os.unlink(control)
        program = self.lab.start(f"wireguard-go {place.role}", ["wireguard-go", "-f", tun], place)
        self.lab.wait_until(lambda: os.path.exists(control), "wireguard-go listens")
        self._key(place.role)
        place.run("wg", "set", tun, "private-key", self.lab.folder / f"wireguard-{place.role}.key", *settings)
        place.add_address(tun, address)
        place.run("ip", "link", "set", tun, "up")
        return program

    def _key(self, role):
        if role not in self._keys:
            self._keys[role] = self.world.home.run("wg", "genkey").stdout
            path = self.lab.folder / f"wireguard-{role}.key"
            path.touch(mode=0o600)
            path.write_text(self._keys[role], encoding="ascii")
        return self._keys[role]

    def _public(self, role):
        return self.world.home.run("wg", "pubkey", text=self._key(role)).stdout.strip()


class OpenConnect(Setup):
    """ocserv and openconnect over TLS alone."""

    name = "ocserv"
    needs = ("ocserv", "ocpasswd", "openconnect", "openssl")
    port = 4443
    user, password = "bench", "bench"

    def version(self):
        return first_line("ocserv", "--version")

    def start_server(self):
        folder = self.lab.state_dir("ocserv")
        certificate = folder / "ocserv.pem"
        if not certificate.exists():
            make_certificate(folder, "ocserv")
            self.world.home.run("ocpasswd", "-c", folder / "users", self.user, text=f"{self.password}\n" * 2)
        # As root: the worker must reach the socket in a folder that is closed to others.
        settings = {"auth": f'"plain[passwd={folder}/users]"', "tcp-port": self.port, "run-as-user": "root",
                    "run-as-group": "root", "socket-file": f"{folder}/socket", "server-cert": certificate,
                    "server-key": certificate, "isolate-workers": "false", "use-occtl": "false",
                    "pid-file": f"{folder}/pid", "device": "vpns", "ipv4-network": "10.88.0.0",
                    "ipv4-netmask": "255.255.255.0", "route": "172.17.0.0/255.255.0.0", "max-clients": 16,
                    "cisco-client-compat": "true"}
        (folder / "ocserv.conf").write_text("".join(f"{key} = {value}\n" for key, value in settings.items()),
                                            encoding="ascii")
        program = self.lab.start("ocserv", ["ocserv", "-f", "-c", folder / "ocserv.conf"], self.world.office)
        self.lab.wait_until(lambda: self.lab.is_listening(self.world.office, self.port), "ocserv listens")
        return program

    def start_client(self):
        folder = self.lab.state_dir("ocserv")
        script = folder / "script"
        script.write_text("#!/bin/sh\n"
                          '[ "$reason" = connect ] || exit 0\n'
                          'ip addr add "$INTERNAL_IP4_ADDRESS/32" dev "$TUNDEV"\n'
                          'ip link set "$TUNDEV" up mtu "$INTERNAL_IP4_MTU"\n'
                          f'ip route add {LAN} dev "$TUNDEV"\n', encoding="ascii")
        script.chmod(0o700)
        ours, its = os.pipe()
        os.write(its, f"{self.password}\n".encode())
        os.close(its)
        try:
            return self.lab.start("openconnect", [
                "openconnect", "--protocol=anyconnect", "--non-inter", "--passwd-on-stdin", f"--user={self.user}",
                f"--servercert={self._pin(folder / 'ocserv.pem')}", "--no-dtls", f"--script={script}",
                f"https://{OFFICE}:{self.port}"], self.world.home, stdin=ours)
        finally:
            os.close(ours)

    def _pin(self, certificate):
        public = subprocess.run(["openssl", "x509", "-in", certificate, "-noout", "-pubkey"], capture_output=True,
                                check=True).stdout
        key = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=public, capture_output=True,
                             check=True).stdout
        return f"pin-sha256:{base64.b64encode(hashlib.sha256(key).digest()).decode()}"
