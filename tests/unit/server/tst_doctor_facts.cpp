#include "server/doctor_facts.h"
#include "server/doctor_probes.h"
#include "server/port_holder.h"
#include "server/server_events.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QTcpServer>
#include <QtTest>

#include <unistd.h>

using namespace gvpn;
using namespace gvpn::server;

class TestDoctorFacts : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void looksWhereTheServerListens_data();
    void looksWhereTheServerListens();
    void knowsARunningServerByItsOwnWords();
    void tellsNoSecretOfARunningServer();
    void refusesWhatNoServerSays_data();
    void refusesWhatNoServerSays();
    void findsListeningSockets_data();
    void findsListeningSockets();
    void namesTheHolderOfAPort();
    void asksForADomain();
    void takesOnlyAnswersToItsQuestion_data();
    void takesOnlyAnswersToItsQuestion();
    void tellsAPortThatIsNoServerOfOurs();
    void tellsAPortWhereNobodyListens();
};

namespace {

constexpr const char* Pin43 = "aLKsicwb1Re6OqQS28vrsggWew7O2OYqVAbWPrB_ljM";

ListeningInfo listening()
{
    ListeningInfo info;
    info.port = 51005;
    info.listenHost = "192.168.1.10";
    info.interfaceName = "gvpn0";
    info.pools = {net::Prefix::parse("10.86.0.0/24").value(), net::Prefix::parse("fd86::/64").value()};
    info.lanNetworks = {net::Prefix::parse("192.168.1.0/24").value()};
    info.masquerades = false;
    info.pin = Pin::parse(Pin43).value();
    info.link = "gvpn://192.168.1.10:51005/?invite=secret";
    info.inviteExpires = "2026-11-29T00:00:00Z";
    return info;
}

QJsonObject object(const QByteArray& json)
{
    return QJsonDocument::fromJson(json).object();
}

Result<Pin> probe(std::uint16_t port)
{
    const auto stranger = tls::Identity::generate();
    const auto context = tls::TlsContext::create(tls::Role::Client, *stranger);
    std::optional<Result<Pin>> answer;
    const PinProbe probe(*context, {net::IpAddress::parse("127.0.0.1").value(), port},
                         [&answer](Result<Pin> pin) { answer = std::move(pin); });
    if (!QTest::qWaitFor([&answer] { return answer.has_value(); }))
        return fail(ErrorCode::TimedOut, "never called");
    return *answer;
}

}  // namespace

void TestDoctorFacts::knowsARunningServerByItsOwnWords()
{
    const QJsonObject status{{QStringLiteral("server"), describe(listening())},
                             {QStringLiteral("clients"), QJsonArray{QJsonObject(), QJsonObject()}}};
    const auto server = runningServerFrom(status);
    QVERIFY(server.has_value());
    QCOMPARE(server->port, std::uint16_t{51005});
    QCOMPARE(server->listenHost, std::string("192.168.1.10"));
    QCOMPARE(server->interfaceName, std::string("gvpn0"));
    QVERIFY(server->pools == listening().pools);
    QVERIFY(server->lanNetworks == listening().lanNetworks);
    QVERIFY(!server->masquerades);
    QVERIFY(server->pin == listening().pin);
    QCOMPARE(server->clients, std::size_t{2});
}

void TestDoctorFacts::looksWhereTheServerListens_data()
{
    QTest::addColumn<QString>("host");
    QTest::addColumn<QStringList>("addresses");
    const QString lan = QStringLiteral("192.168.1.10");
    const QString lan6 = QStringLiteral("fd00::10");
    QTest::newRow("everywhere") << QString() << QStringList{lan, lan6};
    QTest::newRow("IPv4") << QStringLiteral("0.0.0.0") << QStringList{lan};
    QTest::newRow("both") << QStringLiteral("::") << QStringList{lan, lan6};
    QTest::newRow("one address") << QStringLiteral("203.0.113.1") << QStringList{QStringLiteral("203.0.113.1")};
}

void TestDoctorFacts::looksWhereTheServerListens()
{
    QFETCH(QString, host);
    QFETCH(QStringList, addresses);
    const auto interface = [](const char* name, std::initializer_list<const char*> own) {
        system::InterfaceInfo info;
        info.name = name;
        info.isUp = true;
        for (const char* text : own)
            info.addresses.push_back(net::InterfaceAddress::parse(text).value());
        return info;
    };
    DoctorFacts facts;
    facts.options.listen.host = "198.51.100.1";
    facts.server = RunningServer();
    facts.server->interfaceName = "gvpn0";
    facts.server->listenHost = host.toStdString();
    system::NetworkSnapshot network;
    network.interfaces = {interface("lo", {"127.0.0.1/8"}), interface("gvpn0", {"10.86.0.1/24"}),
                          interface("eth1", {"192.168.7.1/24"}),
                          interface("eth0", {"192.168.1.10/24", "fd00::10/64", "fe80::1/64"})};
    network.interfaces[0].isLoopback = true;
    network.interfaces[2].isUp = false;
    facts.network = network;
    QStringList found;
    for (const net::IpAddress& address : addressesToReach(facts))
        found.append(QString::fromStdString(address.toString()));
    QCOMPARE(found, addresses);
}

