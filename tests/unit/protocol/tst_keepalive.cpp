#include "protocol/keepalive.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::protocol;
using namespace std::chrono_literals;
using Verdict = Keepalive::Verdict;

namespace {
const TimePoint Start = TimePoint() + 1000s;
}

class TestKeepalive : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void diesAfterTwoAndAHalfIntervals_data()
    {
        QTest::addColumn<int>("interval");
        QTest::addColumn<int>("deadAfter");
        QTest::newRow("default") << 10'000 << 25'000;
        QTest::newRow("longest") << 120'000 << 300'000;
        QTest::newRow("odd") << 3'000 << 7'500;
        QTest::newRow("2 s") << 2'000 << 5'000;
        QTest::newRow("at least 5 s") << 1'000 << 5'000;
    }

    void diesAfterTwoAndAHalfIntervals()
    {
        QFETCH(int, interval);
        QFETCH(int, deadAfter);
        Keepalive keepalive(Duration(interval), Start);
        QCOMPARE(keepalive.deadAfter(), Duration(deadAfter));
        QVERIFY(keepalive.tick(Start + Duration(deadAfter) - 1ms) != Verdict::Dead);
        QVERIFY(keepalive.tick(Start + Duration(deadAfter)) == Verdict::Dead);
    }

    void pingsEachIntervalOfSilenceAndThenDies()
    {
        Keepalive keepalive(10s, Start);
        QVERIFY(keepalive.deadline() == Start + 10s);
        QVERIFY(keepalive.tick(Start + 10s - 1ms) == Verdict::Nothing);
        QVERIFY(keepalive.tick(Start + 10s) == Verdict::SendPing);
        QVERIFY(keepalive.tick(Start + 10s) == Verdict::Nothing);
        QVERIFY(keepalive.deadline() == Start + 20s);
        const auto firstId = keepalive.lastPingId();
        QVERIFY(keepalive.tick(Start + 20s) == Verdict::SendPing);
        QVERIFY(keepalive.lastPingId() != firstId);
        QVERIFY(keepalive.deadline() == Start + 25s);
        QVERIFY(keepalive.tick(Start + 25s) == Verdict::Dead);
    }

    void isSilentWhileBytesCome()
    {
        Keepalive keepalive(10s, Start);
        for (int i = 1; i <= 100; ++i) {
            keepalive.received(Start + i * 9s);
            QVERIFY(keepalive.tick(Start + i * 9s + 1s) == Verdict::Nothing);
        }
        QVERIFY(keepalive.deadline() == Start + 910s);
        QVERIFY(keepalive.tick(Start + 910s) == Verdict::SendPing);
    }

    void anythingReceivedPutsTheEndOff()
    {
        Keepalive keepalive(10s, Start);
        QVERIFY(keepalive.tick(Start + 10s) == Verdict::SendPing);
        keepalive.received(Start + 24s);
        QVERIFY(keepalive.tick(Start + 25s) == Verdict::Nothing);
        QVERIFY(keepalive.tick(Start + 34s) == Verdict::SendPing);
        QVERIFY(keepalive.tick(Start + 49s) == Verdict::Dead);
    }

    void measuresTheRoundTripOfTheLastPingOnce()
    {
        Keepalive keepalive(10s, Start);
        QVERIFY(!keepalive.pong(0, Start + 1s));  // never sent
        QVERIFY(keepalive.tick(Start + 10s) == Verdict::SendPing);
        const auto id = keepalive.lastPingId();
        QVERIFY(!keepalive.pong(id + 1, Start + 10s + 5ms));
        QVERIFY(keepalive.pong(id, Start + 10s + 42ms) == std::optional(42ms));
        QVERIFY(!keepalive.pong(id, Start + 10s + 50ms));
        QVERIFY(keepalive.tick(Start + 20s) == Verdict::SendPing);
        QVERIFY(!keepalive.pong(id, Start + 20s + 1ms));  // too late
    }
};

QTEST_APPLESS_MAIN(TestKeepalive)
#include "tst_keepalive.moc"
