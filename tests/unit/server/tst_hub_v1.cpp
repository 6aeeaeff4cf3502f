#include "office.h"
#include "protocol/v1_conversation.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::server;
using namespace gvpn::server::test;
using namespace std::chrono_literals;
using gvpn::test::numberOf;
using gvpn::test::tcpSegment;
using gvpn::test::udpPacket;
using tunnel::DropReason;

namespace {

const net::IpAddress Lan = address("172.17.0.9");

// A v1 client of the test's own making: bytes by hand, so that a mistake in the product's v1 code shows.

ByteVector hex(const char* text)
{
    const QByteArray bytes = QByteArray::fromHex(text);
    const auto* first = reinterpret_cast<const std::byte*>(bytes.constData());
    return {first, first + bytes.size()};
}

void appendInt(ByteVector& bytes, std::uint32_t value)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        bytes.push_back(static_cast<std::byte>((value >> static_cast<unsigned>(shift)) & 0xFFU));
}

ByteVector frame(std::int32_t command, std::uint32_t transaction, const ByteVector& data)
{
    ByteVector bytes;
    appendInt(bytes, static_cast<std::uint32_t>(data.size() + 8));
    appendInt(bytes, static_cast<std::uint32_t>(command));
    appendInt(bytes, transaction);
    bytes.insert(bytes.end(), data.begin(), data.end());
    return bytes;
}

const ByteVector Version1 = hex("3FF0000000000000");

ByteVector mapped(const char* address4)
{
    ByteVector bytes = hex("00000000000000000000FFFF");
    const net::IpAddress parsed = gvpn::test::address(address4);
    bytes.insert(bytes.end(), parsed.bytes().begin(), parsed.bytes().end());
    return bytes;
}

HubConfig v1Config()
{
    HubConfig config = officeConfig();
    config.v1Bypass = network("172.17.0.0/16");
    return config;
}

QString text(const ByteVector& bytes)
{
    return QString::fromUtf8(reinterpret_cast<const char*>(bytes.data()), static_cast<qsizetype>(bytes.size()));
}

/// The stranger's side of a guest, reading everything that comes.
class V1Guest final : private transport::ByteStream::Observer {
public:
    explicit V1Guest(Office& office)
        : m_office(office)
        , m_guest(office.connectStranger())
    {
        m_guest.stranger->setObserver(this);
    }
    ~V1Guest()
    {
        if (m_guest.stranger)
            m_guest.stranger->setObserver(nullptr);
    }
    V1Guest(const V1Guest&) = delete;
    V1Guest& operator=(const V1Guest&) = delete;

    ByteVector received;
    bool isClosed = false;

    void send(const ByteVector& bytes)
    {
        QVERIFY(m_guest.stranger->write(bytes));
        m_office.pump();
    }
    /// Right up to the registration, with whatever was answered.
    void join(const char* address)
    {
        send(Version1);
        send(frame(1, 77, mapped(address)));
    }
    void hangUp()
    {
        m_guest.stranger->close();
        m_office.pump();
    }
    [[nodiscard]] transport::MemoryLink& line() { return m_guest.line; }
    [[nodiscard]] bool isRegistered() const { return text(received).contains(QStringLiteral("\"Success\":true")); }

private:
    void streamReadable() override
    {
        ByteVector buffer(65536);
        const auto size = m_guest.stranger->read(buffer);
        if (size)
            received.insert(received.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(*size));
    }
    void streamWritable() override {}
    void streamClosed(const Error& /*error*/) override { isClosed = true; }

    Office& m_office;
    Guest& m_guest;
};

}  // namespace