void TestDoctorFacts::tellsNoSecretOfARunningServer()
{
    const QByteArray said = QJsonDocument(describe(listening())).toJson();
    QVERIFY2(!said.contains("secret") && !said.contains("expires") && !said.contains("event"), said.constData());
}

void TestDoctorFacts::refusesWhatNoServerSays_data()
{
    QTest::addColumn<QByteArray>("server");
    const auto row = [](const char* title, const char* port, const char* rest) {
        QTest::newRow(title) << QByteArray("{\"server\":{\"port\":") + port + ",\"interface\":\"gvpn0\",\"pin\":\""
                                    + Pin43 + "\"," + rest + "}}";
    };
    const char* good = R"("cidr":"10.86.0.0/24","bypass":["10.0.0.0/24"])";
    QTest::newRow("nothing") << QByteArray("{}");
    QTest::newRow("an older server") << QByteArray(R"({"clients":[]})");
    QTest::newRow("no object") << QByteArray(R"({"server":[1,2]})");
    row("port 0", "0", good);
    row("port beyond", "65536", good);
    row("a negative port", "-1", good);
    row("a port as text", "\"51005\"", good);
    row("no tunnel network", "51005", R"("bypass":["10.0.0.0/24"])");
    row("a tunnel network that is none", "51005", R"("cidr":"x","bypass":["10.0.0.0/24"])");
    row("a tunnel network as a number", "51005", R"("cidr":7,"bypass":["10.0.0.0/24"])");
    row("no address to listen on", "51005",
        R"x("address":"$(reboot)","cidr":"10.86.0.0/24","bypass":["10.0.0.0/24"])x");
    row("a name to listen on", "51005", R"("address":"localhost","cidr":"10.86.0.0/24","bypass":["10.0.0.0/24"])");
    row("a LAN with a command", "51005", R"("cidr":"10.86.0.0/24","bypass":["10.0.0.0/24; reboot"])");
    for (const char* name : {"gvpn0; reboot", "gvpn0 && reboot", "$(reboot)", "`reboot`", "a'b", "../x", "a/b", ".",
                             "..", "gvpn0\\n", "gvpn0\\u0000x", "gvpn%d", "0123456789abcdef", "gvpn\xc3\xbc", " "}) {
        QTest::newRow(("the interface " + std::string(name)).c_str())
            << QByteArray(R"({"server":{"port":1,"interface":")") + name + R"(","pin":")" + Pin43 + "\"," + good + "}}";
    }
    row("no LAN", "51005", R"("cidr":"10.86.0.0/24")");
    row("a LAN that is none", "51005", R"("cidr":"10.86.0.0/24","bypass":["10.0.0.0/24",{}])");
    QTest::newRow("no pin") << QByteArray(R"({"server":{"port":1,"interface":"gvpn0",)") + good + "}}";
    QTest::newRow("no interface") << QByteArray(R"({"server":{"port":1,"pin":")") + Pin43 + "\"," + good + "}}";
}

void TestDoctorFacts::refusesWhatNoServerSays()
{
    QFETCH(QByteArray, server);
    const auto read = runningServerFrom(object(server));
    QVERIFY(!read.has_value());
    QVERIFY(read.error().code == ErrorCode::Malformed);
}

