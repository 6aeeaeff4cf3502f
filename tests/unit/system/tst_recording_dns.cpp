#include "system/recording_dns.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::system;

namespace {

DnsConfig office()
{
    return {{net::IpAddress::parse("172.17.0.53").value()}, {"office.example"}};
}

}  // namespace

class RecordingDnsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void setsTheSameOnlyOnce();
    void anEmptyGoalTakesBack();
    void isNotInForceWithoutAService();
    void aNewerCallClosesAHeldOne();
};

void RecordingDnsTest::setsTheSameOnlyOnce()
{
    RecordingDns dns;
    int answers = 0;
    const auto count = [&](const Result<DnsOutcome>& outcome) { answers += outcome == DnsOutcome::InForce ? 1 : 0; };
    dns.apply(7, office(), count);
    dns.apply(7, office(), count);
    QCOMPARE(dns.goals().size(), std::size_t{1});
    dns.apply(8, office(), count);
    QCOMPARE(dns.goals().size(), std::size_t{2});
    QCOMPARE(answers, 3);
    dns.clear([&](const Result<void>& result) { answers += result ? 1 : 0; });
    QVERIFY(!dns.current());
    QCOMPARE(dns.takenBack(), std::size_t{1});
    QCOMPARE(answers, 4);
}

void RecordingDnsTest::anEmptyGoalTakesBack()
{
    RecordingDns dns;
    dns.apply(7, office(), [](const auto&) {});
    dns.apply(7, {office().servers, {}}, [](const auto&) {});
    QVERIFY(!dns.current());
    QCOMPARE(dns.goals().size(), std::size_t{1});
    QCOMPARE(dns.takenBack(), std::size_t{1});
}

void RecordingDnsTest::isNotInForceWithoutAService()
{
    RecordingDns dns;
    dns.setOutcome(DnsOutcome::NoService);
    std::optional<DnsOutcome> outcome;
    dns.apply(7, office(), [&](const Result<DnsOutcome>& result) { outcome = *result; });
    QCOMPARE(outcome, std::optional(DnsOutcome::NoService));
    QVERIFY(!dns.current());
    dns.clear([](const auto&) {});
    QCOMPARE(dns.takenBack(), std::size_t{0});
}

void RecordingDnsTest::aNewerCallClosesAHeldOne()
{
    RecordingDns dns;
    dns.holdAnswers();
    std::optional<ErrorCode> code;
    bool isCleared = false;
    dns.apply(7, office(), [&](const Result<DnsOutcome>& result) { code = result.error().code; });
    QVERIFY(!code);
    dns.clear([&](const Result<void>& result) { isCleared = result.has_value(); });
    QCOMPARE(code, std::optional(ErrorCode::Closed));
    QVERIFY(!isCleared);
    QVERIFY(dns.answer());
    QVERIFY(isCleared);
    QVERIFY(!dns.answer());
}

QTEST_APPLESS_MAIN(RecordingDnsTest)
#include "tst_recording_dns.moc"
