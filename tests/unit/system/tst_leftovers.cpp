#include "system/leftovers.h"

#include "system/journaled_runner.h"
#include "system/recording_runner.h"

#include <QtTest>

#include <fcntl.h>
#include <sys/file.h>

using namespace gvpn;
using namespace gvpn::system;

namespace {

constexpr unsigned LoopbackIndex = 1;  // the one interface that is the same everywhere

Operation address(unsigned index)
{
    return AddAddress{index, *net::InterfaceAddress::parse("10.86.0.1/24")};
}

Operation route(unsigned index)
{
    return AddRoute{index, *net::Prefix::parse("172.17.0.0/16")};
}

Operation table(const char* name)
{
    return LoadTable{name, "{}", false, ""};
}

/// As the runner gets it, and as it is read back.
Operation tableOf(const Holder& holder, const char* name, const char* ruleset = "")
{
    return LoadTable{name, ruleset, false, holder.token};
}

Operation dockerRules()
{
    return AddDockerRules{net::Family::IPv6, "gvpn0", {*net::Prefix::parse("fd86::/64")}, ""};
}

void ignored(const Result<void>&) {}

}  // namespace

class LeftoversTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init();

    void recordsWhatIsDoneAndForgetsWhatIsUndone();
    void forgetsWhatFailed();
    void remembersWhatTimedOut();
    void keepsARecordOfATableThatIsReplaced();
    void loadsNoTableThatItCantRecord();
    void loadsATableThatMayStayBehindAlsoUnrecorded();
    void undoesWhatTheDeadLeftInReverse();
    void leavesTheLivingAlone();
    void leavesATableThatTheLivingUse();
    void leavesATableAloneThatIsTakenMeanwhile();
    void removesTheTablesOfTheDeadByTheirOwners();
    void removesRulesOfTheDeadAlsoWhileTheLivingHaveTheSame();
    void addsNoRulesThatItCantRecord();
    void undoesAddressesUnderTheLock();
    void takesOverWhatItReplaces();
    void leavesAnotherInterfaceWithThatNumberAlone();
    void keepsTheJournalWhenAStepFails();
    void worksWhenAnswersComeLate();
    void putsSwitchesBackFirst();
    void ignoresDamagedJournals_data();
    void ignoresDamagedJournals();

private:
    [[nodiscard]] RunDirectory directory() const;
    [[nodiscard]] static Holder deadHolder();
    [[nodiscard]] SwitchLedger ledger(const Holder& holder) const;
    void leave(const Holder& holder, const std::vector<Operation>& operations) const;
    [[nodiscard]] Result<CleanupReport> cleanUp();
    [[nodiscard]] bool isLocked() const;
    [[nodiscard]] std::size_t journalCount() const { return directory().list("journal-", ".json").size(); }

    QTemporaryDir m_directory;
    int m_testNumber = 0;
    std::unique_ptr<RecordingRunner> m_runner;
};

void LeftoversTest::init()
{
    ++m_testNumber;
    m_runner = std::make_unique<RecordingRunner>();
    QVERIFY(QDir(m_directory.path()).mkpath(QStringLiteral("sys/ipv4/conf/eth0")));
}

RunDirectory LeftoversTest::directory() const
{
    return *RunDirectory::locate(m_directory.filePath(QStringLiteral("run%1").arg(m_testNumber)).toStdString());
}

Holder LeftoversTest::deadHolder()
{
    Holder holder = Holder::makeOwn();
    ++holder.startTime;
    return holder;
}

SwitchLedger LeftoversTest::ledger(const Holder& holder) const
{
    return {directory(), m_directory.filePath(QStringLiteral("sys")).toStdString(), holder};
}

void LeftoversTest::leave(const Holder& holder, const std::vector<Operation>& operations) const
{
    RecordingRunner runner;
    JournaledRunner journaled(runner, Journal(directory(), holder));
    for (const Operation& operation : operations)
        journaled.perform(operation, ignored);
    QCOMPARE(runner.performed().size(), operations.size());
}

bool LeftoversTest::isLocked() const
{
    const UniqueFd file(::open((directory().path() + "/lock").c_str(), O_RDWR | O_CLOEXEC));
    return file.isValid() && ::flock(file.get(), LOCK_EX | LOCK_NB) != 0;
}

