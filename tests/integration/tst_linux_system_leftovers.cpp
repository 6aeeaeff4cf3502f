// What killed servers and clients leave in the real kernel, and how it is put back. Needs root, nft, ip.
#include "linux_lab.h"

#include <iostream>

using namespace gvpn;
using namespace gvpn::lab;
using namespace gvpn::system;

namespace {

/// Lets another program do something in the moment before a table is removed.
class GapRunner final : public OperationRunner {
public:
    GapRunner(OperationRunner& runner, std::function<void()> inGap)
        : m_runner(runner)
        , m_inGap(std::move(inGap))
    {}
    void perform(const Operation& operation, Done done) override { m_runner.perform(operation, std::move(done)); }
    void undo(const Operation& operation, Done done) override
    {
        if (std::holds_alternative<LoadTable>(operation))
            std::exchange(m_inGap, [] {})();
        m_runner.undo(operation, std::move(done));
    }

private:
    OperationRunner& m_runner;
    std::function<void()> m_inGap;
};

}  // namespace

class LinuxSystemLeftoversTest : public LabTest {
    Q_OBJECT

public:
    /// The program that is killed: applies, says so and waits.
    static int applyAndWait(const QString& what, const QString& runDirectory);

private Q_SLOTS:
    void cleansUpAfterAKilledProgram_data();
    void cleansUpAfterAKilledProgram();
    void leavesTheTablesOfTheLivingAlone_data();
    void leavesTheTablesOfTheLivingAlone();
    void leavesATableAloneThatIsLoadedMeanwhile_data();
    void leavesATableAloneThatIsLoadedMeanwhile();
    void leavesTheTableOfALaterProgramAloneWhenItStops();

private:
    [[nodiscard]] std::unique_ptr<QProcess> start(const char* what) const;
    static void kill(QProcess& program);
};

std::unique_ptr<QProcess> LinuxSystemLeftoversTest::start(const char* what) const
{
    QByteArray said;
    auto program = startProgram({QLatin1String(what)}, &said);
    if (said != "success")
        qFatal("%s: %s", what, said.constData());
    return program;
}

void LinuxSystemLeftoversTest::kill(QProcess& program)
{
    program.kill();
    QVERIFY(program.waitForFinished());
}

/// A server has gvpnt1, a client gvpnt2.
int LinuxSystemLeftoversTest::applyAndWait(const QString& what, const QString& runDirectory)
{
    const bool isServer = what == u"--serve";
    const QByteArray name = isServer ? "gvpnt1" : "gvpnt2";
    const UniqueFd tun = openTun(name);
    auto configurator = LinuxConfigurator::create(runDirectory.toStdString(), readSnapshotOfAnOlderKernel);
    if (!tun.isValid() || !configurator)
        return 1;
    std::cout << reason(apply(**configurator, isServer ? serverConfig(name, true) : clientConfig(name))) << std::endl;
    return QCoreApplication::exec();
}

void LinuxSystemLeftoversTest::cleansUpAfterAKilledProgram_data()
{
    QTest::addColumn<bool>("isServer");
    QTest::addColumn<bool>("cleansUpByApply");
    QTest::newRow("a server, the command") << true << false;
    QTest::newRow("a server, the next client") << true << true;
    QTest::newRow("a client, the command") << false << false;
    QTest::newRow("a client, the next client") << false << true;
}

void LinuxSystemLeftoversTest::cleansUpAfterAKilledProgram()
{
    QFETCH(bool, isServer);
    QFETCH(bool, cleansUpByApply);
    const QByteArray before = networkState();
    const auto program = start(isServer ? "--serve" : "--connect");
    const QByteArray during = networkState();
    const CleanupReport nothing = cleanUp(runDirectory());
    QCOMPARE(nothing.undone.size() + nothing.failures.size(), std::size_t(0));
    QCOMPARE(changesSince(during), QByteArray());

    kill(*program);
    QVERIFY(ruleset().contains(isServer ? "gvpn_gvpnt1" : "gvpn_gvpnt2"));
    QCOMPARE(readSwitch(QStringLiteral("ipv6/conf/all/forwarding")) == "1", isServer);
    if (cleansUpByApply) {
        const auto configurator = makeConfigurator();
        QVERIFY(apply(*configurator, clientConfig(TunName)).has_value());
        QVERIFY(!ruleset().contains("gvpn_gvpnt1") && !ruleset().contains("gvpn_gvpnt2"));
        QVERIFY(clear(*configurator).has_value());
    } else {
        const CleanupReport report = cleanUp(runDirectory());
        QVERIFY(report.failures.empty());
        const std::string table = isServer ? "load nftables table gvpn_gvpnt1" : "load nftables table gvpn_gvpnt2";
        QVERIFY(std::ranges::count(report.undone, table) == 1);
        QCOMPARE(std::ranges::count(report.undone, "ipv4/conf/lan0/forwarding") == 1, isServer);
    }
    QCOMPARE(changesSince(before), QByteArray());
    QCOMPARE(recordFiles(), QStringList());
}

