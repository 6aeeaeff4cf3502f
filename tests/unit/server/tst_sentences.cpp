#include "server/sentences.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::server;

namespace {

constexpr int LastStep = static_cast<int>(StartStep::Stop);
constexpr int LastCode = static_cast<int>(ErrorCode::SystemFailure);

}  // namespace

class TestSentences : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyFailureIsOneSentenceWithItsCause();
    void exitStatusIsTheContracts_data();
    void exitStatusIsTheContracts();
    void saysWhatToDo_data();
    void saysWhatToDo();
};

void TestSentences::everyFailureIsOneSentenceWithItsCause()
{
    for (int step = 0; step <= LastStep; ++step) {
        for (int code = 0; code <= LastCode; ++code) {
            const auto at = static_cast<StartStep>(step);
            if (at == StartStep::ReadOptions)
                continue;  // the options make their own
            const std::string said = sentence(at, {static_cast<ErrorCode>(code), "the cause"});
            QVERIFY2(said.ends_with(".") && !said.ends_with(".."), said.c_str());
            QVERIFY2(said.find('\n') == std::string::npos, said.c_str());
            QVERIFY2(at == StartStep::CheckPrivileges || said.find("the cause") != std::string::npos, said.c_str());
        }
    }
}

void TestSentences::exitStatusIsTheContracts_data()
{
    QTest::addColumn<int>("step");
    QTest::addColumn<int>("code");
    QTest::addColumn<int>("status");
    const auto row = [](const char* name, StartStep step, ErrorCode code, int status) {
        QTest::newRow(name) << static_cast<int>(step) << static_cast<int>(code) << status;
    };
    row("options", StartStep::ReadOptions, ErrorCode::InvalidArgument, 2);
    row("a pool that overlaps", StartStep::ChooseNetworks, ErrorCode::InvalidArgument, 2);
    row("no LAN", StartStep::ChooseNetworks, ErrorCode::NotFound, 2);
    row("a bad interface name", StartStep::OpenTun, ErrorCode::InvalidArgument, 2);
    row("an interface name that is taken", StartStep::OpenTun, ErrorCode::AlreadyExists, 1);
    row("no right to open the TUN", StartStep::OpenTun, ErrorCode::PermissionDenied, 7);
    row("no capability", StartStep::CheckPrivileges, ErrorCode::PermissionDenied, 7);
    row("no right to configure", StartStep::ConfigureNetwork, ErrorCode::PermissionDenied, 7);
    row("port in use", StartStep::Listen, ErrorCode::AddressInUse, 1);
    row("damaged state", StartStep::LoadState, ErrorCode::Malformed, 1);
    row("tunnel gone", StartStep::Serve, ErrorCode::Closed, 1);
}

void TestSentences::exitStatusIsTheContracts()
{
    QFETCH(int, step);
    QFETCH(int, code);
    QFETCH(int, status);
    QCOMPARE(exitStatus(static_cast<StartStep>(step), {static_cast<ErrorCode>(code), "x"}), status);
}

void TestSentences::saysWhatToDo_data()
{
    QTest::addColumn<int>("step");
    QTest::addColumn<int>("code");
    QTest::addColumn<QString>("advice");
    const auto row = [](const char* name, StartStep step, ErrorCode code, const char* advice) {
        QTest::newRow(name) << static_cast<int>(step) << static_cast<int>(code) << QString::fromLatin1(advice);
    };
    row("port in use", StartStep::Listen, ErrorCode::AddressInUse, "--address");
    row("port below 1024", StartStep::Listen, ErrorCode::PermissionDenied, "1024");
    row("no tun module", StartStep::OpenTun, ErrorCode::NotFound, "modprobe tun");
    row("name is taken", StartStep::OpenTun, ErrorCode::AlreadyExists, "--tun");
    row("not root", StartStep::CheckPrivileges, ErrorCode::PermissionDenied, "sudo");
    row("state directory", StartStep::PrepareStateDir, ErrorCode::PermissionDenied, "--state-dir");
    row("left over", StartStep::Stop, ErrorCode::SystemFailure, "gvpn-server cleanup");
}

void TestSentences::saysWhatToDo()
{
    QFETCH(int, step);
    QFETCH(int, code);
    QFETCH(QString, advice);
    const std::string said = sentence(static_cast<StartStep>(step), {static_cast<ErrorCode>(code), "x"});
    QVERIFY2(QString::fromStdString(said).contains(advice), said.c_str());
}

QTEST_APPLESS_MAIN(TestSentences)
#include "tst_sentences.moc"
