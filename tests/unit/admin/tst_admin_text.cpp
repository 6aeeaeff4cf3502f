#include "admin/admin_client.h"

#include "admin/account_json.h"
#include "admin/qr_code.h"
#include "admin/tables.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::admin;

namespace {

constexpr char16_t RightToLeftOverride = u'\u202e';

accounts::UnixTime noon()
{
    return accounts::UnixTime(std::chrono::seconds(1767268800));  // 2026-01-01 12:00:00 UTC
}

QJsonObject usersResult(const QStringList& names)
{
    std::vector<accounts::User> users;
    for (const QString& name : names)
        users.push_back({1, name.toStdString(), false, true, 2, noon()});
    return {{QStringLiteral("users"), toJsonArray(users)}};
}

bool isHarmless(const QString& text)
{
    return std::none_of(text.begin(), text.end(), [](QChar c) {
        const auto code = c.unicode();
        const bool isControl = (code < 0x20 && code != '\n') || (code >= 0x7F && code < 0xA0);
        return isControl || code == 0x200E || code == 0x200F || (code >= 0x2028 && code <= 0x202E);
    });
}

/// Without the colours: only blocks.
QStringList blocks(const QString& code)
{
    QString plain = code;
    plain.remove(QStringLiteral("\x1b[40;37;1m")).remove(QStringLiteral("\x1b[0m"));
    return plain.split(QLatin1Char('\n'), Qt::SkipEmptyParts);
}

}  // namespace

class TestAdminText : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void writesTimesInUtc();
    void leavesOutWhatIsNotSet();
    void linesColumnsUp();
    void countsAnAccentWithItsLetter();
    void makesNamesHarmless_data();
    void makesNamesHarmless();
    void saysWhenAListIsEmpty();
    void saysWhoIsBanned();
    void showsWhoIsConnectedWhateverIsMissing();
    void saysHowToForwardThePortOfAPrivateLink();
    void saysWhatTheTrailLacks();
    void saysWhatFailedAndWhatToDo();
    void hasASentenceForEachFailure();
    void drawsACodeOfKnownSize();
    void drawsTheFinderPatternInsideItsMargin();
    void drawsNoCodeThatDoesNotFit();
};

void TestAdminText::writesTimesInUtc()
{
    QCOMPARE(isoTime(noon()), QStringLiteral("2026-01-01T12:00:00Z"));
    QCOMPARE(isoTime({}), QStringLiteral("1970-01-01T00:00:00Z"));
}

void TestAdminText::leavesOutWhatIsNotSet()
{
    accounts::Ban ban;
    ban.until = noon();
    const QJsonObject expected{{QStringLiteral("shared"), false},
                               {QStringLiteral("until"), QStringLiteral("2026-01-01T12:00:00Z")},
                               {QStringLiteral("count"), 1}};
    QCOMPARE(toJson(ban), expected);
    QVERIFY(!toJson(accounts::Device{}).contains(QStringLiteral("last_seen_at")));
    accounts::Device device;
    device.lastSeenAt = noon();
    device.addresses = {net::IpAddress::fromIPv4(0x0A560002)};
    QCOMPARE(toJson(device).value(QStringLiteral("last_seen_at")).toString(), QStringLiteral("2026-01-01T12:00:00Z"));
    QCOMPARE(toJson(device).value(QStringLiteral("addresses")).toArray(), QJsonArray{QStringLiteral("10.86.0.2")});
}

void TestAdminText::linesColumnsUp()
{
    QCOMPARE(table({QStringLiteral("A"), QStringLiteral("LONG"), QStringLiteral("C")},
                   {{QStringLiteral("wide cell"), QStringLiteral("x"), QStringLiteral("1")},
                    {QStringLiteral("y"), QString(), QStringLiteral("22")}}),
             QStringLiteral("A          LONG  C\n"
                            "wide cell  x     1\n"
                            "y          -     22\n"));
}

void TestAdminText::countsAnAccentWithItsLetter()
{
    // "e" and a combining accent; a letter of two UTF-16 units.
    QCOMPARE(table({QStringLiteral("A"), QStringLiteral("B")}, {{QStringLiteral("e\u0301"), QStringLiteral("1")},
                                                                {QStringLiteral("\U0001D11E"), QStringLiteral("2")}}),
             QStringLiteral("A  B\ne\u0301  1\n\U0001D11E  2\n"));
}

