#include "keeper_scene.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::helper;
using namespace gvpn::test;

class TestLeaseKeeper : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void opensOnlyWhenItIsAllowed();
    void handsOverADescriptor();
    void holdsTheTunUntilAllIsUndone();
    void setsNothingUnderANameThatIsNoLongerItsOwn();
    void looksAgainWhenAPersonHasAnswered();
    void leavesNothingWhenItIsDenied();
    void leavesNothingWhenThereIsNoTun();
    void asksForSeveralAtOnce();
    void letsNobodyBeKeptOutByQuestions();
    void givesTheLastTunnelToOne();
    void forgetsWhoLeavesWhileAPersonIsAsked();
    void setsTheNetworkOfALease();
    void guardsTheAddresses();
    void appliesTheSameOnlyOnce();
    void asksAgainForWideNetworks();
    void asksAgainForNetworksOfThisComputer();
    void refusesWideNetworksWithoutPermission();
    void answersWhatWaitsWhenTheLeaseIsClosed();
    void refusesBadValues();
    void refusesForeignLeases();
    void refusesANetworkThatAnotherLeaseHas();
    void freesTheNetworksOfAFailedApply();
    void keepsTheNetworksBeforeAFailedApply();
    void keepsItsNetworksWhileItWaitsForOthers_data();
    void keepsItsNetworksWhileItWaitsForOthers();
    void takesOneApplyAtATime();
    void undoesWhatACallerLeavesBehind();
    void deletesTheLinkBeforeItWaitsForAnything();
    void saysWhenSomethingCouldNotBeUndone();
    void closesOnce();
    void recordsItsLinks();
    void setsCongestionControlForLeaseholders();
    void stopsWhenEverythingIsUndone();
    void givesNothingWhileItStops();
};

void TestLeaseKeeper::opensOnlyWhenItIsAllowed()
{
    Scene scene;
    const auto answer = scene.ask(Alice);
    QCOMPARE(scene.authority.asked, std::vector<std::string>{":1.1 org.gvpn.connect"});
    QVERIFY(!answer->has_value());
    QCOMPARE(scene.tuns, 0U);
    QVERIFY(!scene.keeper.isIdle());
    scene.authority.answer();
    QVERIFY(answer->has_value() && answer->value().has_value());
    QCOMPARE(scene.tuns, 1U);
}

void TestLeaseKeeper::handsOverADescriptor()
{
    Scene scene;
    const auto answer = scene.ask(Alice);
    scene.authority.answer();
    const OpenedTun& tun = answer->value()->tun;
    QVERIFY(tun.descriptor.isValid());
    QCOMPARE(tun.name, std::string("gvpn0"));
    QCOMPARE(tun.index, 101U);
}

/// The caller may close its own descriptor at any time: the name must not become free with it.
void TestLeaseKeeper::holdsTheTunUntilAllIsUndone()
{
    Scene scene;
    const auto opened = scene.ask(Alice);
    scene.authority.answer();
    const LeaseId id = opened->value()->lease;
    opened->reset();
    QVERIFY(scene.isHeld());
    scene.networks[0]->holdAnswers();
    static_cast<void>(scene.close(Alice, id));
    Scene::settle();
    QVERIFY(scene.isHeld());
    QVERIFY(scene.networks[0]->answerOne());
    Scene::settle();
    QVERIFY(!scene.isHeld());
}

void TestLeaseKeeper::setsNothingUnderANameThatIsNoLongerItsOwn()
{
    Scene scene;
    const LeaseId id = scene.open(Alice);
    QVERIFY(scene.apply(Alice, id, settings())->value().has_value());
    scene.nameNow = "eth7";
    for (const char* route : {"172.17.0.0/16", "172.18.0.0/16", "8.8.8.0/24"}) {
        const auto answer = scene.apply(Alice, id, settings(route));
        QVERIFY(answer->has_value());
        QCOMPARE(answer->value().error().code, ErrorCode::NotFound);
    }
    QCOMPARE(scene.networks[0]->goals().size(), std::size_t{1});
    QCOMPARE(scene.authority.asked.size(), std::size_t{1});
}

