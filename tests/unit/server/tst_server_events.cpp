#include "server/server_events.h"
#include "support/packets.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QtTest>

using namespace gvpn;
using namespace gvpn::server;
using gvpn::test::address;
using gvpn::test::interfaceAddress;
using gvpn::test::network;

namespace {

Pin pin()
{
    std::array<std::byte, Pin::SizeBytes> hash{};
    hash.fill(std::byte{7});
    return Pin(hash);
}

ListeningInfo listening()
{
    ListeningInfo info;
    info.port = 51005;
    info.interfaceName = "gvpn0";
    info.pools = {network("10.86.0.0/24")};
    info.lanNetworks = {network("172.17.0.0/16")};
    info.pin = pin();
    info.link = "gvpn://203.0.113.5:51005/?pin=" + pin().toString();
    return info;
}

ClientInfo client()
{
    ClientInfo info;
    info.id = 3;
    info.addresses = {interfaceAddress("10.86.0.2/24"), interfaceAddress("fd00:86::2/64")};
    info.claims.device = pin();
    info.claims.deviceName = "laptop";
    info.claims.software = "gvpn 0.1.0";
    info.peer = {address("198.51.100.7"), 40000};
    return info;
}

QString value(const QJsonObject& json, const char* key)
{
    return json.value(QLatin1String(key)).toVariant().toString();
}

QString longText(const std::string& text)
{
    return QString::fromStdString(text);
}

}  // namespace

class TestServerEvents : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void tellsOfOtherFilters();
    void listeningHasTheKeysOfTheContract();
    void listeningNamesBothFamilies();
    void listeningNamesResolvers();
    void aConnectedClientIsDescribed();
    void aDisconnectedClientHasItsNumbersAndTheReason();
    void otherEventsHaveTheirNames();
    void textsFromOutsideAreEscaped();
    void jsonStaysOneLine();
    void theTextTellsWhatPeopleNeed();
    void portScansAreNotPrinted();
};

void TestServerEvents::listeningHasTheKeysOfTheContract()
{
    const QJsonObject json = toJson(listening());
    QCOMPARE(value(json, "event"), QStringLiteral("listening"));
    QVERIFY(json.value(QLatin1String("port")).isDouble());
    QCOMPARE(json.value(QLatin1String("port")).toInt(), 51005);
    QCOMPARE(value(json, "cidr"), QStringLiteral("10.86.0.0/24"));
    QCOMPARE(json.value(QLatin1String("bypass")).toArray(), QJsonArray{QStringLiteral("172.17.0.0/16")});
    QCOMPARE(value(json, "pin"), longText(pin().toString()));
    QVERIFY(value(json, "invite").startsWith(QStringLiteral("gvpn://203.0.113.5:51005/?pin=")));
    QVERIFY(!json.contains(QLatin1String("cidr6")));
    QVERIFY(!json.contains(QLatin1String("dns")));
}

void TestServerEvents::listeningNamesBothFamilies()
{
    ListeningInfo info = listening();
    info.pools.push_back(network("fd00:86::/64"));
    info.lanNetworks.push_back(network("fd00:17::/64"));
    const QJsonObject json = toJson(info);
    QCOMPARE(value(json, "cidr"), QStringLiteral("10.86.0.0/24"));
    QCOMPARE(value(json, "cidr6"), QStringLiteral("fd00:86::/64"));
    QCOMPARE(json.value(QLatin1String("bypass")).toArray().size(), 2);
    info.pools = {network("fd00:86::/64")};
    QVERIFY(!toJson(info).contains(QLatin1String("cidr")));
}

void TestServerEvents::listeningNamesResolvers()
{
    ListeningInfo info = listening();
    info.dnsServers = {address("172.17.0.53"), address("fd00:17::53")};
    info.dnsDomains = {"office.example"};
    const QJsonObject json = toJson(info);
    QCOMPARE(json.value(QLatin1String("dns")).toArray(),
             (QJsonArray{QStringLiteral("172.17.0.53"), QStringLiteral("fd00:17::53")}));
    QCOMPARE(json.value(QLatin1String("dns_domains")).toArray(), QJsonArray{QStringLiteral("office.example")});
    QVERIFY(toText(info).contains(QStringLiteral("172.17.0.53, fd00:17::53 for names of office.example")));
}

