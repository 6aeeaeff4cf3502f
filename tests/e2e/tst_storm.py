"""Many wrong logins at once: sessions hardly notice, memory and log stay small. And how long an answer takes tells
nobody which users there are."""

import concurrent.futures
import re
import statistics
import threading
import time

from support import case
from support.accounts_case import RIGHT, AccountsCase
from support.lab import LAN_HOST
from support.peer import BY_DEVICE, BY_PASSWORD, FRAME_CONTROL, LOGIN_REFUSED, SERVER_BUSY, Peer, frame, login

FAR = "198.51.100.7"
TIMED_OUT = 9


def far_address(number):
    """All of them are the home's."""
    return f"198.51.{100 + number // 250}.{1 + number % 250}"


class Storm(AccountsCase):
    """From an address for each guess, so that nobody is banned and each password has to be hashed."""

    homes = 3
    GUESSES = 200
    MOST_TIMES = 10
    MOST_KIB = 300 * 1024
    PING_S = 0.05
    QUEUE = 64  # passwords that may wait for their hash

    def setUp(self):
        super().setUp()
        self.stranger = self.lab.homes[1]
        self.addresses = [far_address(number) for number in range(self.GUESSES)]
        self.add_far_addresses(*self.addresses, home=self.stranger)
        self.server = self.start_server("--max-half-open=1000", login="password")
        self.add_user("anna", RIGHT)

    def start_pings(self):
        return self.lab.start("ping", ["ping", "-n", "-i", self.PING_S, LAN_HOST], self.lab.home)

    @staticmethod
    def times(ping, first=0):
        """In milliseconds, of the answers from this line on."""
        return [float(match) for match in re.findall(r" time=([\d.]+) ms", "\n".join(ping.output[first:]))]

    def prepare(self):
        """A peer for each guess that has shaken hands, a few at a time; nothing is hashed yet."""
        certificates = self.certificates(self.GUESSES)
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            peers = list(pool.map(lambda place: Peer(self.lab, self.stranger, place[0], source=place[1]),
                                  zip(certificates, self.addresses)))
        for peer in peers:
            self.addCleanup(peer.close)
        return peers

    def unleash(self, peers):
        """All at the same time; the codes of the goodbyes that they are answered with."""
        barrier = threading.Barrier(len(peers))

        def guess(peer):
            barrier.wait()
            return peer.refusal(BY_PASSWORD, "anna", f"guess of {peer.name}")[0]

        with concurrent.futures.ThreadPoolExecutor(len(peers)) as pool:
            return list(pool.map(guess, peers))

    def test_200_wrong_logins_at_once(self):
        client = self.connect_with(self.invite("bob"))
        other = self.connect_with(self.invite("carla"), home=self.lab.homes[2])
        ping = self.start_pings()
        self.lab.wait_until(lambda: len(self.times(ping)) >= 100, "the quiet echoes")
        quiet = statistics.median(self.times(ping))
        peers = self.prepare()
        first = len(ping.output)
        started = time.monotonic()
        codes = self.unleash(peers)
        seconds = time.monotonic() - started
        storm = self.times(ping, first)
        refused, busy, late = (codes.count(code) for code in (LOGIN_REFUSED, SERVER_BUSY, TIMED_OUT))
        print(f"median ping {quiet:.2f} ms before, {statistics.median(storm):.2f} ms of {len(storm)} during "
              f"{seconds:.1f} s, longest {max(storm):.1f} ms; {refused} refused, {busy} busy, "
              f"{late} too late, server at most {self.peak_kib() // 1024} MiB")
        # Where other programs want the processors, too, a hash may wait longer than the login's deadline.
        self.assertEqual(refused + busy + late, self.GUESSES, codes)
        self.assertGreaterEqual(refused + late, self.QUEUE, "not all were sent away at once")
        self.assertGreater(len(storm), seconds / self.PING_S / 2)
        self.assertLessEqual(statistics.median(storm), self.MOST_TIMES * quiet)
        self.assertLess(self.peak_kib(), self.MOST_KIB)
        self.assert_no_echo_was_lost(ping)
        for program in (client, other):
            self.assertEqual([event for event in program.events if event.get("state") in ("waiting", "disconnected")],
                             [])
        self.assertEqual(self.bans(), [])
        self.assert_lets_in(BY_PASSWORD, "anna", RIGHT)

    def peak_kib(self):
        with open(f"/proc/{self.server.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmHWM:"))