void TestLeaseKeeper::looksAgainWhenAPersonHasAnswered()
{
    Scene scene;
    const LeaseId id = scene.open(Alice);
    const auto answer = scene.apply(Alice, id, settings("8.8.8.0/24"));
    scene.nameNow = "eth7";
    scene.authority.answer();
    QCOMPARE(answer->value().error().code, ErrorCode::NotFound);
    QVERIFY(scene.networks[0]->goals().empty());
}

void TestLeaseKeeper::leavesNothingWhenItIsDenied()
{
    Scene scene;
    const auto answer = scene.ask(Alice);
    scene.authority.answer(fail(Denied));
    QCOMPARE(answer->value().error(), Denied);
    QVERIFY(scene.keeper.isIdle());
    QCOMPARE(scene.tuns, 0U);
    QVERIFY(scene.networks.empty());
}

void TestLeaseKeeper::leavesNothingWhenThereIsNoTun()
{
    Scene scene;
    scene.tunError = {ErrorCode::NotFound, "open /dev/net/tun"};
    const auto answer = scene.ask(Alice);
    scene.authority.answer();
    QCOMPARE(answer->value().error(), *scene.tunError);
    Scene::settle();
    QVERIFY(scene.keeper.isIdle());
    QVERIFY(scene.deleted.empty());
}

void TestLeaseKeeper::asksForSeveralAtOnce()
{
    Scene scene;
    const auto alice = scene.ask(Alice);
    const auto bob = scene.ask(Bob);
    QCOMPARE(scene.authority.open(), std::size_t{2});
    scene.authority.answer(fail(Denied));
    QVERIFY(alice->has_value() && !bob->has_value());
    scene.authority.answer();
    QVERIFY(bob->value().has_value());
    // What waits for a person counts for this user.
    for (std::size_t i = 1; i < bus::MaxLeasesOfUser; ++i)
        static_cast<void>(scene.ask(Bob));
    const auto refused = scene.ask(Bob);
    QCOMPARE(refused->value().error().code, ErrorCode::LimitExceeded);
}

void TestLeaseKeeper::letsNobodyBeKeptOutByQuestions()
{
    Scene scene;
    const auto alice = scene.ask(Alice);
    for (unsigned user = 2000; user < 2000 + bus::MaxLeases; ++user)
        static_cast<void>(scene.ask({":2." + std::to_string(user), user}));
    QCOMPARE(scene.authority.open(), std::size_t{bus::MaxLeases + 1});
    scene.authority.answer();
    QVERIFY(alice->value().has_value());
}

void TestLeaseKeeper::givesTheLastTunnelToOne()
{
    Scene scene;
    for (unsigned user = 2000; user < 2000 + bus::MaxLeases - 1; ++user)
        static_cast<void>(scene.open({":2." + std::to_string(user), user}));
    const auto alice = scene.ask(Alice);
    const auto bob = scene.ask(Bob);
    scene.authority.answer();
    scene.authority.answer();
    QVERIFY(alice->value().has_value());
    QCOMPARE(bob->value().error().code, ErrorCode::LimitExceeded);
    QCOMPARE(scene.tuns, unsigned{bus::MaxLeases});
    Scene::settle();
    QCOMPARE(scene.recorded.size(), bus::MaxLeases);
    // Nobody is asked in vain.
    QCOMPARE(scene.ask({":1.3", 1002})->value().error().code, ErrorCode::LimitExceeded);
    QCOMPARE(scene.authority.asked.size(), bus::MaxLeases + 1);
}

