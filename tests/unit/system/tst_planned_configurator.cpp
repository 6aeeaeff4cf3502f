#include "system/planned_configurator.h"

#include "system/recording_runner.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::system;

namespace {

using Kind = RecordingRunner::Call::Kind;

constexpr unsigned TunIndex = 9;

NetworkSnapshot office()
{
    NetworkSnapshot snapshot;
    InterfaceInfo lan;
    lan.name = "eth1";
    lan.index = 3;
    lan.addresses = {*net::InterfaceAddress::parse("172.17.0.5/16")};
    snapshot.interfaces = {lan};
    return snapshot;
}

NetworkConfig serverConfig()
{
    NetworkConfig config;
    config.interfaceName = "gvpn0";
    config.interfaceIndex = TunIndex;
    config.addresses = {*net::InterfaceAddress::parse("10.86.0.1/24")};
    config.routes = {*net::Prefix::parse("10.87.0.0/16"), *net::Prefix::parse("10.88.0.0/16")};
    config.forwarding = ForwardingConfig{{*net::Prefix::parse("10.86.0.0/24")}, {*net::Prefix::parse("172.17.0.0/16")}};
    return config;
}

/// Another MTU, one route less and another one more, other rules.
NetworkConfig changedConfig()
{
    NetworkConfig config = serverConfig();
    config.mtu = 1300;
    config.routes = {*net::Prefix::parse("10.88.0.0/16"), *net::Prefix::parse("10.89.0.0/16")};
    config.forwarding->masquerades = false;
    return config;
}

std::vector<Operation> planned(const NetworkConfig& config)
{
    return *plan(config, office());
}

template <typename T>
std::vector<T> reversed(std::vector<T> values)
{
    std::ranges::reverse(values);
    return values;
}

QStringList describeCalls(const RecordingRunner& runner)
{
    QStringList texts;
    for (const RecordingRunner::Call& call : runner.calls()) {
        texts.append((call.kind == Kind::Undo ? QStringLiteral("undo ") : QString())
                     + QString::fromStdString(describe(call.operation, "gvpn0")));
    }
    return texts;
}

/// What is in force after all calls, by target.
std::vector<Operation> inForce(const RecordingRunner& runner)
{
    std::vector<Operation> operations;
    for (const RecordingRunner::Call& call : runner.calls()) {
        if (!call.hasSucceeded)
            continue;
        std::erase_if(operations, [&](const Operation& other) { return isSameTarget(other, call.operation); });
        if (call.kind == Kind::Perform)
            operations.push_back(call.operation);
    }
    return operations;
}

bool areSame(const std::vector<Operation>& a, const std::vector<Operation>& b)
{
    return a.size() == b.size() && std::ranges::is_permutation(a, b);
}

/// The answer of an apply or clear; "waiting" before.
struct Answer {
    QString text = QStringLiteral("waiting");
    ErrorCode code{};
    int count = 0;

    [[nodiscard]] NetworkConfigurator::Done receiver()
    {
        return [this](const Result<void>& result) {
            ++count;
            text = result ? QStringLiteral("done") : QString::fromStdString(result.error().context);
            code = result ? ErrorCode{} : result.error().code;
        };
    }
};

void ignored(const Result<void>&) {}

const Error Forbidden{ErrorCode::PermissionDenied, "forbidden"};

}  // namespace

class PlannedConfiguratorTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void performsThePlanAndUndoesItInReverse();
    void undoesInReverseWhenAStepFails_data();
    void undoesInReverseWhenAStepFails();
    void appliesOnlyWhatDiffers();
    void goesBackToTheLastGoalWhenAChangeFails_data();
    void goesBackToTheLastGoalWhenAChangeFails();
    void changesAnAddressWithoutAMomentWithoutOne_data();
    void changesAnAddressWithoutAMomentWithoutOne();
    void goesBackToTheLastAddressWhenAChangeFails();
    void doesNothingForTheSameGoal();
    void failsWithoutATouchWhenThereIsNoSnapshotOrPlan();
    void clearsDuringAnApply_data();
    void clearsDuringAnApply();
    void clearsWhileItRollsBack();
    void clearsTwiceAtATime();
    void clearsWhenNothingWasApplied();
    void goesOnClearingWhenAStepFails();
    void preparesBeforeTheSnapshot();
    void clearsDuringThePreparation();
    void mayBeDeletedFromACallback();
    void mayBeDeletedDuringAStep();
};