class Log(AccountsCase):
    STRANGERS = 500
    AT_ONCE, PER_SECOND = 30, 1

    def setUp(self):
        super().setUp()
        self.addresses = [far_address(number) for number in range(self.STRANGERS)]
        self.add_far_addresses(*self.addresses)
        self.certificate = self.certificates(1)[0]

    def test_a_flood_of_strangers_writes_few_lines(self):
        server = self.start_server()
        self.connect_with(self.invite("anna"))
        said = len(server.errors)
        started = time.monotonic()
        for address in self.addresses:
            self.assert_turns_away("not known here", BY_DEVICE, certificate=self.certificate, source=address)
        seconds = time.monotonic() - started
        lines = server.errors[said:]
        print(f"{len(lines)} lines of {sum(map(len, lines))} bytes for {self.STRANGERS} refused logins "
              f"in {seconds:.0f} s")
        self.assertGreater(len(lines), 5, "the first are shown")
        self.assertLess(len(lines), self.AT_ONCE + self.PER_SECOND * seconds, lines[-3:])
        self.assert_pings(self.lab.home, LAN_HOST)


class Timing(AccountsCase):
    """One at a time, from the login to its goodbye; the same wrong password each time, so that nobody is banned."""

    ROUNDS, FEW = 200, 50
    MOST_DIFFERENCE = 0.05
    ATTEMPTS = 3
    USERS = {"wrong password": "anna", "unknown user": "nora"}

    def setUp(self):
        super().setUp()
        self.add_far_addresses(FAR)
        self.start_server(login="password")
        for name in ("anna", "dora"):
            self.add_user(name, RIGHT)
        self.lab.admin("user", "disable", "dora")
        self.certificate = self.certificates(1)[0]
        self.answers = set()

    def seconds(self, user):
        peer = Peer(self.lab, certificate=self.certificate, source=FAR)
        with peer.connection:
            peer.say_hello()
            started = time.perf_counter()
            peer.connection.sendall(frame(FRAME_CONTROL, login(BY_PASSWORD, "laptop", user, "a wrong password")))
            self.answers.add(peer.receive_frame())
            return time.perf_counter() - started

    def medians(self, rounds, users):
        times = {name: [] for name in users}
        for number in range(rounds):
            # Each goes first as often as the other.
            for name in sorted(users, reverse=number % 2 == 1):
                times[name].append(self.seconds(users[name]))
        medians = {name: statistics.median(values) for name, values in times.items()}
        difference = (max(medians.values()) - min(medians.values())) / min(medians.values())
        print(", ".join(f"{name} {1000 * value:.2f} ms" for name, value in medians.items())
              + f": {100 * difference:.2f} % apart")
        return difference

    def assert_no_difference(self, rounds, users):
        """A machine that was busy otherwise may have another try."""
        differences = []
        while not differences or min(differences) >= self.MOST_DIFFERENCE:
            self.assertLess(len(differences), self.ATTEMPTS, differences)
            differences.append(self.medians(rounds, users))
        self.assertEqual(len(self.answers), 1, self.answers)
        self.assertEqual(self.bans(), [])

    def test_an_unknown_user_takes_as_long_as_a_wrong_password(self):
        self.assert_no_difference(self.ROUNDS, self.USERS)

    def test_a_disabled_user_does_too(self):
        self.assert_no_difference(self.FEW, {**self.USERS, "disabled user": "dora"})


if __name__ == "__main__":
    case.main()
