#include "server/server_options.h"

#include <QTemporaryDir>
#include <QtTest>

using namespace gvpn;
using namespace gvpn::server;

namespace {

Result<ServerOptions> parse(const QStringList& arguments, const QString& defaultConfig = {})
{
    return parseOptions(QStringList{QStringLiteral("gvpn-server")} + arguments, defaultConfig);
}

QStringList words(const QString& text)
{
    return text.split(QLatin1Char(' '), Qt::SkipEmptyParts);
}

/// An option and what it changes, as text.
struct Case {
    const char* option;
    const char* value;
    std::string (*read)(const ServerOptions&);
    const char* expected;
};

const std::array Cases = {
    Case{"address", "10.0.0.5:7000", [](const ServerOptions& o) { return o.listen.toString(); }, "10.0.0.5:7000"},
    Case{"address", ":0", [](const ServerOptions& o) { return o.listen.toString(); }, ":0"},
    Case{"address", "[::1]:7000", [](const ServerOptions& o) { return o.listen.toString(); }, "[::1]:7000"},
    Case{"cidr", "182.1.1.0/24", [](const ServerOptions& o) { return net::joinPrefixes(o.cidrs); }, "182.1.1.0/24"},
    Case{"bypass", "172.17.0.0/16", [](const ServerOptions& o) { return net::joinPrefixes(o.lanNetworks); },
         "172.17.0.0/16"},
    Case{"public-address", "office.example",
         [](const ServerOptions& o) { return o.publicHost + (o.publicPort ? " with a port" : ""); }, "office.example"},
    Case{"public-address", "office.example:443",
         [](const ServerOptions& o) { return o.publicHost + " " + std::to_string(o.publicPort.value_or(0)); },
         "office.example 443"},
    Case{"public-address", "office.example:51005",
         [](const ServerOptions& o) { return o.publicHost + " " + std::to_string(o.publicPort.value_or(0)); },
         "office.example 51005"},
    Case{"public-address", "[2001:db8::1]:443",
         [](const ServerOptions& o) { return o.publicHost + " " + std::to_string(o.publicPort.value_or(0)); },
         "2001:db8::1 443"},
    Case{"public-address", "2001:db8::443",
         [](const ServerOptions& o) { return o.publicHost + " " + std::to_string(o.publicPort.value_or(0)); },
         "2001:db8::443 0"},
    Case{"masquerade", "off", [](const ServerOptions& o) { return std::to_string(static_cast<int>(o.masquerade)); },
         "2"},
    Case{"masquerade", "on", [](const ServerOptions& o) { return std::to_string(static_cast<int>(o.masquerade)); },
         "1"},
    Case{"masquerade", "auto", [](const ServerOptions& o) { return std::to_string(static_cast<int>(o.masquerade)); },
         "0"},
    Case{"offload", "off", [](const ServerOptions& o) { return std::to_string(int{o.usesOffloads}); }, "0"},
    Case{"offload", "auto", [](const ServerOptions& o) { return std::to_string(int{o.usesOffloads}); }, "1"},
    Case{"tun", "office0", [](const ServerOptions& o) { return o.tunName; }, "office0"},
    Case{"state-dir", "/tmp/state dir", [](const ServerOptions& o) { return o.stateDir; }, "/tmp/state dir"},
    Case{"dns", "172.17.0.53", [](const ServerOptions& o) { return o.dnsServers.at(0).toString(); }, "172.17.0.53"},
    Case{"dns", "fd00:17::53", [](const ServerOptions& o) { return o.dnsServers.at(0).toString(); }, "fd00:17::53"},
    Case{"relay", "198.51.100.0/24", [](const ServerOptions& o) { return net::joinPrefixes(o.relays); },
         "198.51.100.0/24"},
    Case{"max-half-open", "1", [](const ServerOptions& o) { return std::to_string(o.maxHalfOpen); }, "1"},
    Case{"max-half-open", "65535", [](const ServerOptions& o) { return std::to_string(o.maxHalfOpen); }, "65535"},
    Case{"congestion", "bbr", [](const ServerOptions& o) { return o.congestion.name; }, "bbr"},
    Case{"congestion", "system",
         [](const ServerOptions& o) { return std::to_string(static_cast<int>(o.congestion.kind)); }, "1"},
    Case{"congestion", "auto",
         [](const ServerOptions& o) { return std::to_string(static_cast<int>(o.congestion.kind)); }, "0"},
    Case{"log-level", "debug", [](const ServerOptions& o) { return o.logLevel; }, "debug"},
    Case{"log-level", "warning", [](const ServerOptions& o) { return o.logLevel; }, "warning"},
};

/// A sentence for people: one line that ends like one.
bool isSentence(const std::string& text)
{
    return text.size() > 10 && text.back() == '.' && text.find('\n') == std::string::npos && !text.ends_with("..");
}

}  // namespace

