#include "system/switch_ledger.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::system;

namespace {

const std::string Lan = "ipv4/conf/eth0/forwarding";
const std::string All = "ipv6/conf/all/forwarding";

}  // namespace

class SwitchLedgerTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void init();

    void putsTheOriginalBack();
    void recordsBeforeItWrites();
    void theLastHolderPutsTheOriginalBack_data();
    void theLastHolderPutsTheOriginalBack();
    void theDeadHoldNothing();
    void putsBackWhatOnlyTheDeadHold();
    void leavesAloneWhatTheLivingHold();
    void leavesAloneWhatSomebodyElseChanged();
    void leavesForwardingOnForWhoeverSwitchedItOnEverywhere();
    void takesOverWhatSomebodyElseChanged();
    void holdsTwiceAsOnce();
    void refusesAnotherValueWhileItIsHeld();
    void releasesWhatIsNotHeld();
    void forgetsASwitchThatIsGone();
    void takesBackTheRecordWhenItCantWrite();
    void refusesOtherFiles_data();
    void refusesOtherFiles();
    void restoresEveryInterfaceAfterAll();
    void restoresInterfacesThatOthersChangedMeanwhile();
    void showsTheNetworkWithoutOurSwitches();
    void ignoresDamagedRecords_data();
    void ignoresDamagedRecords();

private:
    [[nodiscard]] SwitchLedger ledger(const Holder& holder) const;
    [[nodiscard]] SwitchLedger ledger() const { return ledger(Holder::makeOwn()); }
    [[nodiscard]] static Holder deadHolder();
    [[nodiscard]] QString path(const std::string& name) const;
    void set(const std::string& name, const QByteArray& value) const;
    [[nodiscard]] QByteArray get(const std::string& name) const;
    [[nodiscard]] RunDirectory runDirectory() const;
    [[nodiscard]] bool hasRecord() const;

    QTemporaryDir m_directory;
    int m_testNumber = 0;
};

void SwitchLedgerTest::initTestCase()
{
    for (const char* name : {"eth0", "eth1", "all", "default"}) {
        for (const char* family : {"ipv4", "ipv6"})
            QVERIFY(QDir(m_directory.path())
                        .mkpath(QStringLiteral("sys/%1/conf/%2").arg(QLatin1String(family), QLatin1String(name))));
    }
}

/// The same switches for every test, and records of its own. (Directories of its own took most of the time.)
void SwitchLedgerTest::init()
{
    ++m_testNumber;
    for (const std::string name : {"eth0", "eth1", "all", "default"}) {
        for (const std::string& file : {"ipv4/conf/" + name + "/forwarding", "ipv6/conf/" + name + "/forwarding"}) {
            QFile::remove(path(file));
            set(file, "0\n");
        }
        set("ipv6/conf/" + name + "/accept_ra", "1\n");
    }
}

SwitchLedger SwitchLedgerTest::ledger(const Holder& holder) const
{
    return {runDirectory(), m_directory.filePath(QStringLiteral("sys")).toStdString(), holder};
}

/// Its number is ours by now.
Holder SwitchLedgerTest::deadHolder()
{
    Holder holder = Holder::makeOwn();
    ++holder.startTime;
    return holder;
}

QString SwitchLedgerTest::path(const std::string& name) const
{
    return m_directory.filePath(QStringLiteral("sys/") + QString::fromStdString(name));
}

void SwitchLedgerTest::set(const std::string& name, const QByteArray& value) const
{
    QFile file(path(name));
    QVERIFY(file.open(QIODevice::WriteOnly) && file.write(value) == value.size());
}

QByteArray SwitchLedgerTest::get(const std::string& name) const
{
    QFile file(path(name));
    return file.open(QIODevice::ReadOnly) ? file.readAll().trimmed() : QByteArray("none");
}

RunDirectory SwitchLedgerTest::runDirectory() const
{
    return *RunDirectory::locate(m_directory.filePath(QStringLiteral("run%1").arg(m_testNumber)).toStdString());
}

bool SwitchLedgerTest::hasRecord() const
{
    return !runDirectory().list(std::string(SwitchLedger::FileName), "").empty();
}

void SwitchLedgerTest::putsTheOriginalBack()
{
    SwitchLedger only = ledger();
    QVERIFY(only.hold(Lan, "1").has_value());
    QCOMPARE(get(Lan), QByteArray("1"));
    QVERIFY(hasRecord());
    QVERIFY(only.release(Lan).has_value());
    QCOMPARE(get(Lan), QByteArray("0"));
    QVERIFY(!hasRecord());
}