Result<CleanupReport> LeftoversTest::cleanUp()
{
    std::optional<Result<CleanupReport>> report;
    cleanUpLeftovers(directory(), ledger(Holder::makeOwn()), *m_runner,
                     [&](auto result) { report = std::move(result); });
    while (m_runner->answerOne())
        continue;
    return report.value_or(fail(ErrorCode::TimedOut, "no answer"));
}

void LeftoversTest::recordsWhatIsDoneAndForgetsWhatIsUndone()
{
    const Holder own = Holder::makeOwn();
    JournaledRunner journaled(*m_runner, Journal(directory(), own));
    std::vector<Operation> operations{SetMtu{LoopbackIndex, 1400},
                                      address(LoopbackIndex),
                                      table("gvpn_gvpn0"),
                                      SetLinkUp{LoopbackIndex},
                                      LimitSegments{LoopbackIndex, 128},
                                      SetSwitch{"ipv4/conf/eth0/forwarding", "1"}};
    journaled.perform(operations[0], ignored);
    QCOMPARE(journalCount(), std::size_t(0));
    for (std::size_t i = 1; i < operations.size(); ++i)
        journaled.perform(operations[i], ignored);
    const auto journals = readJournals(directory());
    QCOMPARE(journals.size(), std::size_t(1));
    QCOMPARE(journals[0].entries.size(), std::size_t(3));
    QVERIFY(journals[0].entries[0].operation == address(LoopbackIndex));
    QCOMPARE(journals[0].entries[0].interfaceName, std::string("lo"));
    QVERIFY(journals[0].entries[1].operation == tableOf(own, "gvpn_gvpn0"));
    for (const Operation& operation : operations)
        journaled.undo(operation, ignored);
    QCOMPARE(journalCount(), std::size_t(0));
    operations[2] = tableOf(own, "gvpn_gvpn0", "{}");
    QCOMPARE(m_runner->performed(), operations);
    QCOMPARE(m_runner->undone(), operations);
}

void LeftoversTest::forgetsWhatFailed()
{
    m_runner->failPerformAt(0, Error{ErrorCode::PermissionDenied, "no"});
    JournaledRunner journaled(*m_runner, Journal(directory(), Holder::makeOwn()));
    journaled.perform(table("gvpn_gvpn0"), ignored);
    QCOMPARE(journalCount(), std::size_t(0));
}

void LeftoversTest::remembersWhatTimedOut()
{
    m_runner->failPerformAt(0, Error{ErrorCode::TimedOut, "too late"});
    JournaledRunner journaled(*m_runner, Journal(directory(), Holder::makeOwn()));
    journaled.perform(table("gvpn_gvpn0"), ignored);
    QCOMPARE(journalCount(), std::size_t(1));
}

void LeftoversTest::keepsARecordOfATableThatIsReplaced()
{
    m_runner->failPerformAt(1, Error{ErrorCode::PermissionDenied, "no"});
    JournaledRunner journaled(*m_runner, Journal(directory(), Holder::makeOwn()));
    journaled.perform(table("gvpn_gvpn0"), ignored);
    journaled.perform(table("gvpn_gvpn0"), ignored);
    QCOMPARE(journalCount(), std::size_t(1));
}

void LeftoversTest::loadsNoTableThatItCantRecord()
{
    QFile blocker(m_directory.filePath(QStringLiteral("run%1").arg(m_testNumber)));
    QVERIFY(blocker.open(QIODevice::WriteOnly));
    JournaledRunner journaled(*m_runner, Journal(directory(), Holder::makeOwn()));
    std::optional<Result<void>> loaded;
    journaled.perform(table("gvpn_gvpn0"), [&](Result<void> result) { loaded = std::move(result); });
    QVERIFY(loaded && !*loaded);
    QVERIFY(m_runner->calls().empty());
    // Goes with the interface.
    journaled.perform(address(LoopbackIndex), ignored);
    QCOMPARE(m_runner->performed().size(), std::size_t(1));
}