class TestServerOptions : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init();
    void hasDefaults();
    void readsEachOption_data();
    void readsEachOption();
    void readsFlags();
    void repeatsResolversAndDomains();
    void limitsResolversAndDomains();
    void repeatsNetworks();
    void namesANetworkOnce();
    void limitsTheNumberOfNetworks();
    void theLastOfOthersCounts();
    void v1DemandsLoginNone();
    void readsLoginModes_data();
    void readsLoginModes();
    void refusesOtherLoginModes_data();
    void refusesOtherLoginModes();
    void refusesBadValues_data();
    void refusesBadValues();
    void readsCommands_data();
    void readsCommands();
    void cleanupNeedsNoLogin();
    void theFileGivesEachOption_data();
    void theFileGivesEachOption();
    void theCommandLineBeatsTheFile();
    void theDoctorTalksToPeopleUnlessAsked();
    void theDefaultFileIsReadIfItIsThere();
    void aNamedFileMustBeThere();
    void flagsInTheFileAreTrueOrFalse_data();
    void flagsInTheFileAreTrueOrFalse();

private:
    QString writeConfig(const QString& content);

    std::unique_ptr<QTemporaryDir> m_dir;
};

void TestServerOptions::init()
{
    m_dir = std::make_unique<QTemporaryDir>();
    QVERIFY(m_dir->isValid());
}

QString TestServerOptions::writeConfig(const QString& content)
{
    const QString path = m_dir->filePath(QStringLiteral("server.conf"));
    QFile file(path);
    const bool isWritten = file.open(QIODevice::WriteOnly) && file.write(content.toUtf8()) >= 0;
    return isWritten ? path : QString();
}

void TestServerOptions::hasDefaults()
{
    const auto options = parse({QStringLiteral("--login=none")});
    QVERIFY(options);
    QVERIFY(options->command == Command::Run);
    QCOMPARE(options->listen.toString(), std::string(":51005"));
    QVERIFY(options->cidrs.empty() && options->lanNetworks.empty());
    QVERIFY(options->publicHost.empty() && !options->publicPort);
    QVERIFY(options->masquerade == Masquerade::Auto && options->usesOffloads);
    QVERIFY(!options->allowsClientToClient && !options->isJson && !options->allowsV1);
    QCOMPARE(options->maxHalfOpen, std::size_t{256});
    QVERIFY(options->relays.empty());
    QVERIFY(options->login == LoginMode::None);
    QCOMPARE(options->maxDevices, 5U);
    QVERIFY(options->runAs.empty());
    QVERIFY(options->congestion == tunnel::CongestionMode{});
    QVERIFY(options->tunName.empty() && options->stateDir.empty());
    QCOMPARE(options->logLevel, std::string("info"));
}

void TestServerOptions::readsEachOption_data()
{
    QTest::addColumn<int>("index");
    QTest::addColumn<bool>("hasEquals");
    for (std::size_t i = 0; i < Cases.size(); ++i) {
        QTest::addRow("--%s=%s", Cases[i].option, Cases[i].value) << static_cast<int>(i) << true;
        QTest::addRow("--%s %s", Cases[i].option, Cases[i].value) << static_cast<int>(i) << false;
    }
}

void TestServerOptions::readsEachOption()
{
    QFETCH(int, index);
    QFETCH(bool, hasEquals);
    const Case& one = Cases[static_cast<std::size_t>(index)];
    const QString name = QStringLiteral("--") + QString::fromLatin1(one.option);
    const QString value = QString::fromLatin1(one.value);
    const QStringList given = hasEquals ? QStringList{name + QLatin1Char('=') + value} : QStringList{name, value};
    const auto options = parse(given + QStringList{QStringLiteral("--login"), QStringLiteral("none")});
    QVERIFY2(options, options ? "" : options.error().context.c_str());
    QCOMPARE(one.read(*options), std::string(one.expected));
}

void TestServerOptions::readsFlags()
{
    const auto options = parse(words(QStringLiteral("--login none --json --client-to-client --allow-v1")));
    QVERIFY(options);
    QVERIFY(options->isJson && options->allowsClientToClient && options->allowsV1);
}

