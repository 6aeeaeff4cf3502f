#include "transport/epoll_loop.h"

#include <QtTest>

#include <array>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace gvpn::transport {

using namespace std::chrono_literals;

class EpollLoopTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void runsTimersInTheOrderOfTheirTimes();
    void runsNoCancelledTimer();
    void runsNoTimerEarly();
    void survivesATimerThatSchedulesItselfAtOnce();
    void destroysACancelledCallbackWhoseOwnerCancelsMore();
    void runsPostedWorkOfAnotherThreadInOrder();
    void runsInALaterTurnWhatPostedWorkPosts();
    void runsBeforeItStopsWhatWasPostedBefore();
    void runsAgainAfterAStop();
    void callsAWatcherWhileItsDescriptorIsReady();
    void callsAWatcherForWhatItChangedTo();
    void deliversNoEventAfterForgetNotEvenAFetchedOne();
    void deliversNoOldEventToAReusedDescriptor();
    void servesMoreDescriptorsThanATurnTakes();
    void keepsItsTimeWithinATurn();
    void refusesABadDescriptor();
    void refusesToWatchTwice();
    void dropsWhatItNeverRan();
    void turnsOnceWithoutWaiting();
    void aTurnOfItsOwnRunsTimersAndPostedWork();
    void knowsWhenItsNextTimerIsDue();
    void tellsTheTimeOutsideOfATurn();
    void aTimerFromOutsideMakesItsDescriptorReadable();
    void whatATurnLeavesKeepsItsDescriptorReadable();

private:
    void run();

    std::unique_ptr<EpollLoop> m_loop;
};

namespace {

class CountingWatcher final : public EpollLoop::Watcher {
public:
    void descriptorReady(std::uint32_t events) override
    {
        ++calls;
        lastEvents = events;
        if (onReady)
            onReady();
    }
    int calls = 0;
    std::uint32_t lastEvents = 0;
    std::function<void()> onReady;
};

UniqueFd readyDescriptor()
{
    return UniqueFd(::eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK));
}

UniqueFd quietDescriptor()
{
    return UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
}

bool isReadable(const EpollLoop& loop)
{
    pollfd entry{loop.descriptor(), POLLIN, 0};
    return ::poll(&entry, 1, 0) == 1;
}

}  // namespace

void EpollLoopTest::init()
{
    auto loop = EpollLoop::create();
    QVERIFY(loop.has_value());
    m_loop = std::move(*loop);
}

/// A test that stops nothing fails after a while instead of hanging.
void EpollLoopTest::run()
{
    bool isLate = false;
    const auto guard = m_loop->schedule(Clock::now() + 10s, [&] {
        isLate = true;
        m_loop->stop();
    });
    m_loop->run();
    m_loop->cancel(guard);
    QVERIFY2(!isLate, "nothing stopped the loop");
}

void EpollLoopTest::runsTimersInTheOrderOfTheirTimes()
{
    const TimePoint start = Clock::now();
    std::string order;
    m_loop->schedule(start + 4ms, [&] { m_loop->stop(); });
    m_loop->schedule(start + 2ms, [&] { order += 'c'; });
    m_loop->schedule(start + 1ms, [&] { order += 'a'; });
    m_loop->schedule(start + 1ms, [&] { order += 'b'; });
    m_loop->schedule(Never, [&] { order += '!'; });
    run();
    QCOMPARE(order, std::string("abc"));
}

void EpollLoopTest::runsNoCancelledTimer()
{
    std::string order;
    const TimePoint start = Clock::now();
    EpollLoop::TimerId second = 0;
    m_loop->cancel(4711);
    const auto before = m_loop->schedule(start, [&] { order += '!'; });
    m_loop->cancel(before);
    m_loop->schedule(start, [&] {
        order += '1';
        m_loop->cancel(second);  // due in the same turn
    });
    second = m_loop->schedule(start, [&] { order += '2'; });
    m_loop->schedule(start, [&] { m_loop->stop(); });
    run();
    QCOMPARE(order, std::string("1"));
}

void EpollLoopTest::runsNoTimerEarly()
{
    const TimePoint when = Clock::now() + 3ms;
    TimePoint ranAt;
    TimePoint loopTime;
    m_loop->schedule(when, [&] {
        ranAt = Clock::now();
        loopTime = m_loop->now();
        m_loop->stop();
    });
    run();
    QVERIFY(ranAt >= when);
    QVERIFY(loopTime >= when);
}

