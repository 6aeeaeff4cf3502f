#include "server/packet_policy.h"
#include "support/packets.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::server;
using namespace gvpn::test;
using tunnel::DropReason;

namespace {

constexpr int ToTun = -1;
constexpr int ToClient = -2;
constexpr int Refused = static_cast<int>(DropReason::ForeignDestination);

int judge(const PacketPolicy& policy, const ByteVector& packet)
{
    const auto ip = net::IpPacket::parse(packet);
    if (!ip)
        return 1000;
    const auto target = policy.judge(*ip, packet);
    if (!target)
        return static_cast<int>(target.error());
    return *target == PacketTarget::Tun ? ToTun : ToClient;
}

PacketPolicyConfig config(bool allowsClientToClient)
{
    PacketPolicyConfig made;
    made.lanNetworks = {network("172.17.0.0/16"), network("fd00:17::/64")};
    made.gateways = {interfaceAddress("10.86.0.1/24"), interfaceAddress("fd00:86::1/64")};
    made.allowsClientToClient = allowsClientToClient;
    return made;
}

}  // namespace

class TestPacketPolicy : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void judgesDestinations_data();
    void judgesDestinations();
    void theGatewayAnswersEchoOnly_data();
    void theGatewayAnswersEchoOnly();
    void aLanThatCoversTheGatewayOpensIt();
    void knowsThePools();
    void v1ReachesTheBypassAndNothingElse_data();
    void v1ReachesTheBypassAndNothingElse();
};

void TestPacketPolicy::judgesDestinations_data()
{
    QTest::addColumn<QString>("destination");
    QTest::addColumn<int>("verdict");
    QTest::addColumn<int>("verdictWithClients");
    const auto row = [](const char* name, const char* destination, int verdict, int verdictWithClients) {
        QTest::newRow(name) << destination << verdict << verdictWithClients;
    };
    row("LAN", "172.17.3.4", ToTun, ToTun);
    row("first of the LAN", "172.17.0.0", ToTun, ToTun);
    row("last of the LAN", "172.17.255.255", ToTun, ToTun);
    row("LAN in IPv6", "fd00:17::5", ToTun, ToTun);
    row("below the LAN", "172.16.255.255", Refused, Refused);
    row("above the LAN", "172.18.0.0", Refused, Refused);
    row("another client", "10.86.0.9", Refused, ToClient);
    row("another client in IPv6", "fd00:86::9", Refused, ToClient);
    row("the pool's broadcast address", "10.86.0.255", Refused, ToClient);
    row("outside the pool", "10.86.1.9", Refused, Refused);
    row("the Internet", "1.1.1.1", Refused, Refused);
    row("the Internet in IPv6", "2606:4700::1111", Refused, Refused);
    row("multicast", "224.0.0.251", Refused, Refused);
    row("multicast in IPv6", "ff02::fb", Refused, Refused);
    row("broadcast", "255.255.255.255", Refused, Refused);
    row("loopback", "127.0.0.1", Refused, Refused);
    row("unspecified", "0.0.0.0", Refused, Refused);
    row("an IPv4-mapped LAN address", "::ffff:172.17.3.4", Refused, Refused);
}

void TestPacketPolicy::judgesDestinations()
{
    QFETCH(QString, destination);
    QFETCH(int, verdict);
    QFETCH(int, verdictWithClients);
    const net::IpAddress to = address(destination.toStdString());
    const net::IpAddress from = to.isIPv4() ? address("10.86.0.2") : address("fd00:86::2");
    const ByteVector packet = udpPacket(from, to);
    QCOMPARE(judge(PacketPolicy(config(false)), packet), verdict);
    QCOMPARE(judge(PacketPolicy(config(true)), packet), verdictWithClients);
}