void TestServerOptions::repeatsResolversAndDomains()
{
    const auto options = parse(words(QStringLiteral(
        "--dns 172.17.0.53 --dns fd00:17::53 --dns 172.17.0.53 --dns-domain Office.example --dns-domain lan "
        "--dns-domain=office.example")));
    QVERIFY(options);
    QCOMPARE(options->dnsServers.size(), std::size_t{2});
    QCOMPARE(options->dnsDomains, (std::vector<std::string>{"office.example", "lan"}));
}

void TestServerOptions::limitsResolversAndDomains()
{
    QStringList resolvers;
    for (int i = 1; i <= 8; ++i)
        resolvers.append(QStringLiteral("--dns=172.17.0.%1").arg(i));
    QStringList domains;
    for (int i = 1; i <= 16; ++i)
        domains.append(QStringLiteral("--dns-domain=d%1.example").arg(i));
    QVERIFY(parse(resolvers + domains));
    const auto manyResolvers = parse(resolvers + domains + QStringList{QStringLiteral("--dns=172.17.0.9")});
    QVERIFY(!manyResolvers && isSentence(manyResolvers.error().context));
    const auto manyDomains = parse(resolvers + domains + QStringList{QStringLiteral("--dns-domain=d17.example")});
    QVERIFY(!manyDomains && isSentence(manyDomains.error().context));
}

void TestServerOptions::repeatsNetworks()
{
    const auto options = parse(words(QStringLiteral("--bypass 172.17.0.0/16 --cidr=10.9.0.0/24 --login none "
                                                    "--bypass=fd00:17::/64 --cidr fd00:9::/64 --bypass 10.1.0.0/16")));
    QVERIFY(options);
    QCOMPARE(net::joinPrefixes(options->lanNetworks), std::string("172.17.0.0/16, fd00:17::/64, 10.1.0.0/16"));
    QCOMPARE(net::joinPrefixes(options->cidrs), std::string("10.9.0.0/24, fd00:9::/64"));
}

void TestServerOptions::namesANetworkOnce()
{
    // Clients refuse settings with a route that is there twice.
    const auto options =
        parse(words(QStringLiteral("--login none --bypass 172.17.0.0/16 --bypass 10.1.0.0/16 --bypass 172.17.0.0/16")));
    QVERIFY(options);
    QCOMPARE(net::joinPrefixes(options->lanNetworks), std::string("172.17.0.0/16, 10.1.0.0/16"));
}

void TestServerOptions::limitsTheNumberOfNetworks()
{
    QStringList arguments{QStringLiteral("--login=none")};
    for (int i = 0; i < 256; ++i)
        arguments.append(QStringLiteral("--bypass=10.1.%1.0/24").arg(i));
    QVERIFY(parse(arguments));
    arguments.append(QStringLiteral("--bypass=10.2.0.0/24"));
    const auto options = parse(arguments);
    QVERIFY(!options);
    QVERIFY2(isSentence(options.error().context), options.error().context.c_str());
    QVERIFY(options.error().context.find("256") != std::string::npos);
}

void TestServerOptions::theLastOfOthersCounts()
{
    const auto options = parse(words(QStringLiteral("--login none --tun a0 --tun=b0 --address :1 --address :2")));
    QVERIFY(options);
    QCOMPARE(options->tunName, std::string("b0"));
    QCOMPARE(options->listen.port, std::uint16_t{2});
}

void TestServerOptions::v1DemandsLoginNone()
{
    QVERIFY(parse(words(QStringLiteral("--allow-v1 --login none"))));
    for (const char* arguments : {"--allow-v1", "--allow-v1 --login device", "--login=password --allow-v1"}) {
        const auto options = parse(words(QString::fromLatin1(arguments)));
        QVERIFY(!options);
        QVERIFY2(options.error().context.starts_with("--allow-v1 works only with --login none"), arguments);
        QVERIFY(isSentence(options.error().context));
    }
}

void TestServerOptions::readsLoginModes_data()
{
    QTest::addColumn<QString>("arguments");
    QTest::addColumn<int>("mode");
    QTest::newRow("not given") << "--json" << static_cast<int>(LoginMode::Device);
    QTest::newRow("device") << "--login device" << static_cast<int>(LoginMode::Device);
    QTest::newRow("password") << "--login=password" << static_cast<int>(LoginMode::Password);
    QTest::newRow("none") << "--login none" << static_cast<int>(LoginMode::None);
}