class TestHubV1 : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void registersAndForwards_data();
    void registersAndForwards();
    void theFirstByteChooses();
    void withoutItV1IsNoTls();
    void refusesWithAnAnswer_data();
    void refusesWithAnAnswer();
    void anAddressOfAV2ClientIsTaken();
    void dropsWhatV1MustNotSend_data();
    void dropsWhatV1MustNotSend();
    void packetsBeforeTheRegistrationEndIt();
    void silenceIsClosedAfterTenSeconds_data();
    void silenceIsClosedAfterTenSeconds();
    void aRegisteredClientMayBeSilent();
    void theLineOfARegisteredClientIsWatched();
    void getsOrdinaryPackets();
    void v1ClientsReachNoOthers();
    void leavingFreesTheAddress();
    void leavesNoClaimOnTheAddressOfADevice();
    void stopClosesEverybody();
};

void TestHubV1::registersAndForwards_data()
{
    QTest::addColumn<QByteArray>("data");
    QTest::newRow("4 bytes") << QByteArrayLiteral("0A560065");
    QTest::newRow("16 bytes") << QByteArrayLiteral("00000000000000000000FFFF0A560065");
}

void TestHubV1::registersAndForwards()
{
    QFETCH(QByteArray, data);
    Office office(v1Config());
    V1Guest guest(office);
    guest.send(Version1);
    QVERIFY(guest.received == hex("01"));
    guest.received.clear();
    guest.send(frame(1, 0x01020304, hex(data.constData())));
    QCOMPARE(text(ByteVector(guest.received.begin() + 12, guest.received.end())),
             QStringLiteral("{\"Bypass\":\"172.17.0.0/16\",\"Message\":\"\",\"Success\":true}"));
    QVERIFY(ByteVector(guest.received.begin() + 4, guest.received.begin() + 12) == hex("FFFFFFFF01020304"));
    QCOMPARE(office.connected.size(), std::size_t{1});
    QVERIFY(office.connected[0].isV1 && !office.connected[0].claims.device);
    QCOMPARE(office.connected[0].addresses.at(0).toString(), std::string("10.86.0.101/24"));

    const ByteVector outward = udpPacket(address("10.86.0.101"), Lan, 5);
    guest.send(frame(2, 0, outward));
    QCOMPARE(office.device.written().size(), std::size_t{1});
    QVERIFY(office.device.written()[0].bytes == outward);

    guest.received.clear();
    const ByteVector inward = udpPacket(Lan, address("10.86.0.101"), 6);
    office.fromLan(inward);
    QVERIFY(guest.received == frame(2, 0, inward));
    QVERIFY(guest.line().deadPeerAfterOfSecond() == protocol::v1::DeadPeerAfter);
}

void TestHubV1::theLineOfARegisteredClientIsWatched()
{
    HubConfig config = v1Config();
    config.congestion = {tunnel::CongestionMode::Kind::Named, "reno"};
    Office office(config);
    V1Guest guest(office);
    guest.join("10.86.0.101");
    QVERIFY(guest.isRegistered());
    QCOMPARE(office.hub.clients().at(0).congestion.algorithm, std::string("reno"));
}

void TestHubV1::theFirstByteChooses()
{
    Office office(v1Config());
    V1Guest old(office);
    old.join("10.86.0.101");
    Guest& modern = office.connect();
    QVERIFY(old.isRegistered());
    QVERIFY(modern->established);
    QCOMPARE(office.connected.size(), std::size_t{2});
    QVERIFY(!office.connected[1].isV1);
}

void TestHubV1::withoutItV1IsNoTls()
{
    Office office;
    V1Guest guest(office);
    guest.send(Version1);
    QVERIFY(guest.isClosed);
    QVERIFY(guest.received.empty() || guest.received[0] != std::byte{1});
    QVERIFY(office.connected.empty());
}

void TestHubV1::refusesWithAnAnswer_data()
{
    QTest::addColumn<QString>("address");
    QTest::addColumn<QString>("message");
    QTest::newRow("taken") << "10.86.0.101"
                           << "CIDR is registered!";
    QTest::newRow("gateway") << "10.86.0.1"
                             << "10.86.0.1 is the server's own address";
    QTest::newRow("network") << "10.86.0.0"
                             << "10.86.0.0 is the network address of 10.86.0.0/24";
    QTest::newRow("broadcast") << "10.86.0.255"
                               << "10.86.0.255 is the broadcast address of 10.86.0.0/24";
    QTest::newRow("outside") << "10.87.0.9"
                             << "10.87.0.9 is outside the tunnel network 10.86.0.0/24";
}