void TestServerEvents::aConnectedClientIsDescribed()
{
    const QJsonObject json = toJson(DataEvent(ClientConnected{client()}));
    QCOMPARE(value(json, "event"), QStringLiteral("client-connected"));
    QCOMPARE(value(json, "address"), QStringLiteral("10.86.0.2/24"));
    QCOMPARE(value(json, "address6"), QStringLiteral("fd00:86::2/64"));
    QCOMPARE(value(json, "device"), longText(pin().toString()));
    QCOMPARE(value(json, "protocol"), QStringLiteral("v2"));
    QCOMPARE(value(json, "name"), QStringLiteral("laptop"));
    QCOMPARE(value(json, "software"), QStringLiteral("gvpn 0.1.0"));
    QCOMPARE(value(json, "from"), QStringLiteral("198.51.100.7:40000"));
    QCOMPARE(json.value(QLatin1String("id")).toInt(), 3);
}

void TestServerEvents::aDisconnectedClientHasItsNumbersAndTheReason()
{
    ClientInfo info = client();
    info.counters.bytesToTun = 5'000'000'000;
    info.counters.bytesFromTun = 7;
    info.counters.congestionMarks = 2;
    info.counters.drop(tunnel::DropReason::ForeignSource, 4);
    const QJsonObject json =
        toJson(DataEvent(ClientDisconnected{info, {ErrorCode::TimedOut, "nothing heard from the client for 25 s"}}));
    QCOMPARE(value(json, "event"), QStringLiteral("client-disconnected"));
    QCOMPARE(value(json, "address"), QStringLiteral("10.86.0.2/24"));
    QCOMPARE(value(json, "code"), QStringLiteral("timed-out"));
    QCOMPARE(value(json, "reason"), QStringLiteral("nothing heard from the client for 25 s"));
    QCOMPARE(json.value(QLatin1String("bytes_from_client")).toInteger(), 5'000'000'000);
    QCOMPARE(json.value(QLatin1String("bytes_to_client")).toInteger(), 7);
    QCOMPARE(json.value(QLatin1String("ecn_marked")).toInteger(), 2);
    const QJsonObject drops = json.value(QLatin1String("dropped")).toObject();
    QCOMPARE(drops.size(), 1);
    QCOMPARE(drops.value(QLatin1String("foreign-source")).toInt(), 4);
}

void TestServerEvents::otherEventsHaveTheirNames()
{
    const QJsonObject refused =
        toJson(DataEvent(ConnectionRefused{{address("198.51.100.7"), 9}, {ErrorCode::TlsFailure, "no"}}));
    QCOMPARE(value(refused, "event"), QStringLiteral("connection-refused"));
    QCOMPARE(value(refused, "from"), QStringLiteral("198.51.100.7:9"));
    QCOMPARE(value(refused, "code"), QStringLiteral("tls-failure"));
    ClientInfo moved = client();
    moved.congestion = {"bbr", "because", false};
    const QJsonObject congestion = toJson(DataEvent(CongestionChanged{moved}));
    QCOMPARE(value(congestion, "event"), QStringLiteral("congestion"));
    QCOMPARE(value(congestion, "algorithm"), QStringLiteral("bbr"));
    QCOMPARE(value(congestion, "reason"), QStringLiteral("because"));
    QCOMPARE(congestion.value(QLatin1String("id")).toInt(), 3);
    QVERIFY(toText(DataEvent(CongestionChanged{moved})).isEmpty());
    const QJsonObject broke = toJson(DataEvent(DataPathBroke{{ErrorCode::Closed, "gvpn0: gone"}}));
    QCOMPARE(value(broke, "event"), QStringLiteral("broken"));
    QCOMPARE(value(broke, "reason"), QStringLiteral("gvpn0: gone"));
    const QJsonObject stopped = toJson(DataEvent(DataPathStopped{}));
    QCOMPARE(value(stopped, "event"), QStringLiteral("stopped"));
}

void TestServerEvents::textsFromOutsideAreEscaped()
{
    ClientInfo info = client();
    info.claims.deviceName = "a\nb\x1b[31m\xe2\x80\xae";
    const std::string reason = "line\nbreak \x1b]0;title\x07";
    const DataEvent connected = ClientConnected{info};
    const DataEvent disconnected = ClientDisconnected{info, {ErrorCode::Closed, reason}};
    for (const DataEvent* event : {&connected, &disconnected}) {
        const QString line = toText(*event);
        QVERIFY(!line.isEmpty());
        for (const QChar c : line)
            QVERIFY2(c.isPrint(), qPrintable(line));
        QVERIFY(!line.contains(QChar(0x202e)));
        QVERIFY(line.contains(QStringLiteral("a\\nb\\x1b[31m")));
    }
}

void TestServerEvents::jsonStaysOneLine()
{
    ClientInfo info = client();
    info.claims.deviceName = "a\nb\r\"\\";
    const QJsonObject json = toJson(DataEvent(ClientDisconnected{info, {ErrorCode::Closed, "x\ny"}}));
    const QByteArray line = QJsonDocument(json).toJson(QJsonDocument::Compact);
    QVERIFY(!line.contains('\n'));
    QCOMPARE(QJsonDocument::fromJson(line).object().value(QLatin1String("name")).toString(),
             QStringLiteral("a\nb\r\"\\"));
}

void TestServerEvents::theTextTellsWhatPeopleNeed()
{
    ListeningInfo info = listening();
    const QString open = toText(info);
    QVERIFY(open.contains(QStringLiteral("51005")));
    QVERIFY(open.contains(QStringLiteral("10.86.0.0/24")));
    QVERIFY(open.contains(QStringLiteral("172.17.0.0/16")));
    QVERIFY(open.contains(longText(info.link)));
    QVERIFY(!open.contains(QStringLiteral("--public-address")));
    QVERIFY(!open.endsWith(QLatin1Char('\n')));
    info.isPrivateLink = true;
    info.masquerades = false;
    const QString inside = toText(info);
    QVERIFY(inside.contains(QStringLiteral("--public-address")));
    QVERIFY(inside.contains(QStringLiteral("needs a route")));
    QVERIFY(toText(DataEvent(ClientConnected{client()})).contains(QStringLiteral("10.86.0.2, fd00:86::2")));
}

void TestServerEvents::portScansAreNotPrinted()
{
    QVERIFY(
        toText(DataEvent(ConnectionRefused{{address("198.51.100.7"), 9}, {ErrorCode::TlsFailure, "no"}})).isEmpty());
}

void TestServerEvents::tellsOfOtherFilters()
{
    FilterFinding finding;
    finding.obstacle.keeper = system::FilterKeeper::Ufw;
    finding.obstacle.path = system::FilterObstacle::Path::Input;
    finding.reason = "ufw drops it.";
    finding.remedy = "Allow it with: ufw allow 51005/tcp";
    QCOMPARE(QJsonDocument(toJson(finding)).toJson(QJsonDocument::Compact),
             QByteArray(R"({"event":"obstacle","keeper":"ufw","mended":false,"path":"input",)"
                        R"("reason":"ufw drops it.","remedy":"Allow it with: ufw allow 51005/tcp"})"));
    finding.obstacle.keeper = system::FilterKeeper::IptablesLegacy;
    finding.obstacle.path = system::FilterObstacle::Path::Forward;
    finding.isMended = true;
    QCOMPARE(value(toJson(finding), "keeper"), QStringLiteral("iptables-legacy"));
    QCOMPARE(value(toJson(finding), "path"), QStringLiteral("forward"));
    QCOMPARE(value(toJson(finding), "mended"), QStringLiteral("true"));
}

QTEST_APPLESS_MAIN(TestServerEvents)
#include "tst_server_events.moc"
