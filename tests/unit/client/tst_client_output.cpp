#include "cli/output.h"
#include "client/sentences.h"

#include <QJsonDocument>
#include <QTemporaryFile>
#include <QtTest>

using namespace gvpn;
using namespace gvpn::cli;
using namespace std::chrono_literals;
using client::Fault;
using client::Stage;
using program::ExitStatus;

namespace {

const net::HostPort Office{"office", 51005};

Fault fault(ErrorCode code, Stage stage)
{
    return {.stage = stage, .error = {code, "why"}};
}

client::ConnectionInfo info()
{
    client::ConnectionInfo result;
    result.addresses = {net::InterfaceAddress::parse("10.86.0.2/24").value()};
    result.gateways = {net::IpAddress::parse("10.86.0.1").value()};
    result.routes = {net::Prefix::parse("172.17.0.0/16").value()};
    result.interfaceName = "gvpn0";
    return result;
}

QJsonObject json(const char* text)
{
    return QJsonDocument::fromJson(text).object();
}

/// What is written to a descriptor while this lives.
class Captured {
public:
    explicit Captured(int descriptor)
        : m_descriptor(descriptor)
        , m_former(::dup(descriptor))
    {
        if (m_file.open())
            ::dup2(m_file.handle(), m_descriptor);
    }
    ~Captured()
    {
        if (m_former >= 0)
            restore();
    }
    Captured(const Captured&) = delete;
    Captured& operator=(const Captured&) = delete;
    QStringList lines()
    {
        restore();
        m_file.seek(0);
        return QString::fromUtf8(m_file.readAll()).split(QLatin1Char('\n'), Qt::SkipEmptyParts);
    }

private:
    void restore()
    {
        std::fflush(nullptr);
        ::dup2(m_former, m_descriptor);
        ::close(std::exchange(m_former, -1));
    }

    QTemporaryFile m_file;
    int m_descriptor;
    int m_former;
};

client::Waiting waiting(ErrorCode code)
{
    return {{}, {}, 1'200ms, fault(code, Stage::Tcp)};
}

}  // namespace

class TestClientOutput : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void jsonLinesKeepTheContract();
    void jsonNamesTheIpv6Address();
    void namesResolversThatAreSet();
    void jsonNamesNoGatewayInV1();
    void jsonGivesTheReasonOfAFailure();
    void disconnectingIsNoLine();
    void linesForPeople();
    void saysOnceWhyAnAttemptFailed_data();
    void saysOnceWhyAnAttemptFailed();
    void saysWhyNothingWasTried_data();
    void saysWhyNothingWasTried();
    void tellsUnderWhichNameItRemembers_data();
    void tellsUnderWhichNameItRemembers();
    void tellsOfTheCongestionControlOnlyInJson_data();
    void tellsOfTheCongestionControlOnlyInJson();
    void exitStatuses_data();
    void exitStatuses();
};

