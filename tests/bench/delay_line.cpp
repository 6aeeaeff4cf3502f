// A long line between two network namespaces: carries whole IP packets from a TUN in one to a TUN in the other, in
// order, each of them later by a fixed time, some of them lost. Started by tests/bench/run as root; one thread.
//
// Rate, delay and loss are made in three places. The rate is a tbf queue of the kernel on these TUNs, which also is the
// queue of the line's slow end. The delay is made here: this has to run on kernels without netem. The loss is made here
// too, because a seeded generator loses the same packets in each run, which a statistic rule of the packet filter does
// not.
#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>

namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t MaxPacketBytes = 1500;
// Read in one go before the other direction has its turn.
constexpr int MaxBatch = 128;
// It wakes for packets that are due at most this often: those that are due together leave together.
constexpr auto Precision = std::chrono::microseconds(100);

struct Options {
    std::array<std::string, 2> namespaces;
    std::string tun = "line";
    double delayMs = 0;
    double lossPercent = 0;
    size_t queuePackets = 4096;
    uint32_t seed = 1;
};

struct Packet {
    Clock::time_point due;
    size_t bytes = 0;
    std::array<char, MaxPacketBytes> data;
};

// What is under way in one direction, a ring; what comes when it is full is lost.
class Direction {
public:
    Direction(int from, int to, const Options& options, uint32_t seed)
        : m_from(from)
        , m_to(to)
        , m_delay(std::chrono::microseconds(static_cast<int64_t>(options.delayMs * 1000)))
        , m_isLost(options.lossPercent / 100)
        , m_random(seed)
        , m_ring(options.queuePackets)
    {}

    void take(Clock::time_point now)
    {
        for (int count = 0; count < MaxBatch; ++count) {
            const bool isFull = m_count == m_ring.size();
            Packet& packet = isFull ? m_spare : m_ring[(m_first + m_count) % m_ring.size()];
            const ssize_t bytes = read(m_from, packet.data.data(), packet.data.size());
            if (bytes <= 0)
                return;
            ++m_seen;
            const bool isLost = m_isLost(m_random);
            m_lost += isLost ? 1 : 0;
            m_overflowed += isFull && !isLost ? 1 : 0;
            if (isFull || isLost)
                continue;
            packet.due = now + m_delay;
            packet.bytes = static_cast<size_t>(bytes);
            ++m_count;
        }
    }

    void release(Clock::time_point now)
    {
        while (m_count > 0 && m_ring[m_first].due <= now) {
            const Packet& packet = m_ring[m_first];
            // A TUN that is not up yet takes nothing.
            if (write(m_to, packet.data.data(), packet.bytes) < 0)
                ++m_refused;
            m_first = (m_first + 1) % m_ring.size();
            --m_count;
        }
    }

    std::optional<Clock::time_point> nextDue() const
    {
        return m_count > 0 ? std::optional(m_ring[m_first].due) : std::nullopt;
    }

    void report(const char* name) const
    {
        std::printf("{\"event\":\"carried\",\"direction\":\"%s\",\"packets\":%llu,\"lost\":%llu,\"overflowed\":%llu,"
                    "\"refused\":%llu}\n",
                    name, m_seen, m_lost, m_overflowed, m_refused);
    }

private:
    int m_from;
    int m_to;
    std::chrono::microseconds m_delay;
    std::bernoulli_distribution m_isLost;
    std::mt19937 m_random;
    std::vector<Packet> m_ring;
    size_t m_first = 0;
    size_t m_count = 0;
    Packet m_spare;
    unsigned long long m_seen = 0;
    unsigned long long m_lost = 0;
    unsigned long long m_overflowed = 0;
    unsigned long long m_refused = 0;
};

bool fail(const std::string& what)
{
    std::fprintf(stderr, "delay_line: %s: %s\n", what.c_str(), std::strerror(errno));
    return false;
}

// A TUN without offloads in that namespace; -1 if it could not be made. This thread stays in the namespace.
int openTun(const std::string& space, const std::string& name)
{
    const std::string path = "/run/netns/" + space;
    const int inside = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (inside < 0 || setns(inside, CLONE_NEWNET) != 0) {
        fail(path);
        return -1;
    }
    close(inside);
    const int tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    ifreq request = {};
    request.ifr_flags = IFF_TUN | IFF_NO_PI;
    name.copy(static_cast<char*>(request.ifr_name), IFNAMSIZ - 1);
    if (tun < 0 || ioctl(tun, TUNSETIFF, &request) != 0) {
        fail("the TUN " + name + " in " + space);
        return -1;
    }
    return tun;
}