void SwitchLedgerTest::recordsBeforeItWrites()
{
    // The record can't be written, so the switch must not be either.
    QFile blocker(m_directory.filePath(QStringLiteral("run%1").arg(m_testNumber)));
    QVERIFY(blocker.open(QIODevice::WriteOnly));
    QVERIFY(!ledger().hold(Lan, "1"));
    QCOMPARE(get(Lan), QByteArray("0"));
}

void SwitchLedgerTest::theLastHolderPutsTheOriginalBack_data()
{
    QTest::addColumn<bool>("firstStopsFirst");
    QTest::newRow("the first stops first") << true;
    QTest::newRow("the second stops first") << false;
}

void SwitchLedgerTest::theLastHolderPutsTheOriginalBack()
{
    QFETCH(bool, firstStopsFirst);
    SwitchLedger first = ledger();
    SwitchLedger second = ledger();
    QVERIFY(first.hold(Lan, "1").has_value());
    QVERIFY(second.hold(Lan, "1").has_value());
    QVERIFY((firstStopsFirst ? first : second).release(Lan).has_value());
    QCOMPARE(get(Lan), QByteArray("1"));
    QVERIFY((firstStopsFirst ? second : first).release(Lan).has_value());
    QCOMPARE(get(Lan), QByteArray("0"));
    QVERIFY(!hasRecord());
}

void SwitchLedgerTest::theDeadHoldNothing()
{
    SwitchLedger living = ledger();
    QVERIFY(ledger(deadHolder()).hold(Lan, "1").has_value());
    QVERIFY(living.hold(Lan, "1").has_value());
    QVERIFY(living.release(Lan).has_value());
    QCOMPARE(get(Lan), QByteArray("0"));
}

void SwitchLedgerTest::putsBackWhatOnlyTheDeadHold()
{
    QVERIFY(ledger(deadHolder()).hold(Lan, "1").has_value());
    QVERIFY(ledger(deadHolder()).hold(Lan, "1").has_value());
    const auto restored = ledger().releaseDead();
    QVERIFY(restored.has_value());
    QCOMPARE(*restored, std::vector<std::string>{Lan});
    QCOMPARE(get(Lan), QByteArray("0"));
    QVERIFY(!hasRecord());
    QVERIFY(ledger().releaseDead()->empty());
}

void SwitchLedgerTest::leavesAloneWhatTheLivingHold()
{
    SwitchLedger living = ledger();
    QVERIFY(living.hold(Lan, "1").has_value());
    QVERIFY(ledger(deadHolder()).hold(Lan, "1").has_value());
    QVERIFY(ledger().releaseDead()->empty());
    QCOMPARE(get(Lan), QByteArray("1"));
    QVERIFY(living.release(Lan).has_value());
    QCOMPARE(get(Lan), QByteArray("0"));
}

void SwitchLedgerTest::leavesAloneWhatSomebodyElseChanged()
{
    const std::string acceptRa = "ipv6/conf/eth0/accept_ra";
    SwitchLedger only = ledger();
    QVERIFY(only.hold(acceptRa, "2").has_value());
    set(acceptRa, "0\n");
    QVERIFY(only.release(acceptRa).has_value());
    QCOMPARE(get(acceptRa), QByteArray("0"));
    QVERIFY(!hasRecord());

    QVERIFY(ledger(deadHolder()).hold(acceptRa, "2").has_value());
    set(acceptRa, "1\n");
    QVERIFY(ledger().releaseDead()->empty());
    QCOMPARE(get(acceptRa), QByteArray("1"));
    QVERIFY(!hasRecord());
}

/// What the kernel does when ip_forward is written: our switch was on already.
void SwitchLedgerTest::leavesForwardingOnForWhoeverSwitchedItOnEverywhere()
{
    SwitchLedger only = ledger();
    QVERIFY(only.hold(Lan, "1").has_value());
    NetworkSnapshot snapshot;
    snapshot.interfaces.resize(1);
    snapshot.interfaces[0].name = "eth0";
    snapshot.interfaces[0].forwardsIPv4 = true;
    NetworkSnapshot before = snapshot;
    only.restoreOriginals(before);
    QVERIFY(!before.interfaces[0].forwardsIPv4);
    for (const char* name : {"eth0", "eth1", "default", "all"})
        set(std::string("ipv4/conf/") + name + "/forwarding", "1\n");
    only.restoreOriginals(snapshot);
    QVERIFY(snapshot.interfaces[0].forwardsIPv4);
    QVERIFY(only.release(Lan).has_value());
    QCOMPARE(get(Lan), QByteArray("1"));
    QVERIFY(!hasRecord());

    // A default that was on before says nothing.
    set(Lan, "0\n");
    QVERIFY(ledger(deadHolder()).hold(Lan, "1").has_value());
    QCOMPARE(*ledger().releaseDead(), std::vector<std::string>{Lan});
    QCOMPARE(get(Lan), QByteArray("0"));
}

