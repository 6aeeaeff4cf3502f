#include "keeper_scene.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::helper;
using namespace gvpn::test;
using system::DnsOutcome;

namespace {

const QString Wide = QStringLiteral("~.");

/// A lease with its network set.
LeaseId connected(Scene& scene, const Caller& caller, const bus::SettingsArgument& network = settings())
{
    const LeaseId id = scene.open(caller);
    if (!scene.apply(caller, id, network)->value())
        qFatal("the network was refused");
    return id;
}

bool isRefused(const std::optional<Result<DnsOutcome>>& answer, ErrorCode code)
{
    return answer && !answer->has_value() && answer->error().code == code;
}

}  // namespace

class TestLeaseKeeperNames : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void setsNamesForItsOwnLink();
    void saysWhatBecameOfThem_data();
    void saysWhatBecameOfThem();
    void keepsThemWhenTheNetworkChanges();
    void takesThemBack();
    void refusesServersOutsideOfTheTunnel();
    void refusesBadValues();
    void refusesForeignLeases();
    void refusesALeaseThatIsNotOpenYet();
    void asksForWideNames_data();
    void asksForWideNames();
    void asksForWideNamesOnce();
    void leavesNothingSetWhenItIsRefused();
    void aNewerCallTakesThePlaceOfOneThatIsUnderWay();
    void aNewerCallTakesThePlaceOfAQuestion();
    void refusesNamesThatAnotherLeaseHas();
    void freesNamesThatWereNotSet();
    void answersWhatWaitsWhenTheLeaseEnds();
    void takesThemBackFromALinkThatStays();
    void doesNotTakeNameServersOfLeasesForThisComputersOwn();
};

void TestLeaseKeeperNames::setsNamesForItsOwnLink()
{
    Scene scene;
    const LeaseId id = connected(scene, Alice);
    const auto answer = scene.setNames(Alice, id, names({QStringLiteral("Office.example")}));
    QCOMPARE(answer->value().value(), DnsOutcome::InForce);
    const auto& goal = scene.resolvers[0]->current();
    QVERIFY(goal.has_value());
    QCOMPARE(goal->linkIndex, 101U);
    QCOMPARE(goal->config.servers, std::vector{net::IpAddress::parse("172.17.0.53").value()});
    QCOMPARE(goal->config.domains, std::vector<std::string>{"office.example"});
    QVERIFY(!goal->config.takesAllNames);
    QCOMPARE(scene.authority.asked.size(), std::size_t{1});
}

void TestLeaseKeeperNames::saysWhatBecameOfThem_data()
{
    QTest::addColumn<bool>("isService");
    QTest::newRow("no systemd-resolved") << false;
    QTest::newRow("it refuses") << true;
}

void TestLeaseKeeperNames::saysWhatBecameOfThem()
{
    QFETCH(const bool, isService);
    Scene scene;
    const LeaseId id = connected(scene, Alice);
    const Error cause{ErrorCode::SystemFailure, "systemd-resolved refused: Link is busy"};
    if (isService)
        scene.resolvers[0]->setOutcome(fail(cause));
    else
        scene.resolvers[0]->setOutcome(DnsOutcome::NoService);
    const auto answer = scene.setNames(Alice, id, names());
    if (isService)
        QCOMPARE(answer->value().error(), cause);
    else
        QCOMPARE(answer->value().value(), DnsOutcome::NoService);
    // The tunnel goes on.
    QVERIFY(scene.networks[0]->current().has_value());
    QVERIFY(scene.apply(Alice, id, settings("172.16.0.0/12"))->value().has_value());
}

void TestLeaseKeeperNames::keepsThemWhenTheNetworkChanges()
{
    Scene scene;
    const LeaseId id = connected(scene, Alice);
    static_cast<void>(scene.setNames(Alice, id, names()));
    scene.networks[0]->holdAnswers();
    const auto applying = scene.apply(Alice, id, settings("172.16.0.0/12"));
    // Neither waits for the other.
    QCOMPARE(scene.setNames(Alice, id, names({QStringLiteral("b.example")}))->value().value(), DnsOutcome::InForce);
    QVERIFY(!applying->has_value());
    QVERIFY(scene.networks[0]->answerOne());
    QVERIFY(applying->value().has_value());
    QCOMPARE(scene.resolvers[0]->current()->config.domains, std::vector<std::string>{"b.example"});
    QCOMPARE(scene.resolvers[0]->takenBack(), std::size_t{0});
}