void EpollLoopTest::survivesATimerThatSchedulesItselfAtOnce()
{
    int calls = 0;
    std::function<void()> again = [&] {
        ++calls;
        m_loop->schedule(m_loop->now(), again);
    };
    again();
    const UniqueFd descriptor = readyDescriptor();
    CountingWatcher watcher;
    watcher.onReady = [&] {
        if (watcher.calls == 3)
            m_loop->stop();
    };
    QVERIFY(m_loop->watch(descriptor.get(), EPOLLIN, watcher));
    run();
    QVERIFY(calls >= 3);
}

void EpollLoopTest::destroysACancelledCallbackWhoseOwnerCancelsMore()
{
    struct Owner {
        EpollLoop& loop;
        EpollLoop::TimerId other;
        ~Owner() { loop.cancel(other); }
    };
    bool hasRun = false;
    const auto other = m_loop->schedule(m_loop->now(), [&] { hasRun = true; });
    auto owner = std::make_shared<Owner>(*m_loop, other);
    const std::weak_ptr<Owner> watch = owner;
    const auto id = m_loop->schedule(m_loop->now(), [kept = std::move(owner)] {});
    m_loop->schedule(m_loop->now() + 1ms, [&] { m_loop->stop(); });
    m_loop->cancel(id);
    QVERIFY(watch.expired());
    run();
    QVERIFY(!hasRun);
}

void EpollLoopTest::runsPostedWorkOfAnotherThreadInOrder()
{
    constexpr int Count = 2000;
    std::vector<int> order;
    const std::thread::id own = std::this_thread::get_id();
    bool isOwnThread = true;
    std::thread other([&] {
        for (int i = 0; i < Count; ++i) {
            m_loop->post([&, i] {
                isOwnThread = isOwnThread && std::this_thread::get_id() == own;
                order.push_back(i);
            });
        }
        m_loop->stop();
    });
    run();
    other.join();
    QVERIFY(isOwnThread);
    QCOMPARE(order.size(), std::size_t{Count});
    QVERIFY(std::ranges::is_sorted(order));
}

void EpollLoopTest::runsInALaterTurnWhatPostedWorkPosts()
{
    std::vector<TimePoint> times;
    std::function<void()> again = [&] {
        times.push_back(m_loop->now());
        m_loop->post(again);
    };
    m_loop->post(again);
    m_loop->schedule(Clock::now() + 2ms, [&] { m_loop->stop(); });
    run();
    QVERIFY(times.size() >= 2);
    QVERIFY(std::ranges::adjacent_find(times) == times.end());
}

void EpollLoopTest::runsBeforeItStopsWhatWasPostedBefore()
{
    bool hasRun = false;
    m_loop->schedule(m_loop->now(), [&] {
        m_loop->post([&] { hasRun = true; });
        m_loop->stop();
    });
    run();
    QVERIFY(hasRun);
}

void EpollLoopTest::runsAgainAfterAStop()
{
    m_loop->stop();
    run();
    bool hasRun = false;
    m_loop->schedule(Clock::now() + 1ms, [&] {
        hasRun = true;
        m_loop->stop();
    });
    run();
    QVERIFY(hasRun);
}

void EpollLoopTest::callsAWatcherWhileItsDescriptorIsReady()
{
    const UniqueFd descriptor = readyDescriptor();
    CountingWatcher watcher;
    watcher.onReady = [&] {
        if (watcher.calls == 3) {
            eventfd_t value = 0;
            QCOMPARE(::eventfd_read(descriptor.get(), &value), 0);
            m_loop->schedule(Clock::now() + 2ms, [&] { m_loop->stop(); });
        }
    };
    QVERIFY(m_loop->watch(descriptor.get(), EPOLLIN, watcher));
    run();
    QCOMPARE(watcher.calls, 3);
    QCOMPARE(watcher.lastEvents, std::uint32_t{EPOLLIN});
}

void EpollLoopTest::callsAWatcherForWhatItChangedTo()
{
    const UniqueFd descriptor = readyDescriptor();
    CountingWatcher watcher;
    watcher.onReady = [&] { m_loop->stop(); };
    QVERIFY(m_loop->watch(descriptor.get(), EPOLLIN, watcher));
    m_loop->change(descriptor.get(), EPOLLOUT);
    run();
    QCOMPARE(watcher.lastEvents, std::uint32_t{EPOLLOUT});
}

