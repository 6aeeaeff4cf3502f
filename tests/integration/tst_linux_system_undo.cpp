// A start and a stop that fail at any of their steps, on the real kernel: everything goes back to what it was. Needs
// root, nft, ip.
#include "linux_lab.h"

using namespace gvpn;
using namespace gvpn::lab;
using namespace gvpn::system;

namespace {

/// Really does and undoes, but fails when told to, and then does nothing.
class FailingRunner final : public OperationRunner {
public:
    explicit FailingRunner(OperationRunner& runner)
        : m_runner(runner)
    {}
    void perform(const Operation& operation, Done done) override
    {
        if (m_performs++ == m_failingPerform) {
            m_failed = operation;
            done(fail(ErrorCode::SystemFailure, "it was to fail"));
            return;
        }
        m_runner.perform(operation, std::move(done));
    }
    void undo(const Operation& operation, Done done) override
    {
        if (m_undos++ == m_failingUndo) {
            m_failed = operation;
            done(fail(ErrorCode::SystemFailure, "it was to fail"));
            return;
        }
        m_runner.undo(operation, std::move(done));
    }

    /// Of those from now on; 0 is the first.
    void failPerformAt(int n)
    {
        m_performs = 0;
        m_failingPerform = n;
    }
    void failUndoAt(int n)
    {
        m_undos = 0;
        m_failingUndo = n;
    }
    [[nodiscard]] const std::optional<Operation>& failed() const { return m_failed; }

private:
    OperationRunner& m_runner;
    int m_performs = 0;
    int m_undos = 0;
    int m_failingPerform = -1;
    int m_failingUndo = -1;
    std::optional<Operation> m_failed;
};

const QRegularExpression SaysWhatIsLeft(QStringLiteral("^can't put the network back: undo: .*: it was to fail$"));

/// What LinuxConfigurator is made of, with a runner that can fail.
class FailingConfigurator {
public:
    FailingConfigurator(const RunDirectory& directory, std::unique_ptr<LinuxRunner> runner, const Holder& self,
                        PlannedConfigurator::SnapshotSource readSnapshot)
        : m_linux(std::move(runner))
        , failing(*m_linux)
        , m_journaled(failing, Journal(directory, self))
        , planned(m_journaled, std::move(readSnapshot))
    {}

private:
    std::unique_ptr<LinuxRunner> m_linux;

public:
    FailingRunner failing;

private:
    JournaledRunner m_journaled;

public:
    PlannedConfigurator planned;
};

}  // namespace

class LinuxSystemUndoTest : public LabTest {
    Q_OBJECT

private Q_SLOTS:
    void undoesAStartThatFailsAtAnyStep_data() { goals(); }
    void undoesAStartThatFailsAtAnyStep();
    void goesBackWhenAChangeFailsAtAnyStep_data();
    void goesBackWhenAChangeFailsAtAnyStep();
    void goesOnWhenTheStopFailsAtAnyStep_data() { goals(); }
    void goesOnWhenTheStopFailsAtAnyStep();
    void undoesTheRestWhenAlsoAnUndoFails_data() { goals(); }
    void undoesTheRestWhenAlsoAnUndoFails();

private:
    static void goals();
    [[nodiscard]] std::unique_ptr<FailingConfigurator> makeFailing(bool pretendsOlderKernel) const;
    [[nodiscard]] static NetworkConfig goal(const QString& name);
    [[nodiscard]] static int stepCount(const NetworkConfig& config, bool pretendsOlderKernel);
};

void LinuxSystemUndoTest::goals()
{
    QTest::addColumn<QString>("goalName");
    QTest::addColumn<bool>("pretendsOlderKernel");
    QTest::newRow("a server") << "server" << false;
    QTest::newRow("a server, older kernel") << "server" << true;
    QTest::newRow("a client") << "client" << false;
}

NetworkConfig LinuxSystemUndoTest::goal(const QString& name)
{
    return name == u"server" ? serverConfig(TunName, true) : clientConfig(TunName);
}

std::unique_ptr<FailingConfigurator> LinuxSystemUndoTest::makeFailing(bool pretendsOlderKernel) const
{
    const Holder self = Holder::makeOwn();
    const auto directory = RunDirectory::locate(runDirectory().toStdString());
    auto runner = LinuxRunner::create(SwitchLedger(*directory, "/proc/sys/net", self));
    if (!runner)
        qFatal("no runner");
    return std::make_unique<FailingConfigurator>(
        *directory, std::move(*runner), self, pretendsOlderKernel ? readSnapshotOfAnOlderKernel : readNetworkSnapshot);
}

int LinuxSystemUndoTest::stepCount(const NetworkConfig& config, bool pretendsOlderKernel)
{
    const auto operations = plan(config, *(pretendsOlderKernel ? readSnapshotOfAnOlderKernel : readNetworkSnapshot)());
    return operations ? static_cast<int>(operations->size()) : 0;
}