void PlannedConfiguratorTest::performsThePlanAndUndoesItInReverse()
{
    RecordingRunner runner;
    PlannedConfigurator configurator(runner, office);
    Answer applied;
    configurator.apply(serverConfig(), applied.receiver());
    QCOMPARE(applied.text, QStringLiteral("done"));
    QCOMPARE(runner.performed(), planned(serverConfig()));
    QCOMPARE(configurator.applied(), planned(serverConfig()));
    QVERIFY(runner.undone().empty());

    Answer cleared;
    configurator.clear(cleared.receiver());
    QCOMPARE(cleared.text, QStringLiteral("done"));
    QCOMPARE(runner.undone(), reversed(planned(serverConfig())));
    QVERIFY(configurator.applied().empty());
    QCOMPARE(applied.count + cleared.count, 2);
}

void PlannedConfiguratorTest::undoesInReverseWhenAStepFails_data()
{
    QTest::addColumn<std::size_t>("step");
    QTest::addColumn<bool>("isHeld");
    for (std::size_t step = 0; step < planned(serverConfig()).size(); ++step) {
        QTest::addRow("step %zu at once", step) << step << false;
        QTest::addRow("step %zu from the event loop", step) << step << true;
    }
}

void PlannedConfiguratorTest::undoesInReverseWhenAStepFails()
{
    QFETCH(std::size_t, step);
    QFETCH(bool, isHeld);
    RecordingRunner runner;
    runner.failPerformAt(step, Forbidden);
    if (isHeld)
        runner.holdAnswers();
    PlannedConfigurator configurator(runner, office);
    Answer applied;
    configurator.apply(serverConfig(), applied.receiver());
    while (runner.answerOne())
        continue;
    const std::vector<Operation> operations = planned(serverConfig());
    QCOMPARE(applied.text, QString::fromStdString(describe(operations[step], "gvpn0") + ": forbidden"));
    QCOMPARE(applied.code, ErrorCode::PermissionDenied);
    QCOMPARE(runner.performed().size(), step);
    QCOMPARE(runner.undone(), reversed(runner.performed()));
    QVERIFY(configurator.applied().empty());

    Answer again;
    configurator.apply(serverConfig(), again.receiver());
    while (runner.answerOne())
        continue;
    QCOMPARE(again.text, QStringLiteral("done"));
}

void PlannedConfiguratorTest::appliesOnlyWhatDiffers()
{
    RecordingRunner runner;
    PlannedConfigurator configurator(runner, office);
    configurator.apply(serverConfig(), ignored);
    runner.forgetCalls();
    Answer changed;
    configurator.apply(changedConfig(), changed.receiver());
    QCOMPARE(changed.text, QStringLiteral("done"));
    // The table is replaced in place, never taken away.
    const QStringList expected{
        QStringLiteral("undo add route 10.87.0.0/16 to gvpn0"), QStringLiteral("set MTU of gvpn0 to 1300"),
        QStringLiteral("load nftables table gvpn_gvpn0"), QStringLiteral("add route 10.89.0.0/16 to gvpn0")};
    QCOMPARE(describeCalls(runner), expected);
    QCOMPARE(configurator.applied(), planned(changedConfig()));
    runner.forgetCalls();
    configurator.clear(ignored);
    QCOMPARE(runner.undone(), reversed(planned(changedConfig())));
}

void PlannedConfiguratorTest::goesBackToTheLastGoalWhenAChangeFails_data()
{
    QTest::addColumn<std::size_t>("step");
    QTest::addColumn<bool>("isUndo");
    QTest::newRow("taking the route away") << std::size_t(0) << true;
    QTest::newRow("the MTU") << std::size_t(0) << false;
    QTest::newRow("the table") << std::size_t(1) << false;
    QTest::newRow("the new route") << std::size_t(2) << false;
}