void EpollLoopTest::deliversNoEventAfterForgetNotEvenAFetchedOne()
{
    const std::array<UniqueFd, 2> descriptors{readyDescriptor(), readyDescriptor()};
    std::array<CountingWatcher, 2> watchers;
    for (std::size_t i : {0U, 1U}) {
        QVERIFY(m_loop->watch(descriptors[i].get(), EPOLLIN, watchers[i]));
        watchers[i].onReady = [&] {
            for (const UniqueFd& descriptor : descriptors)
                m_loop->forget(descriptor.get());
            m_loop->schedule(Clock::now() + 1ms, [&] { m_loop->stop(); });
        };
    }
    run();
    QCOMPARE(watchers[0].calls + watchers[1].calls, 1);
}

void EpollLoopTest::deliversNoOldEventToAReusedDescriptor()
{
    std::array<UniqueFd, 2> descriptors{readyDescriptor(), readyDescriptor()};
    std::array<CountingWatcher, 2> watchers;
    CountingWatcher newcomer;
    for (const std::size_t i : {0U, 1U}) {
        QVERIFY(m_loop->watch(descriptors[i].get(), EPOLLIN, watchers[i]));
        watchers[i].onReady = [&, i] {
            m_loop->forget(descriptors[i].get());
            const int number = descriptors[1 - i].get();
            m_loop->forget(number);
            const UniqueFd quiet = quietDescriptor();
            QCOMPARE(::dup3(quiet.get(), number, O_CLOEXEC), number);
            QVERIFY(m_loop->watch(number, EPOLLIN, newcomer));
            m_loop->schedule(Clock::now() + 1ms, [&] { m_loop->stop(); });
        };
    }
    run();
    QCOMPARE(watchers[0].calls + watchers[1].calls, 1);
    QCOMPARE(newcomer.calls, 0);
}

void EpollLoopTest::servesMoreDescriptorsThanATurnTakes()
{
    constexpr std::size_t Count = 300;
    std::vector<UniqueFd> descriptors;
    std::vector<CountingWatcher> watchers(Count);
    std::size_t servedCount = 0;
    for (CountingWatcher& watcher : watchers) {
        const int number = descriptors.emplace_back(readyDescriptor()).get();
        QVERIFY(m_loop->watch(number, EPOLLIN, watcher));
        watcher.onReady = [&] {
            if (watcher.calls == 1 && ++servedCount == Count)
                m_loop->stop();
        };
    }
    run();
    QCOMPARE(servedCount, Count);
}

void EpollLoopTest::keepsItsTimeWithinATurn()
{
    const TimePoint when = Clock::now() + 1ms;
    TimePoint first;
    TimePoint second;
    m_loop->schedule(when, [&] {
        first = m_loop->now();
        while (Clock::now() < first + 1ms) {
        }
    });
    m_loop->schedule(when, [&] {
        second = m_loop->now();
        m_loop->stop();
    });
    run();
    QVERIFY(first == second);
}

void EpollLoopTest::refusesABadDescriptor()
{
    CountingWatcher watcher;
    QVERIFY(!m_loop->watch(-1, EPOLLIN, watcher));
    m_loop->forget(-1);
    m_loop->forget(12345);
}

void EpollLoopTest::refusesToWatchTwice()
{
    const UniqueFd descriptor = quietDescriptor();
    CountingWatcher watcher;
    QVERIFY(m_loop->watch(descriptor.get(), EPOLLIN, watcher));
    const auto again = m_loop->watch(descriptor.get(), EPOLLIN, watcher);
    QVERIFY(!again);
    QCOMPARE(again.error().code, ErrorCode::AlreadyExists);
}

void EpollLoopTest::dropsWhatItNeverRan()
{
    struct Owner {
        EpollLoop& loop;
        EpollLoop::TimerId timer;
        ~Owner()
        {
            loop.cancel(timer);
            loop.forget(0);
        }
    };
    const auto timer = m_loop->schedule(Never, [] {});
    auto posted = std::make_shared<Owner>(*m_loop, timer);
    auto scheduled = std::make_shared<Owner>(*m_loop, timer);
    const std::weak_ptr<Owner> watchPosted = posted;
    const std::weak_ptr<Owner> watchScheduled = scheduled;
    m_loop->post([kept = std::move(posted)] {});
    m_loop->schedule(Never, [kept = std::move(scheduled)] {});
    m_loop.reset();
    QVERIFY(watchPosted.expired());
    QVERIFY(watchScheduled.expired());
}