void TestAdminText::makesNamesHarmless_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("shown");
    QTest::newRow("line feed") << "an\nna"
                               << "an\\nna";
    QTest::newRow("carriage return") << "an\rna"
                                     << "an\\x0dna";
    QTest::newRow("escape sequence") << "\x1b[2Janna"
                                     << "\\x1b[2Janna";
    QTest::newRow("tabulator") << "a\tb"
                               << "a\\x09b";
    QTest::newRow("C1 control") << QStringLiteral("a\u009bb") << "a\\x9bb";
    QTest::newRow("right to left") << (QStringLiteral("a") + QChar(RightToLeftOverride)) << "a\\u{202e}";
    QTest::newRow("line separator") << QStringLiteral("a\u2028b") << "a\\u{2028}b";
    QTest::newRow("a format") << "%1 %n %s"
                              << "%1 %n %s";
    QTest::newRow("markup") << "<b>anna</b>"
                            << "<b>anna</b>";
}

void TestAdminText::makesNamesHarmless()
{
    QFETCH(QString, name);
    QFETCH(QString, shown);
    const QString list = toText(ListUsers{}, usersResult({name, QStringLiteral("bob")}));
    QVERIFY2(isHarmless(list), qPrintable(list));
    QVERIFY2(list.contains(shown), qPrintable(list));
    QCOMPARE(list.count(QLatin1Char('\n')), 3);

    const QJsonObject user = usersResult({name}).value(QLatin1String("users")).toArray().at(0).toObject();
    const QJsonObject device{{QStringLiteral("id"), 3}, {QStringLiteral("name"), name}, {QStringLiteral("user"), name}};
    const QJsonObject client{{QStringLiteral("user"), name}, {QStringLiteral("device"), name}};
    const QJsonObject ban{{QStringLiteral("user"), name}};
    const QJsonObject entry{{QStringLiteral("event"), QStringLiteral("login")}, {QStringLiteral("detail"), name}};
    const std::array<std::pair<Command, QJsonObject>, 6> rows = {{
        {AddUser{}, {{QStringLiteral("user"), user}}},
        {RevokeDevice{3}, {{QStringLiteral("device"), device}}},
        {MakeInvite{}, {{QStringLiteral("invite"), QStringLiteral("gvpn://x")}, {QStringLiteral("user"), name}}},
        {Kick{}, {{QStringLiteral("clients"), QJsonArray{client}}}},
        {ListBans{}, {{QStringLiteral("bans"), QJsonArray{ban}}}},
        {ListAudit{}, {{QStringLiteral("audit"), QJsonArray{entry}}}},
    }};
    for (const auto& [command, result] : rows) {
        const QString text = toText(command, result);
        QVERIFY2(isHarmless(text) && text.contains(shown), qPrintable(text));
    }
    const QString failure = failureText(Kick{}, {ErrorCode::NotFound, "nobody is called " + name.toStdString()});
    QVERIFY2(isHarmless(failure) && failure.contains(shown), qPrintable(failure));
    QVERIFY(!failure.contains(QLatin1Char('\n')));
}

void TestAdminText::saysWhenAListIsEmpty()
{
    const std::array<Command, 5> lists = {ListUsers{}, ListDevices{}, ListBans{}, ListAudit{}, ShowStatus{}};
    for (const Command& list : lists) {
        const QString text = toText(list, {});
        QVERIFY2(text.endsWith(QStringLiteral(".\n")) && text.count(QLatin1Char('\n')) == 1, qPrintable(text));
    }
}

void TestAdminText::saysWhoIsBanned()
{
    std::vector<accounts::Ban> bans(3);
    bans[0].address = net::IpAddress::parse("198.51.100.7").value();
    bans[1].key = Pin();
    bans[1].user = "anna";
    bans[2].isShared = true;
    const QString text = toText(ListBans{}, {{QStringLiteral("bans"), toJsonArray(bans)}});
    const QStringList lines = text.split(QLatin1Char('\n'));
    QVERIFY2(lines[1].startsWith(QStringLiteral("198.51.100.7")) && lines[1].contains(QStringLiteral("(any)")),
             qPrintable(text));
    QVERIFY2(lines[2].startsWith(QStringLiteral("key AAAA")) && lines[2].contains(QStringLiteral("anna")),
             qPrintable(text));
    QVERIFY2(lines[3].startsWith(QStringLiteral("all shared sources")), qPrintable(text));
}

void TestAdminText::showsWhoIsConnectedWhateverIsMissing()
{
    const QJsonObject full{
        {QStringLiteral("user"), QStringLiteral("anna")},
        {QStringLiteral("device"), QStringLiteral("laptop")},
        {QStringLiteral("addresses"), QJsonArray{QStringLiteral("10.86.0.2"), QStringLiteral("fd00::2")}},
        {QStringLiteral("from"), QStringLiteral("198.51.100.7:4711")},
        {QStringLiteral("since"), QStringLiteral("2026-01-01T12:00:00Z")},
        {QStringLiteral("bytes_from_client"), 1'500'000},
        {QStringLiteral("bytes_to_client"), 0},
        {QStringLiteral("congestion"), QJsonObject{{QStringLiteral("algorithm"), QStringLiteral("bbr")},
                                                   {QStringLiteral("reason"), QStringLiteral("it\nloses")}}}};
    const QJsonArray clients{full, QJsonObject()};
    const QString text = toText(ShowStatus{}, {{QStringLiteral("clients"), clients}});
    for (const char* part :
         {"anna", "laptop", "10.86.0.2, fd00::2", "2026-01-01 12:00", "1.5 MB", "0 bytes", "bbr (it\\nloses)"})
        QVERIFY2(text.contains(QLatin1String(part)), qPrintable(text));
    const QString lastLine = text.split(QLatin1Char('\n'))[2];
    QCOMPARE(lastLine.count(QLatin1Char('-')), 8);
}