void TestLeaseKeeperNames::takesThemBack()
{
    for (const bus::NamesArgument& nothing : {bus::NamesArgument(), names({}), bus::NamesArgument{{}, {Wide}}}) {
        Scene scene;
        const LeaseId id = connected(scene, Alice);
        static_cast<void>(scene.setNames(Alice, id, names()));
        QVERIFY(scene.resolvers[0]->current().has_value());
        QCOMPARE(scene.setNames(Alice, id, nothing)->value().value(), DnsOutcome::InForce);
        QVERIFY(!scene.resolvers[0]->current().has_value());
        QCOMPARE(scene.authority.asked.size(), std::size_t{1});
    }
}

void TestLeaseKeeperNames::refusesServersOutsideOfTheTunnel()
{
    Scene scene;
    const LeaseId id = scene.open(Alice);
    // There is no network yet.
    QVERIFY(isRefused(*scene.setNames(Alice, id, names()), ErrorCode::InvalidArgument));
    static_cast<void>(scene.apply(Alice, id, settings()));
    for (const char* server : {"8.8.8.8", "172.18.0.53", "fd00:17::53"}) {
        const auto answer = scene.setNames(Alice, id, names({QStringLiteral("office.example")}, server));
        QVERIFY(isRefused(*answer, ErrorCode::InvalidArgument));
        QVERIFY(answer->value().error().context.find(server) != std::string::npos);
    }
    QVERIFY(scene.resolvers[0]->goals().empty());
    QVERIFY(scene.setNames(Alice, id, names({QStringLiteral("office.example")}, "10.86.0.1"))->value().has_value());
}

void TestLeaseKeeperNames::refusesBadValues()
{
    Scene scene;
    const LeaseId id = connected(scene, Alice);
    for (const QString& domain : {QString(), QStringLiteral("."), QStringLiteral("~x"), QStringLiteral("a b")})
        QVERIFY(isRefused(*scene.setNames(Alice, id, names({domain})), ErrorCode::InvalidArgument));
    const QStringList many(17, QStringLiteral("a.example"));
    QVERIFY(isRefused(*scene.setNames(Alice, id, names(many)), ErrorCode::InvalidArgument));
    QVERIFY(scene.resolvers[0]->goals().empty());
}

void TestLeaseKeeperNames::refusesForeignLeases()
{
    Scene scene;
    const LeaseId id = connected(scene, Alice);
    static_cast<void>(scene.setNames(Alice, id, names()));
    QVERIFY(isRefused(*scene.setNames(Bob, id, names()), ErrorCode::NotFound));
    QVERIFY(isRefused(*scene.setNames(Bob, id, {}), ErrorCode::NotFound));
    QVERIFY(isRefused(*scene.setNames(Alice, id + 1, names()), ErrorCode::NotFound));
    QVERIFY(scene.resolvers[0]->current().has_value());
}

void TestLeaseKeeperNames::refusesALeaseThatIsNotOpenYet()
{
    Scene scene;
    static_cast<void>(scene.ask(Alice));
    constexpr LeaseId First = 1;
    QVERIFY(isRefused(*scene.setNames(Alice, First, {}), ErrorCode::AlreadyExists));
}

void TestLeaseKeeperNames::asksForWideNames_data()
{
    QTest::addColumn<QString>("domain");
    QTest::newRow("all") << Wide;
    QTest::newRow("a country's") << QStringLiteral("co.uk");
    QTest::newRow("a single word") << QStringLiteral("lan");
    QTest::newRow("of addresses") << QStringLiteral("10.in-addr.arpa");
}

