// Several servers and clients in one network namespace of the real kernel. Needs root, nft, ip.
#include "linux_lab.h"

#include <algorithm>

using namespace gvpn;
using namespace gvpn::lab;
using namespace gvpn::system;

class LinuxSystemSharingTest : public LabTest {
    Q_OBJECT

private Q_SLOTS:
    void twoServersShareTheSwitches();
    void stopInAnyOrder_data();
    void stopInAnyOrder();

private:
    struct Program {
        QByteArray tunName;
        NetworkConfig config;
        const UniqueFd* tun = nullptr;
        std::unique_ptr<LinuxConfigurator> configurator;
    };
    void checkServer(const Program& server, std::uint16_t sequence) const;
    void checkClient(const Program& client, std::uint16_t sequence) const;
};

namespace {

NetworkConfig secondServerConfig(const QByteArray& tunName)
{
    NetworkConfig config = serverConfig(tunName, true);
    config.addresses = {*net::InterfaceAddress::parse("10.96.0.1/24"), *net::InterfaceAddress::parse("fd00:96::1/64")};
    config.routes.clear();
    config.forwarding->tunnelNetworks = {*net::Prefix::parse("10.96.0.0/24"), *net::Prefix::parse("fd00:96::/64")};
    return config;
}

}  // namespace

void LinuxSystemSharingTest::twoServersShareTheSwitches()
{
    const UniqueFd second = openUsedTun("gvpnt1");
    const QByteArray before = networkState();
    const NetworkConfig secondConfig = secondServerConfig("gvpnt1");
    const auto first = makeConfigurator();
    const auto other = makeConfigurator();
    QVERIFY(apply(*other, secondConfig).has_value());
    QVERIFY(apply(*first, serverConfig(TunName, true)).has_value());
    // The other one's guard of lan0 lets the answer pass into our tunnel.
    pingThrough(m_tun, "10.86.0.2", "172.17.0.9", 1);
    QCOMPARE(nextAnswer(m_tun), 1);
    QVERIFY(clear(*other).has_value());
    QCOMPARE(readSwitch(QStringLiteral("ipv4/conf/lan0/forwarding")), QByteArray("1"));
    pingThrough(m_tun, "10.86.0.2", "172.17.0.9", 2);
    QCOMPARE(nextAnswer(m_tun), 2);
    QVERIFY(clear(*first).has_value());
    QCOMPARE(changesSince(before), QByteArray());
}

void LinuxSystemSharingTest::stopInAnyOrder_data()
{
    QTest::addColumn<QList<int>>("order");
    QTest::addColumn<bool>("pretendsOlderKernel");
    const QStringList names{QStringLiteral("first server"), QStringLiteral("second server"), QStringLiteral("client")};
    QList<int> order{0, 1, 2};
    do {
        const QString name = QStringLiteral("%1, %2, %3").arg(names[order[0]], names[order[1]], names[order[2]]);
        QTest::newRow(qPrintable(name)) << order << false;
        QTest::newRow(qPrintable(name + QStringLiteral(", older kernel"))) << order << true;
    } while (std::ranges::next_permutation(order).found);
}

/// To the LAN and back, both families; and not for strangers.
void LinuxSystemSharingTest::checkServer(const Program& server, std::uint16_t sequence) const
{
    const bool isFirst = server.tunName == TunName;
    QVERIFY(ruleset().contains("table inet gvpn_" + server.tunName));
    QCOMPARE(readSwitch(QStringLiteral("ipv4/conf/lan0/forwarding")), QByteArray("1"));
    pingThrough(*server.tun, isFirst ? "10.86.0.7" : "10.96.0.7", "172.17.0.9", sequence);
    QCOMPARE(nextAnswer(*server.tun), int(sequence));
    // No answer to this one, which leaves first.
    pingThrough(*server.tun, isFirst ? "10.86.0.7" : "10.96.0.7", "10.55.0.9", sequence);
    ++sequence;
    pingThrough(*server.tun, isFirst ? "fd00:86::7" : "fd00:96::7", "fd00:17::9", sequence);
    QCOMPARE(nextAnswer(*server.tun), int(sequence));
}

void LinuxSystemSharingTest::checkClient(const Program& client, std::uint16_t sequence) const
{
    QVERIFY(ruleset().contains("table inet gvpn_" + client.tunName));
    pingThrough(*client.tun, "172.20.0.9", "10.76.0.2", sequence);
    QCOMPARE(nextAnswer(*client.tun), int(sequence));
    QCOMPARE(run(m_stranger->inside(QStringLiteral("ping -c1 -W0.3 10.76.0.2"))).exitCode, 1);
}

void LinuxSystemSharingTest::stopInAnyOrder()
{
    QFETCH(QList<int>, order);
    QFETCH(bool, pretendsOlderKernel);
    if (!pretendsOlderKernel && !hasForceForwarding())
        QSKIP("this kernel has no force_forwarding (Linux 6.17)");
    const UniqueFd secondTun = openUsedTun("gvpnt1");
    const UniqueFd clientTun = openUsedTun("gvpnt2");
    const QByteArray before = networkState();
    NetworkConfig client = clientConfig("gvpnt2");
    client.addresses = {*net::InterfaceAddress::parse("10.76.0.2/24"), *net::InterfaceAddress::parse("fd00:76::2/64")};
    std::array<Program, 3> programs{
        Program{TunName, serverConfig(TunName, true), &m_tun, makeConfigurator(pretendsOlderKernel)},
        Program{"gvpnt1", secondServerConfig("gvpnt1"), &secondTun, makeConfigurator(pretendsOlderKernel)},
        Program{"gvpnt2", client, &clientTun, makeConfigurator(pretendsOlderKernel)}};
    for (Program& program : programs) {
        const auto applied = apply(*program.configurator, program.config);
        QVERIFY2(applied.has_value(), reason(applied));
    }
    std::uint16_t sequence = 1;
    for (qsizetype stopped = 0; stopped <= order.size(); ++stopped) {
        for (const int running : order.sliced(stopped)) {
            const Program& program = programs[static_cast<std::size_t>(running)];
            program.config.forwarding ? checkServer(program, sequence) : checkClient(program, sequence);
            if (QTest::currentTestFailed())
                return;
            sequence = static_cast<std::uint16_t>(sequence + 2);
        }
        if (stopped < order.size())
            QVERIFY(clear(*programs[static_cast<std::size_t>(order[stopped])].configurator).has_value());
    }
    QCOMPARE(changesSince(before), QByteArray());
    QCOMPARE(recordFiles(), QStringList());
}

QTEST_GUILESS_MAIN(LinuxSystemSharingTest)

#include "tst_linux_system_sharing.moc"
