#include "transport/epoll_loop.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <limits>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace gvpn::transport {

namespace {

// Bounds a turn, so that timers and posted work are not held up by many busy descriptors. The kernel goes round.
constexpr std::size_t MaxEventsPerTurn = 64;

constexpr std::uint64_t tagOf(int descriptor, std::uint32_t generation)
{
    return (std::uint64_t{generation} << 32U) | static_cast<std::uint32_t>(descriptor);
}

constexpr int descriptorOf(std::uint64_t tag)
{
    return static_cast<int>(tag & 0xFFFFFFFFU);
}

constexpr std::uint32_t generationOf(std::uint64_t tag)
{
    return static_cast<std::uint32_t>(tag >> 32U);
}

}  // namespace

Result<std::unique_ptr<EpollLoop>> EpollLoop::create(const TimeSource* time)
{
    UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
    if (!epoll.isValid())
        return fail(errnoError("epoll_create1", errno));
    UniqueFd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!wake.isValid())
        return fail(errnoError("eventfd", errno));
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = tagOf(wake.get(), 0);
    if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, wake.get(), &event) != 0)
        return fail(errnoError("epoll_ctl", errno));
    return std::unique_ptr<EpollLoop>(new EpollLoop(std::move(epoll), std::move(wake), time));
}

EpollLoop::EpollLoop(UniqueFd epoll, UniqueFd wake, const TimeSource* time)
    : m_epoll(std::move(epoll))
    , m_wake(std::move(wake))
    , m_time(time == nullptr ? m_steadyTime : *time)
{}

EpollLoop::~EpollLoop()
{
    // What the callbacks own may call forget() and cancel() when it goes, so it goes while the maps are there.
    const auto posted = std::move(m_posted);
    m_timerPlaces.clear();
    const auto timers = std::move(m_timers);
}

Result<void> EpollLoop::watch(int descriptor, std::uint32_t events, Watcher& watcher)
{
    epoll_event event{};
    event.events = events;
    event.data.u64 = tagOf(descriptor, ++m_lastGeneration);
    if (::epoll_ctl(m_epoll.get(), EPOLL_CTL_ADD, descriptor, &event) != 0)
        return fail(errnoError("epoll_ctl", errno));
    m_watchers.insert_or_assign(descriptor, Entry{&watcher, m_lastGeneration});
    return {};
}

void EpollLoop::change(int descriptor, std::uint32_t events)
{
    const auto found = m_watchers.find(descriptor);
    assert(found != m_watchers.end());
    epoll_event event{};
    event.events = events;
    event.data.u64 = tagOf(descriptor, found->second.generation);
    [[maybe_unused]] const int status = ::epoll_ctl(m_epoll.get(), EPOLL_CTL_MOD, descriptor, &event);
    assert(status == 0);
}

void EpollLoop::forget(int descriptor)
{
    if (m_watchers.erase(descriptor) > 0)
        static_cast<void>(::epoll_ctl(m_epoll.get(), EPOLL_CTL_DEL, descriptor, nullptr));
}

EpollLoop::TimerId EpollLoop::schedule(TimePoint when, Callback callback)
{
    const TimerId id = ++m_lastTimer;
    m_timerPlaces.emplace(id, m_timers.emplace(when, std::pair(id, std::move(callback))));
    if (!m_isTurning)
        wakeUp();
    return id;
}

void EpollLoop::cancel(TimerId id)
{
    const auto place = m_timerPlaces.find(id);
    if (place == m_timerPlaces.end())
        return;
    // The callback may own things that call us when they go: it is destroyed when the maps are in order again.
    const auto node = m_timers.extract(place->second);
    m_timerPlaces.erase(place);
}

void EpollLoop::post(Callback callback)
{
    const std::lock_guard lock(m_mutex);
    m_posted.push_back(std::move(callback));
    if (m_posted.size() == 1)
        wakeUp();
}

void EpollLoop::stop()
{
    const std::lock_guard lock(m_mutex);
    m_isStopRequested = true;
    wakeUp();
}

void EpollLoop::wakeUp()
{
    // It can only fail when 2^64 - 2 wake-ups are pending, and then one is.
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(m_wake.get(), &one, sizeof(one));
}

void EpollLoop::run()
{
    while (!m_isStopping)
        turn(timeoutMs());
    m_isStopping = false;
}

bool EpollLoop::turnOnce()
{
    return turn(0) > 0;
}

int EpollLoop::turn(int timeoutMs)
{
    assert(!m_isTurning);
    std::array<epoll_event, MaxEventsPerTurn> events{};
    const int count = ::epoll_wait(m_epoll.get(), events.data(), static_cast<int>(events.size()), timeoutMs);
    assert(count >= 0 || errno == EINTR);
    m_now = m_time.now();
    m_isTurning = true;

    bool isWoken = false;
    for (std::size_t i = 0; i < static_cast<std::size_t>(std::max(count, 0)); ++i) {
        if (descriptorOf(events[i].data.u64) == m_wake.get())
            isWoken = true;
        else
            dispatch(events[i].data.u64, events[i].events);
    }
    runTimers();
    // Only then: a turn without work from other threads takes no lock.
    if (isWoken)
        runPosted();
    m_isTurning = false;
    return count;
}

void EpollLoop::dispatch(std::uint64_t tag, std::uint32_t events)
{
    const auto found = m_watchers.find(descriptorOf(tag));
    if (found != m_watchers.end() && found->second.generation == generationOf(tag))
        found->second.watcher->descriptorReady(events);
}

void EpollLoop::runTimers()
{
    // Identifiers first: a callback may cancel any of them, and what it schedules waits for the next turn.
    m_dueTimers.clear();
    for (auto timer = m_timers.begin(); timer != m_timers.end() && timer->first <= m_now; ++timer)
        m_dueTimers.push_back(timer->second.first);
    for (const TimerId id : m_dueTimers) {
        const auto place = m_timerPlaces.find(id);
        if (place == m_timerPlaces.end())
            continue;
        const auto node = m_timers.extract(place->second);
        m_timerPlaces.erase(place);
        node.mapped().second();
    }
}

void EpollLoop::runPosted()
{
    // Before the queue is taken: what is posted after that wakes us again.
    std::uint64_t wakeUps = 0;
    [[maybe_unused]] const ssize_t taken = ::read(m_wake.get(), &wakeUps, sizeof(wakeUps));
    {
        const std::lock_guard lock(m_mutex);
        m_running.swap(m_posted);
        m_isStopping = std::exchange(m_isStopRequested, false);
    }
    for (const Callback& callback : m_running)
        callback();
    m_running.clear();
}

int EpollLoop::timeoutMs() const
{
    if (m_timers.empty())
        return -1;
    const TimePoint first = m_timers.begin()->first;
    const TimePoint now = m_now == TimePoint{} ? m_time.now() : m_now;
    if (first <= now)
        return 0;
    // Rounded up: waking a fraction of a millisecond early would turn the loop for nothing.
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(first - now).count();
    return static_cast<int>(std::min<std::int64_t>(wait, std::numeric_limits<int>::max()));
}

}  // namespace gvpn::transport