void TestLeaseKeeperNames::asksForWideNames()
{
    QFETCH(const QString, domain);
    for (const bool isAllowed : {true, false}) {
        Scene scene;
        const LeaseId id = connected(scene, Alice);
        const auto answer = scene.setNames(Alice, id, names({QStringLiteral("office.example"), domain}));
        QCOMPARE(scene.authority.asked.back(), std::string(":1.1 org.gvpn.connect-wide"));
        QVERIFY(!answer->has_value());
        QVERIFY(scene.resolvers[0]->goals().empty());
        scene.authority.answer(isAllowed ? Result<void>() : fail(Denied));
        QVERIFY(answer->has_value());
        QCOMPARE(scene.resolvers[0]->current().has_value(), isAllowed);
        if (isAllowed)
            QCOMPARE(scene.resolvers[0]->current()->config.takesAllNames, domain == Wide);
        else
            QCOMPARE(answer->value().error(), Denied);
    }
}

void TestLeaseKeeperNames::asksForWideNamesOnce()
{
    Scene scene;
    const LeaseId id = connected(scene, Alice);
    static_cast<void>(scene.setNames(Alice, id, names({Wide})));
    scene.authority.answer();
    static_cast<void>(scene.setNames(Alice, id, {}));
    QVERIFY(scene.setNames(Alice, id, names({Wide}))->value().has_value());
    QCOMPARE(scene.authority.asked.size(), std::size_t{2});
    static_cast<void>(scene.setNames(Alice, id, names({Wide}, "172.17.0.54")));
    QCOMPARE(scene.authority.asked.size(), std::size_t{3});
}

void TestLeaseKeeperNames::leavesNothingSetWhenItIsRefused()
{
    const std::vector<bus::NamesArgument> refused{names({QStringLiteral(".")}),
                                                  names({QStringLiteral("b.example")}, "8.8.8.8"),
                                                  names({QStringLiteral("bob.example")}), names({Wide})};
    for (const bus::NamesArgument& argument : refused) {
        Scene scene;
        const LeaseId bob = connected(scene, Bob, settings("172.18.0.0/16", "10.87.0.2/24"));
        static_cast<void>(scene.setNames(Bob, bob, names({QStringLiteral("bob.example")}, "172.18.0.53")));
        const LeaseId id = connected(scene, Alice);
        static_cast<void>(scene.setNames(Alice, id, names()));
        QVERIFY(scene.resolvers[1]->current().has_value());
        const auto answer = scene.setNames(Alice, id, argument);
        QVERIFY(!scene.resolvers[1]->current().has_value());
        if (scene.authority.open() > 0)
            scene.authority.answer(fail(Denied));
        QVERIFY(answer->has_value() && !answer->value().has_value());
        QVERIFY(scene.resolvers[0]->current().has_value());
        // Her names are free.
        const auto taken = scene.setNames(Bob, bob, names({QStringLiteral("office.example")}, "172.18.0.53"));
        QVERIFY(taken->value().has_value());
    }
}

void TestLeaseKeeperNames::aNewerCallTakesThePlaceOfOneThatIsUnderWay()
{
    Scene scene;
    const LeaseId id = connected(scene, Alice);
    scene.resolvers[0]->holdAnswers();
    const auto first = scene.setNames(Alice, id, names());
    const auto second = scene.setNames(Alice, id, names({QStringLiteral("b.example")}));
    QVERIFY(isRefused(*first, ErrorCode::AlreadyExists));
    QVERIFY(!second->has_value());
    QVERIFY(scene.resolvers[0]->answer());
    QCOMPARE(second->value().value(), DnsOutcome::InForce);
    QCOMPARE(scene.resolvers[0]->current()->config.domains, std::vector<std::string>{"b.example"});
    // Only what is in force is hers.
    const LeaseId bob = connected(scene, Bob, settings("172.18.0.0/16", "10.87.0.2/24"));
    const auto asBob = [&](const char* domain) {
        return scene.setNames(Bob, bob, names({QString::fromLatin1(domain)}, "172.18.0.53"));
    };
    QVERIFY(isRefused(*asBob("b.example"), ErrorCode::AlreadyExists));
    QVERIFY(asBob("office.example")->value().has_value());
}

