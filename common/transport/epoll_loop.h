// Where packets flow: epoll, timers and a queue for work from other threads. Qt's dispatcher polls every descriptor at
// each turn (81 us with 1,000 sockets against 1 us), so the server's sessions live here in a thread of their own, and
// the client's connection in a loop that stands inside Qt's (EpollHost). Everything but post() and stop() belongs to
// the thread that calls run() or turnOnce().
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace gvpn::transport {

class EpollLoop final : public TimeSource {
public:
    class Watcher {
    public:
        /// events: EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP, EPOLLRDHUP, level-triggered.
        virtual void descriptorReady(std::uint32_t events) = 0;

    protected:
        ~Watcher() = default;
    };
    using TimerId = std::uint64_t;  // never 0
    using Callback = std::function<void()>;

    /// time outlives the loop; nullptr: the steady clock.
    [[nodiscard]] static Result<std::unique_ptr<EpollLoop>> create(const TimeSource* time = nullptr);
    ~EpollLoop() override;
    EpollLoop(const EpollLoop&) = delete;
    EpollLoop& operator=(const EpollLoop&) = delete;

    /// Callbacks may watch, forget, schedule and cancel whatever they like. A descriptor is watched once.
    [[nodiscard]] Result<void> watch(int descriptor, std::uint32_t events, Watcher& watcher);
    /// descriptor is being watched.
    void change(int descriptor, std::uint32_t events);
    /// No event of this descriptor is delivered after this, not even one that was already fetched.
    void forget(int descriptor);
    [[nodiscard]] std::size_t watcherCount() const { return m_watchers.size(); }
    /// How many closed connections are still in the loop; EpollStream counts them here.
    [[nodiscard]] std::size_t& lingering() { return m_lingering; }

    /// Earlier times first, equal times in the order of the calls. What a callback schedules runs in a later turn.
    TimerId schedule(TimePoint when, Callback callback);
    /// An id that has run or is unknown is ignored.
    void cancel(TimerId id);

    /// Any thread. Runs in the loop's thread at the end of a turn, in order; what it posts runs in a later turn.
    /// Dropped if the loop never turns again.
    void post(Callback callback);
    /// In a turn: the time of the wake-up, one clock read for all of it. Outside: the clock's.
    [[nodiscard]] TimePoint now() const override { return m_isTurning ? m_now : m_time.now(); }

    void run();
    /// Any thread. run() returns after the turn that sees it, in which everything that was posted before has run.
    void stop();

    // For a loop that stands inside another one, instead of run().

    /// Readable (poll) when there is something to do but for timers.
    [[nodiscard]] int descriptor() const { return m_epoll.get(); }
    /// Handles what is ready now, without waiting. False: there was nothing.
    bool turnOnce();
    /// When turnOnce() is due for the next timer, or Never. A timer that is scheduled outside of a turn makes the
    /// descriptor readable, so that it is enough to ask after each turn.
    [[nodiscard]] TimePoint deadline() const { return m_timers.empty() ? Never : m_timers.begin()->first; }

private:
    // A descriptor's number may come back within a turn, for another socket: events carry the generation as well.
    struct Entry {
        Watcher* watcher;
        std::uint32_t generation;
    };
    using Timers = std::multimap<TimePoint, std::pair<TimerId, Callback>>;

    EpollLoop(UniqueFd epoll, UniqueFd wake, const TimeSource* time);
    /// How many descriptors were ready.
    int turn(int timeoutMs);
    void dispatch(std::uint64_t tag, std::uint32_t events);
    void runTimers();
    void runPosted();
    void wakeUp();
    [[nodiscard]] int timeoutMs() const;

    std::size_t m_lingering = 0;  // outlives the timers, which own those that count themselves
    UniqueFd m_epoll;
    UniqueFd m_wake;
    SteadyTime m_steadyTime;
    const TimeSource& m_time;
    TimePoint m_now{};
    bool m_isTurning = false;
    std::unordered_map<int, Entry> m_watchers;
    std::uint32_t m_lastGeneration = 0;
    Timers m_timers;
    std::unordered_map<TimerId, Timers::iterator> m_timerPlaces;
    TimerId m_lastTimer = 0;
    std::vector<TimerId> m_dueTimers;  // of this turn; a member so that its memory stays
    std::vector<Callback> m_running;   // of this turn; likewise
    bool m_isStopping = false;
    std::mutex m_mutex;  // guards m_posted and m_isStopRequested, the queue between threads
    std::vector<Callback> m_posted;
    bool m_isStopRequested = false;
};

}  // namespace gvpn::transport