void LeftoversTest::loadsATableThatMayStayBehindAlsoUnrecorded()
{
    QFile blocker(m_directory.filePath(QStringLiteral("run%1").arg(m_testNumber)));
    QVERIFY(blocker.open(QIODevice::WriteOnly));
    JournaledRunner journaled(*m_runner, Journal(directory(), Holder::makeOwn()));
    const LoadTable guard{"gvpn_gvpn0", "{}", true, ""};
    std::optional<Result<void>> ended;
    journaled.perform(guard, [&](Result<void> result) { ended = std::move(result); });
    QVERIFY(ended && *ended);
    ended.reset();
    journaled.undo(guard, [&](Result<void> result) { ended = std::move(result); });
    QVERIFY(ended && *ended);
    QCOMPARE(m_runner->calls().size(), std::size_t(2));
}

void LeftoversTest::undoesWhatTheDeadLeftInReverse()
{
    const Holder dead = deadHolder();
    leave(dead, {address(LoopbackIndex), table("gvpn_gvpn0"), SetLinkUp{LoopbackIndex}, route(LoopbackIndex)});
    const auto report = cleanUp();
    QVERIFY(report.has_value());
    const std::vector<Operation> expected{route(LoopbackIndex), SetLinkUp{LoopbackIndex}, tableOf(dead, "gvpn_gvpn0"),
                                          address(LoopbackIndex)};
    QCOMPARE(m_runner->undone(), expected);
    QCOMPARE(report->undone.size(), expected.size());
    QCOMPARE(report->undone[2], std::string("load nftables table gvpn_gvpn0"));
    QCOMPARE(journalCount(), std::size_t(0));
    QVERIFY(cleanUp()->undone.empty());
}

void LeftoversTest::leavesTheLivingAlone()
{
    leave(Holder::makeOwn(), {address(LoopbackIndex), table("gvpn_gvpn0")});
    QVERIFY(cleanUp()->undone.empty());
    QVERIFY(m_runner->calls().empty());
    QCOMPARE(journalCount(), std::size_t(1));
}

void LeftoversTest::leavesATableThatTheLivingUse()
{
    const Holder dead = deadHolder();
    leave(dead, {table("gvpn_gvpn0"), table("gvpn_gvpn1")});
    leave(Holder::makeOwn(), {table("gvpn_gvpn0")});
    QVERIFY(cleanUp().has_value());
    QCOMPARE(m_runner->undone(), std::vector<Operation>{tableOf(dead, "gvpn_gvpn1")});
    QCOMPARE(journalCount(), std::size_t(1));
}

void LeftoversTest::leavesATableAloneThatIsTakenMeanwhile()
{
    const Holder dead = deadHolder();
    leave(dead, {table("gvpn_gvpn0"), table("gvpn_gvpn1")});
    m_runner->holdAnswers();
    std::optional<Result<CleanupReport>> report;
    cleanUpLeftovers(directory(), ledger(Holder::makeOwn()), *m_runner,
                     [&](auto result) { report = std::move(result); });
    // It is recorded, and being loaded.
    Journal other(directory(), Holder::makeOwn());
    QVERIFY(other.add(table("gvpn_gvpn0")).has_value());
    while (m_runner->answerOne())
        continue;
    QVERIFY(report && *report);
    QCOMPARE(m_runner->undone(), std::vector<Operation>{tableOf(dead, "gvpn_gvpn1")});
    QCOMPARE(journalCount(), std::size_t(2));
}

/// The removal names the dead owner, so that it can't hit a table that somebody loads in the meantime.
void LeftoversTest::removesTheTablesOfTheDeadByTheirOwners()
{
    const Holder first = deadHolder();
    const Holder second = deadHolder();
    leave(first, {table("gvpn_gvpn0")});
    leave(second, {table("gvpn_gvpn1")});
    QVERIFY(cleanUp().has_value());
    QCOMPARE(m_runner->undone().size(), std::size_t(2));
    for (const Holder& holder : {first, second}) {
        const char* name = holder == first ? "gvpn_gvpn0" : "gvpn_gvpn1";
        QVERIFY(std::ranges::count(m_runner->undone(), tableOf(holder, name)) == 1);
    }
}