void TestServerOptions::readsLoginModes()
{
    QFETCH(QString, arguments);
    QFETCH(int, mode);
    const auto options = parse(words(arguments));
    QVERIFY(options);
    QCOMPARE(static_cast<int>(options->login), mode);
}

void TestServerOptions::refusesOtherLoginModes_data()
{
    QTest::addColumn<QString>("arguments");
    QTest::newRow("empty") << "--login=";
    QTest::newRow("another case") << "--login NONE";
    QTest::newRow("a word") << "--login=key";
}

void TestServerOptions::refusesOtherLoginModes()
{
    QFETCH(QString, arguments);
    const auto options = parse(words(arguments));
    QVERIFY(!options);
    QVERIFY(options.error().code == ErrorCode::InvalidArgument);
    QVERIFY2(isSentence(options.error().context), options.error().context.c_str());
    QVERIFY(options.error().context.find("--login") != std::string::npos);
}

void TestServerOptions::refusesBadValues_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<QString>("named");
    const auto row = [](const char* arguments, const char* named) {
        QTest::newRow(arguments) << words(QString::fromLatin1(arguments)) << QString::fromLatin1(named);
    };
    row("--address office.example:51005", "--address office.example:51005");
    row("--address :65536", "--address :65536");
    row("--address 51005", "--address 51005");
    row("--address 1.2.3.4:x", "--address 1.2.3.4:x");
    row("--cidr 10.86.0.0", "--cidr 10.86.0.0");
    row("--cidr 10.86.0.5/24", "did you mean 10.86.0.0/24?");
    row("--cidr 10.86.0.0/33", "--cidr 10.86.0.0/33");
    row("--cidr 10.86.0.0/-1", "--cidr 10.86.0.0/-1");
    row("--cidr 10.86.0.0/24,10.87.0.0/24", "--cidr");
    row("--bypass lan", "--bypass lan");
    row("--bypass 172.17.0.1/16", "did you mean 172.17.0.0/16?");
    row("--bypass 0.0.0.0/0", "--bypass 0.0.0.0/0");
    row("--bypass 128.0.0.0/1", "--bypass 128.0.0.0/1");
    row("--bypass ::/0", "--bypass ::/0");
    row("--bypass 127.0.0.0/8", "--bypass 127.0.0.0/8");
    row("--bypass 169.254.0.0/16", "--bypass 169.254.0.0/16");
    row("--bypass fe80::/64", "--bypass fe80::/64");
    row("--bypass 224.0.0.0/4", "--bypass 224.0.0.0/4");
    row("--bypass 126.0.0.0/7", "--bypass 126.0.0.0/7");
    row("--bypass 160.0.0.0/3", "--bypass 160.0.0.0/3");
    row("--bypass 192.0.0.0/2", "--bypass 192.0.0.0/2");
    row("--bypass ::/8", "--bypass ::/8");
    row("--bypass fe00::/8", "--bypass fe00::/8");
    row("--public-address a..b", "--public-address a..b");
    row("--public-address office.example:0", "--public-address");
    row("--public-address :443", "--public-address :443");
    row("--dns office", "--dns office");
    row("--dns 172.17.0.53:53", "--dns 172.17.0.53:53");
    row("--dns 127.0.0.53", "--dns 127.0.0.53");
    row("--dns 0.0.0.0", "--dns 0.0.0.0");
    row("--dns fe80::1", "--dns fe80::1");
    row("--dns 224.0.0.251", "--dns 224.0.0.251");
    row("--dns-domain office.example", "--dns-domain needs a resolver");
    row("--dns 172.17.0.53 --dns-domain .", "--dns-domain .");
    row("--dns 172.17.0.53 --dns-domain office.example.", "--dns-domain office.example.");
    row("--dns 172.17.0.53 --dns-domain ~office.example", "--dns-domain ~office.example");
    row("--dns 172.17.0.53 --dns-domain a_b.example", "--dns-domain a_b.example");
    row("--masquerade yes", "--masquerade yes");
    row("--offload on", "--offload on");
    row("--log-level loud", "--log-level loud");
    row("--congestion BBR", "--congestion BBR can't be used: it must be auto, system");
    row("--congestion a_name_of_16_long", "--congestion a_name_of_16_long");
    row("--relay 198.51.100.7/24", "did you mean 198.51.100.0/24?");
    row("--relay proxy", "--relay proxy");
    row("--max-half-open 0", "--max-half-open 0");
    row("--max-half-open 65536", "--max-half-open 65536");
    row("--max-half-open -1", "--max-half-open -1");
    row("--max-half-open many", "--max-half-open many");
    row("--log-level error", "--log-level error");
    row("--unknown", "unknown");
    row("--cidrs 10.86.0.0/24", "cidrs");
    row("--json=true", "json");
    row("--tun", "tun");
    row("-x", "x");
    row("start", "start");
    row("run now", "run now");
    row("cleanup run", "cleanup run");
    QTest::newRow("empty --cidr") << QStringList{QStringLiteral("--cidr=")} << "--cidr";
    QTest::newRow("empty --bypass") << QStringList{QStringLiteral("--bypass"), QString()} << "--bypass";
    QTest::newRow("empty --dns") << QStringList{QStringLiteral("--dns=")} << "--dns";
    QTest::newRow("empty --dns-domain") << QStringList{QStringLiteral("--dns-domain=")} << "--dns-domain";
    QTest::newRow("empty --address") << QStringList{QStringLiteral("--address=")} << "--address";
    QTest::newRow("empty --public-address") << QStringList{QStringLiteral("--public-address=")} << "--public-address";
    QTest::newRow("empty --masquerade") << QStringList{QStringLiteral("--masquerade=")} << "--masquerade";
    QTest::newRow("empty --offload") << QStringList{QStringLiteral("--offload=")} << "--offload";
    QTest::newRow("empty --log-level") << QStringList{QStringLiteral("--log-level=")} << "--log-level";
}