void SwitchLedgerTest::takesOverWhatSomebodyElseChanged()
{
    const std::string acceptRa = "ipv6/conf/eth0/accept_ra";
    SwitchLedger first = ledger();
    SwitchLedger second = ledger();
    QVERIFY(first.hold(acceptRa, "2").has_value());
    set(acceptRa, "0\n");
    QVERIFY(second.hold(acceptRa, "2").has_value());
    QCOMPARE(get(acceptRa), QByteArray("2"));
    QVERIFY(first.release(acceptRa).has_value());
    QVERIFY(second.release(acceptRa).has_value());
    QCOMPARE(get(acceptRa), QByteArray("0"));
}

void SwitchLedgerTest::holdsTwiceAsOnce()
{
    SwitchLedger only = ledger();
    QVERIFY(only.hold(Lan, "1").has_value());
    QVERIFY(only.hold(Lan, "1").has_value());
    QVERIFY(only.release(Lan).has_value());
    QCOMPARE(get(Lan), QByteArray("0"));
}

void SwitchLedgerTest::refusesAnotherValueWhileItIsHeld()
{
    const std::string acceptRa = "ipv6/conf/eth0/accept_ra";
    SwitchLedger first = ledger();
    QVERIFY(first.hold(acceptRa, "2").has_value());
    QCOMPARE(ledger().hold(acceptRa, "0").error().code, ErrorCode::AlreadyExists);
    QCOMPARE(get(acceptRa), QByteArray("2"));
    QVERIFY(first.release(acceptRa).has_value());
    QCOMPARE(get(acceptRa), QByteArray("1"));
}

void SwitchLedgerTest::releasesWhatIsNotHeld()
{
    SwitchLedger first = ledger();
    QVERIFY(first.release(Lan).has_value());
    QVERIFY(first.hold(Lan, "1").has_value());
    QVERIFY(ledger().release(Lan).has_value());
    QCOMPARE(get(Lan), QByteArray("1"));
}

void SwitchLedgerTest::forgetsASwitchThatIsGone()
{
    SwitchLedger only = ledger();
    QVERIFY(only.hold(Lan, "1").has_value());
    QVERIFY(QFile::remove(path(Lan)));
    QVERIFY(only.release(Lan).has_value());
    QVERIFY(!hasRecord());
    QCOMPARE(only.hold(Lan, "1").error().code, ErrorCode::NotFound);
    QVERIFY(!hasRecord());
}

void SwitchLedgerTest::takesBackTheRecordWhenItCantWrite()
{
    QFile::remove(path(Lan));
    // Not even root can write this one.
    QVERIFY(QFile::link(QStringLiteral("/proc/sys/kernel/ngroups_max"), path(Lan)));
    QVERIFY(QString::fromStdString(ledger().hold(Lan, "1").error().context).startsWith(u"write "));
    QVERIFY(!hasRecord());
}

void SwitchLedgerTest::refusesOtherFiles_data()
{
    QTest::addColumn<QString>("path");
    QTest::addColumn<QString>("value");
    QTest::newRow("another switch") << "ipv4/conf/eth0/rp_filter"
                                    << "1";
    QTest::newRow("another place") << "../kernel/core_pattern"
                                   << "1";
    QTest::newRow("upwards") << "ipv4/conf/../forwarding"
                             << "1";
    QTest::newRow("here") << "ipv4/conf/./forwarding"
                          << "1";
    QTest::newRow("deeper") << "ipv4/conf/a/b/forwarding"
                            << "1";
    QTest::newRow("with an end of line") << "ipv4/conf/eth0/forwarding\n"
                                         << "1";
    QTest::newRow("a text") << "ipv4/conf/eth0/forwarding"
                            << "on";
    QTest::newRow("no value") << "ipv4/conf/eth0/forwarding"
                              << "";
}

void SwitchLedgerTest::refusesOtherFiles()
{
    QFETCH(QString, path);
    QFETCH(QString, value);
    QCOMPARE(ledger().hold(path.toStdString(), value.toStdString()).error().code, ErrorCode::InvalidArgument);
}

/// What the kernel does when all.forwarding is written.
void SwitchLedgerTest::restoresEveryInterfaceAfterAll()
{
    set("ipv6/conf/eth1/forwarding", "1\n");
    SwitchLedger only = ledger();
    QVERIFY(only.hold(All, "1").has_value());
    QVERIFY(QDir(m_directory.path()).mkpath(QStringLiteral("sys/ipv6/conf/new0")));
    for (const char* name : {"eth0", "eth1", "default", "new0"})
        set(std::string("ipv6/conf/") + name + "/forwarding", "1\n");
    QVERIFY(only.release(All).has_value());
    QCOMPARE(get(All), QByteArray("0"));
    QCOMPARE(get("ipv6/conf/eth0/forwarding"), QByteArray("0"));
    QCOMPARE(get("ipv6/conf/eth1/forwarding"), QByteArray("1"));
    QCOMPARE(get("ipv6/conf/default/forwarding"), QByteArray("0"));
    QCOMPARE(get("ipv6/conf/new0/forwarding"), QByteArray("0"));
}

