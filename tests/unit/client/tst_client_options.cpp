#include "cli/options.h"

#include "base/text.h"

#include <QCoreApplication>
#include <QtTest>

using namespace gvpn;
using namespace gvpn::cli;

namespace {

constexpr const char* PinText = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
const QString LinkText = QStringLiteral("gvpn://office.example.com:443/?pin=%1").arg(QLatin1String(PinText));

Result<CommandLine> parse(const QString& line)
{
    return parseOptions(QStringList{QStringLiteral("gvpn-client")} + line.split(QLatin1Char(' '), Qt::SkipEmptyParts));
}

CliOptions optionsOf(const QString& line)
{
    auto parsed = parse(line);
    if (!parsed || !std::holds_alternative<CliOptions>(*parsed)) {
        qWarning() << (parsed ? "no options" : parsed.error().context.c_str());
        return {};
    }
    return std::get<CliOptions>(std::move(*parsed));
}

}  // namespace

class TestClientOptions : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void takesDefaults();
    void takesALink();
    void takesAnInvite();
    void namesTheUserOfALink();
    void takesAProfile();
    void takesAUserAndItsPassword_data();
    void takesAUserAndItsPassword();
    void takesEverything();
    void takesDnsOptions();
    void takesBothForms();
    void speaksV1OnlyWhenTold();
    void combinesAcceptedRoutes_data();
    void combinesAcceptedRoutes();
    void takesADoctor_data();
    void takesADoctor();
    void explainsWhatCantBeUsed_data();
    void explainsWhatCantBeUsed();
    void doesNotRepeatALink();
    void saysThatALinkIsGivenAlone_data();
    void saysThatALinkIsGivenAlone();
    void showsHelpAndVersion();

private:
    static void unprintableRows();
};

void TestClientOptions::takesDefaults()
{
    const CliOptions options = optionsOf(QStringLiteral("--server office.example.com"));
    QCOMPARE(options.server, (net::HostPort{"office.example.com", 51005}));
    QVERIFY(!options.pin.has_value());
    QVERIFY(!options.acceptRoutes && !options.link && !options.readsLink && !options.passwordDescriptor);
    QVERIFY(!options.isOnce && !options.isJson && !options.trustsOnFirstUse);
    QVERIFY(options.user.empty() && options.profileName.empty());
    QVERIFY(options.wanted.empty() && options.tunName.empty() && options.stateDir.empty());
    QCOMPARE(options.logLevel, program::LogLevel::Warning);
}

void TestClientOptions::takesALink()
{
    const CliOptions options = optionsOf(LinkText);
    QCOMPARE(options.server, (net::HostPort{"office.example.com", 443}));
    QCOMPARE(options.pin, std::optional(Pin::parse(PinText).value()));
    QVERIFY(options.link.has_value());
    QVERIFY(options.link->server == options.server && options.link->pin == options.pin);
    QVERIFY(!options.link->invite && options.link->acceptRoutes.isAuto);
}

void TestClientOptions::takesAnInvite()
{
    const CliOptions options =
        optionsOf(LinkText + QStringLiteral("&invite=AAECAwQFBgcICQoLDA0ODw&user=anna&name=My%20office")
                  + QStringLiteral(" --accept-routes 10.0.0.0/8"));
    QVERIFY(options.link.has_value() && options.link->invite.has_value());
    QCOMPARE(options.link->invite->view().size(), std::size_t{16});
    QCOMPARE(options.link->user, std::string("anna"));
    QCOMPARE(options.link->label, std::string("My office"));
    // For the new profile, and for this run.
    QCOMPARE(options.link->acceptRoutes.named.size(), std::size_t{1});
    QVERIFY(options.acceptRoutes == options.link->acceptRoutes);
    // Nobody is asked for a password.
    QVERIFY(options.user.empty());
    QVERIFY(optionsOf(QStringLiteral("--link-stdin")).readsLink);
}