void TestServerOptions::refusesBadValues()
{
    QFETCH(QStringList, arguments);
    QFETCH(QString, named);
    const auto options = parse(QStringList{QStringLiteral("--login=none")} + arguments);
    QVERIFY(!options);
    QVERIFY(options.error().code == ErrorCode::InvalidArgument);
    const QString context = QString::fromStdString(options.error().context);
    QVERIFY2(isSentence(options.error().context), qPrintable(context));
    QVERIFY2(context.contains(named), qPrintable(context));
}

void TestServerOptions::readsCommands_data()
{
    QTest::addColumn<QString>("arguments");
    QTest::addColumn<int>("command");
    QTest::newRow("nothing") << "--login none" << static_cast<int>(Command::Run);
    QTest::newRow("run first") << "run --login none" << static_cast<int>(Command::Run);
    QTest::newRow("run last") << "--login none run" << static_cast<int>(Command::Run);
    QTest::newRow("cleanup") << "cleanup" << static_cast<int>(Command::Cleanup);
    QTest::newRow("doctor") << "doctor" << static_cast<int>(Command::Doctor);
    QTest::newRow("doctor with the server's options")
        << "doctor --json --masquerade off --cidr 10.86.0.0/24" << static_cast<int>(Command::Doctor);
    QTest::newRow("--help") << "--help" << static_cast<int>(Command::ShowHelp);
    QTest::newRow("-h") << "-h" << static_cast<int>(Command::ShowHelp);
    QTest::newRow("help beats the rest") << "nonsense --cidr x --help" << static_cast<int>(Command::ShowHelp);
    QTest::newRow("--help-all") << "--help-all" << static_cast<int>(Command::ShowHelp);
    QTest::newRow("--version") << "--version" << static_cast<int>(Command::ShowVersion);
    QTest::newRow("-v") << "-v" << static_cast<int>(Command::ShowVersion);
}

void TestServerOptions::readsCommands()
{
    QFETCH(QString, arguments);
    QFETCH(int, command);
    const auto options = parse(words(arguments));
    QVERIFY2(options, options ? "" : options.error().context.c_str());
    QCOMPARE(static_cast<int>(options->command), command);
    QCOMPARE(options->helpText.contains(QStringLiteral("--bypass")), options->command == Command::ShowHelp);
}

void TestServerOptions::cleanupNeedsNoLogin()
{
    const auto options = parse(words(QStringLiteral("cleanup --json --log-level debug")));
    QVERIFY(options);
    QVERIFY(options->login == LoginMode::Device);
    QVERIFY(options->isJson);
    QCOMPARE(options->logLevel, std::string("debug"));
}

void TestServerOptions::theFileGivesEachOption_data()
{
    QTest::addColumn<int>("index");
    for (std::size_t i = 0; i < Cases.size(); ++i)
        QTest::addRow("%s=%s", Cases[i].option, Cases[i].value) << static_cast<int>(i);
}