void TestLeaseKeeper::forgetsWhoLeavesWhileAPersonIsAsked()
{
    Scene scene;
    const auto answer = scene.ask(Alice);
    scene.keeper.callerLeft(Alice.busName);
    Scene::settle();
    QCOMPARE(scene.authority.cancelled, std::size_t{1});
    QVERIFY(!answer->has_value());
    QVERIFY(scene.keeper.isIdle());
    QCOMPARE(scene.tuns, 0U);
}

void TestLeaseKeeper::setsTheNetworkOfALease()
{
    Scene scene;
    const LeaseId id = scene.open(Alice);
    const auto answer = scene.apply(Alice, id, settings());
    QVERIFY(answer->value().has_value());
    const auto& goal = scene.networks[0]->current();
    QVERIFY(goal.has_value());
    QCOMPARE(goal->interfaceName, std::string("gvpn0"));
    QCOMPARE(goal->interfaceIndex, 101U);
    QCOMPARE(net::joinPrefixes(goal->routes), std::string("172.17.0.0/16"));
    QCOMPARE(goal->addresses.at(0).toString(), std::string("10.86.0.2/24"));
    QCOMPARE(goal->mtu, 1500U);
    QVERIFY(!goal->forwarding.has_value());
    QCOMPARE(scene.authority.asked.size(), std::size_t{1});
}

void TestLeaseKeeper::guardsTheAddresses()
{
    Scene scene;
    static_cast<void>(scene.apply(Alice, scene.open(Alice), settings()));
    QVERIFY(scene.networks[0]->current()->guardsAddresses);
}

void TestLeaseKeeper::appliesTheSameOnlyOnce()
{
    Scene scene;
    const LeaseId id = scene.open(Alice);
    for (int i = 0; i < 2; ++i)
        QVERIFY(scene.apply(Alice, id, settings())->value().has_value());
    QCOMPARE(scene.networks[0]->goals().size(), std::size_t{1});
    QVERIFY(scene.apply(Alice, id, settings("172.18.0.0/16"))->value().has_value());
    QCOMPARE(scene.networks[0]->goals().size(), std::size_t{2});
}

void TestLeaseKeeper::asksAgainForWideNetworks()
{
    Scene scene;
    const LeaseId id = scene.open(Alice);
    const auto answer = scene.apply(Alice, id, settings("8.8.8.0/24"));
    QCOMPARE(scene.authority.asked.back(), std::string(":1.1 org.gvpn.connect-wide"));
    QVERIFY(!answer->has_value());
    QVERIFY(scene.networks[0]->goals().empty());
    scene.authority.answer();
    QVERIFY(answer->value().has_value());
    QVERIFY(scene.networks[0]->current().has_value());
    // What was allowed is not asked again while nothing changes.
    QVERIFY(scene.apply(Alice, id, settings("8.8.8.0/24"))->value().has_value());
    QCOMPARE(scene.authority.asked.size(), std::size_t{2});
}

void TestLeaseKeeper::asksAgainForNetworksOfThisComputer()
{
    Scene scene;
    const LeaseId id = scene.open(Alice);
    const auto answer = scene.apply(Alice, id, settings("192.168.1.0/24"));
    QCOMPARE(scene.authority.asked.back(), std::string(":1.1 org.gvpn.connect-wide"));
    scene.authority.answer(fail(Denied));
    QCOMPARE(answer->value().error(), Denied);
    QVERIFY(scene.networks[0]->goals().empty());
}

void TestLeaseKeeper::refusesWideNetworksWithoutPermission()
{
    Scene scene;
    const LeaseId id = scene.open(Alice);
    const auto answer = scene.apply(Alice, id, settings("8.8.8.0/24"));
    scene.authority.answer(fail(Denied));
    QCOMPARE(answer->value().error(), Denied);
    QVERIFY(scene.networks[0]->goals().empty());
    // The lease goes on, and the network is free.
    QVERIFY(scene.apply(Alice, id, settings())->value().has_value());
    const auto bob = scene.apply(Bob, scene.open(Bob), settings("8.8.8.0/24", "10.87.0.2/24"));
    scene.authority.answer();
    QVERIFY(bob->value().has_value());
}

