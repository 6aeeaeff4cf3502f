#include "system/recording_configurator.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::system;

namespace {

NetworkConfig configWithMtu(unsigned mtu)
{
    NetworkConfig config;
    config.mtu = mtu;
    return config;
}

}  // namespace

class RecordingConfiguratorTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void recordsGoals();
    void failsWhenTold();
    void closesAHeldApplyWhenCleared();
};

void RecordingConfiguratorTest::recordsGoals()
{
    RecordingConfigurator configurator;
    int answers = 0;
    configurator.apply(configWithMtu(1400), [&](const Result<void>& result) { answers += result ? 1 : 0; });
    configurator.apply(configWithMtu(1300), [&](const Result<void>& result) { answers += result ? 1 : 0; });
    QCOMPARE(configurator.goals().size(), std::size_t(2));
    QCOMPARE(configurator.current()->mtu, 1300U);
    configurator.clear([&](const Result<void>& result) { answers += result ? 1 : 0; });
    QVERIFY(!configurator.current());
    QCOMPARE(configurator.clearCount(), std::size_t(1));
    QCOMPARE(answers, 3);
}

void RecordingConfiguratorTest::failsWhenTold()
{
    RecordingConfigurator configurator;
    configurator.setApplyResult(fail(ErrorCode::PermissionDenied, "no"));
    std::optional<ErrorCode> code;
    configurator.apply(configWithMtu(1400), [&](const Result<void>& result) { code = result.error().code; });
    QCOMPARE(code, std::optional(ErrorCode::PermissionDenied));
    QVERIFY(!configurator.current());
}

void RecordingConfiguratorTest::closesAHeldApplyWhenCleared()
{
    RecordingConfigurator configurator;
    configurator.holdAnswers();
    std::optional<ErrorCode> code;
    bool isCleared = false;
    configurator.apply(configWithMtu(1400), [&](const Result<void>& result) { code = result.error().code; });
    QVERIFY(!code);
    configurator.clear([&](const Result<void>& result) { isCleared = result.has_value(); });
    QCOMPARE(code, std::optional(ErrorCode::Closed));
    QVERIFY(!isCleared);
    QVERIFY(configurator.answerOne());
    QVERIFY(isCleared);
    QVERIFY(!configurator.answerOne());
}

QTEST_APPLESS_MAIN(RecordingConfiguratorTest)

#include "tst_recording_configurator.moc"