void TestServerOptions::theFileGivesEachOption()
{
    QFETCH(int, index);
    const Case& one = Cases[static_cast<std::size_t>(index)];
    const QString path = writeConfig(QStringLiteral("# a comment\nlogin=none\n%1=%2\n")
                                         .arg(QString::fromLatin1(one.option), QString::fromLatin1(one.value)));
    const auto options = parse({QStringLiteral("--config"), path});
    QVERIFY2(options, options ? "" : options.error().context.c_str());
    QCOMPARE(one.read(*options), std::string(one.expected));
}

void TestServerOptions::theCommandLineBeatsTheFile()
{
    const QString path = writeConfig(
        QStringLiteral("login=device\nbypass=10.1.0.0/16, "
                       "10.2.0.0/16\ncidr=10.9.0.0/24\ntun=file0\nmasquerade=off\noffload=off\njson=true\n"));
    const auto options = parse(words(QStringLiteral("--login none --bypass 10.3.0.0/16 --tun line0 --config=") + path));
    QVERIFY2(options, options ? "" : options.error().context.c_str());
    QCOMPARE(net::joinPrefixes(options->lanNetworks), std::string("10.3.0.0/16"));
    QCOMPARE(net::joinPrefixes(options->cidrs), std::string("10.9.0.0/24"));
    QCOMPARE(options->tunName, std::string("line0"));
    QVERIFY(options->masquerade == Masquerade::Off && !options->usesOffloads);
    QVERIFY(options->isJson);
}

void TestServerOptions::theDoctorTalksToPeopleUnlessAsked()
{
    const QString config = QStringLiteral(" --config=") + writeConfig(QStringLiteral("json=true\n"));
    const auto toPeople = parse(words(QStringLiteral("doctor") + config));
    const auto toPrograms = parse(words(QStringLiteral("doctor --json") + config));
    QVERIFY(toPeople && toPrograms);
    QVERIFY(!toPeople->isJson && toPrograms->isJson);
}

void TestServerOptions::theDefaultFileIsReadIfItIsThere()
{
    const QString path = writeConfig(QStringLiteral("login=none\nbypass=10.1.0.0/16, 10.2.0.0/16\n"));
    const auto options = parse({}, path);
    QVERIFY(options);
    QCOMPARE(net::joinPrefixes(options->lanNetworks), std::string("10.1.0.0/16, 10.2.0.0/16"));
    QVERIFY(parse({QStringLiteral("--login=none")}, m_dir->filePath(QStringLiteral("missing.conf"))));
    // A named one replaces it.
    QFile other(m_dir->filePath(QStringLiteral("other.conf")));
    QVERIFY(other.open(QIODevice::WriteOnly) && other.write("login=none\n") > 0);
    other.close();
    const auto named = parse({QStringLiteral("--config"), other.fileName()}, path);
    QVERIFY(named);
    QVERIFY(named->lanNetworks.empty());
}

void TestServerOptions::aNamedFileMustBeThere()
{
    const QString path = m_dir->filePath(QStringLiteral("missing.conf"));
    const auto options = parse({QStringLiteral("--login=none"), QStringLiteral("--config"), path});
    QVERIFY(!options);
    QVERIFY2(isSentence(options.error().context), options.error().context.c_str());
    QVERIFY(options.error().context.find(path.toStdString()) != std::string::npos);
}

void TestServerOptions::flagsInTheFileAreTrueOrFalse_data()
{
    QTest::addColumn<QString>("value");
    QTest::addColumn<int>("meaning");
    QTest::newRow("true") << "true" << 1;
    QTest::newRow("false") << "false" << 0;
    QTest::newRow("yes") << "yes" << -1;
    QTest::newRow("1") << "1" << -1;
    QTest::newRow("empty") << "" << -1;
}

void TestServerOptions::flagsInTheFileAreTrueOrFalse()
{
    QFETCH(QString, value);
    QFETCH(int, meaning);
    const auto options = parse({QStringLiteral("--login=none"), QStringLiteral("--config"),
                                writeConfig(QStringLiteral("client-to-client=%1\n").arg(value))});
    QCOMPARE(options.has_value(), meaning >= 0);
    if (options)
        QCOMPARE(options->allowsClientToClient, meaning == 1);
    else
        QVERIFY2(isSentence(options.error().context), options.error().context.c_str());
}

QTEST_GUILESS_MAIN(TestServerOptions)
#include "tst_server_options.moc"