void TestLeaseKeeperNames::aNewerCallTakesThePlaceOfAQuestion()
{
    Scene scene;
    const LeaseId id = connected(scene, Alice);
    const auto first = scene.setNames(Alice, id, names({Wide}));
    const auto second = scene.setNames(Alice, id, names());
    QCOMPARE(scene.authority.cancelled, std::size_t{1});
    QVERIFY(isRefused(*first, ErrorCode::AlreadyExists));
    QCOMPARE(second->value().value(), DnsOutcome::InForce);
}

void TestLeaseKeeperNames::refusesNamesThatAnotherLeaseHas()
{
    Scene scene;
    const LeaseId alice = connected(scene, Alice);
    static_cast<void>(scene.setNames(Alice, alice, names()));
    const LeaseId bob = connected(scene, Bob, settings("172.18.0.0/16", "10.87.0.2/24"));
    for (const char* domain : {"office.example", "OFFICE.example", "www.office.example"}) {
        const auto refused = scene.setNames(Bob, bob, names({QString::fromLatin1(domain)}, "172.18.0.53"));
        QVERIFY(isRefused(*refused, ErrorCode::AlreadyExists));
        QVERIFY(refused->value().error().context.find("gvpn0") != std::string::npos);
    }
    QVERIFY(scene.resolvers[1]->goals().empty());
    scene.keeper.callerLeft(Alice.busName);
    QVERIFY(scene.setNames(Bob, bob, names({QStringLiteral("office.example")}, "172.18.0.53"))->value().has_value());
}

void TestLeaseKeeperNames::freesNamesThatWereNotSet()
{
    for (const Result<DnsOutcome>& outcome :
         {Result<DnsOutcome>(DnsOutcome::NoService), Result<DnsOutcome>(fail(ErrorCode::TimedOut, "silence"))}) {
        Scene scene;
        const LeaseId alice = connected(scene, Alice);
        scene.resolvers[0]->setOutcome(outcome);
        static_cast<void>(scene.setNames(Alice, alice, names()));
        const LeaseId bob = connected(scene, Bob, settings("172.18.0.0/16", "10.87.0.2/24"));
        const auto taken = scene.setNames(Bob, bob, names({QStringLiteral("office.example")}, "172.18.0.53"));
        QVERIFY(taken->value().has_value());
    }
}

void TestLeaseKeeperNames::answersWhatWaitsWhenTheLeaseEnds()
{
    for (const bool isQuestion : {true, false}) {
        Scene scene;
        const LeaseId id = connected(scene, Alice);
        scene.resolvers[0]->holdAnswers();
        const auto waiting = scene.setNames(Alice, id, isQuestion ? names({Wide}) : names());
        const auto closed = scene.close(Alice, id);
        QVERIFY(isRefused(*waiting, ErrorCode::NotFound));
        QCOMPARE(scene.authority.cancelled, std::size_t{isQuestion});
        Scene::settle();
        QVERIFY(closed->value().has_value());
        QVERIFY(scene.keeper.isIdle());
        QVERIFY(isRefused(*scene.setNames(Alice, id, names()), ErrorCode::NotFound));
    }
}

void TestLeaseKeeperNames::takesThemBackFromALinkThatStays()
{
    Scene scene;
    const LeaseId id = connected(scene, Alice);
    static_cast<void>(scene.setNames(Alice, id, names()));
    scene.deleteError = {ErrorCode::SystemFailure, "delete link 101"};
    const auto closed = scene.close(Alice, id);
    Scene::settle();
    QVERIFY(!scene.resolvers[0]->current().has_value());
    QCOMPARE(closed->value().error(), *scene.deleteError);
    QCOMPARE(scene.networks[0]->clearCount(), std::size_t{1});
    QVERIFY(scene.keeper.isIdle());
}

void TestLeaseKeeperNames::doesNotTakeNameServersOfLeasesForThisComputersOwn()
{
    Scene scene;
    const LeaseId id = connected(scene, Alice);
    QVERIFY(scene.tunnelServers.empty());
    static_cast<void>(scene.setNames(Alice, id, names()));
    static_cast<void>(scene.apply(Alice, id, settings("172.16.0.0/12")));
    QCOMPARE(scene.tunnelServers, std::vector{net::IpAddress::parse("172.17.0.53").value()});
}

QTEST_GUILESS_MAIN(TestLeaseKeeperNames)
#include "tst_lease_keeper_names.moc"
