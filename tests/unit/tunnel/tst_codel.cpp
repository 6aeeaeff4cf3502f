#include "tunnel/codel.h"

#include <QtTest>

#include <cmath>

using namespace gvpn;
using namespace std::chrono_literals;
using tunnel::Codel;
using tunnel::CodelLimits;

namespace {

constexpr std::size_t Backlog = 100'000;
constexpr std::size_t OnePacket = 1514;
const TimePoint Start{1h};

/// Packets that leave every millisecond, all with the same wait; when they gave way, counted from the start.
struct Line {
    Codel codel;
    CodelLimits limits;
    TimePoint now = Start;
    std::vector<double> drops;  // milliseconds

    void run(Clock::duration waited, Clock::duration length, std::size_t backlogBytes = Backlog,
             Clock::duration step = 1ms)
    {
        for (const TimePoint end = now + length; now < end; now += step) {
            if (codel.shouldDrop(waited, backlogBytes, limits, now))
                drops.push_back(std::chrono::duration<double, std::milli>(now - Start).count());
        }
    }
};

}  // namespace

class TestCodel : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void neverDropsBelowTheTarget();
    void neverDropsWhenOnePacketIsAllThatWaits();
    void firstDropsAfterAWholeIntervalAboveTheTarget_data();
    void firstDropsAfterAWholeIntervalAboveTheTarget();
    void oneShortWaitBeginsTheIntervalAnew_data();
    void oneShortWaitBeginsTheIntervalAnew();
    void dropsFasterWithTheRootOfTheCount_data();
    void dropsFasterWithTheRootOfTheCount();
    void catchesUpWithLateWakeUps();
    void stopsWhenTheWaitIsShort();
    void goesOnAtTheOldRateSoonAfterwards();
    void beginsAnewLongAfterwards();
    void aFlowThatRanDryBeginsAnew();
    void aWaitThatComesAndGoesIsLeftAlone();
};

void TestCodel::neverDropsBelowTheTarget()
{
    Line line;
    line.run(line.limits.target - 1ns, 10s);
    line.run(0ms, 1s);
    QVERIFY(line.drops.empty());
}

void TestCodel::neverDropsWhenOnePacketIsAllThatWaits()
{
    Line line;
    line.run(500ms, 5s, OnePacket);
    QVERIFY(line.drops.empty());
    line.run(500ms, 5s, OnePacket + 1);
    QVERIFY(!line.drops.empty());
}

void TestCodel::firstDropsAfterAWholeIntervalAboveTheTarget_data()
{
    QTest::addColumn<int>("targetMs");
    QTest::addColumn<int>("intervalMs");
    QTest::newRow("as in the RFC") << 5 << 100;
    QTest::newRow("short way") << 5 << 50;
    QTest::newRow("long way") << 100 << 1000;
}

void TestCodel::firstDropsAfterAWholeIntervalAboveTheTarget()
{
    QFETCH(int, targetMs);
    QFETCH(int, intervalMs);
    Line line;
    line.limits = {std::chrono::milliseconds(targetMs), std::chrono::milliseconds(intervalMs)};
    line.run(line.limits.target, line.limits.interval);
    QVERIFY(line.drops.empty());
    line.run(line.limits.target, 1ms);
    QCOMPARE(line.drops.size(), std::size_t{1});
    QCOMPARE(line.drops[0], static_cast<double>(intervalMs));
}

void TestCodel::oneShortWaitBeginsTheIntervalAnew_data()
{
    QTest::addColumn<int>("waitMs");
    QTest::addColumn<std::size_t>("backlogBytes");
    QTest::newRow("below the target") << 4 << Backlog;
    QTest::newRow("the last packet") << 50 << OnePacket;
}

void TestCodel::oneShortWaitBeginsTheIntervalAnew()
{
    QFETCH(int, waitMs);
    QFETCH(std::size_t, backlogBytes);
    Line line;
    line.run(50ms, 99ms);
    line.run(std::chrono::milliseconds(waitMs), 1ms, backlogBytes);
    line.run(50ms, 100ms);
    QVERIFY(line.drops.empty());
    line.run(50ms, 1ms);
    QCOMPARE(line.drops, std::vector<double>{200});
}

