#include "helper/congestion_switch.h"

#include "base/unique_fd.h"

#include <QtTest>

#include <array>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace gvpn;

namespace {

UniqueFd tcpSocket(int family = AF_INET)
{
    return UniqueFd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP));
}

std::string algorithmOf(int socket)
{
    std::array<char, 16> name{};
    socklen_t size = sizeof name;
    return ::getsockopt(socket, IPPROTO_TCP, TCP_CONGESTION, name.data(), &size) == 0 ? name.data() : "unknown";
}

}  // namespace

class TestCongestionSwitch : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void setsWhatIsAvailable();
    void takesOnlyTcp_data();
    void takesOnlyTcp();
    void takesOnlyWhatIsAvailable_data();
    void takesOnlyWhatIsAvailable();
    void knowsWhatIsAvailableHere();
};

/// reno is in every kernel and open to everybody.
void TestCongestionSwitch::setsWhatIsAvailable()
{
    for (const int family : {AF_INET, AF_INET6}) {
        const UniqueFd socket = tcpSocket(family);
        const auto set = helper::setCongestionControl(socket.get(), "reno", "cubic reno\n");
        QVERIFY2(set.has_value(), set ? "" : set.error().context.c_str());
        QCOMPARE(algorithmOf(socket.get()), std::string("reno"));
    }
}

void TestCongestionSwitch::takesOnlyTcp_data()
{
    QTest::addColumn<int>("descriptor");
    QTest::newRow("none") << -1;
    QTest::newRow("file") << ::open("/dev/null", O_RDWR | O_CLOEXEC);
    QTest::newRow("UDP") << ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    QTest::newRow("Unix stream") << ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    QTest::newRow("netlink") << ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0);
}

void TestCongestionSwitch::takesOnlyTcp()
{
    QFETCH(const int, descriptor);
    const UniqueFd owner(descriptor);
    const auto set = helper::setCongestionControl(descriptor, "reno", "reno");
    QCOMPARE(set.error().code, ErrorCode::InvalidArgument);
}

void TestCongestionSwitch::takesOnlyWhatIsAvailable_data()
{
    QTest::addColumn<QByteArray>("available");
    QTest::newRow("another") << QByteArray("cubic\n");
    QTest::newRow("the beginning of one") << QByteArray("renormal cubic\n");
    QTest::newRow("the end of one") << QByteArray("cubic moreno\n");
    QTest::newRow("nothing") << QByteArray();
}

void TestCongestionSwitch::takesOnlyWhatIsAvailable()
{
    QFETCH(const QByteArray, available);
    const UniqueFd socket = tcpSocket();
    const std::string before = algorithmOf(socket.get());
    const auto set = helper::setCongestionControl(socket.get(), "reno", available.toStdString());
    QCOMPARE(set.error().code, ErrorCode::NotFound);
    QCOMPARE(algorithmOf(socket.get()), before);
}

void TestCongestionSwitch::knowsWhatIsAvailableHere()
{
    QVERIFY(helper::availableCongestionControls().find("reno") != std::string::npos);
}

QTEST_GUILESS_MAIN(TestCongestionSwitch)
#include "tst_congestion_switch.moc"