void SwitchLedgerTest::restoresInterfacesThatOthersChangedMeanwhile()
{
    set("ipv6/conf/eth0/forwarding", "1\n");
    SwitchLedger only = ledger();
    QVERIFY(only.hold(All, "1").has_value());
    set("ipv6/conf/eth0/forwarding", "0\n");
    QVERIFY(only.release(All).has_value());
    QCOMPARE(get("ipv6/conf/eth0/forwarding"), QByteArray("0"));
}

void SwitchLedgerTest::showsTheNetworkWithoutOurSwitches()
{
    set("ipv6/conf/eth1/forwarding", "1\n");
    SwitchLedger other = ledger();
    QVERIFY(other.hold(Lan, "1").has_value());
    QVERIFY(other.hold("ipv6/conf/eth0/accept_ra", "2").has_value());
    QVERIFY(other.hold(All, "1").has_value());
    NetworkSnapshot snapshot;
    snapshot.forwardsAllIPv6 = true;
    snapshot.interfaces.resize(2);
    snapshot.interfaces[0].name = "eth0";
    snapshot.interfaces[1].name = "eth1";
    for (InterfaceInfo& info : snapshot.interfaces) {
        info.forwardsIPv4 = true;
        info.forwardsIPv6 = true;
        info.acceptRa = 2;
    }
    NetworkSnapshot original = snapshot;
    ledger().restoreOriginals(original);
    QVERIFY(!original.forwardsAllIPv6);
    QVERIFY(!original.interfaces[0].forwardsIPv4 && original.interfaces[1].forwardsIPv4);
    QVERIFY(!original.interfaces[0].forwardsIPv6 && original.interfaces[1].forwardsIPv6);
    QCOMPARE(original.interfaces[0].acceptRa, 1);
    QCOMPARE(original.interfaces[1].acceptRa, 2);

    // What somebody else has set since is what counts.
    set(All, "2\n");
    ledger().restoreOriginals(snapshot);
    QVERIFY(snapshot.forwardsAllIPv6);
}

void SwitchLedgerTest::ignoresDamagedRecords_data()
{
    QTest::addColumn<QByteArray>("switches");
    const QByteArray holder = R"({"pid": 1, "started": "0", "token": "0123456789abcdef"})";
    QTest::newRow("another file") << QByteArray(
        R"({"../../etc/passwd": {"original": "0", "value": "1", "holders": []}})");
    QTest::newRow("no original") << QByteArray(R"({"ipv4/conf/eth0/forwarding": {"value": "1", "holders": []}})");
    QTest::newRow("a text to write") << QByteArray(
        R"({"ipv4/conf/eth0/forwarding": {"original": "|/bin/sh", "value": "1", "holders": []}})");
    QTest::newRow("a broken holder") << QByteArray(
        R"({"ipv4/conf/eth0/forwarding": {"original": "0", "value": "1", "holders": [{"pid": -1}]}})");
    QTest::newRow("a dependent elsewhere")
        << QByteArray(R"({"ipv4/conf/eth0/forwarding": {"original": "0", "value": "1", "holders": [)") + holder
               + R"(], "dependents": {"../x": "1"}}})";
    QTest::newRow("a text as default") << QByteArray(
        R"({"ipv4/conf/eth0/forwarding": {"original": "0", "value": "1", "holders": [], "default": "x"}})");
    QTest::newRow("no object") << QByteArray(R"({"ipv4/conf/eth0/forwarding": 5})");
}

void SwitchLedgerTest::ignoresDamagedRecords()
{
    QFETCH(QByteArray, switches);
    const QJsonDocument document = QJsonDocument::fromJson(switches);
    QVERIFY(document.isObject());
    QVERIFY(runDirectory().lock().has_value());
    QVERIFY(runDirectory()
                .write(std::string(SwitchLedger::FileName), {{QStringLiteral("switches"), document.object()}})
                .has_value());
    set(Lan, "1\n");
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(QStringLiteral("ignoring a damaged record")));
    const auto restored = ledger().releaseDead();
    QVERIFY(restored.has_value() && restored->empty());
    QCOMPARE(get(Lan), QByteArray("1"));
}

QTEST_APPLESS_MAIN(SwitchLedgerTest)

#include "tst_switch_ledger.moc"
