#include "transport/epoll_host.h"

#include <QtTest>

#include <memory>
#include <thread>

#include <sys/epoll.h>
#include <sys/eventfd.h>

namespace gvpn::transport {

using namespace std::chrono_literals;

class EpollHostTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void runsATimerThatIsScheduledOutside();
    void runsTimersThatWereThereBeforeIt();
    void runsATimerThatATimerSchedules();
    void runsTheTimerThatBecameTheFirst();
    void runsNoCancelledTimer();
    void callsAWatcherWhileItsDescriptorIsReady();
    void leavesTimeForTheRestOfTheProgram();
    void runsPostedWorkOfAnotherThread();
    void sleepsWhenThereIsNothingToDo();
    void turnsNothingWhenItIsGone();
    void mayGoWhileItHasMuchToDo();

private:
    std::unique_ptr<EpollLoop> m_loop;
};

namespace {

class CountingWatcher final : public EpollLoop::Watcher {
public:
    void descriptorReady(std::uint32_t /*events*/) override
    {
        ++calls;
        if (onReady)
            onReady();
    }
    int calls = 0;
    std::function<void()> onReady;
};

UniqueFd eventDescriptor(unsigned value)
{
    return UniqueFd(::eventfd(value, EFD_CLOEXEC | EFD_NONBLOCK));
}

/// Counts how often it is asked, which is once a turn.
class CountingTime final : public TimeSource {
public:
    [[nodiscard]] TimePoint now() const override
    {
        ++reads;
        return Clock::now();
    }
    mutable int reads = 0;
};

}  // namespace

void EpollHostTest::init()
{
    auto loop = EpollLoop::create();
    QVERIFY(loop.has_value());
    m_loop = std::move(*loop);
}

void EpollHostTest::runsATimerThatIsScheduledOutside()
{
    const EpollHost host(*m_loop);
    QTest::qWait(1);
    bool isEarly = false;
    bool hasRun = false;
    const TimePoint when = Clock::now() + 3ms;
    m_loop->schedule(when, [&] {
        hasRun = true;
        isEarly = Clock::now() < when;
    });
    QTRY_VERIFY(hasRun);
    QVERIFY(!isEarly);
}

void EpollHostTest::runsTimersThatWereThereBeforeIt()
{
    int runs = 0;
    m_loop->schedule(Clock::now(), [&] { ++runs; });
    m_loop->schedule(Clock::now() + 2ms, [&] { ++runs; });
    const EpollHost host(*m_loop);
    QCOMPARE(runs, 0);
    QTRY_COMPARE(runs, 2);
}

void EpollHostTest::runsATimerThatATimerSchedules()
{
    const EpollHost host(*m_loop);
    int runs = 0;
    std::function<void()> again = [&] {
        if (++runs < 5)
            m_loop->schedule(m_loop->now() + (runs % 2 == 0 ? 1ms : 0ms), again);
    };
    m_loop->schedule(Clock::now(), again);
    QTRY_COMPARE(runs, 5);
}

void EpollHostTest::runsTheTimerThatBecameTheFirst()
{
    const EpollHost host(*m_loop);
    bool hasRun = false;
    m_loop->schedule(Clock::now() + 1h, [] {});
    QTest::qWait(1);
    m_loop->schedule(Clock::now() + 1ms, [&] { hasRun = true; });
    QTRY_VERIFY(hasRun);
    QVERIFY(m_loop->deadline() > Clock::now() + 50min);
}

void EpollHostTest::runsNoCancelledTimer()
{
    const EpollHost host(*m_loop);
    bool hasRun = false;
    bool isLater = false;
    const auto id = m_loop->schedule(Clock::now() + 1ms, [&] { hasRun = true; });
    QTest::qWait(0);
    m_loop->cancel(id);
    m_loop->schedule(Clock::now() + 3ms, [&] { isLater = true; });
    QTRY_VERIFY(isLater);
    QVERIFY(!hasRun);
}