void LinuxSystemUndoTest::undoesAStartThatFailsAtAnyStep()
{
    QFETCH(QString, goalName);
    QFETCH(bool, pretendsOlderKernel);
    const NetworkConfig config = goal(goalName);
    const QByteArray before = networkState();
    const int steps = stepCount(config, pretendsOlderKernel);
    QVERIFY(steps >= 7);
    for (int n = 0; n < steps; ++n) {
        const auto configurator = makeFailing(pretendsOlderKernel);
        configurator->failing.failPerformAt(n);
        const auto applied = apply(configurator->planned, config);
        QVERIFY(!applied && configurator->failing.failed());
        QCOMPARE(applied.error().context,
                 describe(*configurator->failing.failed(), config.interfaceName) + ": it was to fail");
        QCOMPARE(changesSince(before), QByteArray());
        QCOMPARE(recordFiles(), QStringList());
    }
    const auto configurator = makeFailing(pretendsOlderKernel);
    configurator->failing.failPerformAt(steps);
    QVERIFY(apply(configurator->planned, config).has_value());
    QVERIFY(clear(configurator->planned).has_value());
    QCOMPARE(changesSince(before), QByteArray());
    QCOMPARE(recordFiles(), QStringList());
}

void LinuxSystemUndoTest::goesBackWhenAChangeFailsAtAnyStep_data()
{
    QTest::addColumn<QString>("goalName");
    QTest::newRow("a server") << "server";
    QTest::newRow("a client") << "client";
}

void LinuxSystemUndoTest::goesBackWhenAChangeFailsAtAnyStep()
{
    QFETCH(QString, goalName);
    const NetworkConfig config = goal(goalName);
    NetworkConfig changed = config;
    changed.mtu = 1300;
    changed.addresses[0] = *net::InterfaceAddress::parse("10.86.0.77/24");
    changed.addresses[1] = *net::InterfaceAddress::parse("fd00:86::77/64");
    changed.routes = {*net::Prefix::parse("172.21.0.0/16"), config.routes[1]};
    if (changed.forwarding)
        changed.forwarding->masquerades = false;
    const QByteArray before = networkState();
    int failures = 0;
    for (bool hasFailed = true; hasFailed;) {
        const auto configurator = makeFailing(false);
        QVERIFY(apply(configurator->planned, config).has_value());
        const QByteArray during = networkState();
        configurator->failing.failPerformAt(failures);
        const auto applied = apply(configurator->planned, changed);
        hasFailed = !applied;
        failures += hasFailed ? 1 : 0;
        QCOMPARE(changesSince(during).isEmpty(), hasFailed);
        QVERIFY(clear(configurator->planned).has_value());
        QCOMPARE(changesSince(before), QByteArray());
    }
    // At least the MTU, three for the IPv4 address, the IPv6 one and the route.
    QVERIFY(failures >= 5);
    QCOMPARE(recordFiles(), QStringList());
}

void LinuxSystemUndoTest::goesOnWhenTheStopFailsAtAnyStep()
{
    QFETCH(QString, goalName);
    QFETCH(bool, pretendsOlderKernel);
    const NetworkConfig config = goal(goalName);
    const QByteArray before = networkState();
    const int steps = stepCount(config, pretendsOlderKernel);
    for (int n = 0; n < steps; ++n) {
        const auto configurator = makeFailing(pretendsOlderKernel);
        QVERIFY(apply(configurator->planned, config).has_value());
        configurator->failing.failUndoAt(n);
        QTest::ignoreMessage(QtWarningMsg, SaysWhatIsLeft);
        const auto cleared = clear(configurator->planned);
        QVERIFY(!cleared && configurator->failing.failed());
        QCOMPARE(cleared.error().context,
                 "undo: " + describe(*configurator->failing.failed(), config.interfaceName) + ": it was to fail");
        // Only this is left, for another try.
        QCOMPARE(configurator->planned.applied(), std::vector<Operation>{configurator->planned.applied().front()});
        QVERIFY(isSameTarget(configurator->planned.applied().front(), *configurator->failing.failed()));
        QVERIFY(clear(configurator->planned).has_value());
        QCOMPARE(changesSince(before), QByteArray());
        QCOMPARE(recordFiles(), QStringList());
    }
}

void LinuxSystemUndoTest::undoesTheRestWhenAlsoAnUndoFails()
{
    QFETCH(QString, goalName);
    QFETCH(bool, pretendsOlderKernel);
    const NetworkConfig config = goal(goalName);
    const QByteArray before = networkState();
    const int steps = stepCount(config, pretendsOlderKernel);
    for (int n = 0; n < steps - 1; ++n) {
        const auto configurator = makeFailing(pretendsOlderKernel);
        configurator->failing.failPerformAt(steps - 1);
        configurator->failing.failUndoAt(n);
        QTest::ignoreMessage(QtWarningMsg, SaysWhatIsLeft);
        const auto applied = apply(configurator->planned, config);
        QVERIFY(!applied);
        QVERIFY(!QByteArray::fromStdString(applied.error().context).startsWith("undo"));
        QCOMPARE(configurator->planned.applied().size(), std::size_t(1));
        QVERIFY(clear(configurator->planned).has_value());
        QCOMPARE(changesSince(before), QByteArray());
        QCOMPARE(recordFiles(), QStringList());
    }
}

QTEST_GUILESS_MAIN(LinuxSystemUndoTest)

#include "tst_linux_system_undo.moc"