void PlannedConfiguratorTest::goesBackToTheLastGoalWhenAChangeFails()
{
    QFETCH(std::size_t, step);
    QFETCH(bool, isUndo);
    RecordingRunner runner;
    PlannedConfigurator configurator(runner, office);
    configurator.apply(serverConfig(), ignored);
    if (isUndo)
        runner.failUndoAt(step, Forbidden);
    else
        runner.failPerformAt(runner.performed().size() + step, Forbidden);
    Answer changed;
    configurator.apply(changedConfig(), changed.receiver());
    QVERIFY2(changed.text.endsWith(u": forbidden"), qPrintable(changed.text));
    QVERIFY(areSame(inForce(runner), planned(serverConfig())));
    QCOMPARE(configurator.applied(), planned(serverConfig()));
}

void PlannedConfiguratorTest::changesAnAddressWithoutAMomentWithoutOne_data()
{
    QTest::addColumn<QStringList>("before");
    QTest::addColumn<QStringList>("after");
    QTest::addColumn<QString>("expected");
    const auto row = [](const char* name, const QString& before, const QString& after, const QString& expected) {
        QTest::newRow(name) << before.split(u' ', Qt::SkipEmptyParts) << after.split(u' ', Qt::SkipEmptyParts)
                            << expected;
    };
    row("in the same network", QStringLiteral("10.86.0.2/24"), QStringLiteral("10.86.0.3/24"),
        QStringLiteral("+10.86.0.3/32 -10.86.0.2/24 +10.86.0.3/24 -10.86.0.3/32"));
    row("in another network", QStringLiteral("10.86.0.2/24"), QStringLiteral("10.96.0.3/24"),
        QStringLiteral("+10.96.0.3/32 -10.86.0.2/24 +10.96.0.3/24 -10.96.0.3/32"));
    row("to one without a network", QStringLiteral("10.86.0.2/24"), QStringLiteral("10.86.0.3/32"),
        QStringLiteral("+10.86.0.3/32 -10.86.0.2/24"));
    row("the same in a larger network", QStringLiteral("10.86.0.2/24"), QStringLiteral("10.86.0.2/16"),
        QStringLiteral("+10.86.0.2/16 -10.86.0.2/24"));
    row("the same in a network", QStringLiteral("10.86.0.2/32"), QStringLiteral("10.86.0.2/24"),
        QStringLiteral("+10.86.0.2/24 -10.86.0.2/32"));
    row("one goes", QStringLiteral("10.86.0.2/24 fd00:86::2/64"), QStringLiteral("fd00:86::2/64"),
        QStringLiteral("-10.86.0.2/24"));
    row("one comes", QStringLiteral("fd00:86::2/64"), QStringLiteral("10.86.0.2/24 fd00:86::2/64"),
        QStringLiteral("+10.86.0.2/24"));
    // With IPv6 the kernel leaves the routes alone, and takes no address twice.
    row("both families", QStringLiteral("10.86.0.2/24 fd00:86::2/64"), QStringLiteral("10.86.0.3/24 fd00:86::2/48"),
        QStringLiteral("-fd00:86::2/64 +10.86.0.3/32 -10.86.0.2/24 +10.86.0.3/24 -10.86.0.3/32 +fd00:86::2/48"));
}

void PlannedConfiguratorTest::changesAnAddressWithoutAMomentWithoutOne()
{
    QFETCH(QStringList, before);
    QFETCH(QStringList, after);
    QFETCH(QString, expected);
    NetworkConfig config = serverConfig();
    config.forwarding.reset();
    const auto setAddresses = [&](const QStringList& texts) {
        config.addresses.clear();
        for (const QString& text : texts)
            config.addresses.push_back(*net::InterfaceAddress::parse(text.toStdString()));
    };
    RecordingRunner runner;
    PlannedConfigurator configurator(runner, office);
    setAddresses(before);
    configurator.apply(config, ignored);
    runner.forgetCalls();
    setAddresses(after);
    configurator.apply(config, ignored);
    QStringList changes;
    for (const RecordingRunner::Call& call : runner.calls()) {
        const auto* add = std::get_if<AddAddress>(&call.operation);
        QVERIFY(add);
        changes.append((call.kind == Kind::Undo ? u'-' : u'+') + QString::fromStdString(add->address.toString()));
    }
    QCOMPARE(changes.join(u' '), expected);
    QCOMPARE(configurator.applied(), planned(config));
}

