#include "tunnel/line_tuning.h"

#include <QtTest>

namespace gvpn::tunnel {

using namespace std::chrono_literals;
using transport::LineInfo;

class LineTuningTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void letsWaitWhatTheLineSendsInAShortTime_data();
    void letsWaitWhatTheLineSendsInAShortTime();
    void isNotMisledByASenderThatHasNoMore();
    void limitsWhatWaitsToBeRead_data();
    void limitsWhatWaitsToBeRead();
    void needsTwoLooksToKnowTheSpeed();
    void takesTheLimitBackWhenTheTransferIsOver();
};

void LineTuningTest::letsWaitWhatTheLineSendsInAShortTime_data()
{
    QTest::addColumn<quint64>("bytesPerSecond");
    QTest::addColumn<quint32>("unsent");
    QTest::addColumn<quint64>("batch");
    QTest::newRow("not known") << quint64{0} << MaxUnsentBytes / 2 << quint64{BatchTargetBytes};
    QTest::newRow("1 Mbit/s") << quint64{125'000} << MinUnsentBytes << quint64{MinUnsentBytes};
    QTest::newRow("100 Mbit/s") << quint64{12'500'000} << quint32{25'000} << quint64{25'000};
    QTest::newRow("10 Gbit/s") << quint64{1'250'000'000} << MaxUnsentBytes << quint64{BatchTargetBytes};
}

void LineTuningTest::letsWaitWhatTheLineSendsInAShortTime()
{
    QFETCH(const quint64, bytesPerSecond);
    LineTuner tuner;
    LineInfo info;
    info.bytesPerSecond = bytesPerSecond;
    info.roundTrip = 7ms;
    tuner.observe(info, TimePoint(1h));
    QTEST(tuner.tuning().unsentBytes, "unsent");
    QTEST(quint64{tuner.tuning().batchBytes}, "batch");
    QCOMPARE(tuner.tuning().roundTrip, Clock::duration(7ms));
}

void LineTuningTest::isNotMisledByASenderThatHasNoMore()
{
    LineTuner tuner;
    LineInfo info;
    info.bytesPerSecond = 12'500'000;
    tuner.observe(info, TimePoint(1h));
    info.bytesPerSecond = 1'000;
    info.isApplicationLimited = true;
    tuner.observe(info, TimePoint(1h + 1s));
    QCOMPARE(tuner.tuning().unsentBytes, 25'000U);
}

void LineTuningTest::limitsWhatWaitsToBeRead_data()
{
    QTest::addColumn<double>("bytesPerSecond");
    QTest::addColumn<qint64>("minRoundTripUs");
    QTest::addColumn<quint32>("limit");
    QTest::newRow("fast, short") << 800e6 << qint64{60} << FastReceiveBytes;
    QTest::newRow("just") << FastBytesPerSecond << qint64{ShortRoundTrip.count()} << FastReceiveBytes;
    QTest::newRow("not fast") << FastBytesPerSecond * 0.99 << qint64{60} << 0U;
    QTest::newRow("not short") << 800e6 << qint64{ShortRoundTrip.count() + 1} << 0U;
    QTest::newRow("round trip not known") << 800e6 << qint64{0} << 0U;
    QTest::newRow("idle") << 0.0 << qint64{60} << 0U;
}

void LineTuningTest::limitsWhatWaitsToBeRead()
{
    QFETCH(const double, bytesPerSecond);
    QFETCH(const qint64, minRoundTripUs);
    LineTuner tuner;
    LineInfo info;
    info.minRoundTrip = std::chrono::microseconds(minRoundTripUs);
    info.bytesReceived = 5'000'000'000;
    tuner.observe(info, TimePoint(1h));
    info.bytesReceived += static_cast<std::uint64_t>(bytesPerSecond / 4);
    tuner.observe(info, TimePoint(1h + 250ms));
    QTEST(tuner.tuning().receiveBytes, "limit");
}

void LineTuningTest::needsTwoLooksToKnowTheSpeed()
{
    LineTuner tuner;
    LineInfo info;
    info.minRoundTrip = 60us;
    info.bytesReceived = 50'000'000'000;
    tuner.observe(info, TimePoint(1h));
    QCOMPARE(tuner.tuning().receiveBytes, 0U);
    info.bytesReceived += 50'000'000'000;
    tuner.observe(info, TimePoint(1h));  // at the same time: no speed either
    QCOMPARE(tuner.tuning().receiveBytes, 0U);
}

void LineTuningTest::takesTheLimitBackWhenTheTransferIsOver()
{
    LineTuner tuner;
    LineInfo info;
    info.minRoundTrip = 60us;
    tuner.observe(info, TimePoint(1h));
    info.bytesReceived += 900'000'000;
    tuner.observe(info, TimePoint(1h + 1s));
    QCOMPARE(tuner.tuning().receiveBytes, FastReceiveBytes);
    info.bytesReceived += 1'000'000;
    tuner.observe(info, TimePoint(1h + 2s));
    QCOMPARE(tuner.tuning().receiveBytes, 0U);
}

}  // namespace gvpn::tunnel

QTEST_APPLESS_MAIN(gvpn::tunnel::LineTuningTest)
#include "tst_line_tuning.moc"
