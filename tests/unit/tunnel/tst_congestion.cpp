#include "tunnel/congestion.h"

#include <QtTest>

#include <limits>

namespace gvpn::tunnel {

using namespace std::chrono_literals;
using transport::LineInfo;

namespace {

const CongestionMode Auto{};

/// The next look at a line that has sent and lost so much since the last one.
LineInfo after(LineInfo info, std::uint32_t sent, std::uint32_t lost)
{
    info.segmentsSent += sent;
    info.segmentsRetransmitted += lost;
    return info;
}

LineInfo longLine()
{
    LineInfo info;
    info.roundTrip = 41ms;
    info.minRoundTrip = 40ms;
    return info;
}

/// As many looks at the same as are judged together.
std::optional<CongestionSwitch> judge(CongestionChoice& choice, const LineInfo& info)
{
    std::optional<CongestionSwitch> wanted;
    for (unsigned look = 0; look < LooksJudged && !wanted; ++look)
        wanted = choice.observe(info);
    return wanted;
}

}  // namespace

class CongestionTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void readsAMode_data();
    void readsAMode();
    void refusesWhatCantBeAName_data();
    void refusesWhatCantBeAName();
    void movesALossyLongLine_data();
    void movesALossyLongLine();
    void waitsUntilEnoughWasSent();
    void judgesLossAtEveryThirdLook();
    void needsTwoLossyJudgementsInARow();
    void movesAConnectionThatLeavesALongLineEmpty_data();
    void movesAConnectionThatLeavesALongLineEmpty();
    void needsSeveralLooksAtAnEmptyLineInARow();
    void needsMoreLooksAfterALoss();
    void switchesOnce();
    void passesOverSegmentsThatHadArrived();
    void goesByTheLinesOwnRoundTripNotTheQueues();
    void goesByTheRoundTripWhileNoOwnOneIsKnown();
    void countsOnWhenTheCountersBeginAnew();
    void leavesAnythingButAutoAlone_data();
    void leavesAnythingButAutoAlone();
    void setsANamedOneAtOnce();
    void saysWhyItStays_data();
    void saysWhyItStays();
};

void CongestionTest::readsAMode_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<CongestionMode>("mode");
    using Kind = CongestionMode::Kind;
    QTest::newRow("auto") << QByteArray("auto") << CongestionMode{Kind::Auto};
    QTest::newRow("system") << QByteArray("system") << CongestionMode{Kind::System};
    QTest::newRow("name") << QByteArray("bbr") << CongestionMode{Kind::Named, "bbr"};
    QTest::newRow("all characters") << QByteArray("dctcp_v2") << CongestionMode{Kind::Named, "dctcp_v2"};
    QTest::newRow("one character") << QByteArray("x") << CongestionMode{Kind::Named, "x"};
    QTest::newRow("longest") << QByteArray(15, 'x') << CongestionMode{Kind::Named, std::string(15, 'x')};
}

void CongestionTest::readsAMode()
{
    QFETCH(const QByteArray, text);
    const auto parsed = CongestionMode::parse(text.toStdString());
    QVERIFY(parsed.has_value());
    QFETCH(const CongestionMode, mode);
    QCOMPARE(*parsed, mode);
}