/// Somebody who wants the address meanwhile waits until it is gone, and then adds it.
/// The journal doesn't say what the rules were: they are found by their owner.
void LeftoversTest::removesRulesOfTheDeadAlsoWhileTheLivingHaveTheSame()
{
    const Holder living = Holder::makeOwn();
    const Holder dead = deadHolder();
    leave(living, {dockerRules()});
    leave(dead, {dockerRules()});
    const auto report = cleanUp();
    QVERIFY(report);
    QCOMPARE(report->undone, (std::vector<std::string>{describe(dockerRules(), "")}));
    QCOMPARE(m_runner->undone(), (std::vector<Operation>{AddDockerRules{net::Family::IPv6, "gvpn0", {}, dead.token}}));
    QCOMPARE(journalCount(), std::size_t(1));
}

void LeftoversTest::addsNoRulesThatItCantRecord()
{
    QFile blocker(m_directory.filePath(QStringLiteral("run%1").arg(m_testNumber)));
    QVERIFY(blocker.open(QIODevice::WriteOnly));
    JournaledRunner journaled(*m_runner, Journal(directory(), Holder::makeOwn()));
    std::optional<Result<void>> added;
    journaled.perform(dockerRules(), [&](Result<void> result) { added = std::move(result); });
    QVERIFY(added && !*added);
    QVERIFY(m_runner->calls().empty());
}

void LeftoversTest::undoesAddressesUnderTheLock()
{
    leave(deadHolder(), {table("gvpn_gvpn0"), address(LoopbackIndex), SetLinkUp{LoopbackIndex}});
    m_runner->holdAnswers();
    std::optional<Result<CleanupReport>> report;
    cleanUpLeftovers(directory(), ledger(Holder::makeOwn()), *m_runner,
                     [&](auto result) { report = std::move(result); });
    QVERIFY(isLocked());
    QVERIFY(m_runner->answerOne());
    QVERIFY(isLocked());
    QVERIFY(m_runner->answerOne());
    QVERIFY(!isLocked());
    QVERIFY(m_runner->answerOne());
    QVERIFY(report && *report);
    QCOMPARE(report->value().undone.size(), std::size_t(3));
}

void LeftoversTest::takesOverWhatItReplaces()
{
    const Holder own = Holder::makeOwn();
    leave(Holder::makeOwn(), {table("gvpn_gvpn0")});
    leave(deadHolder(), {table("gvpn_lo"), table("gvpn_gvpn1")});
    leave(deadHolder(), {table("gvpn_lo")});
    m_runner->failPerformAt(0, Error{ErrorCode::PermissionDenied, "no"});
    JournaledRunner journaled(*m_runner, Journal(directory(), own));
    journaled.perform(table("gvpn_lo"), ignored);
    QCOMPARE(journalCount(), std::size_t(3));
    journaled.perform(table("gvpn_lo"), ignored);
    journaled.undo(table("gvpn_lo"), ignored);
    QCOMPARE(journalCount(), std::size_t(2));
    for (const JournalRecord& record : readJournals(directory()))
        QCOMPARE(record.entries.size(), std::size_t(1));
    QCOMPARE(cleanUp()->undone, std::vector<std::string>{"load nftables table gvpn_gvpn1"});
}