// How long the next packet may wait; nothing if none is under way.
std::optional<timespec> patience(std::span<const Direction> directions, Clock::time_point now)
{
    std::optional<Clock::time_point> earliest;
    for (const Direction& direction : directions) {
        const auto due = direction.nextDue();
        if (due && (!earliest || *due < *earliest))
            earliest = due;
    }
    if (!earliest)
        return std::nullopt;
    const auto left = std::chrono::nanoseconds(std::max<Clock::duration>(*earliest - now, Precision)).count();
    return timespec{left / 1'000'000'000, left % 1'000'000'000};
}

// Until SIGTERM or SIGINT.
bool carry(std::span<Direction> directions, const std::array<int, 2>& tuns, int signals)
{
    const int events = epoll_create1(EPOLL_CLOEXEC);
    for (const int descriptor : {tuns[0], tuns[1], signals}) {
        epoll_event event = {};
        event.events = EPOLLIN;
        event.data.fd = descriptor;
        if (epoll_ctl(events, EPOLL_CTL_ADD, descriptor, &event) != 0)
            return fail("epoll_ctl");
    }
    std::array<epoll_event, 3> ready;
    while (true) {
        const auto timeout = patience(directions, Clock::now());
        const int count =
            epoll_pwait2(events, ready.data(), static_cast<int>(ready.size()), timeout ? &*timeout : nullptr, nullptr);
        if (count < 0 && errno != EINTR)
            return fail("epoll_pwait2");
        for (const epoll_event& event : std::span(ready).first(static_cast<size_t>(std::max(count, 0)))) {
            if (event.data.fd == signals)
                return true;
        }
        const Clock::time_point now = Clock::now();
        for (Direction& direction : directions) {
            direction.take(now);
            direction.release(now);
        }
    }
}

template <typename Number>
bool parseNumber(std::string_view text, Number& number, Number least, Number most)
{
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size() && number >= least && number <= most;
}

bool parseOption(std::string_view name, std::string_view value, Options& options)
{
    if (name == "--first" || name == "--second") {
        options.namespaces[name == "--second" ? 1 : 0] = value;
        return !value.empty();
    }
    if (name == "--tun") {
        options.tun = value;
        return !value.empty() && value.size() < IFNAMSIZ;
    }
    if (name == "--delay-ms")
        return parseNumber(value, options.delayMs, 0.0, 10'000.0);
    if (name == "--loss-percent")
        return parseNumber(value, options.lossPercent, 0.0, 100.0);
    if (name == "--queue-packets")
        return parseNumber<size_t>(value, options.queuePackets, 1, 1'000'000);
    return name == "--seed" && parseNumber<uint32_t>(value, options.seed, 0, UINT32_MAX);
}

std::optional<Options> parseOptions(std::span<char*> words)
{
    Options options;
    for (const std::string_view word : words) {
        const size_t equals = word.find('=');
        if (equals == std::string_view::npos || !parseOption(word.substr(0, equals), word.substr(equals + 1), options))
            return std::nullopt;
    }
    if (options.namespaces[0].empty() || options.namespaces[1].empty())
        return std::nullopt;
    return options;
}

int run(const Options& options)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, nullptr);
    // The default slack of 50 us would be half of the precision.
    prctl(PR_SET_TIMERSLACK, 1UL);
    const std::array tuns = {openTun(options.namespaces[0], options.tun), openTun(options.namespaces[1], options.tun)};
    const int signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (tuns[0] < 0 || tuns[1] < 0 || signals < 0)
        return 1;
    std::vector<Direction> directions;
    directions.emplace_back(tuns[0], tuns[1], options, options.seed);
    directions.emplace_back(tuns[1], tuns[0], options, options.seed + 1);
    std::printf("{\"event\":\"ready\"}\n");
    std::fflush(stdout);
    if (!carry(directions, tuns, signals))
        return 1;
    directions[0].report("there");
    directions[1].report("back");
    return 0;
}

}  // namespace

int main(int argc, char* argv[])
{
    const auto options = parseOptions(std::span(argv, static_cast<size_t>(argc)).subspan(1));
    if (!options) {
        std::fputs("usage: delay_line --first=NETNS --second=NETNS [--tun=NAME] [--delay-ms=N] [--loss-percent=N]\n"
                   "                  [--queue-packets=N] [--seed=N]\n",
                   stderr);
        return 2;
    }
    return run(*options);
}