void EpollLoopTest::turnsOnceWithoutWaiting()
{
    QVERIFY(!m_loop->turnOnce());
    const UniqueFd descriptor = readyDescriptor();
    CountingWatcher watcher;
    QVERIFY(m_loop->watch(descriptor.get(), EPOLLIN, watcher));
    for (int i = 1; i <= 3; ++i) {
        QVERIFY(m_loop->turnOnce());
        QCOMPARE(watcher.calls, i);
    }
    eventfd_t value = 0;
    QCOMPARE(::eventfd_read(descriptor.get(), &value), 0);
    QVERIFY(!m_loop->turnOnce());
    QCOMPARE(watcher.calls, 3);
    // A timer is no reason to wait either.
    m_loop->schedule(Clock::now() + 1h, [] {});
    const TimePoint before = Clock::now();
    static_cast<void>(m_loop->turnOnce());
    QVERIFY(!m_loop->turnOnce());
    QVERIFY(Clock::now() - before < 30min);
}

void EpollLoopTest::aTurnOfItsOwnRunsTimersAndPostedWork()
{
    std::string order;
    m_loop->schedule(Clock::now(), [&] {
        order += 't';
        m_loop->schedule(m_loop->now(), [&] { order += 'T'; });
    });
    m_loop->post([&] { order += 'p'; });
    static_cast<void>(m_loop->turnOnce());
    QCOMPARE(order, std::string("tp"));
    static_cast<void>(m_loop->turnOnce());
    QCOMPARE(order, std::string("tpT"));
}

void EpollLoopTest::knowsWhenItsNextTimerIsDue()
{
    QVERIFY(m_loop->deadline() == Never);
    const TimePoint start = Clock::now();
    const auto late = m_loop->schedule(start + 2h, [] {});
    QVERIFY(m_loop->deadline() == start + 2h);
    const auto early = m_loop->schedule(start + 1h, [] {});
    QVERIFY(m_loop->deadline() == start + 1h);
    m_loop->schedule(start, [] {});
    QVERIFY(m_loop->deadline() == start);
    static_cast<void>(m_loop->turnOnce());
    QVERIFY(m_loop->deadline() == start + 1h);
    m_loop->cancel(early);
    QVERIFY(m_loop->deadline() == start + 2h);
    m_loop->cancel(late);
    QVERIFY(m_loop->deadline() == Never);
}

void EpollLoopTest::tellsTheTimeOutsideOfATurn()
{
    ManualTime time;
    auto made = EpollLoop::create(&time);
    QVERIFY(made.has_value());
    EpollLoop& loop = **made;
    QVERIFY(loop.now() == time.now());
    time.advance(5s);
    QVERIFY(loop.now() == time.now());
    const UniqueFd descriptor = readyDescriptor();
    CountingWatcher watcher;
    QVERIFY(loop.watch(descriptor.get(), EPOLLIN, watcher));
    const TimePoint begin = time.now();
    std::vector<TimePoint> seen;
    watcher.onReady = [&] {
        time.advance(1s);
        seen.push_back(loop.now());
    };
    loop.post([&] { seen.push_back(loop.now()); });
    // In a turn it stands still, even if time does not.
    QVERIFY(loop.turnOnce());
    QVERIFY((seen == std::vector<TimePoint>{begin, begin}));
    QVERIFY(loop.now() == begin + 1s);
    loop.forget(descriptor.get());
}

void EpollLoopTest::aTimerFromOutsideMakesItsDescriptorReadable()
{
    QVERIFY(!isReadable(*m_loop));
    m_loop->schedule(Clock::now() + 1h, [] {});
    QVERIFY(isReadable(*m_loop));
    QVERIFY(m_loop->turnOnce());
    QVERIFY(!isReadable(*m_loop));
    // One from inside does not: its owner asks after the turn.
    m_loop->post([this] { m_loop->schedule(Clock::now() + 1h, [] {}); });
    QVERIFY(isReadable(*m_loop));
    QVERIFY(m_loop->turnOnce());
    QVERIFY(!isReadable(*m_loop));
}

void EpollLoopTest::whatATurnLeavesKeepsItsDescriptorReadable()
{
    std::function<void()> again = [&] { m_loop->post([] {}); };
    m_loop->post(again);
    QVERIFY(m_loop->turnOnce());
    QVERIFY(isReadable(*m_loop));
    QVERIFY(m_loop->turnOnce());
    QVERIFY(!isReadable(*m_loop));
    const UniqueFd descriptor = readyDescriptor();
    CountingWatcher watcher;
    QVERIFY(m_loop->watch(descriptor.get(), EPOLLIN, watcher));
    QVERIFY(isReadable(*m_loop));
    QVERIFY(m_loop->turnOnce());
    QVERIFY(isReadable(*m_loop));
    m_loop->forget(descriptor.get());
    QVERIFY(!isReadable(*m_loop));
}

}  // namespace gvpn::transport

QTEST_APPLESS_MAIN(gvpn::transport::EpollLoopTest)
#include "tst_epoll_loop.moc"
