#include "client/retry_policy.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::client;
using namespace std::chrono_literals;

class TestRetryPolicy : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void finalFailures_data();
    void finalFailures();
    void backsOffUpToACap_data();
    void backsOffUpToACap();
    void spreadsTheFirstRetryOverASecond();
};

void TestRetryPolicy::finalFailures_data()
{
    QTest::addColumn<ErrorCode>("code");
    QTest::addColumn<Stage>("stage");
    QTest::addColumn<bool>("isFinalAtFirst");
    QTest::addColumn<bool>("isFinalLater");
    const auto row = [](const char* name, ErrorCode code, Stage stage, bool atFirst, bool later) {
        QTest::newRow(name) << code << stage << atFirst << later;
    };
    row("wrong key", ErrorCode::IdentityMismatch, Stage::Tls, true, true);
    row("unknown key", ErrorCode::IdentityUnknown, Stage::Tls, true, true);
    row("login", ErrorCode::LoginRefused, Stage::Login, true, true);
    row("busy", ErrorCode::Unreachable, Stage::Login, false, false);
    row("address", ErrorCode::AddressRefused, Stage::Address, true, false);
    row("version", ErrorCode::VersionMismatch, Stage::Tls, true, true);
    row("permission", ErrorCode::PermissionDenied, Stage::Tun, true, true);
    row("permission for routes", ErrorCode::PermissionDenied, Stage::Routes, true, true);
    row("key file of another user", ErrorCode::PermissionDenied, Stage::Tls, true, true);
    row("firewall", ErrorCode::PermissionDenied, Stage::Tcp, false, false);
    row("forbidden lookup", ErrorCode::PermissionDenied, Stage::Resolve, false, false);
    row("name taken", ErrorCode::AlreadyExists, Stage::Tun, true, true);
    row("on another network", ErrorCode::AlreadyExists, Stage::Routes, true, false);
    row("argument", ErrorCode::InvalidArgument, Stage::Tun, true, true);
    row("damaged key file", ErrorCode::Malformed, Stage::Tls, true, true);
    row("unsupported", ErrorCode::Unsupported, Stage::Tun, true, true);
    row("no v1", ErrorCode::Unsupported, Stage::Login, true, false);
    row("replaced", ErrorCode::Replaced, Stage::Probe, true, true);
    row("kicked", ErrorCode::Kicked, Stage::Probe, true, true);
    row("violation", ErrorCode::ProtocolViolation, Stage::Tls, true, false);
    row("name", ErrorCode::NotFound, Stage::Resolve, false, false);
    row("device", ErrorCode::NotFound, Stage::Tun, true, true);
    row("unreachable", ErrorCode::Unreachable, Stage::Tcp, false, false);
    row("silence", ErrorCode::TimedOut, Stage::Probe, false, false);
    row("closed", ErrorCode::Closed, Stage::Probe, false, false);
    row("stopping", ErrorCode::PeerStopping, Stage::Probe, false, false);
    row("TLS", ErrorCode::TlsFailure, Stage::Tls, false, false);
    row("system", ErrorCode::SystemFailure, Stage::Routes, true, false);
    row("system on the way", ErrorCode::SystemFailure, Stage::Tcp, false, false);
    row("flood", ErrorCode::LimitExceeded, Stage::Probe, false, false);
    row("port", ErrorCode::AddressInUse, Stage::Tcp, false, false);
}

void TestRetryPolicy::finalFailures()
{
    QFETCH(ErrorCode, code);
    QFETCH(Stage, stage);
    const Fault fault{.stage = stage, .error = {code, {}}};
    QTEST(isFinal(fault, false), "isFinalAtFirst");
    QTEST(isFinal(fault, true), "isFinalLater");
}

void TestRetryPolicy::backsOffUpToACap_data()
{
    QTest::addColumn<unsigned>("earlier");
    QTest::addColumn<double>("roll");
    QTest::addColumn<Duration>("delay");
    const auto row = [](const char* name, unsigned earlier, double roll, Duration delay) {
        QTest::newRow(name) << earlier << roll << delay;
    };
    row("first", 0, 0.5, 1s);
    row("second", 1, 0.5, 2s);
    row("third", 2, 0.5, 4s);
    row("fourth", 3, 0.5, 8s);
    row("fifth", 4, 0.5, 15s);
    row("hundredth", 99, 0.5, 15s);
    row("early", 1, 0.0, 1s);
    row("late", 1, 0.9995, 2'999ms);
}

void TestRetryPolicy::backsOffUpToACap()
{
    QFETCH(unsigned, earlier);
    QFETCH(double, roll);
    QTEST(retryDelay(earlier, roll), "delay");
}

void TestRetryPolicy::spreadsTheFirstRetryOverASecond()
{
    QCOMPARE(firstRetryDelay(0.0), Duration(0));
    QCOMPARE(firstRetryDelay(0.25), Duration(250));
    QCOMPARE(firstRetryDelay(0.999), Duration(999));
}

QTEST_APPLESS_MAIN(TestRetryPolicy)
#include "tst_retry_policy.moc"