void TestClientOptions::namesTheUserOfALink()
{
    const QString link = LinkText + QStringLiteral("&user=anna");
    QCOMPARE(optionsOf(link).user, std::string("anna"));
    QVERIFY(optionsOf(link + QStringLiteral(" --password-stdin")).passwordDescriptor.has_value());
    const CliOptions other = optionsOf(link + QStringLiteral(" --user bert"));
    QCOMPARE(other.user, std::string("bert"));
    QCOMPARE(other.link->user, std::string("bert"));
}

void TestClientOptions::takesAProfile()
{
    const auto parsed = parseOptions({QStringLiteral("gvpn-client"), QStringLiteral("--profile=My office (2)")});
    QVERIFY(parsed.has_value());
    const auto& options = std::get<CliOptions>(*parsed);
    QCOMPARE(options.profileName, std::string("My office (2)"));
    QVERIFY(options.server.host.empty() && !options.pin);
}

void TestClientOptions::takesAUserAndItsPassword_data()
{
    QTest::addColumn<QString>("line");
    QTest::addColumn<QString>("user");
    QTest::addColumn<int>("descriptor");
    const auto row = [](const char* line, const char* user, int descriptor) {
        QTest::newRow(line) << QString::fromLatin1(line) << QString::fromLatin1(user) << descriptor;
    };
    row("--server a --user anna", "anna", -1);
    row("--server a --user=anna --password-stdin", "anna", 0);
    row("--server a --user anna --password-fd 7", "anna", 7);
    row("--server a --user anna --password-fd=0", "anna", 0);
    row("--profile Office --password-stdin", "", 0);
    row("--profile Office --user anna --password-fd 3", "anna", 3);
    row("--link-stdin --password-fd 3", "", 3);
}

void TestClientOptions::takesAUserAndItsPassword()
{
    QFETCH(QString, line);
    const CliOptions options = optionsOf(line);
    QTEST(QString::fromStdString(options.user), "user");
    QTEST(options.passwordDescriptor.value_or(-1), "descriptor");
    QVERIFY(!options.password.has_value());
}

void TestClientOptions::takesEverything()
{
    const CliOptions options =
        optionsOf(QStringLiteral("--server 192.0.2.1:1 --pin %1 --cidr 10.86.0.7/24 --cidr fd00::7/64 --once --json "
                                 "--tun vpn7 --offload off --state-dir state --log-level debug --congestion bbr")
                      .arg(QLatin1String(PinText)));
    QVERIFY(options.pin.has_value());
    QCOMPARE(options.wanted.size(), std::size_t{2});
    QCOMPARE(options.wanted[1].toString(), std::string("fd00::7/64"));
    QVERIFY(options.isOnce && options.isJson);
    QCOMPARE(options.tunName, std::string("vpn7"));
    QVERIFY(!options.usesOffloads);
    QCOMPARE(options.stateDir, std::string("state"));
    QCOMPARE(options.logLevel, program::LogLevel::Debug);
    QVERIFY((options.congestion == tunnel::CongestionMode{tunnel::CongestionMode::Kind::Named, "bbr"}));
}

void TestClientOptions::takesDnsOptions()
{
    QVERIFY(optionsOf(QStringLiteral("--server a")).usesDns);
    QVERIFY(!optionsOf(QStringLiteral("--server a --no-dns")).usesDns);
    const CliOptions options = optionsOf(QStringLiteral("--server a --accept-domain lan --accept-domain=corp"));
    QCOMPARE(options.acceptDomains, (std::vector<std::string>{"lan", "corp"}));
    const CliOptions byLink = optionsOf(LinkText + QStringLiteral(" --no-dns"));
    QVERIFY(!byLink.link->usesDns && byLink.link->acceptDomains.empty());
}

