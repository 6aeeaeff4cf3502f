#include "fake_core.h"
#include "gui/presenter.h"
#include "gui/start_request.h"
#include "gui/throughput_history.h"
#include "gui/units.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::gui;
using namespace gvpn::test;
using namespace std::chrono_literals;

namespace {

client::ProfileEntry entryWith(const client::State& state)
{
    client::ProfileEntry entry{.profile = profileNamed("Office"), .state = state};
    return entry;
}

const QDateTime Now(QDate(2026, 2, 1), QTime(12, 0), Qt::UTC);

}  // namespace

class TestGuiTexts : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void saysAmounts_data();
    void saysAmounts();
    void saysTimes_data();
    void saysTimes();
    void saysRoundTripsThatAreKnown();
    void presentsEachState_data();
    void presentsEachState();
    void countsDownToTheNextTry_data();
    void countsDownToTheNextTry();
    void tellsARefusalAsTrouble();
    void waitsForAnAnswerAsConnecting();
    void namesEachStageDifferently();
    void choosesTheShapeForAllProfiles_data();
    void choosesTheShapeForAllProfiles();
    void hasFactsOnlyWhileConnected();
    void doublesAmpersandsInTheMenu();
    void namesWhatIsUpInTheToolTip();
    void copiesWhatHelps();
    void copiesHowAConnectionIs();
    void logsEachState_data();
    void logsEachState();
    void computesRatesFromTotals();
    void startsAnewWhenTotalsGoBack();
    void ignoresReportsThatComeTogether();
    void forgetsOldSamples();
    void roundsTheScaleUp_data();
    void roundsTheScaleUp();
    void handsRequestsOver_data();
    void handsRequestsOver();
    void refusesOtherLines_data();
    void refusesOtherLines();
    void cutsAnEndlessLink();
};