void TestCodel::dropsFasterWithTheRootOfTheCount_data()
{
    firstDropsAfterAWholeIntervalAboveTheTarget_data();
}

void TestCodel::dropsFasterWithTheRootOfTheCount()
{
    QFETCH(int, targetMs);
    QFETCH(int, intervalMs);
    Line line;
    line.limits = {std::chrono::milliseconds(targetMs), std::chrono::milliseconds(intervalMs)};
    line.run(2 * line.limits.target, 12 * line.limits.interval, Backlog, 100us);
    double expected = intervalMs;
    QVERIFY(line.drops.size() > 20);
    for (std::size_t i = 0; i < line.drops.size(); ++i) {
        QVERIFY2(line.drops[i] >= expected - 0.001 && line.drops[i] < expected + 0.11,
                 qPrintable(QStringLiteral("drop %1 at %2, not %3").arg(i).arg(line.drops[i]).arg(expected)));
        expected += intervalMs / std::sqrt(static_cast<double>(i + 1));
    }
}

void TestCodel::catchesUpWithLateWakeUps()
{
    // All packets of a late wake-up have the same time: those that are overdue go one after the other.
    Line line;
    line.run(50ms, 101ms);
    QCOMPARE(line.drops.size(), std::size_t{1});
    line.now = Start + 330ms;  // due: 200, 270.7, 328.4, 378.4
    for (int i = 0; i < 20; ++i)
        line.run(50ms, 1ns, Backlog, 1ns);
    QCOMPARE(line.drops.size(), std::size_t{4});
}

void TestCodel::stopsWhenTheWaitIsShort()
{
    Line line;
    line.run(50ms, 1000ms);
    const std::size_t before = line.drops.size();
    QVERIFY(before > 10);
    line.run(4ms, 1ms);
    line.run(50ms, 100ms);
    QCOMPARE(line.drops.size(), before);
}

void TestCodel::goesOnAtTheOldRateSoonAfterwards()
{
    Line line;
    line.run(50ms, 2000ms);
    const std::size_t before = line.drops.size();
    line.run(4ms, 500ms);
    QCOMPARE(line.drops.size(), before);
    line.run(50ms, 400ms);
    // From its first drop on about as often as before its pause, not 100 ms apart.
    QVERIFY(line.drops.size() > before + 5);
    const double oldGap = line.drops[before - 1] - line.drops[before - 2];
    const double newGap = line.drops[before + 1] - line.drops[before];
    QVERIFY2(newGap < 1.3 * oldGap + 2, qPrintable(QStringLiteral("%1 after %2").arg(newGap).arg(oldGap)));
}

void TestCodel::beginsAnewLongAfterwards()
{
    Line line;
    line.run(50ms, 2000ms);
    const std::size_t before = line.drops.size();
    line.run(4ms, 16 * line.limits.interval + 100ms);
    line.run(50ms, 301ms);
    QCOMPARE(line.drops.size(), before + 3);
    QCOMPARE(line.drops[before + 1] - line.drops[before], 100.0);
    QCOMPARE(line.drops[before + 2] - line.drops[before + 1], 71.0);
}

void TestCodel::aFlowThatRanDryBeginsAnew()
{
    Line line;
    line.run(50ms, 99ms);
    line.codel.noteEmpty();
    line.run(50ms, 100ms);
    QVERIFY(line.drops.empty());
    line.run(50ms, 1ms);
    QCOMPARE(line.drops.size(), std::size_t{1});
    line.codel.noteEmpty();
    line.run(50ms, 100ms);
    QCOMPARE(line.drops.size(), std::size_t{1});
}

void TestCodel::aWaitThatComesAndGoesIsLeftAlone()
{
    Line line;
    for (int i = 0; i < 100; ++i) {
        line.run(80ms, 90ms);
        line.run(1ms, 1ms);
    }
    QVERIFY(line.drops.empty());
}

QTEST_APPLESS_MAIN(TestCodel)
#include "tst_codel.moc"