void TestClientOptions::takesBothForms()
{
    QCOMPARE(optionsOf(QStringLiteral("--server=a --tun=t")).tunName, std::string("t"));
    QVERIFY(optionsOf(QStringLiteral("--server=a")).usesOffloads);
    QVERIFY(optionsOf(QStringLiteral("--server=a --offload=auto")).usesOffloads);
    QVERIFY(optionsOf(QStringLiteral("--server a --trust-on-first-use")).trustsOnFirstUse);
    QCOMPARE(optionsOf(QStringLiteral("--server a --congestion=system")).congestion.kind,
             tunnel::CongestionMode::Kind::System);
    QCOMPARE(optionsOf(QStringLiteral("--server a")).congestion.kind, tunnel::CongestionMode::Kind::Auto);
}

void TestClientOptions::speaksV1OnlyWhenTold()
{
    QCOMPARE(optionsOf(QStringLiteral("--server a")).wireProtocol, client::WireProtocol::V2);
    const CliOptions reference = optionsOf(QStringLiteral("--server a:1 --v1"));
    QCOMPARE(reference.wireProtocol, client::WireProtocol::V1);
    QCOMPARE(reference.wanted.size(), std::size_t{1});
    QCOMPARE(reference.wanted[0].toString(), std::string("10.86.0.101/24"));
    const CliOptions chosen = optionsOf(QStringLiteral("--v1 --server a --cidr 182.1.1.101/24 --accept-routes none"));
    QCOMPARE(chosen.wanted.size(), std::size_t{1});
    QCOMPARE(chosen.wanted[0].toString(), std::string("182.1.1.101/24"));
    QVERIFY(chosen.acceptRoutes.has_value() && !chosen.acceptRoutes->isAuto);
}

void TestClientOptions::combinesAcceptedRoutes_data()
{
    QTest::addColumn<QString>("line");
    QTest::addColumn<bool>("isAuto");
    QTest::addColumn<std::size_t>("named");
    const auto row = [](const char* line, bool isAuto, std::size_t named) {
        QTest::newRow(line) << QString::fromLatin1(line) << isAuto << named;
    };
    row("--accept-routes auto", true, 0);
    row("--accept-routes none", false, 0);
    row("--accept-routes 198.51.100.0/24", false, 1);
    row("--accept-routes auto --accept-routes 198.51.100.0/24", true, 1);
    row("--accept-routes 10.0.0.0/8 --accept-routes fd00::/8", false, 2);
}

void TestClientOptions::combinesAcceptedRoutes()
{
    QFETCH(QString, line);
    const CliOptions options = optionsOf(QStringLiteral("--server a ") + line);
    QVERIFY(options.acceptRoutes.has_value());
    QTEST(options.acceptRoutes->isAuto, "isAuto");
    QTEST(options.acceptRoutes->named.size(), "named");
}

void TestClientOptions::takesADoctor_data()
{
    QTest::addColumn<QString>("line");
    QTest::addColumn<QString>("server");
    QTest::addColumn<QString>("profile");
    const auto row = [](const char* name, const QString& line, const char* server, const char* profile) {
        QTest::newRow(name) << line << QString::fromLatin1(server) << QString::fromLatin1(profile);
    };
    row("alone", {}, "", "");
    row("for programs", QStringLiteral("--json --state-dir d --log-level debug"), "", "");
    row("link", LinkText, "office.example.com:443", "");
    row("profile", QStringLiteral("--profile doctor"), "", "doctor");
    row("server", QStringLiteral("--server a --pin ") + QLatin1String(PinText), "a:51005", "");
    row("v1", QStringLiteral("--server a --v1 --cidr 10.0.0.7/8"), "a:51005", "");
    row("routes and names", QStringLiteral("--server a --accept-routes none --accept-domain lan"), "a:51005", "");
}

void TestClientOptions::takesADoctor()
{
    QFETCH(QString, line);
    for (const QString& whole : {QStringLiteral("doctor ") + line, line + QStringLiteral(" doctor")}) {
        // A link stands behind the word.
        if (whole.startsWith(u"gvpn:"))
            continue;
        const auto parsed = parse(whole);
        QVERIFY2(parsed.has_value(), parsed ? "" : parsed.error().context.c_str());
        QVERIFY(std::holds_alternative<DoctorCommand>(*parsed));
        const CliOptions& options = std::get<DoctorCommand>(*parsed).options;
        QTEST(options.server.host.empty() ? QString() : QString::fromStdString(options.server.toString()), "server");
        QTEST(QString::fromStdString(options.profileName), "profile");
    }
}