void TestHubV1::refusesWithAnAnswer()
{
    QFETCH(QString, address);
    QFETCH(QString, message);
    Office office(v1Config());
    V1Guest holder(office);
    holder.join("10.86.0.101");
    V1Guest guest(office);
    guest.join(address.toLatin1().constData());
    QVERIFY2(text(guest.received).contains(QStringLiteral("\"Message\":\"%1\"").arg(message)),
             qPrintable(text(guest.received)));
    QVERIFY(text(guest.received).contains(QStringLiteral("\"Success\":false")));
    QVERIFY(guest.isClosed);
    QVERIFY(!holder.isClosed);
    holder.send(frame(2, 0, udpPacket(gvpn::test::address("10.86.0.101"), Lan)));
    QCOMPARE(office.device.written().size(), std::size_t{1});
    QCOMPARE(office.refused.size(), std::size_t{1});
}

void TestHubV1::anAddressOfAV2ClientIsTaken()
{
    Office office(v1Config());
    Guest& modern = office.connect({.addresses = {interfaceAddress("10.86.0.101/24")}, .isRequired = true});
    QVERIFY(modern->established);
    V1Guest guest(office);
    guest.join("10.86.0.101");
    QVERIFY(text(guest.received).contains(QStringLiteral("CIDR is registered!")));
    QVERIFY(guest.isClosed);
    QVERIFY(!modern->ended);
}

void TestHubV1::dropsWhatV1MustNotSend_data()
{
    QTest::addColumn<QString>("source");
    QTest::addColumn<QString>("destination");
    QTest::addColumn<int>("reason");
    const auto row = [](const char* name, const char* source, const char* destination, DropReason reason) {
        QTest::newRow(name) << source << destination << static_cast<int>(reason);
    };
    row("foreign source", "10.86.0.7", "172.17.0.9", DropReason::ForeignSource);
    row("outside the bypass", "10.86.0.101", "198.51.100.7", DropReason::ForeignDestination);
    row("gateway", "10.86.0.101", "10.86.0.1", DropReason::ForeignDestination);
    row("IPv6", "fd00::1", "fd00:17::9", DropReason::ForeignSource);
}

void TestHubV1::dropsWhatV1MustNotSend()
{
    QFETCH(QString, source);
    QFETCH(QString, destination);
    QFETCH(int, reason);
    Office office(v1Config());
    V1Guest guest(office);
    guest.join("10.86.0.101");
    guest.send(frame(2, 0, udpPacket(address(source.toStdString()), address(destination.toStdString()))));
    QVERIFY(office.device.written().empty());
    QVERIFY(!guest.isClosed);
    guest.hangUp();
    QCOMPARE(office.disconnected.size(), std::size_t{1});
    QCOMPARE(office.disconnected[0].client.counters.dropped(static_cast<DropReason>(reason)), std::uint64_t{1});
}

void TestHubV1::packetsBeforeTheRegistrationEndIt()
{
    Office office(v1Config());
    V1Guest guest(office);
    guest.send(Version1);
    guest.send(frame(2, 0, udpPacket(address("10.86.0.101"), Lan)));
    QVERIFY(guest.isClosed);
    QVERIFY(office.device.written().empty());
    QVERIFY(office.connected.empty());
}

void TestHubV1::silenceIsClosedAfterTenSeconds_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::newRow("nothing") << QByteArray();
    QTest::newRow("half a handshake") << QByteArrayLiteral("3FF00000");
    QTest::newRow("no registration") << QByteArrayLiteral("3FF0000000000000");
    QTest::newRow("half a registration") << QByteArrayLiteral("3FF00000000000000000000C00000001");
}