void PlannedConfiguratorTest::goesBackToTheLastAddressWhenAChangeFails()
{
    NetworkConfig config = serverConfig();
    NetworkConfig changed = config;
    changed.addresses = {*net::InterfaceAddress::parse("10.86.0.9/24")};
    const std::size_t performs = planned(config).size();
    for (std::size_t n = 0; n < 2; ++n) {
        RecordingRunner runner;
        PlannedConfigurator configurator(runner, office);
        configurator.apply(config, ignored);
        runner.failPerformAt(performs + n, Forbidden);
        Answer answer;
        configurator.apply(changed, answer.receiver());
        QCOMPARE(answer.code, Forbidden.code);
        QVERIFY(areSame(inForce(runner), planned(config)));
        QCOMPARE(configurator.applied(), planned(config));
    }
}

void PlannedConfiguratorTest::doesNothingForTheSameGoal()
{
    RecordingRunner runner;
    PlannedConfigurator configurator(runner, office);
    configurator.apply(serverConfig(), ignored);
    runner.forgetCalls();
    Answer again;
    configurator.apply(serverConfig(), again.receiver());
    QCOMPARE(again.text, QStringLiteral("done"));
    QVERIFY(runner.calls().empty());
}

void PlannedConfiguratorTest::failsWithoutATouchWhenThereIsNoSnapshotOrPlan()
{
    RecordingRunner runner;
    PlannedConfigurator blind(runner, []() -> Result<NetworkSnapshot> { return fail(Forbidden); });
    Answer applied;
    blind.apply(serverConfig(), applied.receiver());
    QCOMPARE(applied.text, QStringLiteral("forbidden"));

    PlannedConfigurator configurator(runner, office);
    configurator.apply(serverConfig(), ignored);
    runner.forgetCalls();
    NetworkConfig elsewhere = serverConfig();
    elsewhere.forwarding->lanNetworks = {*net::Prefix::parse("192.168.99.0/24")};
    configurator.apply(elsewhere, applied.receiver());
    QCOMPARE(applied.code, ErrorCode::NotFound);
    QVERIFY(runner.calls().empty());
    QCOMPARE(configurator.applied(), planned(serverConfig()));
}

void PlannedConfiguratorTest::clearsDuringAnApply_data()
{
    QTest::addColumn<int>("answers");
    QTest::addColumn<bool>("lastFails");
    for (int answers = 0; answers < static_cast<int>(planned(serverConfig()).size()); ++answers) {
        QTest::addRow("after %d steps", answers) << answers << false;
        QTest::addRow("after %d steps, the next one fails", answers) << answers << true;
    }
}

void PlannedConfiguratorTest::clearsDuringAnApply()
{
    QFETCH(int, answers);
    QFETCH(bool, lastFails);
    RecordingRunner runner;
    runner.holdAnswers();
    if (lastFails)
        runner.failPerformAt(static_cast<std::size_t>(answers), Forbidden);
    PlannedConfigurator configurator(runner, office);
    Answer applied;
    Answer cleared;
    configurator.apply(serverConfig(), applied.receiver());
    for (int i = 0; i < answers; ++i)
        QVERIFY(runner.answerOne());
    configurator.clear(cleared.receiver());
    QCOMPARE(cleared.text, QStringLiteral("waiting"));
    while (runner.answerOne())
        continue;
    QCOMPARE(applied.code, ErrorCode::Closed);
    QCOMPARE(cleared.text, QStringLiteral("done"));
    QCOMPARE(applied.count + cleared.count, 2);
    QCOMPARE(runner.performed().size(), static_cast<std::size_t>(lastFails ? answers : answers + 1));
    QCOMPARE(runner.undone(), reversed(runner.performed()));
    QVERIFY(configurator.applied().empty());
}

void PlannedConfiguratorTest::clearsWhileItRollsBack()
{
    RecordingRunner runner;
    runner.holdAnswers();
    runner.failPerformAt(4, Forbidden);
    PlannedConfigurator configurator(runner, office);
    Answer applied;
    Answer cleared;
    configurator.apply(serverConfig(), applied.receiver());
    for (int i = 0; i < 6; ++i)
        QVERIFY(runner.answerOne());
    configurator.clear(cleared.receiver());
    while (runner.answerOne())
        continue;
    QCOMPARE(applied.code, ErrorCode::Closed);
    QCOMPARE(cleared.text, QStringLiteral("done"));
    QCOMPARE(runner.undone(), reversed(runner.performed()));
}