void TestClientOutput::jsonLinesKeepTheContract()
{
    QCOMPARE(jsonFor(client::Connecting{{}, {}, Stage::Tcp}, Office),
             std::optional(json(R"({"event":"state","state":"connecting","stage":"tcp"})")));
    QCOMPARE(jsonFor(client::Connected{{}, {}, info()}, Office),
             std::optional(json(R"({"event":"state","state":"connected","address":"10.86.0.2/24",
                 "gateway":"10.86.0.1","routes":["172.17.0.0/16"],"interface":"gvpn0"})")));
    const auto waiting = jsonFor(client::Waiting{{}, {}, 1'200ms, fault(ErrorCode::Closed, Stage::Tcp)}, Office);
    QVERIFY(waiting.has_value());
    QCOMPARE(waiting->value(u"state").toString(), QStringLiteral("waiting"));
    QCOMPARE(waiting->value(u"retry_in_s").toInt(), 2);
    QVERIFY(waiting->value(u"reason").toString().contains(QStringLiteral("why")));
    QCOMPARE(jsonFor(client::Disconnected{}, Office),
             std::optional(
                 json(R"({"event":"state","state":"disconnected","code":"stopped","reason":"Stopped as asked."})")));
}

void TestClientOutput::jsonNamesTheIpv6Address()
{
    auto both = info();
    both.addresses.push_back(net::InterfaceAddress::parse("fd86::2/64").value());
    const auto line = jsonFor(client::Connected{{}, {}, both}, Office);
    QCOMPARE(line->value(u"address6").toString(), QStringLiteral("fd86::2/64"));
    QCOMPARE(line->value(u"address").toString(), QStringLiteral("10.86.0.2/24"));
}

void TestClientOutput::namesResolversThatAreSet()
{
    auto named = info();
    named.dns = {{net::IpAddress::parse("172.17.0.53").value(), net::IpAddress::parse("fd00:17::53").value()},
                 {"office.example", "b.example"}};
    QCOMPARE(jsonFor(client::Connected{{}, {}, named}, Office),
             std::optional(json(R"({"event":"state","state":"connected","address":"10.86.0.2/24",
                 "gateway":"10.86.0.1","routes":["172.17.0.0/16"],"interface":"gvpn0",
                 "dns":["172.17.0.53","fd00:17::53"],"dns_domains":["office.example","b.example"]})")));
    QVERIFY(lineFor(client::Connected{{}, {}, named}, Office)
                .endsWith(QStringLiteral(" Names resolved there: office.example, b.example.")));
}

void TestClientOutput::jsonNamesNoGatewayInV1()
{
    auto v1 = info();
    v1.gateways.clear();
    QCOMPARE(jsonFor(client::Connected{{}, {}, v1}, Office),
             std::optional(json(R"({"event":"state","state":"connected","address":"10.86.0.2/24",
                 "routes":["172.17.0.0/16"],"interface":"gvpn0"})")));
}

void TestClientOutput::jsonGivesTheReasonOfAFailure()
{
    const auto line = jsonFor(client::Disconnected{fault(ErrorCode::LoginRefused, Stage::Login)}, Office);
    QCOMPARE(line->value(u"code").toString(), QStringLiteral("login-refused"));
    QVERIFY(line->value(u"reason").toString().contains(QStringLiteral("(stage login): why")));
}

void TestClientOutput::disconnectingIsNoLine()
{
    QVERIFY(!jsonFor(client::Disconnecting{}, Office).has_value());
    QVERIFY(lineFor(client::Disconnecting{}, Office).isEmpty());
}

void TestClientOutput::linesForPeople()
{
    QVERIFY(lineFor(client::Connecting{}, Office).contains(QStringLiteral("office:51005")));
    const QString connected = lineFor(client::Connected{{}, {}, info()}, Office);
    for (const char* part : {"10.86.0.2/24", "gvpn0", "172.17.0.0/16"})
        QVERIFY2(connected.contains(QLatin1String(part)), qPrintable(connected));
    // The failure's sentence is for standard error.
    QVERIFY(lineFor(client::Disconnected{fault(ErrorCode::Closed, Stage::Tcp)}, Office).isEmpty());
}

void TestClientOutput::saysOnceWhyAnAttemptFailed_data()
{
    QTest::addColumn<bool>("isJson");
    QTest::newRow("text") << false;
    QTest::newRow("JSON") << true;
}

void TestClientOutput::saysOnceWhyAnAttemptFailed()
{
    QFETCH(bool, isJson);
    Captured standardOutput(STDOUT_FILENO);
    Captured standardError(STDERR_FILENO);
    Output output(isJson, Office);
    for (const ErrorCode code : {ErrorCode::PermissionDenied, ErrorCode::PermissionDenied, ErrorCode::Unreachable}) {
        output.state(client::Connecting{});
        output.state(waiting(code));
    }
    output.state(client::Connected{{}, {}, info()});
    output.state(waiting(ErrorCode::Unreachable));
    output.sentence(QStringLiteral("Something else."));
    output.state(waiting(ErrorCode::Unreachable));
    output.state(client::Disconnected{fault(ErrorCode::Unreachable, Stage::Tcp)});
    const QStringList errors = standardError.lines();
    const QStringList lines = standardOutput.lines();
    const QString forbidden = sentenceFor(fault(ErrorCode::PermissionDenied, Stage::Tcp), Office);
    const QString unreachable = sentenceFor(fault(ErrorCode::Unreachable, Stage::Tcp), Office);
    QCOMPARE(errors,
             QStringList({forbidden, unreachable, unreachable, QStringLiteral("Something else."), unreachable}));
    QCOMPARE(lines.filter(QStringLiteral("why")).isEmpty(), !isJson);
    QCOMPARE(lines.at(1).startsWith(QLatin1Char('{')), isJson);
    if (!isJson)
        QCOMPARE(lines.at(1), QStringLiteral("Trying again in 2 s."));
}

void TestClientOutput::saysWhyNothingWasTried_data()
{
    saysOnceWhyAnAttemptFailed_data();
}

void TestClientOutput::saysWhyNothingWasTried()
{
    QFETCH(bool, isJson);
    Captured standardOutput(STDOUT_FILENO);
    Captured standardError(STDERR_FILENO);
    Output(isJson, Office).failure(ErrorCode::PermissionDenied, QStringLiteral("Not so."));
    const QStringList errors = standardError.lines();
    const QStringList lines = standardOutput.lines();
    QCOMPARE(errors, QStringList(QStringLiteral("Not so.")));
    QCOMPARE(lines.size(), isJson ? 1 : 0);
    if (isJson)
        QCOMPARE(QJsonDocument::fromJson(lines.front().toUtf8()).object(),
                 json(R"({"event":"state","state":"disconnected","code":"permission-denied","reason":"Not so."})"));
}

void TestClientOutput::tellsUnderWhichNameItRemembers_data()
{
    saysOnceWhyAnAttemptFailed_data();
}

void TestClientOutput::tellsUnderWhichNameItRemembers()
{
    QFETCH(bool, isJson);
    Captured standardOutput(STDOUT_FILENO);
    Captured standardError(STDERR_FILENO);
    Output(isJson, Office).profile("My office", false, QStringLiteral("Remembered."));
    const QStringList errors = standardError.lines();
    const QStringList lines = standardOutput.lines();
    QCOMPARE(errors, QStringList(QStringLiteral("Remembered.")));
    QCOMPARE(lines.size(), isJson ? 1 : 0);
    if (isJson)
        QCOMPARE(QJsonDocument::fromJson(lines.front().toUtf8()).object(),
                 json(R"({"event":"profile","name":"My office","pending":false})"));
}

void TestClientOutput::tellsOfTheCongestionControlOnlyInJson_data()
{
    saysOnceWhyAnAttemptFailed_data();
}

void TestClientOutput::tellsOfTheCongestionControlOnlyInJson()
{
    QFETCH(bool, isJson);
    Captured standardOutput(STDOUT_FILENO);
    Captured standardError(STDERR_FILENO);
    Output(isJson, Office).congestion({"bbr", "it loses", false});
    const QStringList errors = standardError.lines();
    const QStringList lines = standardOutput.lines();
    QVERIFY(errors.isEmpty());
    QCOMPARE(lines.size(), isJson ? 1 : 0);
    if (isJson)
        QCOMPARE(QJsonDocument::fromJson(lines.front().toUtf8()).object(),
                 json(R"({"event":"congestion","algorithm":"bbr","reason":"it loses"})"));
}

void TestClientOutput::exitStatuses_data()
{
    QTest::addColumn<ErrorCode>("code");
    QTest::addColumn<Stage>("stage");
    QTest::addColumn<ExitStatus>("status");
    const auto row = [](const char* name, ErrorCode code, Stage stage, ExitStatus status) {
        QTest::newRow(name) << code << stage << status;
    };
    row("no such name", ErrorCode::NotFound, Stage::Resolve, ExitStatus::Unreachable);
    row("nobody there", ErrorCode::Unreachable, Stage::Tcp, ExitStatus::Unreachable);
    row("silent", ErrorCode::TimedOut, Stage::Tls, ExitStatus::Unreachable);
    row("no echo", ErrorCode::TimedOut, Stage::Probe, ExitStatus::Unreachable);
    row("closed", ErrorCode::Closed, Stage::Probe, ExitStatus::Unreachable);
    row("stopping", ErrorCode::PeerStopping, Stage::Probe, ExitStatus::Unreachable);
    row("wrong key", ErrorCode::IdentityMismatch, Stage::Tls, ExitStatus::IdentityMismatch);
    row("unknown key", ErrorCode::IdentityUnknown, Stage::Tls, ExitStatus::IdentityMismatch);
    row("login", ErrorCode::LoginRefused, Stage::Login, ExitStatus::LoginRefused);
    row("busy", ErrorCode::Unreachable, Stage::Login, ExitStatus::Unreachable);
    row("address", ErrorCode::AddressRefused, Stage::Address, ExitStatus::AddressRefused);
    row("no right", ErrorCode::PermissionDenied, Stage::Tun, ExitStatus::NotPermitted);
    row("no right to routes", ErrorCode::PermissionDenied, Stage::Routes, ExitStatus::NotPermitted);
    row("key file of another user", ErrorCode::PermissionDenied, Stage::Tls, ExitStatus::Failure);
    row("forbidden by a firewall", ErrorCode::PermissionDenied, Stage::Tcp, ExitStatus::Unreachable);
    row("no TLS", ErrorCode::ProtocolViolation, Stage::Tls, ExitStatus::ForeignProtocol);
    row("other TLS", ErrorCode::TlsFailure, Stage::Tls, ExitStatus::ForeignProtocol);
    row("old TLS", ErrorCode::VersionMismatch, Stage::Tls, ExitStatus::ForeignProtocol);
    row("no v1", ErrorCode::Unsupported, Stage::Login, ExitStatus::ForeignProtocol);
    row("another version of v1", ErrorCode::VersionMismatch, Stage::Login, ExitStatus::ForeignProtocol);
    row("not to be had here", ErrorCode::Unsupported, Stage::Tun, ExitStatus::Failure);
    row("no device", ErrorCode::NotFound, Stage::Tun, ExitStatus::Failure);
    row("the helper has ended", ErrorCode::Closed, Stage::Tun, ExitStatus::Failure);
    row("the helper hangs", ErrorCode::TimedOut, Stage::Tun, ExitStatus::Failure);
    row("name taken", ErrorCode::AlreadyExists, Stage::Tun, ExitStatus::Failure);
    row("kicked", ErrorCode::Kicked, Stage::Probe, ExitStatus::Failure);
    row("replaced", ErrorCode::Replaced, Stage::Probe, ExitStatus::Failure);
}

void TestClientOutput::exitStatuses()
{
    QFETCH(ErrorCode, code);
    QFETCH(Stage, stage);
    QTEST(exitStatusFor(fault(code, stage)), "status");
}

QTEST_APPLESS_MAIN(TestClientOutput)
#include "tst_client_output.moc"
