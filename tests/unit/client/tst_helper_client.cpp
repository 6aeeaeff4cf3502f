// The way to gvpn-helper where there is none: every call is answered, nothing hangs.
#include "client/helper_client.h"

#include "bus/contract.h"
#include "client/helper_edges.h"
#include "client/sentences.h"
#include "transport/fake_line.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::client;

namespace {

const Error NoBus{ErrorCode::PermissionDenied, std::string(NoBusCause)};

}  // namespace

class TestHelperClient : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { qputenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus"); }
    void saysThatThereIsNoBus();
    void givesUpAnOpenThatIsUnderWay();
    void maySayNothingAfterItsEnd();
    void hasNothingToCloseOrToChange();
    void hasNoNamesWithoutALease();
    void configuratorClosesWhatIsBeingOpened();
    void setsWhatEverybodyMayChooseItself();
    void keepsTheReasonWhenItCantAsk();
};

void TestHelperClient::saysThatThereIsNoBus()
{
    HelperClient client;
    for (int i = 0; i < 2; ++i) {
        std::optional<Result<void>> checked;
        client.check([&](const Result<void>& result) { checked = result; });
        QTRY_VERIFY(checked.has_value());
        QCOMPARE(checked->error(), NoBus);
        std::optional<Error> refused;
        client.open(true, [&](const Result<UniqueFd>& result) { refused = result.error(); });
        QTRY_VERIFY(refused.has_value());
        QCOMPARE(*refused, NoBus);
    }
}

void TestHelperClient::givesUpAnOpenThatIsUnderWay()
{
    HelperClient client;
    int answers = 0;
    client.open(true, [&](const Result<UniqueFd>&) { ++answers; });
    bool isClosed = false;
    client.close([&](const Result<void>& result) { isClosed = result.has_value(); });
    QVERIFY(isClosed);
    std::optional<Result<void>> checked;
    client.check([&](const Result<void>& result) { checked = result; });
    QTRY_VERIFY(checked.has_value());
    QCOMPARE(answers, 0);
}

void TestHelperClient::maySayNothingAfterItsEnd()
{
    int answers = 0;
    {
        HelperClient client;
        client.check([&](const Result<void>&) { ++answers; });
    }
    HelperClient other;
    std::optional<Result<void>> checked;
    other.check([&](const Result<void>& result) { checked = result; });
    QTRY_VERIFY(checked.has_value());
    QCOMPARE(answers, 0);
}

void TestHelperClient::hasNothingToCloseOrToChange()
{
    HelperClient client;
    std::optional<Result<void>> result;
    client.apply({}, [&](const Result<void>& answer) { result = answer; });
    QCOMPARE(result.value().error().code, ErrorCode::Closed);
    client.setCongestionControl({}, "bbr", [&](const Result<void>& answer) { result = answer; });
    QCOMPARE(result.value().error().code, ErrorCode::Closed);
    client.close([&](const Result<void>& answer) { result = answer; });
    QVERIFY(result->has_value());
}

void TestHelperClient::hasNoNamesWithoutALease()
{
    HelperClient client;
    HelperDns dns(client);
    const system::DnsConfig office{.servers = {net::IpAddress::parse("172.17.0.53").value()},
                                   .domains = {"office.example"}};
    std::optional<Result<system::DnsOutcome>> applied;
    dns.apply(1, office, [&](const Result<system::DnsOutcome>& result) { applied = result; });
    QCOMPARE(applied.value().error().code, ErrorCode::Closed);
    std::optional<Result<void>> cleared;
    dns.clear([&](const Result<void>& result) { cleared = result; });
    QVERIFY(cleared.value().has_value());
}

void TestHelperClient::configuratorClosesWhatIsBeingOpened()
{
    HelperClient client;
    HelperConfigurator configurator(client);
    int answers = 0;
    client.open(true, [&](const Result<UniqueFd>&) { ++answers; });
    std::optional<Result<void>> cleared;
    configurator.clear([&](const Result<void>& result) { cleared = result; });
    QVERIFY(cleared.value().has_value());
    configurator.apply({}, [&](const Result<void>& result) { cleared = result; });
    QCOMPARE(cleared->error().code, ErrorCode::Closed);
    QCOMPARE(answers, 0);
}

void TestHelperClient::setsWhatEverybodyMayChooseItself()
{
    HelperClient client;
    HelperCongestionSetter setter(client);
    transport::FakeLine line;
    std::optional<Result<void>> result;
    setter.set(line, "reno", [&](const Result<void>& answer) { result = answer; });
    QVERIFY(result.value().has_value());
    QCOMPARE(line.algorithm, std::string("reno"));
    line.congestionError = {ErrorCode::Unsupported, "is not to be had"};
    setter.set(line, "nosuch", [&](const Result<void>& answer) { result = answer; });
    QCOMPARE(result->error().context, std::string("is not to be had"));
}

void TestHelperClient::keepsTheReasonWhenItCantAsk()
{
    HelperClient client;
    HelperCongestionSetter setter(client);
    transport::FakeLine line;
    line.congestionError = {ErrorCode::PermissionDenied, "is not permitted"};
    std::optional<Result<void>> result;
    setter.set(line, "bbr", [&](const Result<void>& answer) { result = answer; });
    QCOMPARE(result.value().error(), *line.congestionError);
}

QTEST_GUILESS_MAIN(TestHelperClient)
#include "tst_helper_client.moc"