void TestAdminText::saysHowToForwardThePortOfAPrivateLink()
{
    QJsonObject invite{{QStringLiteral("invite"), QStringLiteral("gvpn://192.168.1.2:51005/?pin=x")},
                       {QStringLiteral("expires"), QStringLiteral("2026-01-01T12:00:00Z")},
                       {QStringLiteral("port"), 51005},
                       {QStringLiteral("is_private"), true}};
    QVERIFY(toText(MakeInvite{}, invite).contains(QStringLiteral("forward TCP port 51005")));
    invite.insert(QStringLiteral("is_private"), false);
    const QString text = toText(MakeInvite{}, invite);
    QVERIFY(!text.contains(QStringLiteral("forward")));
    QVERIFY(text.contains(QStringLiteral("gvpn://192.168.1.2:51005/?pin=x\n")));
}

void TestAdminText::saysWhatTheTrailLacks()
{
    QJsonObject result{{QStringLiteral("user"), QJsonObject{{QStringLiteral("name"), QStringLiteral("anna")}}}};
    QVERIFY(!toText(AddUser{}, result).contains(QStringLiteral("WARNING")));
    result.insert(QStringLiteral("warning"), QStringLiteral("not in the trail"));
    QVERIFY(toText(AddUser{}, result).endsWith(QStringLiteral("WARNING: not in the trail.\n")));
}

void TestAdminText::saysWhatFailedAndWhatToDo()
{
    QCOMPARE(failureText(RemoveUser{}, {ErrorCode::NotFound, "there is no user \"anna\""}),
             QStringLiteral("The user was not removed: there is no user \"anna\"."));
    QVERIFY(failureText(ListUsers{}, {ErrorCode::PermissionDenied, "no"}).endsWith(QStringLiteral("with sudo.")));
}

void TestAdminText::hasASentenceForEachFailure()
{
    QStringList sentences;
    const std::array<Command, 13> commands = {AddUser{},    SetPassword{}, EnableUser{},   RemoveUser{}, ListUsers{},
                                              MakeInvite{}, ListDevices{}, RevokeDevice{}, ListBans{},   LiftBan{},
                                              ListAudit{},  ShowStatus{},  Kick{}};
    for (const Command& command : commands)
        sentences.append(failureText(command, {ErrorCode::SystemFailure, "why"}));
    QCOMPARE(sentences.removeDuplicates(), 0);
    QVERIFY(sentences[12].startsWith(QStringLiteral("Nobody")));
}

void TestAdminText::drawsACodeOfKnownSize()
{
    // Version 1 has 21 modules (ISO/IEC 18004), and the margin four on each side: an odd number of rows.
    const QStringList lines = blocks(qrCode("HELLO"));
    QCOMPARE(lines.size(), (21 + 8 + 1) / 2);
    for (const QString& line : lines)
        QCOMPARE(line.size(), 21 + 8);
    const QString light(29, QChar(u'\u2588'));
    QCOMPARE(lines[0], light);
    QCOMPARE(lines[1], light);
    QCOMPARE(lines[13], light);
    QCOMPARE(lines[14], light);
    for (const QString& line : lines)
        QVERIFY(line.startsWith(light.first(4)) && line.endsWith(light.first(4)));
}

void TestAdminText::drawsTheFinderPatternInsideItsMargin()
{
    // Seven dark modules above a ring: the first two rows of the pattern in its corner, then its right neighbour.
    const QStringList lines = blocks(qrCode("HELLO"));
    QCOMPARE(lines[2].mid(4, 8), QStringLiteral(" \u2584\u2584\u2584\u2584\u2584 \u2588"));
    QCOMPARE(lines[3].mid(4, 8), QStringLiteral(" \u2588   \u2588 \u2588"));
}

void TestAdminText::drawsNoCodeThatDoesNotFit()
{
    QVERIFY(!qrCode("HELLO", 29).isEmpty());
    QVERIFY(qrCode("HELLO", 28).isEmpty());
    QVERIFY(qrCode("HELLO", 0).isEmpty());
    QVERIFY(qrCode(std::string(4000, 'x')).isEmpty());
    QVERIFY(qrCode("").isEmpty());
}

QTEST_APPLESS_MAIN(TestAdminText)
#include "tst_admin_text.moc"