void LinuxSystemLeftoversTest::leavesTheTablesOfTheLivingAlone_data()
{
    QTest::addColumn<bool>("killsTheServer");
    QTest::newRow("of a client") << true;
    QTest::newRow("of a server") << false;
}

void LinuxSystemLeftoversTest::leavesTheTablesOfTheLivingAlone()
{
    QFETCH(bool, killsTheServer);
    const QByteArray before = networkState();
    const auto living = start(killsTheServer ? "--connect" : "--serve");
    const QByteArray during = networkState();
    const auto dying = start(killsTheServer ? "--serve" : "--connect");
    kill(*dying);
    const std::string dead = killsTheServer ? "gvpn_gvpnt1" : "gvpn_gvpnt2";
    QVERIFY(ruleset().contains(dead.c_str()));
    const CleanupReport report = cleanUp(runDirectory());
    QVERIFY(report.failures.empty());
    QVERIFY(std::ranges::count(report.undone, "load nftables table " + dead) == 1);
    QCOMPARE(changesSince(during), QByteArray());
    kill(*living);
    QVERIFY(cleanUp(runDirectory()).failures.empty());
    QCOMPARE(changesSince(before), QByteArray());
    QCOMPARE(recordFiles(), QStringList());
}

void LinuxSystemLeftoversTest::leavesATableAloneThatIsLoadedMeanwhile_data()
{
    QTest::addColumn<bool>("isServer");
    QTest::newRow("by a server") << true;
    QTest::newRow("by a client") << false;
}

/// Two programs start again after both were killed: one is about to remove the table that the other one then loads.
void LinuxSystemLeftoversTest::leavesATableAloneThatIsLoadedMeanwhile()
{
    QFETCH(bool, isServer);
    const QByteArray before = networkState();
    const QByteArray tunName = isServer ? "gvpnt1" : "gvpnt2";
    kill(*start(isServer ? "--serve" : "--connect"));
    UniqueFd tun;
    const auto other = makeConfigurator();
    const auto startAgain = [&] {
        tun = openTun(tunName);
        const auto applied = apply(*other, isServer ? serverConfig(tunName, true) : clientConfig(tunName));
        QVERIFY2(applied.has_value(), reason(applied));
    };
    const auto directory = RunDirectory::locate(runDirectory().toStdString());
    const SwitchLedger ledger(*directory, "/proc/sys/net", Holder::makeOwn());
    const auto runner = LinuxRunner::create(ledger);
    QVERIFY(runner.has_value());
    GapRunner gap(**runner, startAgain);
    std::optional<Result<CleanupReport>> report;
    cleanUpLeftovers(*directory, ledger, gap, [&](auto result) { report = std::move(result); });
    QTRY_VERIFY(report.has_value());
    QVERIFY(report->has_value() && (*report)->failures.empty());
    QVERIFY(tun.isValid());
    QVERIFY2(ruleset().contains("gvpn_" + tunName), ruleset());
    QVERIFY(clear(*other).has_value());
    tun.reset();
    QCOMPARE(changesSince(before), QByteArray());
    QCOMPARE(recordFiles(), QStringList());
}

/// It has lost its interface, and another program has one of that name by now.
void LinuxSystemLeftoversTest::leavesTheTableOfALaterProgramAloneWhenItStops()
{
    m_tun.reset();
    const QByteArray before = networkState();
    m_tun = openTun(TunName);
    const auto first = makeConfigurator();
    QVERIFY(apply(*first, clientConfig(TunName)).has_value());
    m_tun.reset();
    m_tun = openTun(TunName);
    const auto second = makeConfigurator();
    QVERIFY(apply(*second, clientConfig(TunName)).has_value());
    const QByteArray during = networkState();
    QVERIFY(clear(*first).has_value());
    QCOMPARE(changesSince(during), QByteArray());
    QVERIFY(ruleset().contains("gvpn_gvpnt0"));
    QVERIFY(clear(*second).has_value());
    m_tun.reset();
    QCOMPARE(changesSince(before), QByteArray());
    QCOMPARE(recordFiles(), QStringList());
}

int main(int argumentCount, char** arguments)
{
    QCoreApplication application(argumentCount, arguments);
    const QStringList words = QCoreApplication::arguments();
    if (words.size() == 3 && (words.at(1) == u"--serve" || words.at(1) == u"--connect"))
        return LinuxSystemLeftoversTest::applyAndWait(words.at(1), words.at(2));
    LinuxSystemLeftoversTest test;
    return QTest::qExec(&test, argumentCount, arguments);
}

#include "tst_linux_system_leftovers.moc"
