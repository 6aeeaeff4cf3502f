#include "transport/fake_line.h"
#include "tunnel/line_watch.h"

#include <QtTest>

namespace gvpn::tunnel {

using namespace std::chrono_literals;
using transport::FakeLine;

namespace {

/// Answers when the test says so, as a helper does whose answer a person gives.
class LateSetter final : public CongestionSetter {
public:
    void set(transport::Line& /*line*/, const std::string& name, const Done& done) override
    {
        asked.push_back(name);
        answer = done;
    }
    std::vector<std::string> asked;
    Done answer;
};

}  // namespace

class LineWatchTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void looksOnceAnInterval();
    void doesNotLookBeforeTheStart();
    void keepsTheLastState();
    void movesALossyLine();
    void saysWhyItWasRefusedAndDoesNotAskAgain();
    void setsANamedOneAtTheStart();
    void goesOnWhenANamedOneIsRefused();
    void saysNothingWhenTheNamedOneRunsAlready();
    void takesAnAnswerThatComesLate();
    void bearsAnAnswerThatComesAfterItsEnd();
    void limitsWhatWaitsToBeReadAndTakesItBack();
    void hasNothingToDoWithoutALine();

private:
    [[nodiscard]] LineWatch::Parts parts(CongestionMode mode = {})
    {
        return {&m_line, std::move(mode), m_direct, [this] { ++m_changes; }};
    }
    /// Some seconds in which the line loses 2 %.
    void loseFor(LineWatch& watch, int seconds)
    {
        for (int i = 0; i < seconds; ++i) {
            m_now += 1s;
            m_line.state.segmentsSent += 1000;
            m_line.state.segmentsRetransmitted += 20;
            static_cast<void>(watch.look(m_now));
        }
    }

    FakeLine m_line;
    DirectCongestionSetter m_direct;
    TimePoint m_now{};
    int m_changes = 0;
};

void LineWatchTest::init()
{
    m_line = FakeLine();
    m_line.state.roundTrip = m_line.state.minRoundTrip = 40ms;
    m_now = TimePoint(1h);
    m_changes = 0;
}

void LineWatchTest::looksOnceAnInterval()
{
    LineWatch watch(parts());
    watch.start(m_now);
    const int atStart = m_line.readings;
    static_cast<void>(watch.look(m_now));
    static_cast<void>(watch.look(m_now + LookInterval - 1ms));
    QCOMPARE(m_line.readings, atStart);
    for (int i = 0; i < 100; ++i)
        static_cast<void>(watch.look(m_now + LookInterval));
    QCOMPARE(m_line.readings, atStart + 1);
    static_cast<void>(watch.look(m_now + 1h));
    QCOMPARE(m_line.readings, atStart + 2);
}

void LineWatchTest::doesNotLookBeforeTheStart()
{
    LineWatch watch(parts());
    static_cast<void>(watch.look(m_now + 1h));
    QCOMPARE(m_line.readings, 0);
    QVERIFY(!watch.info());
    QCOMPARE(watch.status().algorithm, std::string("cubic"));
}

void LineWatchTest::keepsTheLastState()
{
    LineWatch watch(parts());
    watch.start(m_now);
    QVERIFY(watch.info().has_value());
    m_line.state.roundTrip = 77ms;
    static_cast<void>(watch.look(m_now + LookInterval));
    QCOMPARE(watch.info()->roundTrip, std::chrono::microseconds(77ms));
    m_line.infoError = Error{ErrorCode::Closed, "over"};
    static_cast<void>(watch.look(m_now + 2 * LookInterval));
    QCOMPARE(watch.info()->roundTrip, std::chrono::microseconds(77ms));
}

void LineWatchTest::movesALossyLine()
{
    LineWatch watch(parts());
    watch.start(m_now);
    QVERIFY(!watch.status().reason.empty());
    loseFor(watch, 1);
    QCOMPARE(m_changes, 0);
    loseFor(watch, 10);
    QCOMPARE(m_changes, 1);
    QCOMPARE(m_line.asked, std::vector<std::string>{"bbr"});
    QCOMPARE(watch.status(),
             (CongestionStatus{"bbr", "2.0 % of the segments were lost at a round-trip time of 40 ms", false}));
}