void TestLeaseKeeper::answersWhatWaitsWhenTheLeaseIsClosed()
{
    Scene scene;
    const LeaseId id = scene.open(Alice);
    const auto waiting = scene.apply(Alice, id, settings("8.8.8.0/24"));
    const auto closed = scene.close(Alice, id);
    QCOMPARE(scene.authority.cancelled, std::size_t{1});
    QVERIFY(waiting->has_value() && !waiting->value().has_value());
    Scene::settle();
    QVERIFY(closed->value().has_value());
    QVERIFY(scene.networks[0]->goals().empty());
}

void TestLeaseKeeper::refusesBadValues()
{
    Scene scene;
    const LeaseId id = scene.open(Alice);
    for (const char* route : {"0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "127.0.0.0/8", "224.0.0.0/4"}) {
        const auto answer = scene.apply(Alice, id, settings(route));
        QCOMPARE(answer->value().error().code, ErrorCode::InvalidArgument);
    }
    bus::SettingsArgument many = settings();
    many.routes = QList<bus::NetworkArgument>(300, many.routes[0]);
    QCOMPARE(scene.apply(Alice, id, many)->value().error().code, ErrorCode::InvalidArgument);
    QVERIFY(scene.networks[0]->goals().empty());
    QCOMPARE(scene.authority.asked.size(), std::size_t{1});
}

void TestLeaseKeeper::refusesForeignLeases()
{
    Scene scene;
    const LeaseId id = scene.open(Alice);
    QCOMPARE(scene.apply(Bob, id, settings())->value().error().code, ErrorCode::NotFound);
    QCOMPARE(scene.apply(Alice, id + 1, settings())->value().error().code, ErrorCode::NotFound);
    QCOMPARE(scene.close(Bob, id)->value().error().code, ErrorCode::NotFound);
    QVERIFY(scene.deleted.empty());
    QVERIFY(scene.networks[0]->goals().empty());
}

void TestLeaseKeeper::refusesANetworkThatAnotherLeaseHas()
{
    Scene scene;
    const LeaseId alice = scene.open(Alice);
    const LeaseId bob = scene.open(Bob);
    QVERIFY(scene.apply(Alice, alice, settings())->value().has_value());
    const auto refused = scene.apply(Bob, bob, settings("172.17.4.0/24", "10.87.0.2/24"));
    QCOMPARE(refused->value().error().code, ErrorCode::AlreadyExists);
    QVERIFY(refused->value().error().context.find("172.17.0.0/16") != std::string::npos);
    QCOMPARE(scene.apply(Bob, bob, settings("172.18.0.0/16"))->value().error().code, ErrorCode::AlreadyExists);
    QVERIFY(scene.networks[1]->goals().empty());
    // As soon as she has left, before everything of hers is undone.
    scene.networks[0]->holdAnswers();
    scene.keeper.callerLeft(Alice.busName);
    QVERIFY(scene.apply(Bob, bob, settings())->value().has_value());
}

void TestLeaseKeeper::freesTheNetworksOfAFailedApply()
{
    Scene scene;
    const LeaseId alice = scene.open(Alice);
    scene.networks[0]->setApplyResult(fail(ErrorCode::SystemFailure, "add route"));
    QCOMPARE(scene.apply(Alice, alice, settings())->value().error().context, std::string("add route"));
    QVERIFY(scene.apply(Bob, scene.open(Bob), settings())->value().has_value());
}

void TestLeaseKeeper::keepsTheNetworksBeforeAFailedApply()
{
    Scene scene;
    const LeaseId alice = scene.open(Alice);
    QVERIFY(scene.apply(Alice, alice, settings())->value().has_value());
    scene.networks[0]->setApplyResult(fail(ErrorCode::SystemFailure, "add route"));
    QVERIFY(!scene.apply(Alice, alice, settings("172.18.0.0/16"))->value().has_value());
    const LeaseId bob = scene.open(Bob);
    QVERIFY(!scene.apply(Bob, bob, settings("172.17.0.0/16", "10.87.0.2/24"))->value().has_value());
    QVERIFY(scene.apply(Bob, bob, settings("172.18.0.0/16", "10.87.0.2/24"))->value().has_value());
}

void TestLeaseKeeper::keepsItsNetworksWhileItWaitsForOthers_data()
{
    QTest::addColumn<bool>("isAllowed");
    QTest::newRow("allowed") << true;
    QTest::newRow("refused") << false;
}

/// As long as a person is asked, the kernel has the routes of before.
void TestLeaseKeeper::keepsItsNetworksWhileItWaitsForOthers()
{
    QFETCH(const bool, isAllowed);
    Scene scene;
    const LeaseId alice = scene.open(Alice);
    const LeaseId bob = scene.open(Bob);
    const char* const before = "172.17.0.0/16";
    const char* const after = "8.8.8.0/24";
    QVERIFY(scene.apply(Alice, alice, settings(before))->value().has_value());
    const auto waiting = scene.apply(Alice, alice, settings(after));
    for (const char* route : {before, after}) {
        const auto refused = scene.apply(Bob, bob, settings(route, "10.87.0.2/24"));
        QVERIFY(refused->has_value());
        QCOMPARE(refused->value().error().code, ErrorCode::AlreadyExists);
    }
    scene.authority.answer(isAllowed ? Result<void>() : Result<void>(fail(Denied)));
    QCOMPARE(waiting->value().has_value(), isAllowed);
    QCOMPARE(scene.apply(Bob, bob, settings(before, "10.87.0.2/24"))->value().has_value(), isAllowed);
    // Asked for last: when it is free, a person is asked.
    QCOMPARE(scene.apply(Bob, bob, settings(after, "10.87.0.2/24"))->has_value(), isAllowed);
}

void TestLeaseKeeper::takesOneApplyAtATime()
{
    Scene scene;
    const LeaseId id = scene.open(Alice);
    scene.networks[0]->holdAnswers();
    const auto first = scene.apply(Alice, id, settings());
    const auto second = scene.apply(Alice, id, settings("172.18.0.0/16"));
    QVERIFY(!first->has_value());
    QCOMPARE(second->value().error().code, ErrorCode::AlreadyExists);
    QVERIFY(scene.networks[0]->answerOne());
    QVERIFY(first->value().has_value());
}

void TestLeaseKeeper::undoesWhatACallerLeavesBehind()
{
    Scene scene;
    const LeaseId first = scene.open(Alice);
    static_cast<void>(scene.open(Alice));
    const LeaseId bob = scene.open(Bob);
    static_cast<void>(scene.apply(Alice, first, settings()));
    static_cast<void>(scene.apply(Bob, bob, settings("172.18.0.0/16", "10.87.0.2/24")));
    scene.keeper.callerLeft(Alice.busName);
    Scene::settle();
    QCOMPARE(scene.deleted, (std::vector<unsigned>{101, 102}));
    QVERIFY(!scene.networks[0]->current().has_value());
    QVERIFY(scene.networks[2]->current().has_value());
    QVERIFY(!scene.keeper.isIdle());
    scene.keeper.callerLeft(Bob.busName);
    scene.keeper.callerLeft(Bob.busName);
    Scene::settle();
    QVERIFY(scene.keeper.isIdle());
    QCOMPARE(scene.deleted.size(), std::size_t{3});
}

void TestLeaseKeeper::deletesTheLinkBeforeItWaitsForAnything()
{
    Scene scene;
    const LeaseId id = scene.open(Alice);
    scene.networks[0]->holdAnswers();
    const auto applying = scene.apply(Alice, id, settings());
    scene.keeper.callerLeft(Alice.busName);
    QCOMPARE(scene.deleted, std::vector<unsigned>{101});
    while (scene.networks[0]->answerOne())
        Scene::settle();
    Scene::settle();
    QVERIFY(scene.keeper.isIdle());
}

void TestLeaseKeeper::saysWhenSomethingCouldNotBeUndone()
{
    Scene scene;
    const LeaseId id = scene.open(Alice);
    scene.deleteError = {ErrorCode::SystemFailure, "delete link 101"};
    const auto closed = scene.close(Alice, id);
    Scene::settle();
    QCOMPARE(closed->value().error(), *scene.deleteError);
    QCOMPARE(scene.networks[0]->clearCount(), std::size_t{1});
}

void TestLeaseKeeper::closesOnce()
{
    Scene scene;
    const LeaseId id = scene.open(Alice);
    const auto closed = scene.close(Alice, id);
    const auto again = scene.close(Alice, id);
    QCOMPARE(again->value().error().code, ErrorCode::NotFound);
    Scene::settle();
    QVERIFY(closed->value().has_value());
    QCOMPARE(scene.deleted, std::vector<unsigned>{101});
    QCOMPARE(scene.apply(Alice, id, settings())->value().error().code, ErrorCode::NotFound);
}

void TestLeaseKeeper::recordsItsLinks()
{
    Scene scene;
    const LeaseId id = scene.open(Alice);
    static_cast<void>(scene.open(Bob));
    QCOMPARE(scene.recorded, (std::vector<unsigned>{101, 102}));
    static_cast<void>(scene.close(Alice, id));
    Scene::settle();
    QCOMPARE(scene.recorded, std::vector<unsigned>{102});
}

void TestLeaseKeeper::setsCongestionControlForLeaseholders()
{
    Scene scene;
    QCOMPARE(scene.keeper.setCongestionControl(Alice.busName, 0, "bbr").error().code, ErrorCode::PermissionDenied);
    // Whoever has only asked for a tunnel has none.
    const auto alice = scene.ask(Alice);
    QCOMPARE(scene.keeper.setCongestionControl(Alice.busName, 0, "bbr").error().code, ErrorCode::PermissionDenied);
    scene.authority.answer();
    QCOMPARE(scene.keeper.setCongestionControl(Alice.busName, 0, "../bbr").error().code, ErrorCode::InvalidArgument);
    QCOMPARE(scene.keeper.setCongestionControl(Bob.busName, 0, "bbr").error().code, ErrorCode::PermissionDenied);
    QVERIFY(scene.algorithms.empty());
    QVERIFY(scene.keeper.setCongestionControl(Alice.busName, 0, "bbr").has_value());
    QCOMPARE(scene.algorithms, std::vector<std::string>{"bbr"});
}

void TestLeaseKeeper::stopsWhenEverythingIsUndone()
{
    Scene scene;
    static_cast<void>(scene.apply(Alice, scene.open(Alice), settings()));
    const auto asking = scene.ask(Bob);
    scene.networks[0]->holdAnswers();
    int stopped = 0;
    scene.keeper.stop([&] { ++stopped; });
    Scene::settle();
    QCOMPARE(stopped, 0);
    QVERIFY(scene.networks[0]->answerOne());
    Scene::settle();
    QCOMPARE(stopped, 1);
    QCOMPARE(scene.authority.open(), std::size_t{0});
    QVERIFY(!scene.networks[0]->current().has_value());
}

void TestLeaseKeeper::givesNothingWhileItStops()
{
    Scene scene;
    int stopped = 0;
    scene.keeper.stop([&] { ++stopped; });
    QCOMPARE(stopped, 1);
    QVERIFY(!scene.ask(Alice)->value().has_value());
    QVERIFY(scene.authority.asked.empty());
}

QTEST_GUILESS_MAIN(TestLeaseKeeper)
#include "tst_lease_keeper.moc"
