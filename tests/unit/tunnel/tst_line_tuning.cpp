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
    void doesNotShrinkABufferThatHasGrown();
    void takesTheLimitBackWhenTheLineHasBecomeLong();
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
    tuner.observe(info);
    QTEST(tuner.tuning().unsentBytes, "unsent");
    QTEST(quint64{tuner.tuning().batchBytes}, "batch");
    QCOMPARE(tuner.tuning().roundTrip, Clock::duration(7ms));
}

void LineTuningTest::isNotMisledByASenderThatHasNoMore()
{
    LineTuner tuner;
    LineInfo info;
    info.bytesPerSecond = 12'500'000;
    tuner.observe(info);
    info.bytesPerSecond = 1'000;
    info.isApplicationLimited = true;
    tuner.observe(info);
    QCOMPARE(tuner.tuning().unsentBytes, 25'000U);
}

void LineTuningTest::limitsWhatWaitsToBeRead_data()
{
    QTest::addColumn<qint64>("minRoundTripUs");
    QTest::addColumn<quint32>("limit");
    QTest::newRow("one machine") << qint64{40} << ShortReceiveBytes;
    QTest::newRow("just short") << qint64{ShortRoundTrip.count()} << ShortReceiveBytes;
    QTest::newRow("not short") << qint64{ShortRoundTrip.count() + 1} << 0U;
    QTest::newRow("not known") << qint64{0} << 0U;
}

void LineTuningTest::limitsWhatWaitsToBeRead()
{
    QFETCH(const qint64, minRoundTripUs);
    LineTuner tuner;
    LineInfo info;
    info.minRoundTrip = std::chrono::microseconds(minRoundTripUs);
    tuner.observe(info);
    QTEST(tuner.tuning().receiveBytes, "limit");
}

void LineTuningTest::doesNotShrinkABufferThatHasGrown()
{
    LineTuner tuner;
    LineInfo info;
    info.minRoundTrip = 300us;
    tuner.observe(info);
    info.minRoundTrip = 60us;
    info.bytesReceived = ShortReceiveBytes;
    tuner.observe(info);
    QCOMPARE(tuner.tuning().receiveBytes, 0U);
    info.bytesReceived = ShortReceiveBytes - 1;
    tuner.observe(info);
    QCOMPARE(tuner.tuning().receiveBytes, ShortReceiveBytes);
}

void LineTuningTest::takesTheLimitBackWhenTheLineHasBecomeLong()
{
    LineTuner tuner;
    LineInfo info;
    info.minRoundTrip = 60us;
    tuner.observe(info);
    info.bytesReceived = 50'000'000'000;
    info.minRoundTrip = ReleasedRoundTrip;
    tuner.observe(info);
    QCOMPARE(tuner.tuning().receiveBytes, ShortReceiveBytes);
    info.minRoundTrip = ReleasedRoundTrip + 1us;
    tuner.observe(info);
    QCOMPARE(tuner.tuning().receiveBytes, 0U);
    info.minRoundTrip = 60us;
    tuner.observe(info);
    QCOMPARE(tuner.tuning().receiveBytes, 0U);
}

}  // namespace gvpn::tunnel

QTEST_APPLESS_MAIN(gvpn::tunnel::LineTuningTest)
#include "tst_line_tuning.moc"