/// In each place whose value is repeated, or could be.
void TestClientOptions::unprintableRows()
{
    for (const QChar bad : {u'\x1b', u'\x07', u'\u202E'}) {
        for (const char* line : {"--server a%1b", "--server a --pin a%1b", "--server a --cidr a%1b",
                                 "--server a --accept-routes a%1b", "--server a --log-level a%1b", "--frob%1b",
                                 "--server a --user a%1b", "gvpn://a%1b/", "gvpn://[a%1b]/", "profile a%1b"}) {
            const QByteArray name = QByteArray(line) + ' ' + QByteArray::number(bad.unicode(), 16);
            QTest::newRow(name.constData()) << QString::fromLatin1(line).arg(bad) << QString();
        }
    }
}

void TestClientOptions::explainsWhatCantBeUsed_data()
{
    QTest::addColumn<QString>("line");
    QTest::addColumn<QString>("mentions");
    const auto row = [](const char* name, const QString& line, const char* mentions) {
        QTest::newRow(name) << line << QString::fromLatin1(mentions);
    };
    const QString pinOption = QStringLiteral(" --pin ") + QLatin1String(PinText);
    row("nothing", {}, "--server");
    const QString inviteLink = LinkText + QStringLiteral("&invite=AAECAwQFBgcICQoLDA0ODw");
    row("link and server", LinkText + QStringLiteral(" --server a"), "only one");
    row("two links", LinkText + QLatin1Char(' ') + LinkText, "one link");
    row("link and pin", LinkText + pinOption, "--pin");
    row("link and trust", LinkText + QStringLiteral(" --trust-on-first-use"), "--trust-on-first-use");
    row("pin and trust", QStringLiteral("--server a --trust-on-first-use") + pinOption, "not both");
    row("other scheme", QStringLiteral("http://a/"), "link");
    row("link without a pin", QStringLiteral("gvpn://a:1/"), "pin");
    row("server twice", QStringLiteral("--server a --server b"), "once");
    row("port", QStringLiteral("--server a:99999"), "--server a:99999");
    row("empty server", QStringLiteral("--server="), "--server");
    row("short pin", QStringLiteral("--server a --pin AAAA"), "--pin AAAA");
    row("address without a length", QStringLiteral("--server a --cidr 10.0.0.1"), "--cidr 10.0.0.1");
    row("two IPv4 addresses", QStringLiteral("--server a --cidr 10.0.0.1/8 --cidr 10.0.0.2/8"), "once");
    row("none and more", QStringLiteral("--server a --accept-routes none --accept-routes auto"), "none");
    row("host bits", QStringLiteral("--server a --accept-routes 10.0.0.1/8"), "10.0.0.1/8");
    row("everything", QStringLiteral("--server a --accept-routes 0.0.0.0/0"), "0.0.0.0/0");
    row("half", QStringLiteral("--server a --accept-routes 8000::/1"), "8000::/1");
    row("no TUN name", QStringLiteral("--server a --tun="), "--tun needs a name");
    row("state dir", QStringLiteral("--server a --state-dir="), "--state-dir");
    row("log level", QStringLiteral("--server a --log-level loud"), "loud");
    row("congestion", QStringLiteral("--server a --congestion BBR"), "--congestion BBR: it must be auto, system");
    row("congestion twice", QStringLiteral("--server a --congestion bbr --congestion bbr"), "once");
    row("offload", QStringLiteral("--server a --offload on"), "--offload on");
    row("no offload", QStringLiteral("--server a --offload="), "--offload");
    row("offload twice", QStringLiteral("--server a --offload off --offload off"), "once");
    row("everything as a domain", QStringLiteral("--server a --accept-domain ."), "--accept-domain .");
    row("no domain", QStringLiteral("--server a --accept-domain="), "--accept-domain");
    row("a domain that is none", QStringLiteral("--server a --accept-domain a_b"), "--accept-domain a_b");
    row("a domain and no DNS", QStringLiteral("--server a --no-dns --accept-domain lan"), "--no-dns");
    row("v1 and link", LinkText + QStringLiteral(" --v1"), "--v1");
    row("v1 and pin", QStringLiteral("--server a --v1") + pinOption, "--pin");
    row("v1 and trust", QStringLiteral("--server a --v1 --trust-on-first-use"), "--trust-on-first-use");
    row("v1 and IPv6", QStringLiteral("--server a --v1 --cidr fd00::7/64"), "IPv4");
    row("v1 and two addresses", QStringLiteral("--server a --v1 --cidr 10.0.0.1/8 --cidr fd00::7/64"), "one IPv4");
    row("v1 and a network", QStringLiteral("--server a --v1 --cidr 10.86.0.0/24"), "not a host address");
    row("v1 and a loopback address", QStringLiteral("--server a --v1 --cidr 127.0.0.2/8"), "--cidr 127.0.0.2/8");
    row("v1 with a value", QStringLiteral("--server a --v1=yes"), "v1");
    row("v1 without a server", QStringLiteral("--v1"), "--server");
    row("v1 and user", QStringLiteral("--server a --v1 --user anna"), "--user");
    row("v1 and password", QStringLiteral("--server a --v1 --password-stdin"), "--password-stdin");
    row("v1 and profile", QStringLiteral("--v1 --profile Office"), "--profile");
    row("v1 and a link later", QStringLiteral("--v1 --link-stdin"), "--v1");
    row("doctor and once", QStringLiteral("doctor --once"), "--once");
    row("doctor and a link later", QStringLiteral("doctor --link-stdin"), "--link-stdin");
    row("doctor and a password", QStringLiteral("doctor --server a --user u --password-stdin"), "'doctor'");
    row("doctor and an interface", QStringLiteral("doctor --server a --tun t"), "--tun");
    row("doctor and trust", QStringLiteral("doctor --server a --trust-on-first-use"), "--trust-on-first-use");
    row("doctor and a pin of nobody", QStringLiteral("doctor") + pinOption, "--pin needs a server");
    row("doctor, v1 and no server", QStringLiteral("doctor --v1"), "--v1 needs a server");
    row("doctor and what is no link", QStringLiteral("doctor doctor"), "link");
    row("doctor, two targets", QStringLiteral("doctor --server a --profile b"), "only one");
    row("profile and server", QStringLiteral("--profile Office --server a"), "only one");
    row("link and profile", LinkText + QStringLiteral(" --profile Office"), "only one");
    row("link and a link later", LinkText + QStringLiteral(" --link-stdin"), "only one");
    row("profile and pin", QStringLiteral("--profile Office") + pinOption, "--pin");
    row("profile twice", QStringLiteral("--profile a --profile b"), "once");
    row("no profile name", QStringLiteral("--profile="), "--profile needs a name");
    row("link later and trust", QStringLiteral("--link-stdin --trust-on-first-use"), "--trust-on-first-use");
    row("invite and user", inviteLink + QStringLiteral(" --user anna"), "--user");
    row("invite and password", inviteLink + QStringLiteral(" --password-stdin"), "--password-stdin");
    row("password and no user", QStringLiteral("--server a --password-stdin"), "--user NAME");
    row("link, password and no user", LinkText + QStringLiteral(" --password-fd 3"), "--user NAME");
    row("two passwords", QStringLiteral("--server a --user u --password-stdin --password-fd 3"), "not both");
    row("link and password on one input", QStringLiteral("--link-stdin --user u --password-stdin"), "standard input");
    row("the same by number", QStringLiteral("--link-stdin --user u --password-fd 0"), "standard input");
    row("password from an output", QStringLiteral("--server a --user u --password-fd 1"), "--password-fd");
    row("password from nowhere", QStringLiteral("--server a --user u --password-fd -1"), "--password-fd");
    row("password on the line", QStringLiteral("--server a --user u --password-fd secret"), "--password-fd");
    row("no user name", QStringLiteral("--server a --user="), "--user");
    row("bad user name", QStringLiteral("--server a --user a\u202Eb"), "--user");
    row("long user name", QStringLiteral("--server a --user ") + QString(65, QLatin1Char('u')), "--user");
    unprintableRows();
    row("unknown option", QStringLiteral("--server a --frobnicate"), "frobnicate");
    row("value for a flag", QStringLiteral("--server a --once=1"), "once");
    row("missing value", QStringLiteral("--server"), "server");
}