void PlannedConfiguratorTest::clearsTwiceAtATime()
{
    RecordingRunner runner;
    PlannedConfigurator configurator(runner, office);
    configurator.apply(serverConfig(), ignored);
    runner.holdAnswers();
    Answer first;
    Answer second;
    configurator.clear(first.receiver());
    configurator.clear(second.receiver());
    while (runner.answerOne())
        continue;
    QCOMPARE(first.text, QStringLiteral("done"));
    QCOMPARE(second.text, QStringLiteral("done"));
    QCOMPARE(runner.undone(), reversed(runner.performed()));
}

void PlannedConfiguratorTest::clearsWhenNothingWasApplied()
{
    RecordingRunner runner;
    PlannedConfigurator configurator(runner, office);
    Answer cleared;
    configurator.clear(cleared.receiver());
    QCOMPARE(cleared.text, QStringLiteral("done"));
    QVERIFY(runner.calls().empty());
}

void PlannedConfiguratorTest::goesOnClearingWhenAStepFails()
{
    RecordingRunner runner;
    PlannedConfigurator configurator(runner, office);
    configurator.apply(serverConfig(), ignored);
    const std::vector<Operation> operations = planned(serverConfig());
    runner.failUndoAt(1, Forbidden);
    runner.failUndoAt(2, Error{ErrorCode::TimedOut, "too late"});
    Answer cleared;
    configurator.clear(cleared.receiver());
    QCOMPARE(cleared.text,
             QString::fromStdString("undo: " + describe(operations[operations.size() - 2], "gvpn0") + ": forbidden"));
    QCOMPARE(cleared.code, ErrorCode::PermissionDenied);
    QCOMPARE(runner.undone().size(), operations.size() - 2);
    // What could not be undone is tried again.
    Answer again;
    configurator.clear(again.receiver());
    QCOMPARE(again.text, QStringLiteral("done"));
    QVERIFY(areSame(runner.undone(), operations));
}

void PlannedConfiguratorTest::preparesBeforeTheSnapshot()
{
    RecordingRunner runner;
    QStringList order;
    PlannedConfigurator configurator(
        runner,
        [&] {
            order.append(QStringLiteral("snapshot"));
            return office();
        },
        [&](const std::function<void()>& ready) {
            order.append(QStringLiteral("preparation"));
            ready();
        });
    Answer applied;
    configurator.apply(serverConfig(), applied.receiver());
    QCOMPARE(applied.text, QStringLiteral("done"));
    const QStringList expected{QStringLiteral("preparation"), QStringLiteral("snapshot")};
    QCOMPARE(order, expected);
}

void PlannedConfiguratorTest::clearsDuringThePreparation()
{
    RecordingRunner runner;
    std::function<void()> ready;
    PlannedConfigurator configurator(runner, office, [&](std::function<void()> whenReady) { ready = whenReady; });
    Answer applied;
    Answer cleared;
    configurator.apply(serverConfig(), applied.receiver());
    configurator.clear(cleared.receiver());
    QCOMPARE(cleared.text, QStringLiteral("waiting"));
    ready();
    QCOMPARE(applied.code, ErrorCode::Closed);
    QCOMPARE(cleared.text, QStringLiteral("done"));
    QVERIFY(runner.calls().empty());
}

void PlannedConfiguratorTest::mayBeDeletedFromACallback()
{
    RecordingRunner runner;
    auto configurator = std::make_unique<PlannedConfigurator>(runner, office);
    bool isCalled = false;
    configurator->apply(serverConfig(), [&](const Result<void>&) {
        isCalled = true;
        configurator.reset();
    });
    QVERIFY(isCalled && !configurator);
}

void PlannedConfiguratorTest::mayBeDeletedDuringAStep()
{
    RecordingRunner runner;
    runner.holdAnswers();
    auto configurator = std::make_unique<PlannedConfigurator>(runner, office);
    Answer applied;
    configurator->apply(serverConfig(), applied.receiver());
    configurator.reset();
    QVERIFY(runner.answerOne());
    QVERIFY(!runner.answerOne());
    QCOMPARE(applied.text, QStringLiteral("waiting"));
}

QTEST_APPLESS_MAIN(PlannedConfiguratorTest)

#include "tst_planned_configurator.moc"