void TestHubV1::silenceIsClosedAfterTenSeconds()
{
    QFETCH(QByteArray, bytes);
    Office office(v1Config());
    V1Guest guest(office);
    if (!bytes.isEmpty())
        guest.send(hex(bytes.constData()));
    office.pass(9s);
    QVERIFY(!guest.isClosed);
    office.pass(1s);
    QVERIFY(guest.isClosed);
    QCOMPARE(office.hub.sessionCount(), std::size_t{0});
    QCOMPARE(office.refused.size(), std::size_t{1});
    QVERIFY(office.refused[0].code == ErrorCode::TimedOut);
}

void TestHubV1::aRegisteredClientMayBeSilent()
{
    Office office(v1Config());
    V1Guest guest(office);
    guest.join("10.86.0.101");
    office.pass(600s);
    QVERIFY(!guest.isClosed);
    // Its death is for TCP to notice.
    guest.line().reset();
    office.pump();
    QCOMPARE(office.disconnected.size(), std::size_t{1});
    QCOMPARE(office.hub.sessionCount(), std::size_t{0});
}

void TestHubV1::getsOrdinaryPackets()
{
    Office office(v1Config());
    V1Guest guest(office);
    guest.join("10.86.0.101");
    guest.received.clear();
    const auto segment = tcpSegment(Lan, address("10.86.0.101"), 3000, 1000);
    office.fromLan(segment.bytes, segment.header);
    ByteVector expected;
    for (const ByteVector& packet : gvpn::test::cutAll(segment.header, segment.bytes)) {
        const ByteVector framed = frame(2, 0, packet);
        expected.insert(expected.end(), framed.begin(), framed.end());
    }
    QVERIFY(!expected.empty());
    QVERIFY(guest.received == expected);
}

void TestHubV1::v1ClientsReachNoOthers()
{
    HubConfig config = v1Config();
    config.allowsClientToClient = true;
    Office office(config);
    V1Guest old(office);
    old.join("10.86.0.101");
    Guest& modern = office.connect();
    old.received.clear();
    old.send(frame(2, 0, udpPacket(address("10.86.0.101"), modern->address())));
    modern->send(udpPacket(modern->address(), address("10.86.0.101")));
    office.pump();
    QVERIFY(modern->packets.empty());
    QVERIFY(old.received.empty());
}

void TestHubV1::leavingFreesTheAddress()
{
    Office office(v1Config());
    for (int i = 0; i < 3; ++i) {
        V1Guest guest(office);
        guest.join("10.86.0.101");
        QVERIFY(guest.isRegistered());
        guest.hangUp();
        QCOMPARE(office.hub.sessionCount(), std::size_t{0});
    }
}

void TestHubV1::leavesNoClaimOnTheAddressOfADevice()
{
    Office office(v1Config());
    const auto key = gvpn::test::newIdentity();
    Guest& modern = office.connect({}, &key);
    QVERIFY(modern->established);
    const auto own = modern->established->settings.addresses;
    modern->leave();
    office.pump();
    V1Guest stranger(office);
    stranger.join(own[0].address.toString().c_str());
    QVERIFY(stranger.isRegistered());
    stranger.hangUp();
    QVERIFY(office.connect({.addresses = own}, &key)->established->settings.addresses == own);
}

void TestHubV1::stopClosesEverybody()
{
    Office office(v1Config());
    V1Guest silent(office);
    V1Guest greeted(office);
    greeted.send(Version1);
    V1Guest registered(office);
    registered.join("10.86.0.101");
    office.hub.stop();
    office.pump();
    QVERIFY(silent.isClosed && greeted.isClosed && registered.isClosed);
    QCOMPARE(office.hub.sessionCount(), std::size_t{0});
    QCOMPARE(office.disconnected.size(), std::size_t{1});
    QVERIFY(office.disconnected[0].reason.code == ErrorCode::PeerStopping);
}

QTEST_APPLESS_MAIN(TestHubV1)
#include "tst_hub_v1.moc"