void TestClientOptions::explainsWhatCantBeUsed()
{
    QFETCH(QString, line);
    QFETCH(QString, mentions);
    const auto parsed = parse(line);
    QVERIFY(!parsed.has_value());
    QCOMPARE(parsed.error().code, ErrorCode::InvalidArgument);
    const QString sentence = QString::fromStdString(parsed.error().context);
    QVERIFY2(sentence.contains(mentions), qPrintable(sentence));
    QCOMPARE(parsed.error().context, escapeForDisplay(parsed.error().context));
    QVERIFY2(sentence.endsWith(QLatin1Char('.')) && !sentence.contains(QLatin1Char('\n')), qPrintable(sentence));
}

void TestClientOptions::doesNotRepeatALink()
{
    const auto parsed = parse(QStringLiteral("gvpn://a:1/?pin=short&invite=AAECAwQFBgcICQoLDA0ODw"));
    QVERIFY(!parsed.has_value());
    QVERIFY(parsed.error().context.find("AAECAwQF") == std::string::npos);
    const QString link = LinkText + QStringLiteral("&invite=AAECAwQFBgcICQoLDA0ODw");
    const auto twice = parse(link + QLatin1Char(' ') + link);
    QVERIFY(!twice.has_value());
    QVERIFY(twice.error().context.find("AAECAwQF") == std::string::npos);
}

