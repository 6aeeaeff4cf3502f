#include "office.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::server;
using namespace gvpn::server::test;
using namespace std::chrono_literals;
using gvpn::test::udpPacket;
using tunnel::CongestionMode;
using tunnel::CongestionStatus;

namespace {

HubConfig configWith(CongestionMode mode)
{
    HubConfig config = officeConfig();
    config.congestion = std::move(mode);
    return config;
}

/// Some seconds in which packets go to the guest and its line loses 2 %.
void loseFor(Office& office, Guest& guest, int seconds)
{
    guest.outer.state.roundTrip = guest.outer.state.minRoundTrip = 40ms;
    for (int i = 0; i < seconds; ++i) {
        guest.outer.state.segmentsSent += 1000;
        guest.outer.state.segmentsRetransmitted += 20;
        office.pass(1s);
        office.fromLan(udpPacket(address("172.17.0.9"), guest->address(), 5));
    }
}

}  // namespace

class TestHubCongestion : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aLossyLineIsMovedAndSaid();
    void aRefusalIsSaidOnce();
    void aNamedOneIsSetWhenTheClientIsAnnounced();
    void strangersAreLeftAlone();
    void anIdleClientIsNotLookedAt();
    void systemStays();
};

void TestHubCongestion::aLossyLineIsMovedAndSaid()
{
    Office office;
    Guest& lossy = office.connect();
    Guest& other = office.connect();
    QCOMPARE(office.hub.clients().at(0).congestion.algorithm, std::string("cubic"));
    loseFor(office, lossy, 10);
    QCOMPARE(office.congestionChanged.size(), std::size_t{1});
    QCOMPARE(office.congestionChanged[0].id, office.connected[0].id);
    QCOMPARE(office.congestionChanged[0].congestion.algorithm, std::string("bbr"));
    QCOMPARE(office.hub.clients().at(0).congestion, office.congestionChanged[0].congestion);
    QCOMPARE(office.hub.clients().at(1).congestion.algorithm, std::string("cubic"));
    QVERIFY(other.outer.asked.empty());
}

void TestHubCongestion::aRefusalIsSaidOnce()
{
    Office office;
    Guest& guest = office.connect();
    guest.outer.congestionError = Error{ErrorCode::PermissionDenied, "is not permitted"};
    loseFor(office, guest, 10);
    QCOMPARE(office.congestionChanged.size(), std::size_t{1});
    QCOMPARE(office.hub.clients().at(0).congestion, (CongestionStatus{"cubic", "bbr is not permitted", true}));
    QVERIFY(!guest->ended);
}

void TestHubCongestion::aNamedOneIsSetWhenTheClientIsAnnounced()
{
    Office office(configWith({CongestionMode::Kind::Named, "reno"}));
    Guest& guest = office.connect();
    QCOMPARE(guest.outer.asked, std::vector<std::string>{"reno"});
    QCOMPARE(office.congestionChanged.size(), std::size_t{1});
    // Nobody hears of a client that was not announced before.
    QCOMPARE(office.congestionChanged[0].id, office.connected.at(0).id);
    QCOMPARE(office.hub.clients().at(0).congestion, (CongestionStatus{"reno", "as asked for", false}));
}

void TestHubCongestion::strangersAreLeftAlone()
{
    Office office(configWith({CongestionMode::Kind::Named, "reno"}));
    Guest& stranger = office.connectStranger();
    Wish silent;
    silent.saysHello = false;
    Guest& handshaken = office.connect(silent);
    office.pass(5s);
    for (const Guest* guest : {&stranger, &handshaken}) {
        QVERIFY(guest->outer.asked.empty());
        QCOMPARE(guest->outer.readings, 0);
    }
}

void TestHubCongestion::anIdleClientIsNotLookedAt()
{
    Office office;
    Guest& guest = office.connect();
    const int readings = guest.outer.readings;
    office.pass(60s);
    QVERIFY(!guest->ended);
    QCOMPARE(guest.outer.readings, readings);
}

void TestHubCongestion::systemStays()
{
    Office office(configWith({CongestionMode::Kind::System}));
    Guest& guest = office.connect();
    loseFor(office, guest, 10);
    QVERIFY(guest.outer.asked.empty());
    QVERIFY(office.congestionChanged.empty());
    QCOMPARE(office.hub.clients().at(0).congestion.algorithm, std::string("cubic"));
}

QTEST_APPLESS_MAIN(TestHubCongestion)
#include "tst_hub_congestion.moc"