void TestPacketPolicy::theGatewayAnswersEchoOnly_data()
{
    QTest::addColumn<QByteArray>("packet");
    QTest::addColumn<int>("verdict");
    const auto row = [](const char* name, const ByteVector& packet, int verdict) {
        QTest::newRow(name) << QByteArray(reinterpret_cast<const char*>(packet.data()),
                                          static_cast<qsizetype>(packet.size()))
                            << verdict;
    };
    const net::IpAddress us = address("10.86.0.2");
    const net::IpAddress us6 = address("fd00:86::2");
    const net::IpAddress gateway = address("10.86.0.1");
    const net::IpAddress gateway6 = address("fd00:86::1");
    row("echo", net::makeEchoRequest(us, gateway, {1, 1}), ToTun);
    row("echo in IPv6", net::makeEchoRequest(us6, gateway6, {1, 1}), ToTun);
    row("an echo reply", echoReplyTo(net::makeEchoRequest(gateway, us, {1, 1})), Refused);
    row("an echo reply in IPv6", echoReplyTo(net::makeEchoRequest(gateway6, us6, {1, 1})), Refused);
    row("TCP", tcpPacket(us, gateway), Refused);
    row("UDP", udpPacket(us, gateway), Refused);
    row("TCP in IPv6", tcpPacket(us6, gateway6), Refused);
    row("ICMP that is cut short", ipPacket(us, gateway, net::IpProtocol::Icmp, ByteVector(3, std::byte{8})), Refused);
    row("ICMPv6 in IPv4", ipPacket(us, gateway, net::IpProtocol::Icmpv6, ByteVector(16, std::byte{128})), Refused);
}

void TestPacketPolicy::theGatewayAnswersEchoOnly()
{
    QFETCH(QByteArray, packet);
    QFETCH(int, verdict);
    const auto bytes = std::as_bytes(std::span(packet.constData(), static_cast<std::size_t>(packet.size())));
    for (const bool allowsClientToClient : {false, true})
        QCOMPARE(judge(PacketPolicy(config(allowsClientToClient)), ByteVector(bytes.begin(), bytes.end())), verdict);
}

void TestPacketPolicy::aLanThatCoversTheGatewayOpensIt()
{
    PacketPolicyConfig open = config(false);
    open.lanNetworks.push_back(network("10.0.0.0/8"));
    QCOMPARE(judge(PacketPolicy(open), tcpPacket(address("10.86.0.2"), address("10.86.0.1"))), ToTun);
}

void TestPacketPolicy::knowsThePools()
{
    const PacketPolicy policy(config(false));
    QVERIFY(policy.isInPool(address("10.86.0.200")));
    QVERIFY(policy.isInPool(address("fd00:86::200")));
    QVERIFY(!policy.isInPool(address("10.86.1.1")));
    QVERIFY(!policy.isInPool(address("172.17.0.1")));
}

void TestPacketPolicy::v1ReachesTheBypassAndNothingElse_data()
{
    QTest::addColumn<QString>("destination");
    QTest::addColumn<bool>("isReached");
    QTest::newRow("bypass") << "172.17.3.4" << true;
    QTest::newRow("another LAN network") << "10.1.2.3" << false;
    QTest::newRow("gateway") << "10.86.0.1" << false;
    QTest::newRow("another client") << "10.86.0.9" << false;
    QTest::newRow("elsewhere") << "198.51.100.7" << false;
}

void TestPacketPolicy::v1ReachesTheBypassAndNothingElse()
{
    QFETCH(QString, destination);
    QFETCH(bool, isReached);
    PacketPolicyConfig made = config(true);
    made.lanNetworks.push_back(network("10.1.0.0/16"));
    made.v1Bypass = network("172.17.0.0/16");
    const ByteVector packet = udpPacket(address("10.86.0.2"), address(destination.toStdString()));
    const auto ip = net::IpPacket::parse(packet);
    QVERIFY(ip);
    QCOMPARE(PacketPolicy(made).judgeV1(*ip).has_value(), isReached);
    made.v1Bypass.reset();
    QVERIFY(!PacketPolicy(made).judgeV1(*ip));
}

QTEST_APPLESS_MAIN(TestPacketPolicy)
#include "tst_packet_policy.moc"