void CongestionTest::refusesWhatCantBeAName_data()
{
    QTest::addColumn<QByteArray>("text");
    for (const char* text : {"", "BBR", "Auto", "bbr ", " bbr", "bb r", "bbr-2", "bbr\n", "b\xC3\xA4r", "../bbr"})
        QTest::newRow(text) << QByteArray(text);
    QTest::newRow("too long") << QByteArray(16, 'x');
    QTest::newRow("very long") << QByteArray(100'000, 'x');
    QTest::newRow("a zero inside") << QByteArray("bbr\0r", 5);
}

void CongestionTest::refusesWhatCantBeAName()
{
    QFETCH(const QByteArray, text);
    const auto mode = CongestionMode::parse(text.toStdString());
    QVERIFY(!mode);
    QCOMPARE(mode.error().code, ErrorCode::InvalidArgument);
}

void CongestionTest::movesALossyLongLine_data()
{
    QTest::addColumn<int>("microseconds");
    QTest::addColumn<int>("sent");
    QTest::addColumn<int>("lost");
    QTest::addColumn<bool>("isMoved");
    QTest::newRow("1 % over 40 ms") << 40'000 << 1000 << 10 << true;
    QTest::newRow("as much loss as it takes") << 40'000 << 1000 << 3 << true;
    QTest::newRow("a little less") << 40'000 << 1000 << 2 << false;
    QTest::newRow("as much loss as it takes, of many") << 40'000 << 1'000'000 << 3000 << true;
    QTest::newRow("a little less of many") << 40'000 << 1'000'000 << 2999 << false;
    QTest::newRow("one of few") << 40'000 << 200 << 1 << true;
    QTest::newRow("none") << 40'000 << 1000 << 0 << false;
    QTest::newRow("all") << 40'000 << 1000 << 1000 << true;
    QTest::newRow("long enough") << 5'000 << 1000 << 10 << true;
    QTest::newRow("a little too short") << 4'999 << 1000 << 10 << false;
    QTest::newRow("a local line") << 100 << 1000 << 500 << false;
    QTest::newRow("not measured") << 0 << 1000 << 500 << false;
    QTest::newRow("a product beyond 32 bits") << 40'000 << 1'000'000'000 << 1'000'000 << false;
}

void CongestionTest::movesALossyLongLine()
{
    QFETCH(const int, microseconds);
    QFETCH(const int, sent);
    QFETCH(const int, lost);
    LineInfo info;
    info.roundTrip = info.minRoundTrip = std::chrono::microseconds(microseconds);
    CongestionChoice choice(Auto, "cubic");
    std::optional<CongestionSwitch> wanted;
    for (unsigned i = 0; i < LossyJudgements; ++i) {
        QVERIFY(!wanted);
        info = after(info, static_cast<std::uint32_t>(sent), static_cast<std::uint32_t>(lost));
        wanted = judge(choice, info);
    }
    QTEST(wanted.has_value(), "isMoved");
    if (wanted)
        QCOMPARE(wanted->name, std::string("bbr"));
}

void CongestionTest::waitsUntilEnoughWasSent()
{
    CongestionChoice choice(Auto, "cubic");
    LineInfo info = longLine();
    // 199 are too few, but they are not forgotten.
    for (int i = 0; i < 199; ++i) {
        info = after(info, 1, 1);
        QVERIFY(!judge(choice, info));
    }
    info = after(info, 1, 1);
    QVERIFY(!judge(choice, info));
    info = after(info, JudgedSegments, JudgedSegments);
    QVERIFY(judge(choice, info).has_value());
}

void CongestionTest::judgesLossAtEveryThirdLook()
{
    CongestionChoice choice(Auto, "cubic");
    LineInfo info = longLine();
    for (unsigned look = 1; look < LooksJudged * LossyJudgements; ++look) {
        info = after(info, 1000, 50);
        QVERIFY(!choice.observe(info));
    }
    QVERIFY(choice.observe(after(info, 1000, 50)).has_value());
}

void CongestionTest::needsTwoLossyJudgementsInARow()
{
    CongestionChoice choice(Auto, "cubic");
    LineInfo info = longLine();
    for (int i = 0; i < 20; ++i) {
        info = after(info, 1000, i % 2 == 0 ? 50 : 0);
        QVERIFY(!judge(choice, info));
    }
    info = after(info, 1000, 50);
    QVERIFY(!judge(choice, info));
    info = after(info, 1000, 50);
    const auto wanted = judge(choice, info);
    QVERIFY(wanted.has_value());
    QCOMPARE(wanted->reason, std::string("5.0 % of the segments were lost at a round-trip time of 41 ms"));
}

void CongestionTest::movesAConnectionThatLeavesALongLineEmpty_data()
{
    QTest::addColumn<LineInfo>("info");
    QTest::addColumn<bool>("isMoved");
    LineInfo timid = longLine();
    timid.congestionWindow = 100;
    timid.slowStartThreshold = 80;
    timid.unacknowledged = 100;
    const auto row = [](const char* name, LineInfo info, bool isMoved) { QTest::newRow(name) << info << isMoved; };
    row("a full small window", timid, true);
    LineInfo info = timid;
    info.unacknowledged = 88;
    row("nearly full", info, true);
    info.unacknowledged = 87;
    row("room in the window: there is no more to send, or the peer takes no more", info, false);
    info = timid;
    info.slowStartThreshold = 100;
    row("just out of slow start", info, true);
    info.slowStartThreshold = 101;
    row("in slow start", info, false);
    info = timid;
    info.roundTrip = 44'999us;
    row("next to no queue", info, true);
    info.roundTrip = 45'000us;
    row("a queue: the line is full", info, false);
    info = timid;
    info.roundTrip = 39ms;
    row("less than the shortest, as the smoothed one may be", info, true);
    info = timid;
    info.minRoundTrip = 4'999us;
    info.roundTrip = 5ms;
    row("a short line", info, false);
    info.minRoundTrip = 5ms;
    row("long enough", info, true);
    info.minRoundTrip = 0us;
    row("the line's own time is not known", info, false);
    info = timid;
    info.congestionWindow = info.slowStartThreshold = info.unacknowledged = 0;
    row("nothing known", info, false);
}

void CongestionTest::movesAConnectionThatLeavesALongLineEmpty()
{
    QFETCH(const LineInfo, info);
    CongestionChoice choice(Auto, "cubic");
    std::optional<CongestionSwitch> wanted;
    for (unsigned i = 0; i < TimidLooks; ++i) {
        QVERIFY(!wanted);
        wanted = choice.observe(info);
    }
    QTEST(wanted.has_value(), "isMoved");
    if (wanted)
        QCOMPARE(wanted->name, std::string("bbr"));
}

void CongestionTest::needsSeveralLooksAtAnEmptyLineInARow()
{
    CongestionChoice choice(Auto, "cubic");
    LineInfo empty = longLine();
    empty.congestionWindow = empty.slowStartThreshold = empty.unacknowledged = 100;
    LineInfo full = empty;
    full.roundTrip = 60ms;
    for (int i = 0; i < 10; ++i) {
        for (unsigned look = 1; look < TimidLooks; ++look)
            QVERIFY(!choice.observe(empty));
        QVERIFY(!choice.observe(full));
    }
    for (unsigned look = 1; look < TimidLooks; ++look)
        QVERIFY(!choice.observe(empty));
    const auto wanted = choice.observe(empty);
    QVERIFY(wanted.has_value());
    QCOMPARE(wanted->reason, std::string("cubic left the line partly empty at a round-trip time of 41 ms"));
    QVERIFY(!choice.observe(empty));
}

void CongestionTest::needsMoreLooksAfterALoss()
{
    CongestionChoice choice(Auto, "cubic");
    LineInfo empty = longLine();
    empty.congestionWindow = empty.slowStartThreshold = empty.unacknowledged = 10;
    empty.segmentsRetransmitted = 1;
    for (unsigned look = 1; look < TimidLooksAfterLoss; ++look)
        QVERIFY(!choice.observe(empty));
    QVERIFY(choice.observe(empty).has_value());
}

void CongestionTest::switchesOnce()
{
    CongestionChoice choice(Auto, "cubic");
    LineInfo info = longLine();
    int switches = 0;
    for (int i = 0; i < 20; ++i) {
        info = after(info, 1000, 50);
        switches += judge(choice, info) ? 1 : 0;
    }
    QCOMPARE(switches, 1);
}

void CongestionTest::passesOverSegmentsThatHadArrived()
{
    CongestionChoice choice(Auto, "cubic");
    LineInfo info = longLine();
    for (int i = 0; i < 10; ++i) {
        info = after(info, 1000, 50);
        // The peer may also report more duplicates than we have sent.
        info.segmentsDuplicated += i % 2 == 0 ? 49 : 60;
        QVERIFY(!judge(choice, info));
    }
}

void CongestionTest::goesByTheLinesOwnRoundTripNotTheQueues()
{
    CongestionChoice choice(Auto, "cubic");
    LineInfo info = longLine();
    info.minRoundTrip = 200us;
    for (int i = 0; i < 5; ++i) {
        info = after(info, 1000, 50);
        QVERIFY(!judge(choice, info));
    }
}

void CongestionTest::goesByTheRoundTripWhileNoOwnOneIsKnown()
{
    CongestionChoice choice(Auto, "cubic");
    LineInfo info = longLine();
    info.minRoundTrip = 0us;
    info = after(info, 1000, 50);
    QVERIFY(!judge(choice, info));
    QVERIFY(judge(choice, after(info, 1000, 50)).has_value());
}

void CongestionTest::countsOnWhenTheCountersBeginAnew()
{
    const auto run = [](std::uint32_t lost) {
        CongestionChoice choice(Auto, "cubic");
        LineInfo info = longLine();
        info.segmentsSent = std::numeric_limits<std::uint32_t>::max() - 1500;
        info.segmentsRetransmitted = std::numeric_limits<std::uint32_t>::max() - 5;
        info.segmentsDuplicated = std::numeric_limits<std::uint32_t>::max();
        // The first look is at all that was sent so far: with next to no segments lost that had not arrived.
        bool isMoved = judge(choice, info).has_value();
        for (int i = 0; i < 3; ++i) {
            info = after(info, 1000, lost);
            isMoved = judge(choice, info).has_value() || isMoved;
        }
        return isMoved;
    };
    QVERIFY(run(10));
    QVERIFY(!run(1));
}

void CongestionTest::leavesAnythingButAutoAlone_data()
{
    QTest::addColumn<CongestionMode>("mode");
    QTest::addColumn<std::string>("running");
    using Kind = CongestionMode::Kind;
    QTest::newRow("system") << CongestionMode{Kind::System} << std::string("cubic");
    QTest::newRow("named") << CongestionMode{Kind::Named, "reno"} << std::string("reno");
    QTest::newRow("named, but not set") << CongestionMode{Kind::Named, "nosuch"} << std::string("cubic");
    QTest::newRow("auto, with bbr already") << Auto << std::string("bbr");
}

void CongestionTest::leavesAnythingButAutoAlone()
{
    QFETCH(const CongestionMode, mode);
    QFETCH(const std::string, running);
    CongestionChoice choice(mode, running);
    LineInfo info = longLine();
    for (int i = 0; i < 5; ++i) {
        info = after(info, 1000, 50);
        QVERIFY(!judge(choice, info));
    }
}

void CongestionTest::setsANamedOneAtOnce()
{
    const CongestionMode named{CongestionMode::Kind::Named, "bbr"};
    QCOMPARE(CongestionChoice(named, "cubic").atStart(), (CongestionSwitch{"bbr", "as asked for"}));
    QVERIFY(!CongestionChoice(named, "bbr").atStart());
    QVERIFY(!CongestionChoice(Auto, "cubic").atStart());
    QVERIFY(!CongestionChoice({CongestionMode::Kind::System}, "cubic").atStart());
}

void CongestionTest::saysWhyItStays_data()
{
    QTest::addColumn<CongestionMode>("mode");
    QTest::addColumn<std::string>("running");
    QTest::addColumn<QString>("part");
    using Kind = CongestionMode::Kind;
    QTest::newRow("system") << CongestionMode{Kind::System} << std::string("cubic") << "as asked for";
    QTest::newRow("named") << CongestionMode{Kind::Named, "reno"} << std::string("reno") << "as asked for";
    QTest::newRow("auto") << Auto << std::string("cubic") << "bbr is not needed so far";
    QTest::newRow("auto, with bbr already") << Auto << std::string("bbr") << "the system's default";
}

void CongestionTest::saysWhyItStays()
{
    QFETCH(const CongestionMode, mode);
    QFETCH(const std::string, running);
    QFETCH(const QString, part);
    const std::string reason = CongestionChoice(mode, running).reasonToStay();
    QVERIFY2(QString::fromStdString(reason).contains(part), reason.c_str());
}

}  // namespace gvpn::tunnel

QTEST_APPLESS_MAIN(gvpn::tunnel::CongestionTest)
#include "tst_congestion.moc"