void TestDoctorFacts::findsListeningSockets_data()
{
    QTest::addColumn<QByteArray>("table");
    QTest::addColumn<QList<quint64>>("inodes");
    const QByteArray head =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
        "inode\n";
    const auto line = [](const char* local, const char* state, const char* inode) {
        return QByteArray("   0: ") + local + " 00000000:0000 " + state
               + " 00000000:00000000 00:00000000 00000000     0        0 " + inode
               + " 1 0000000000000000 100 0 0 10 0\n";
    };
    const QList<quint64> none;
    QTest::newRow("empty") << QByteArray() << none;
    QTest::newRow("nobody") << head << none;
    QTest::newRow("ours") << head + line("00000000:C73D", "0A", "4711") << QList<quint64>{4711};
    QTest::newRow("IPv6") << head + line("00000000000000000000000000000000:C73D", "0A", "12") << QList<quint64>{12};
    QTest::newRow("two") << head + line("0100007F:C73D", "0A", "1") + line("0200007F:C73D", "0A", "2")
                         << QList<quint64>{1, 2};
    QTest::newRow("connected") << head + line("00000000:C73D", "01", "4711") << none;
    QTest::newRow("another port") << head + line("00000000:C73E", "0A", "4711") << none;
    QTest::newRow("a port that is no number") << line("00000000:XXXX", "0A", "4711") << none;
    QTest::newRow("a port that is too long") << line("00000000:1C73D", "0A", "4711") << none;
    QTest::newRow("no port") << line("00000000", "0A", "4711") << none;
    QTest::newRow("an inode that is no number") << line("00000000:C73D", "0A", "47x1") << none;
    QTest::newRow("a short line") << QByteArray("0: 00000000:C73D 0 0A\n") << none;
    QTest::newRow("without an end") << line("00000000:C73D", "0A", "5").chopped(1) << QList<quint64>{5};
    QTest::newRow("bytes") << QByteArray("\xff\0\x01:\n\n\n \n", 9) << none;
}

void TestDoctorFacts::findsListeningSockets()
{
    QFETCH(QByteArray, table);
    QFETCH(QList<quint64>, inodes);
    const auto found = listeningSockets({table.constData(), static_cast<std::size_t>(table.size())}, 51005);
    QCOMPARE(QList<quint64>(found.begin(), found.end()), inodes);
}

void TestDoctorFacts::namesTheHolderOfAPort()
{
    QTcpServer other;
    QVERIFY(other.listen(QHostAddress::LocalHost));
    const auto holder = findPortHolder(other.serverPort());
    QVERIFY(holder.has_value());
    QCOMPARE(holder->process, static_cast<int>(::getpid()));
    QCOMPARE(holder->program, std::string("tst_doctor_facts").substr(0, 15));
    const std::uint16_t port = other.serverPort();
    other.close();
    QVERIFY(!findPortHolder(port).has_value());
}

void TestDoctorFacts::asksForADomain()
{
    const QByteArray head = QByteArray::fromHex("123401000001000000000000");
    const QByteArray tail = QByteArray::fromHex("0000060001");
    QCOMPARE(dnsQuestion(0x1234, ""), head + tail);
    QCOMPARE(dnsQuestion(0x1234, "office.example"), head
                                                        + "\x06office\x07"
                                                          "example"
                                                        + tail);
}

void TestDoctorFacts::takesOnlyAnswersToItsQuestion_data()
{
    QTest::addColumn<QByteArray>("message");
    QTest::addColumn<bool>("isAnswer");
    QTest::newRow("an answer") << QByteArray::fromHex("123481800001000100000000ff") << true;
    QTest::newRow("a refusal") << QByteArray::fromHex("123481850001000000000000") << true;
    QTest::newRow("a question") << QByteArray::fromHex("123401000001000000000000") << false;
    QTest::newRow("another's") << QByteArray::fromHex("123581800001000100000000") << false;
    QTest::newRow("short") << QByteArray::fromHex("1234818000010001000000") << false;
    QTest::newRow("nothing") << QByteArray() << false;
}

void TestDoctorFacts::takesOnlyAnswersToItsQuestion()
{
    QFETCH(QByteArray, message);
    QFETCH(bool, isAnswer);
    QCOMPARE(isAnswerTo(dnsQuestion(0x1234, "office.example"), message), isAnswer);
}

void TestDoctorFacts::tellsAPortThatIsNoServerOfOurs()
{
    QTcpServer other;
    QVERIFY(other.listen(QHostAddress::LocalHost));
    connect(&other, &QTcpServer::newConnection, &other, [&other] {
        QTcpSocket* socket = other.nextPendingConnection();
        connect(socket, &QTcpSocket::readyRead, socket,
                [socket] { socket->write("HTTP/1.1 400 Bad Request\r\n\r\n"); });
    });
    const auto answer = probe(other.serverPort());
    QVERIFY(!answer.has_value());
    QVERIFY(answer.error().code == ErrorCode::ProtocolViolation);
}

void TestDoctorFacts::tellsAPortWhereNobodyListens()
{
    QTcpServer other;
    QVERIFY(other.listen(QHostAddress::LocalHost));
    const std::uint16_t port = other.serverPort();
    other.close();
    const auto answer = probe(port);
    QVERIFY(!answer.has_value());
    QVERIFY(answer.error().code == ErrorCode::Unreachable);
}

QTEST_GUILESS_MAIN(TestDoctorFacts)
#include "tst_doctor_facts.moc"