void TestClientOptions::saysThatALinkIsGivenAlone_data()
{
    QTest::addColumn<QString>("before");
    for (const char* before :
         {"--server ", "--server=", "--profile ", "--profile=", "--server a --pin ", "--server a --tun ",
          "--server a --state-dir ", "--server a --cidr ", "--server a --accept-routes ", "--server a --log-level ",
          "--server a --congestion ", "--server a --offload ", "profile show ", "profile import ", "profile remove ",
          "profile export "})
        QTest::newRow(before) << QString::fromLatin1(before);
}

void TestClientOptions::saysThatALinkIsGivenAlone()
{
    QFETCH(QString, before);
    for (const char* scheme : {"gvpn:", "GVPN:"}) {
        const auto parsed =
            parse(before + QLatin1String(scheme) + LinkText.mid(5) + QStringLiteral("&invite=AAECAwQFBgcICQoLDA0ODw"));
        QVERIFY(!parsed.has_value());
        const QString sentence = QString::fromStdString(parsed.error().context);
        QVERIFY2(sentence.endsWith(QStringLiteral(": this is a link: give it alone.")), qPrintable(sentence));
        QVERIFY2(!sentence.contains(QStringLiteral("AAECAwQF")), qPrintable(sentence));
    }
    // A computer may have that name.
    QCOMPARE(optionsOf(QStringLiteral("--server gvpn:443")).server, (net::HostPort{"gvpn", 443}));
}

void TestClientOptions::showsHelpAndVersion()
{
    for (const char* line : {"--help", "-h", "--version"}) {
        const auto parsed = parse(QString::fromLatin1(line));
        QVERIFY(parsed.has_value());
        QVERIFY(std::holds_alternative<InfoText>(*parsed));
        QVERIFY(!std::get<InfoText>(*parsed).text.isEmpty());
    }
    QVERIFY(std::get<InfoText>(*parse(QStringLiteral("--help"))).text.contains(QStringLiteral("--v1")));
}

QTEST_GUILESS_MAIN(TestClientOptions)
#include "tst_client_options.moc"
