// The TUN device against the real kernel, in a network namespace of its own that ends with the program. Needs root.
#include "tun/linux_tun.h"

#include <QtTest>

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>

using namespace gvpn;
using tun::TunDevice;

namespace {

constexpr std::size_t Ipv4HeaderBytes = 20;
constexpr std::uint32_t Own = 0x0A560001;   // 10.86.0.1
constexpr std::uint32_t Peer = 0x0A560002;  // 10.86.0.2

using Device = std::unique_ptr<TunDevice>;

sockaddr_in address(std::uint32_t host, std::uint16_t port = 0)
{
    sockaddr_in result{};
    result.sin_family = AF_INET;
    result.sin_port = htons(port);
    result.sin_addr.s_addr = htonl(host);
    return result;
}

ifreq requestFor(const std::string& name)
{
    ifreq request{};
    std::copy(name.begin(), name.end(), request.ifr_name);
    return request;
}

bool setAddress(int socket, const std::string& name, unsigned long command, std::uint32_t host)
{
    ifreq request = requestFor(name);
    const sockaddr_in value = address(host);
    std::memcpy(&request.ifr_addr, &value, sizeof(value));
    return ioctl(socket, command, &request) == 0;
}

bool setUp(const std::string& name, bool isUp)
{
    const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request = requestFor(name);
    request.ifr_flags = isUp ? IFF_UP : 0;
    return ioctl(socket.get(), SIOCSIFFLAGS, &request) == 0;
}

/// 10.86.0.1/24, up.
bool configure(const std::string& name)
{
    const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    return setAddress(socket.get(), name, SIOCSIFADDR, Own)
           && setAddress(socket.get(), name, SIOCSIFNETMASK, 0xFFFFFF00) && setUp(name, true);
}

bool deleteLink(unsigned index)
{
    struct {
        nlmsghdr header;
        ifinfomsg link;
    } request{};
    request.header.nlmsg_len = sizeof(request);
    request.header.nlmsg_type = RTM_DELLINK;
    request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
    request.link.ifi_index = static_cast<int>(index);
    const UniqueFd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
    if (send(socket.get(), &request, sizeof(request), 0) != sizeof(request))
        return false;
    struct {
        nlmsghdr header;
        nlmsgerr result;
    } answer{};
    return recv(socket.get(), &answer, sizeof(answer), 0) > 0 && answer.header.nlmsg_type == NLMSG_ERROR
           && answer.result.error == 0;
}

/// Opened and ready to carry packets; null when that failed.
Device opened(const tun::TunOptions& options)
{
    auto device = tun::openLinuxTun(options);
    if (!device) {
        qWarning("%s", device.error().context.c_str());
        return nullptr;
    }
    return configure((*device)->name()) ? std::move(*device) : nullptr;
}

struct Read {
    ByteVector packet;
    net::SegmentHeader segment;
};

/// The next packet that `wanted` likes, within two seconds.
template <typename Wanted>
std::optional<Read> nextPacket(TunDevice& device, Wanted wanted)
{
    static ByteVector buffer(net::MaxPacketBytes);
    for (;;) {
        pollfd entry{device.descriptor(), POLLIN, 0};
        if (poll(&entry, 1, 2000) != 1)
            return std::nullopt;
        const auto read = device.read(buffer);
        if (!read) {
            qWarning("%s", read.error().context.c_str());
            return std::nullopt;
        }
        const auto size = static_cast<std::ptrdiff_t>(read->sizeBytes);
        if (Read result{ByteVector(buffer.begin(), buffer.begin() + size), read->segment}; wanted(result))
            return result;
    }
}

bool isIpv4(const Read& read, net::IpProtocol protocol)
{
    const auto ip = net::IpPacket::parse(read.packet);
    return ip && ip->isIPv4() && ip->protocol() == static_cast<std::uint8_t>(protocol);
}

std::uint16_t sum(ByteView bytes, std::uint32_t start = 0)
{
    std::uint32_t total = start;
    for (std::size_t i = 0; i < bytes.size(); ++i)
        total += std::to_integer<std::uint32_t>(bytes[i]) << (i % 2 == 0 ? 8U : 0U);
    while (total > 0xFFFF)
        total = (total & 0xFFFF) + (total >> 16U);
    return static_cast<std::uint16_t>(total);
}

std::uint16_t transportSum(ByteView packet)
{
    const auto length = static_cast<std::uint32_t>(packet.size() - Ipv4HeaderBytes);
    return sum(packet.subspan(Ipv4HeaderBytes),
               sum(packet.subspan(12, 8)) + length + std::to_integer<std::uint32_t>(packet[9]));
}

/// An IPv4 packet from the peer to us around what lies behind the IP header; the header's checksum is right.
ByteVector fromPeer(net::IpProtocol protocol, const ByteVector& transport)
{
    ByteVector packet(Ipv4HeaderBytes);
    packet[0] = std::byte{0x45};
    packet[8] = std::byte{64};
    packet[9] = static_cast<std::byte>(protocol);
    writeBigEndian(packet, 2, static_cast<std::uint16_t>(Ipv4HeaderBytes + transport.size()));
    writeBigEndian(packet, 12, Peer);
    writeBigEndian(packet, 16, Own);
    writeBigEndian(packet, 10, static_cast<std::uint16_t>(~sum(packet)));
    packet.insert(packet.end(), transport.begin(), transport.end());
    return packet;
}

ByteVector echoRequest()
{
    ByteVector icmp(8 + 32, std::byte{0x33});
    writeBigEndian<std::uint32_t>(icmp, 0, 0x08000000);
    writeBigEndian(icmp, 2, static_cast<std::uint16_t>(~sum(icmp)));
    return fromPeer(net::IpProtocol::Icmp, icmp);
}

/// A TCP connection of the kernel to the peer, which is played by the test.
struct Connection {
    UniqueFd socket;
    std::uint16_t ownPort = 0;
    std::uint32_t ownSequence = 0;
};

ByteVector tcpFromPeer(const Connection& connection, std::uint32_t sequence, std::uint8_t flags,
                       const ByteVector& options, const ByteVector& payload = {})
{
    ByteVector tcp(20);
    writeBigEndian<std::uint16_t>(tcp, 0, 80);
    writeBigEndian(tcp, 2, connection.ownPort);
    writeBigEndian(tcp, 4, sequence);
    writeBigEndian(tcp, 8, connection.ownSequence);
    tcp[12] = static_cast<std::byte>((20 + options.size()) / 4 << 4U);
    tcp[13] = std::byte{flags};
    writeBigEndian<std::uint16_t>(tcp, 14, 65535);
    tcp.insert(tcp.end(), options.begin(), options.end());
    tcp.insert(tcp.end(), payload.begin(), payload.end());
    return fromPeer(net::IpProtocol::Tcp, tcp);
}

void fillChecksum(ByteVector& packet)
{
    writeBigEndian(packet, Ipv4HeaderBytes + 16, static_cast<std::uint16_t>(~transportSum(packet)));
}

std::optional<Connection> connectThrough(TunDevice& device)
{
    Connection result;
    result.socket.reset(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const sockaddr_in to = address(Peer, 80);
    if (connect(result.socket.get(), reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0 || errno != EINPROGRESS)
        return std::nullopt;
    const auto syn = nextPacket(device, [](const Read& read) { return isIpv4(read, net::IpProtocol::Tcp); });
    if (!syn)
        return std::nullopt;
    const ByteView tcp = ByteView(syn->packet).subspan(Ipv4HeaderBytes);
    result.ownPort = readBigEndian<std::uint16_t>(tcp, 0);
    result.ownSequence = readBigEndian<std::uint32_t>(tcp, 4) + 1;
    // MSS 1000, window scale 7.
    const ByteVector options{std::byte{2}, std::byte{4}, std::byte{3}, std::byte{0xE8},
                             std::byte{1}, std::byte{3}, std::byte{3}, std::byte{7}};
    ByteVector answer = tcpFromPeer(result, 1000, 0x12, options);
    fillChecksum(answer);
    if (!device.write({}, answer).value_or(false))
        return std::nullopt;
    pollfd entry{result.socket.get(), POLLOUT, 0};
    if (poll(&entry, 1, 2000) != 1 || (entry.revents & POLLERR) != 0)
        return std::nullopt;
    return result;
}

bool hasPayload(const Read& read)
{
    return isIpv4(read, net::IpProtocol::Tcp) && read.packet.size() > 500;
}

}  // namespace

class TestLinuxTun : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void namesItselfWhenNotNamed();
    void aTakenNameAlreadyExists();
    void doesNotTakeOverAPersistentDevice();
    void withoutPermissionItSaysSo();
    void nothingToReadIsNoError();
    void answersAPing_data();
    void answersAPing();
    void refusedPacketsAreLost();
    void aDeviceThatIsDownLosesPackets();
    void aDeletedDeviceIsAnError();
    void givesSegmentsOfTcp();
    void givesOnlyPacketsWhenThePeerTakesNothingElse();
    void takesSegmentsOfTcp();
    void adoptsAnOpenDevice();
    void descriptorsDoNotBlockNorLeak();
};

void TestLinuxTun::initTestCase()
{
    if (geteuid() != 0)
        QSKIP("needs root");
    if (unshare(CLONE_NEWNET) != 0)
        QSKIP("no network namespace to be had here");
    if (access("/dev/net/tun", F_OK) != 0)
        QSKIP("no /dev/net/tun here");
}

void TestLinuxTun::namesItselfWhenNotNamed()
{
    const auto first = tun::openLinuxTun({});
    const auto second = tun::openLinuxTun({});
    QVERIFY(first && second);
    QCOMPARE((*first)->name(), std::string("gvpn0"));
    QCOMPARE((*second)->name(), std::string("gvpn1"));
    QCOMPARE((*first)->index(), if_nametoindex("gvpn0"));
    QVERIFY((*first)->index() != (*second)->index());
}

void TestLinuxTun::aTakenNameAlreadyExists()
{
    const auto first = tun::openLinuxTun({.name = "office"});
    QVERIFY(first);
    for (const char* name : {"office", "lo"}) {
        const auto second = tun::openLinuxTun({.name = name});
        QVERIFY(!second);
        QCOMPARE(second.error().code, ErrorCode::AlreadyExists);
    }
}

void TestLinuxTun::doesNotTakeOverAPersistentDevice()
{
    UniqueFd maker(open("/dev/net/tun", O_RDWR | O_CLOEXEC));
    ifreq request = requestFor("kept");
    request.ifr_flags = IFF_TUN | IFF_NO_PI;
    QCOMPARE(ioctl(maker.get(), TUNSETIFF, &request), 0);
    QCOMPARE(ioctl(maker.get(), TUNSETPERSIST, 1UL), 0);
    UniqueFd closed = std::move(maker);
    closed.reset();
    const auto second = tun::openLinuxTun({.name = "kept"});
    QVERIFY(!second);
    QCOMPARE(second.error().code, ErrorCode::AlreadyExists);
}

void TestLinuxTun::withoutPermissionItSaysSo()
{
    const pid_t child = fork();
    if (child == 0) {
        const bool isDropped = setresgid(65534, 65534, 65534) == 0 && setresuid(65534, 65534, 65534) == 0;
        const auto device = tun::openLinuxTun({});
        _exit(isDropped && !device && device.error().code == ErrorCode::PermissionDenied ? 0 : 1);
    }
    int status = 0;
    QCOMPARE(waitpid(child, &status, 0), child);
    QCOMPARE(status, 0);
}

void TestLinuxTun::nothingToReadIsNoError()
{
    const Device device = opened({});
    QVERIFY(device);
    ByteVector buffer(net::MaxPacketBytes);
    // The kernel speaks IPv6 on its own (router solicitations); it ends.
    for (int i = 0; i < 100; ++i) {
        const auto read = device->read(buffer);
        QVERIFY(read);
        if (read->sizeBytes == 0)
            return;
    }
    QFAIL("there is always something to read");
}

void TestLinuxTun::answersAPing_data()
{
    QTest::addColumn<bool>("usesOffloads");
    QTest::newRow("offloads") << true;
    QTest::newRow("plain") << false;
}

void TestLinuxTun::answersAPing()
{
    QFETCH(bool, usesOffloads);
    const Device device = opened({.name = {}, .usesOffloads = usesOffloads});
    QVERIFY(device);
    QCOMPARE(device->takes().tcp4, usesOffloads);
    QCOMPARE(device->takes().checksum, usesOffloads);
    QVERIFY(device->write({}, echoRequest()).value_or(false));
    const auto reply = nextPacket(*device, [](const Read& read) { return isIpv4(read, net::IpProtocol::Icmp); });
    QVERIFY(reply);
    QCOMPARE(reply->packet.size(), echoRequest().size());
    QCOMPARE(reply->packet[Ipv4HeaderBytes], std::byte{0});
    QCOMPARE(readBigEndian<std::uint32_t>(reply->packet, 16), Peer);
    QVERIFY(reply->segment.isPlain());
}

void TestLinuxTun::refusedPacketsAreLost()
{
    const Device device = opened({});
    QVERIFY(device);
    ByteVector noIp = echoRequest();
    noIp[0] = std::byte{0x15};
    QCOMPARE(device->write({}, noIp).value_or(true), false);
    QCOMPARE(device->write({}, {}).value_or(true), false);
    QVERIFY(device->write({}, echoRequest()).value_or(false));
}

void TestLinuxTun::aDeviceThatIsDownLosesPackets()
{
    const Device device = opened({});
    QVERIFY(device);
    QVERIFY(setUp(device->name(), false));
    QCOMPARE(device->write({}, echoRequest()).value_or(true), false);
    QVERIFY(configure(device->name()));
    QVERIFY(device->write({}, echoRequest()).value_or(false));
}

void TestLinuxTun::aDeletedDeviceIsAnError()
{
    const Device device = opened({.name = "doomed"});
    QVERIFY(device);
    QVERIFY(deleteLink(device->index()));
    ByteVector buffer(net::MaxPacketBytes);
    pollfd entry{device->descriptor(), POLLIN, 0};
    QCOMPARE(poll(&entry, 1, 0), 1);  // an event loop learns of it
    const auto read = device->read(buffer);
    QVERIFY(!read);
    QCOMPARE(read.error().code, ErrorCode::Closed);
    const auto written = device->write({}, echoRequest());
    QVERIFY(!written);
    QCOMPARE(written.error().code, ErrorCode::Closed);
    const auto given = device->setGives({});
    QVERIFY(!given);
    QCOMPARE(given.error().code, ErrorCode::Closed);
}

void TestLinuxTun::givesSegmentsOfTcp()
{
    const Device device = opened({});
    QVERIFY(device);
    QVERIFY(device->setGives(device->takes()));
    const auto connection = connectThrough(*device);
    QVERIFY(connection);
    const ByteVector data(8000, std::byte{0x44});
    QCOMPARE(send(connection->socket.get(), data.data(), data.size(), 0), ssize_t{8000});
    const auto segment = nextPacket(*device, hasPayload);
    QVERIFY(segment);
    QVERIFY(segment->segment.type == net::SegmentType::Tcp4);
    QVERIFY(segment->segment.needsChecksum);
    QCOMPARE(segment->segment.segmentBytes, std::uint16_t{1000});
    QCOMPARE(segment->segment.headerBytes, std::uint16_t{40});
    QVERIFY(segment->packet.size() > 2000);
}

void TestLinuxTun::givesOnlyPacketsWhenThePeerTakesNothingElse()
{
    const Device device = opened({});
    QVERIFY(device);
    QVERIFY(device->setGives({.checksum = false, .tcp4 = true}));  // no checksum: no segments either
    const auto connection = connectThrough(*device);
    QVERIFY(connection);
    const ByteVector data(8000, std::byte{0x44});
    QCOMPARE(send(connection->socket.get(), data.data(), data.size(), 0), ssize_t{8000});
    for (int i = 0; i < 3; ++i) {
        const auto packet = nextPacket(*device, hasPayload);
        QVERIFY(packet);
        QVERIFY(packet->segment.isPlain());
        QCOMPARE(packet->packet.size(), std::size_t{1040});
        QCOMPARE(transportSum(packet->packet), std::uint16_t{0xFFFF});
    }
}

void TestLinuxTun::takesSegmentsOfTcp()
{
    const Device device = opened({});
    QVERIFY(device);
    const auto connection = connectThrough(*device);
    QVERIFY(connection);
    const ByteVector data(5000, std::byte{0x55});
    ByteVector packet = tcpFromPeer(*connection, 1001, 0x18, {}, data);
    // The checksum field of a segment holds the pseudo header's sum only.
    writeBigEndian(packet, Ipv4HeaderBytes + 16,
                   sum(ByteView(packet).subspan(12, 8), static_cast<std::uint32_t>(packet.size() - 20 + 6)));
    const net::SegmentHeader header{net::SegmentType::Tcp4, true, false, 40, 1000, 20, 16};
    QVERIFY(device->write(header, packet).value_or(false));
    ByteVector received(6000);
    pollfd entry{connection->socket.get(), POLLIN, 0};
    QCOMPARE(poll(&entry, 1, 2000), 1);
    QCOMPARE(recv(connection->socket.get(), received.data(), received.size(), 0), ssize_t{5000});
    received.resize(5000);
    QVERIFY(received == data);
}

void TestLinuxTun::adoptsAnOpenDevice()
{
    const auto first = tun::openLinuxTun({.name = "handed"});
    QVERIFY(first);
    auto adopted = tun::adoptLinuxTun(UniqueFd(dup((*first)->descriptor())));
    QVERIFY(adopted);
    QCOMPARE((*adopted)->name(), std::string("handed"));
    QCOMPARE((*adopted)->index(), (*first)->index());
    QVERIFY((*adopted)->takes() == (*first)->takes());
    QVERIFY(configure("handed"));
    QVERIFY((*adopted)->write({}, echoRequest()).value_or(false));
    QVERIFY(nextPacket(**adopted, [](const Read& read) { return isIpv4(read, net::IpProtocol::Icmp); }));

    UniqueFd tap(open("/dev/net/tun", O_RDWR | O_CLOEXEC));
    ifreq request = requestFor("tap0");
    request.ifr_flags = IFF_TAP | IFF_NO_PI;
    QCOMPARE(ioctl(tap.get(), TUNSETIFF, &request), 0);
    const auto refused = tun::adoptLinuxTun(std::move(tap));
    QVERIFY(!refused);
    QCOMPARE(refused.error().code, ErrorCode::InvalidArgument);
    const auto unattached = tun::adoptLinuxTun(UniqueFd(open("/dev/net/tun", O_RDWR | O_CLOEXEC)));
    QVERIFY(!unattached);
    QCOMPARE(unattached.error().code, ErrorCode::InvalidArgument);
}

void TestLinuxTun::descriptorsDoNotBlockNorLeak()
{
    const auto device = tun::openLinuxTun({});
    QVERIFY(device);
    QVERIFY((fcntl((*device)->descriptor(), F_GETFL) & O_NONBLOCK) != 0);
    QVERIFY((fcntl((*device)->descriptor(), F_GETFD) & FD_CLOEXEC) != 0);
}

QTEST_APPLESS_MAIN(TestLinuxTun)
#include "tst_linux_tun.moc"