void TestGuiTexts::saysAmounts_data()
{
    QTest::addColumn<quint64>("bytes");
    QTest::addColumn<QString>("text");
    QTest::newRow("none") << quint64(0) << "0 B";
    QTest::newRow("below a kilobyte") << quint64(999) << "999 B";
    QTest::newRow("a kilobyte") << quint64(1000) << "1.0 kB";
    QTest::newRow("rounded up to the next unit") << quint64(999'960) << "1.0 MB";
    QTest::newRow("three digits") << quint64(123'456'789) << "123 MB";
    QTest::newRow("gigabytes") << quint64(1'500'000'000) << "1.5 GB";
    QTest::newRow("beyond the last unit") << quint64(5'000'000'000'000'000) << "5,000 TB";
}

void TestGuiTexts::saysAmounts()
{
    QFETCH(quint64, bytes);
    QLocale::setDefault(QLocale(QStringLiteral("en")));
    QTEST(bytesText(bytes), "text");
}

void TestGuiTexts::saysTimes_data()
{
    QTest::addColumn<int>("seconds");
    QTest::addColumn<QString>("text");
    QTest::newRow("a clock that went back") << -5 << "0 s";
    QTest::newRow("seconds") << 59 << "59 s";
    QTest::newRow("minutes") << 61 << "1 min 1 s";
    QTest::newRow("hours") << 3600 * 23 + 59 * 60 + 59 << "23 h 59 min";
    QTest::newRow("days") << 86400 * 2 + 3600 << "2 day(s) 1 h";
}

void TestGuiTexts::saysTimes()
{
    QFETCH(int, seconds);
    QTEST(durationText(std::chrono::seconds(seconds)), "text");
}

void TestGuiTexts::saysRoundTripsThatAreKnown()
{
    QCOMPARE(roundTripText(0us), QString());
    QCOMPARE(roundTripText(420us), QStringLiteral("0.4 ms"));
    QCOMPARE(roundTripText(38'400us), QStringLiteral("38 ms"));
}

void TestGuiTexts::presentsEachState_data()
{
    QTest::addColumn<client::State>("state");
    QTest::addColumn<Phase>("phase");
    QTest::addColumn<Action>("action");
    QTest::addColumn<QString>("headline");
    QTest::addColumn<QString>("inDetail");
    QTest::addColumn<bool>("canCopy");
    const auto row = [](const char* name, const client::State& state, Phase phase, Action action, const char* headline,
                        const char* inDetail, bool canCopy) {
        QTest::newRow(name) << state << phase << action << QString::fromUtf8(headline) << QString::fromUtf8(inDetail)
                            << canCopy;
    };
    client::Connecting again;
    again.history.wasConnected = true;
    row("at rest", client::Disconnected{}, Phase::Disconnected, Action::Connect, "Not connected", "office.example.com",
        false);
    row("failed", failed(), Phase::Trouble, Action::Connect, "Could not connect", "connection refused", true);
    row("connecting", connecting(client::Stage::Login), Phase::Connecting, Action::Disconnect, "Connecting",
        "Logging in", false);
    row("reconnecting", again, Phase::Connecting, Action::Disconnect, "Reconnecting", "name", false);
    row("connected", connected(), Phase::Connected, Action::Disconnect, "Connected", "172.17.0.0/16", true);
    row("waiting", waiting(2s), Phase::Trouble, Action::Disconnect, "Waiting: next try in 2 second(s)",
        "connection refused", true);
    row("disconnecting", client::Disconnecting{}, Phase::Connecting, Action::None, "Disconnecting", "network", false);
}

void TestGuiTexts::presentsEachState()
{
    QFETCH(client::State, state);
    const Presentation shown = present(entryWith(state));
    QTEST(shown.phase, "phase");
    QTEST(shown.action, "action");
    QTEST(shown.headline, "headline");
    QTEST(shown.hasDetailsToCopy, "canCopy");
    QFETCH(QString, inDetail);
    QVERIFY2(shown.detail.contains(inDetail), qPrintable(shown.detail));
    QVERIFY(!shown.button.isEmpty());
    QCOMPARE(shown.phase, phaseOf(entryWith(state)));
}

void TestGuiTexts::countsDownToTheNextTry_data()
{
    QTest::addColumn<QDateTime>("now");
    QTest::addColumn<QString>("seconds");
    QTest::newRow("at its beginning") << Now << "Next try in 30 second(s)";
    QTest::newRow("in a second") << Now.addSecs(1) << "Next try in 29 second(s)";
    QTest::newRow("in a part of one") << Now.addMSecs(1'900) << "Next try in 29 second(s)";
    QTest::newRow("at its end") << Now.addSecs(29) << "Next try in 1 second(s)";
    QTest::newRow("when the try is late") << Now.addSecs(60) << "Next try in 1 second(s)";
    QTest::newRow("with a clock that went back") << Now.addDays(-1) << "Next try in 30 second(s)";
    QTest::newRow("without a clock") << QDateTime() << "Next try in 30 second(s)";
}

void TestGuiTexts::countsDownToTheNextTry()
{
    QFETCH(QDateTime, now);
    client::ProfileEntry entry = entryWith(waiting(30s));
    entry.retryAt = Now.addSecs(30);
    QTEST(shortStatus(entry, now), "seconds");
    const QString number = shortStatus(entry, now).section(QLatin1Char(' '), 3, 3);
    QVERIFY(present(entry, now).headline.contains(number));
    if (now.isValid())
        QVERIFY(trayToolTip(std::span(&entry, 1), now).contains(number));
}

void TestGuiTexts::tellsARefusalAsTrouble()
{
    client::ProfileEntry entry = entryWith(client::Disconnected{});
    entry.refusal = QStringLiteral("Another program uses it.");
    const Presentation shown = present(entry);
    QCOMPARE(shown.phase, Phase::Trouble);
    QCOMPARE(shown.detail, QStringLiteral("Another program uses it."));
    QVERIFY(detailsToCopy(entry, Now, QStringLiteral("1")).contains(QStringLiteral("Another program")));
}

void TestGuiTexts::waitsForAnAnswerAsConnecting()
{
    client::ProfileEntry entry = entryWith(failed());
    entry.isPreparing = true;
    QCOMPARE(present(entry).phase, Phase::Connecting);
    QCOMPARE(present(entry).action, Action::Disconnect);
    QCOMPARE(phaseOf(entry), Phase::Connecting);
}

void TestGuiTexts::namesEachStageDifferently()
{
    QSet<QString> texts;
    for (int stage = 0; stage < stageCount(); ++stage)
        texts.insert(stageText(static_cast<client::Stage>(stage)));
    QCOMPARE(texts.size(), stageCount());
    QVERIFY(!texts.contains(QString()));
}

void TestGuiTexts::choosesTheShapeForAllProfiles_data()
{
    QTest::addColumn<QList<client::State>>("states");
    QTest::addColumn<Phase>("phase");
    QTest::newRow("no profile") << QList<client::State>{} << Phase::Disconnected;
    QTest::newRow("one of two is up") << QList<client::State>{client::Disconnected{}, connected()} << Phase::Connected;
    QTest::newRow("trouble beside a good one") << QList<client::State>{connected(), waiting(1s)} << Phase::Trouble;
    QTest::newRow("one that moves") << QList<client::State>{failed(), connecting(client::Stage::Tcp)}
                                    << Phase::Connecting;
}

void TestGuiTexts::choosesTheShapeForAllProfiles()
{
    QFETCH(QList<client::State>, states);
    std::vector<client::ProfileEntry> entries;
    for (const client::State& state : states)
        entries.push_back(entryWith(state));
    QTEST(overallPhase(entries), "phase");
}

void TestGuiTexts::hasFactsOnlyWhileConnected()
{
    QVERIFY(facts(entryWith(waiting(1s)), Now).empty());
    client::ProfileEntry entry = entryWith(connected());
    entry.connectedSince = Now.addSecs(-65);
    entry.traffic = {.bytesUp = 1000, .bytesDown = 2'000'000, .roundTrip = 38ms};
    QStringList values;
    for (const Fact& fact : facts(entry, Now))
        values.append(fact.value);
    QCOMPARE(values,
             texts({"10.86.0.2", "office.example.com:443", "172.17.0.0/16", "1 min 5 s", "38 ms", "1.0 kB", "2.0 MB"}));
}

void TestGuiTexts::doublesAmpersandsInTheMenu()
{
    client::ProfileEntry entry = entryWith(connected());
    entry.profile.name = "R&D";
    QCOMPARE(menuText(entry), QStringLiteral("Disconnect R&&D (connected)"));
    entry.state = client::Disconnected{};
    QCOMPARE(menuText(entry), QStringLiteral("Connect R&&D"));
}

void TestGuiTexts::namesWhatIsUpInTheToolTip()
{
    std::vector<client::ProfileEntry> entries{entryWith(client::Disconnected{})};
    QCOMPARE(trayToolTip(entries, Now), QStringLiteral("gvpn: not connected"));
    entries.push_back(entryWith(connected()));
    entries.back().profile.name = "Lab";
    entries.back().connectedSince = Now.addSecs(-7);
    entries.push_back(entryWith(waiting(9s)));
    QCOMPARE(trayToolTip(entries, Now),
             QStringLiteral("Lab: connected as 10.86.0.2 for 7 s\nOffice: Next try in 9 second(s)"));
    entries.back().profile.name = "<img src=x>";
    QVERIFY(trayToolTip(entries, Now).contains(QStringLiteral("\n&lt;img src=x&gt;: Next")));
}

void TestGuiTexts::copiesWhatHelps()
{
    client::ProfileEntry entry = entryWith(failed());
    entry.remarks = {QStringLiteral("A remark.")};
    const QString text = detailsToCopy(entry, Now, QStringLiteral("0.1.0"));
    for (const char* part : {"Office", "office.example.com:443", "tcp", "unreachable", "connection refused", "0.1.0",
                             "2026-02-01T12:00:00Z", "A remark."})
        QVERIFY2(text.contains(QLatin1String(part)), part);
    QVERIFY(detailsToCopy(entryWith(client::Disconnected{}), Now, {}).isEmpty());
}

void TestGuiTexts::copiesHowAConnectionIs()
{
    client::ProfileEntry entry = entryWith(connected());
    QVERIFY(!detailsToCopy(entry, Now, {}).contains(QStringLiteral("Congestion")));
    QVERIFY(detailsToCopy(entry, Now, {}).contains(QStringLiteral("Dropped packets: none")));
    entry.connectedSince = Now.addSecs(-65);
    entry.traffic = {.bytesUp = 1000,
                     .bytesDown = 0,
                     .roundTrip = 38ms,
                     .congestion = "bbr",
                     .drops = {{"queue-full", 3}, {"too-late", 12}}};
    const QString text = detailsToCopy(entry, Now, QStringLiteral("0.1.0"));
    for (const char* line : {"Profile: Office", "Your address: 10.86.0.2", "Connected for: 1 min 5 s",
                             "Dropped packets: queue-full 3, too-late 12", "Congestion control: bbr", "gvpn 0.1.0"})
        QVERIFY2(text.contains(QString::fromUtf8(line)), line);
}

void TestGuiTexts::logsEachState_data()
{
    QTest::addColumn<client::State>("state");
    QTest::addColumn<QString>("line");
    QTest::newRow("at rest") << client::State(client::Disconnected{}) << "disconnected profile=Office";
    QTest::newRow("connecting") << connecting(client::Stage::Tls) << "connecting profile=Office stage=tls";
    QTest::newRow("connected") << connected() << "connected profile=Office";
    QTest::newRow("waiting") << waiting(1s)
                             << "waiting profile=Office stage=tcp code=unreachable reason=connection refused";
    QTest::newRow("failed") << failed()
                            << "disconnected profile=Office stage=tcp code=unreachable reason=connection refused";
    QTest::newRow("disconnecting") << client::State(client::Disconnecting{}) << "disconnecting profile=Office";
}

void TestGuiTexts::logsEachState()
{
    QFETCH(client::State, state);
    QTEST(logText(entryWith(state)), "line");
}

void TestGuiTexts::computesRatesFromTotals()
{
    ThroughputHistory history;
    history.add({.bytesUp = 100, .bytesDown = 1000}, 5s);
    QVERIFY(history.samples().empty());
    history.add({.bytesUp = 300, .bytesDown = 5000}, 7s);
    QCOMPARE(history.current(), (Rate{100, 2000}));
}

void TestGuiTexts::startsAnewWhenTotalsGoBack()
{
    ThroughputHistory history;
    history.add({.bytesUp = 500}, 1s);
    history.add({.bytesUp = 600}, 2s);
    history.add({.bytesUp = 10}, 3s);
    QVERIFY(history.samples().empty());
    history.add({.bytesUp = 20}, 4s);
    QCOMPARE(history.current().up, 10.0);
}

void TestGuiTexts::ignoresReportsThatComeTogether()
{
    ThroughputHistory history;
    history.add({.bytesDown = 0}, 1000ms);
    history.add({.bytesDown = 900}, 1001ms);
    QVERIFY(history.samples().empty());
    history.add({.bytesDown = 1000}, 2000ms);
    QCOMPARE(history.current().down, 1000.0);
}

void TestGuiTexts::forgetsOldSamples()
{
    ThroughputHistory history;
    for (std::size_t i = 0; i < ThroughputHistory::MaxSamples * 2; ++i)
        history.add({.bytesUp = i}, std::chrono::seconds(i));
    QCOMPARE(history.samples().size(), ThroughputHistory::MaxSamples);
}

void TestGuiTexts::roundsTheScaleUp_data()
{
    QTest::addColumn<quint64>("rate");
    QTest::addColumn<double>("scale");
    QTest::newRow("silence") << quint64(0) << 1000.0;
    QTest::newRow("exactly") << quint64(2000) << 2000.0;
    QTest::newRow("2 to 5") << quint64(2001) << 5000.0;
    QTest::newRow("5 to 10") << quint64(5001) << 10000.0;
    QTest::newRow("large") << quint64(120'000'000) << 2e8;
}

void TestGuiTexts::roundsTheScaleUp()
{
    QFETCH(quint64, rate);
    ThroughputHistory history;
    history.add({}, 1s);
    history.add({.bytesDown = rate}, 2s);
    QTEST(history.scale(), "scale");
}

void TestGuiTexts::handsRequestsOver_data()
{
    QTest::addColumn<bool>("isHidden");
    QTest::addColumn<QString>("link");
    QTest::newRow("show") << false << QString();
    QTest::newRow("hidden") << true << QString();
    QTest::newRow("a link") << false << QStringLiteral("gvpn://office:1/?pin=x&name=büro");
}

void TestGuiTexts::handsRequestsOver()
{
    QFETCH(bool, isHidden);
    QFETCH(QString, link);
    const StartRequest request{.isHidden = isHidden, .link = link};
    QCOMPARE(decode(encode(request)), std::optional(request));
}

void TestGuiTexts::refusesOtherLines_data()
{
    QTest::addColumn<QByteArray>("line");
    QTest::newRow("nothing") << QByteArray();
    QTest::newRow("no line feed") << QByteArray("show");
    QTest::newRow("a link without text") << QByteArray("link \n");
    QTest::newRow("another word") << QByteArray("quit\n");
    QTest::newRow("no UTF-8") << QByteArray("link \xff\n");
    QTest::newRow("two lines") << QByteArray("link a\nlink b\n");
    QTest::newRow("too long") << "link " + QByteArray(MaxRequestBytes, 'x') + "\n";
    QTest::newRow("a zero") << QByteArray("show\0\n", 6);
}

void TestGuiTexts::refusesOtherLines()
{
    QFETCH(QByteArray, line);
    QVERIFY(!decode(line));
}

void TestGuiTexts::cutsAnEndlessLink()
{
    const QByteArray line = encode({.link = QString(100'000, QLatin1Char('x'))});
    QCOMPARE(line.size(), MaxRequestBytes);
    QVERIFY(decode(line).has_value());
}

QTEST_GUILESS_MAIN(TestGuiTexts)
#include "tst_gui_texts.moc"