void LeftoversTest::leavesAnotherInterfaceWithThatNumberAlone()
{
    const Holder dead = deadHolder();
    leave(dead, {address(LoopbackIndex), route(999'999)});
    // As if gvpn0 had had the number that is the loopback interface's now.
    const std::string name = directory().list("journal-", ".json").at(0);
    QJsonObject journal = *directory().read(name);
    QJsonArray operations = journal.value(u"operations").toArray();
    QJsonObject first = operations.at(0).toObject();
    first.insert(u"interface", QStringLiteral("gvpn0"));
    operations.replace(0, first);
    journal.insert(u"operations", operations);
    QVERIFY(directory().write(name, journal).has_value());
    QVERIFY(cleanUp()->undone.empty());
    QVERIFY(m_runner->calls().empty());
    QCOMPARE(journalCount(), std::size_t(0));
}

void LeftoversTest::keepsTheJournalWhenAStepFails()
{
    leave(deadHolder(), {address(LoopbackIndex), table("gvpn_gvpn0")});
    m_runner->failUndoAt(0, Error{ErrorCode::TimedOut, "too late"});
    const auto report = cleanUp();
    QVERIFY(report.has_value());
    QCOMPARE(report->failures, std::vector<std::string>{"load nftables table gvpn_gvpn0: too late"});
    QCOMPARE(report->undone.size(), std::size_t(1));
    QCOMPARE(journalCount(), std::size_t(1));
    QVERIFY(cleanUp()->failures.empty());
    QCOMPARE(journalCount(), std::size_t(0));
}

void LeftoversTest::worksWhenAnswersComeLate()
{
    leave(deadHolder(), {address(LoopbackIndex), table("gvpn_gvpn0")});
    m_runner->holdAnswers();
    QCOMPARE(cleanUp()->undone.size(), std::size_t(2));
    QCOMPARE(journalCount(), std::size_t(0));
}

void LeftoversTest::putsSwitchesBackFirst()
{
    const std::string path = "ipv4/conf/eth0/forwarding";
    QFile file(m_directory.filePath(QStringLiteral("sys/") + QString::fromStdString(path)));
    QVERIFY(file.open(QIODevice::ReadWrite) && file.write("0\n") == 2 && file.flush());
    QVERIFY(ledger(deadHolder()).hold(path, "1").has_value());
    leave(deadHolder(), {table("gvpn_gvpn0")});
    const auto report = cleanUp();
    QVERIFY(report.has_value());
    const std::vector<std::string> expected{path, "load nftables table gvpn_gvpn0"};
    QCOMPARE(report->undone, expected);
    QVERIFY(file.seek(0));
    QCOMPARE(file.readAll(), QByteArray("0"));
}

void LeftoversTest::ignoresDamagedJournals_data()
{
    QTest::addColumn<QByteArray>("operation");
    QTest::newRow("no object") << QByteArray("5");
    QTest::newRow("unknown") << QByteArray(R"({"do": "reboot"})");
    QTest::newRow("somebody else's table") << QByteArray(R"({"do": "load-table", "table": "filter"})");
    QTest::newRow("a long name") << QByteArray(R"({"do": "load-table", "table": "gvpn_0123456789012345678901234567"})");
    QTest::newRow("rules of no family") << QByteArray(R"({"do": "add-docker-rules", "family": 5, "tunnel": "gvpn0"})");
    QTest::newRow("rules of no tunnel") << QByteArray(R"({"do": "add-docker-rules", "family": 4})");
    QTest::newRow("rules of a long name")
        << QByteArray(R"({"do": "add-docker-rules", "family": 4, "tunnel": "gvpn012345678901"})");
    QTest::newRow("no index") << QByteArray(R"({"do": "set-link-up", "interface": "lo"})");
    QTest::newRow("a negative index") << QByteArray(R"({"do": "set-link-up", "index": -1, "interface": "lo"})");
    QTest::newRow("a large index") << QByteArray(R"({"do": "set-link-up", "index": 4294967297, "interface": "lo"})");
    QTest::newRow("no address") << QByteArray(R"({"do": "add-address", "index": 1, "interface": "lo"})");
    QTest::newRow("a bad address") << QByteArray(
        R"({"do": "add-address", "index": 1, "interface": "lo", "address": "10.0.0.1/33"})");
    QTest::newRow("a bad route") << QByteArray(
        R"({"do": "add-route", "index": 1, "interface": "lo", "destination": "10.0.0.1/8"})");
}

void LeftoversTest::ignoresDamagedJournals()
{
    QFETCH(QByteArray, operation);
    const QJsonDocument operations = QJsonDocument::fromJson('[' + operation + ']');
    QVERIFY(operations.isArray());
    QVERIFY(directory().lock().has_value());
    QVERIFY(directory()
                .write("journal-x.json", {{QStringLiteral("holder"), deadHolder().toJson()},
                                          {QStringLiteral("operations"), operations.array()}})
                .has_value());
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(QStringLiteral("ignoring a damaged journal")));
    const auto report = cleanUp();
    QVERIFY(report.has_value() && report->undone.empty() && report->failures.empty());
    QVERIFY(m_runner->calls().empty());
}

QTEST_APPLESS_MAIN(LeftoversTest)

#include "tst_leftovers.moc"