void LineWatchTest::saysWhyItWasRefusedAndDoesNotAskAgain()
{
    m_line.congestionError = Error{ErrorCode::PermissionDenied, "is not permitted to this process"};
    LineWatch watch(parts());
    watch.start(m_now);
    loseFor(watch, 20);
    QCOMPARE(m_changes, 1);
    QCOMPARE(m_line.asked.size(), std::size_t{1});
    QCOMPARE(watch.status(), (CongestionStatus{"cubic", "bbr is not permitted to this process", true}));
    QVERIFY(watch.info().has_value());
}

void LineWatchTest::setsANamedOneAtTheStart()
{
    LineWatch watch(parts({CongestionMode::Kind::Named, "reno"}));
    QVERIFY(m_line.asked.empty());
    watch.start(m_now);
    QCOMPARE(watch.status(), (CongestionStatus{"reno", "as asked for", false}));
    QCOMPARE(m_changes, 1);
    loseFor(watch, 10);
    QCOMPARE(m_line.asked, std::vector<std::string>{"reno"});
}

void LineWatchTest::goesOnWhenANamedOneIsRefused()
{
    m_line.congestionError = Error{ErrorCode::Unsupported, "is not to be had from this kernel"};
    LineWatch watch(parts({CongestionMode::Kind::Named, "nosuch"}));
    watch.start(m_now);
    QCOMPARE(watch.status(), (CongestionStatus{"cubic", "nosuch is not to be had from this kernel", true}));
    loseFor(watch, 10);
    QCOMPARE(m_changes, 1);
}

void LineWatchTest::saysNothingWhenTheNamedOneRunsAlready()
{
    LineWatch watch(parts({CongestionMode::Kind::Named, "cubic"}));
    watch.start(m_now);
    QCOMPARE(m_changes, 0);
    QVERIFY(m_line.asked.empty());
    QCOMPARE(watch.status(), (CongestionStatus{"cubic", "as asked for", false}));
}

void LineWatchTest::takesAnAnswerThatComesLate()
{
    LateSetter setter;
    LineWatch watch({&m_line, {}, setter, [this] { ++m_changes; }});
    watch.start(m_now);
    loseFor(watch, 20);
    QCOMPARE(setter.asked, std::vector<std::string>{"bbr"});
    QCOMPARE(m_changes, 0);
    QCOMPARE(watch.status().algorithm, std::string("cubic"));
    m_line.algorithm = "bbr";
    setter.answer({});
    QCOMPARE(m_changes, 1);
    QCOMPARE(watch.status().algorithm, std::string("bbr"));
    QVERIFY(!watch.status().isRefused);
}

void LineWatchTest::bearsAnAnswerThatComesAfterItsEnd()
{
    LateSetter setter;
    {
        LineWatch watch({&m_line, {CongestionMode::Kind::Named, "bbr"}, setter, [this] { ++m_changes; }});
        watch.start(m_now);
    }
    setter.answer({});
    QCOMPARE(m_changes, 0);
}

void LineWatchTest::limitsWhatWaitsToBeReadAndTakesItBack()
{
    m_line.state.minRoundTrip = 60us;
    LineWatch watch(parts());
    watch.start(m_now);
    QVERIFY(watch.look(m_now += LookInterval));
    QCOMPARE(m_line.receiveLimits, std::vector<std::uint32_t>{ShortReceiveBytes});
    m_line.state.minRoundTrip = 40ms;
    QVERIFY(watch.look(m_now += LookInterval));
    QVERIFY(watch.look(m_now += LookInterval));
    QCOMPARE(m_line.receiveLimits, (std::vector<std::uint32_t>{ShortReceiveBytes, 0}));
}

void LineWatchTest::hasNothingToDoWithoutALine()
{
    LineWatch watch({nullptr, {CongestionMode::Kind::Named, "bbr"}, m_direct, [this] { ++m_changes; }});
    watch.start(m_now);
    static_cast<void>(watch.look(m_now + 1h));
    QCOMPARE(m_changes, 0);
    QVERIFY(!watch.info());
    QVERIFY(watch.status().algorithm.empty());
    QVERIFY(!watch.status().reason.empty());
}

}  // namespace gvpn::tunnel

QTEST_APPLESS_MAIN(gvpn::tunnel::LineWatchTest)
#include "tst_line_watch.moc"