void EpollHostTest::callsAWatcherWhileItsDescriptorIsReady()
{
    const EpollHost host(*m_loop);
    const UniqueFd descriptor = eventDescriptor(0);
    CountingWatcher watcher;
    watcher.onReady = [&] {
        eventfd_t value = 0;
        if (watcher.calls % 40 == 0)
            QCOMPARE(::eventfd_read(descriptor.get(), &value), 0);
    };
    QVERIFY(m_loop->watch(descriptor.get(), EPOLLIN, watcher));
    QTest::qWait(1);
    QCOMPARE(watcher.calls, 0);
    // More turns than a wake-up has.
    QCOMPARE(::eventfd_write(descriptor.get(), 1), 0);
    QTRY_COMPARE(watcher.calls, 40);
    QTest::qWait(1);
    QCOMPARE(watcher.calls, 40);
    QCOMPARE(::eventfd_write(descriptor.get(), 1), 0);
    QTRY_COMPARE(watcher.calls, 80);
    m_loop->forget(descriptor.get());
}

void EpollHostTest::leavesTimeForTheRestOfTheProgram()
{
    const EpollHost host(*m_loop);
    const UniqueFd descriptor = eventDescriptor(1);
    CountingWatcher watcher;
    QVERIFY(m_loop->watch(descriptor.get(), EPOLLIN, watcher));
    // The descriptor stays ready; timers of Qt and of the loop run all the same.
    bool hasQtTimer = false;
    bool hasOwnTimer = false;
    QTimer::singleShot(2, this, [&] { hasQtTimer = true; });
    m_loop->schedule(Clock::now() + 2ms, [&] { hasOwnTimer = true; });
    QTRY_VERIFY(hasQtTimer && hasOwnTimer);
    QVERIFY(watcher.calls > 0);
    m_loop->forget(descriptor.get());
}

void EpollHostTest::runsPostedWorkOfAnotherThread()
{
    const EpollHost host(*m_loop);
    QTest::qWait(1);
    std::atomic<bool> isOwnThread = false;
    bool hasRun = false;
    const std::thread::id own = std::this_thread::get_id();
    std::thread other([&] {
        m_loop->post([&] {
            isOwnThread = std::this_thread::get_id() == own;
            m_loop->post([&] { hasRun = true; });
        });
    });
    other.join();
    QVERIFY(!hasRun);
    QTRY_VERIFY(hasRun);
    QVERIFY(isOwnThread);
}

void EpollHostTest::sleepsWhenThereIsNothingToDo()
{
    const CountingTime time;
    auto made = EpollLoop::create(&time);
    QVERIFY(made.has_value());
    EpollLoop& loop = **made;
    const EpollHost host(loop);
    const UniqueFd descriptor = eventDescriptor(0);
    CountingWatcher watcher;
    QVERIFY(loop.watch(descriptor.get(), EPOLLIN, watcher));
    loop.schedule(Clock::now() + 1h, [] {});
    QTest::qWait(2);
    const int reads = time.reads;
    QTest::qWait(20);
    QCOMPARE(time.reads, reads);
    loop.forget(descriptor.get());
}

void EpollHostTest::turnsNothingWhenItIsGone()
{
    auto host = std::make_unique<EpollHost>(*m_loop);
    const UniqueFd descriptor = eventDescriptor(1);
    CountingWatcher watcher;
    bool hasRun = false;
    QVERIFY(m_loop->watch(descriptor.get(), EPOLLIN, watcher));
    m_loop->schedule(Clock::now() + 1ms, [&] { hasRun = true; });
    host.reset();
    QTest::qWait(5);
    QCOMPARE(watcher.calls, 0);
    QVERIFY(!hasRun);
    // The loop is as it was: another host goes on with it.
    host = std::make_unique<EpollHost>(*m_loop);
    QTRY_VERIFY(hasRun && watcher.calls > 0);
    m_loop->forget(descriptor.get());
}

void EpollHostTest::mayGoWhileItHasMuchToDo()
{
    auto host = std::make_unique<EpollHost>(*m_loop);
    const UniqueFd descriptor = eventDescriptor(1);
    CountingWatcher watcher;
    QVERIFY(m_loop->watch(descriptor.get(), EPOLLIN, watcher));
    QTRY_VERIFY(watcher.calls > 0);
    m_loop->schedule(Clock::now(), [] {});
    m_loop->post([] {});
    host.reset();
    const int calls = watcher.calls;
    m_loop->forget(descriptor.get());
    m_loop.reset();
    QTest::qWait(1);
    QCOMPARE(watcher.calls, calls);
}

}  // namespace gvpn::transport

QTEST_GUILESS_MAIN(gvpn::transport::EpollHostTest)
#include "tst_epoll_host.moc"
