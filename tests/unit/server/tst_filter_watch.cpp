#include "server/filter_watch.h"
#include "system/recording_configurator.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::server;
using system::FilterKeeper;
using system::FilterObstacle;
using system::ForeignFilterReader;

namespace {

using Families = std::vector<net::Family>;

FilterObstacle docker(bool isIPv6 = false)
{
    return {FilterKeeper::Docker,
            FilterObstacle::Path::Forward,
            isIPv6,
            "filter",
            "DOCKER-USER",
            true,
            isIPv6 ? "ip6" : "ip",
            false};
}

FilterObstacle ufw(bool isIPv6 = false)
{
    return {FilterKeeper::Ufw,
            FilterObstacle::Path::Forward,
            isIPv6,
            "filter",
            "FORWARD",
            false,
            isIPv6 ? "ip6" : "ip",
            false};
}

system::NetworkConfig goal()
{
    system::NetworkConfig config;
    config.interfaceName = "gvpn0";
    config.interfaceIndex = 9;
    config.forwarding.emplace();
    config.forwarding->tunnelNetworks = {*net::Prefix::parse("10.86.0.0/24")};
    config.forwarding->lanNetworks = {*net::Prefix::parse("172.17.0.0/16")};
    return config;
}

Result<system::NetworkSnapshot> office()
{
    system::NetworkSnapshot snapshot;
    system::InterfaceInfo lan;
    lan.name = "eth1";
    lan.index = 3;
    lan.isUp = true;
    lan.addresses = {*net::InterfaceAddress::parse("172.17.0.5/16")};
    snapshot.interfaces = {lan};
    return snapshot;
}

}  // namespace

class FilterWatchTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init();

    void asksForWhatTheServerNeeds();
    void opensDockersChainAndSaysSo();
    void opensItAgainWhenTheRulesAreGone();
    void opensTheOtherFamilyLater();
    void saysOnceThatItCantBeOpened();
    void saysOnceWhatAPersonHasToDo();
    void saysItAgainWhenItComesBack();
    void goesOnWithoutAnAnswer();
    void looksOnceAtATime();
    void isSilentOnceItIsGone();

private:
    void look(const Result<std::vector<FilterObstacle>>& obstacles);
    [[nodiscard]] Families openFamilies() const { return m_configurator->current()->forwarding->dockerFamilies; }

    std::unique_ptr<system::RecordingConfigurator> m_configurator;
    std::unique_ptr<FilterWatch> m_watch;
    std::vector<system::FilterQuestion> m_questions;
    ForeignFilterReader::Done m_answer;
    std::vector<FilterFinding> m_told;
};

void FilterWatchTest::init()
{
    m_questions.clear();
    m_told.clear();
    m_configurator = std::make_unique<system::RecordingConfigurator>();
    m_watch = std::make_unique<FilterWatch>(
        FilterWatch::Parts{*m_configurator, goal(), 51005, "",
                           [this](const system::FilterQuestion& question, ForeignFilterReader::Done done) {
                               m_questions.push_back(question);
                               m_answer = std::move(done);
                           },
                           office, [this](const FilterFinding& finding) { m_told.push_back(finding); }});
}

void FilterWatchTest::look(const Result<std::vector<FilterObstacle>>& obstacles)
{
    m_watch->look();
    QVERIFY(m_answer);
    std::exchange(m_answer, {})(obstacles);
}

void FilterWatchTest::asksForWhatTheServerNeeds()
{
    m_watch->start();
    QCOMPARE(m_questions.size(), std::size_t(1));
    const system::FilterQuestion& question = m_questions.front();
    QCOMPARE(question.tunnelInterface, std::string("gvpn0"));
    QVERIFY(question.tunnelNetworks == goal().forwarding->tunnelNetworks);
    QVERIFY(question.lanNetworks == goal().forwarding->lanNetworks);
    QCOMPARE(question.lanInterfaces, (std::vector<std::string>{"eth1"}));
    QCOMPARE(question.port, std::uint16_t(51005));
    QVERIFY(question.portFamilies == Families{net::Family::IPv4});
}

void FilterWatchTest::opensDockersChainAndSaysSo()
{
    look(std::vector{docker()});
    QCOMPARE(openFamilies(), (Families{net::Family::IPv4}));
    QCOMPARE(m_told.size(), std::size_t(1));
    QVERIFY(m_told.front().isMended);
    QVERIFY(m_told.front().obstacle == docker());
    const auto goals = m_configurator->goals().size();
    look(std::vector<FilterObstacle>());
    QCOMPARE(m_configurator->goals().size(), goals);
    QCOMPARE(openFamilies(), (Families{net::Family::IPv4}));
    QCOMPARE(m_told.size(), std::size_t(1));
}

/// The configurator does nothing twice, so it has to hear that they are not there.
void FilterWatchTest::opensItAgainWhenTheRulesAreGone()
{
    look(std::vector{docker(), docker(true)});
    const auto before = m_configurator->goals().size();
    look(std::vector{docker(true)});
    const auto& goals = m_configurator->goals();
    QCOMPARE(goals.size(), before + 2);
    QCOMPARE(goals[before].forwarding->dockerFamilies, (Families{net::Family::IPv4}));
    QCOMPARE(goals[before + 1].forwarding->dockerFamilies, (Families{net::Family::IPv4, net::Family::IPv6}));
    QCOMPARE(m_told.size(), std::size_t(3));
}

void FilterWatchTest::opensTheOtherFamilyLater()
{
    look(std::vector{docker()});
    look(std::vector{docker(true)});
    QCOMPARE(openFamilies(), (Families{net::Family::IPv4, net::Family::IPv6}));
}

void FilterWatchTest::saysOnceThatItCantBeOpened()
{
    m_configurator->setApplyResult(fail(ErrorCode::PermissionDenied, "no"));
    look(std::vector{docker()});
    look(std::vector{docker()});
    QCOMPARE(m_told.size(), std::size_t(1));
    QVERIFY(!m_told.front().isMended);
    QVERIFY(m_told.front().remedy.find("iptables -I DOCKER-USER") != std::string::npos);
    m_configurator->setApplyResult({});
    look(std::vector{docker()});
    QCOMPARE(openFamilies(), (Families{net::Family::IPv4}));
    QCOMPARE(m_told.size(), std::size_t(2));
    QVERIFY(m_told.back().isMended);
}

/// ufw's command is the same for both families.
void FilterWatchTest::saysOnceWhatAPersonHasToDo()
{
    look(std::vector{ufw(), ufw(true)});
    look(std::vector{ufw(), ufw(true)});
    QCOMPARE(m_told.size(), std::size_t(1));
    QVERIFY(!m_told.front().isMended);
    QCOMPARE(m_told.front().remedy, std::string("Allow it with: ufw route allow in on gvpn0 out on eth1"));
    QVERIFY(m_configurator->goals().empty());
}

void FilterWatchTest::saysItAgainWhenItComesBack()
{
    look(std::vector{ufw()});
    look(std::vector<FilterObstacle>());
    look(std::vector{ufw()});
    QCOMPARE(m_told.size(), std::size_t(2));
}

void FilterWatchTest::goesOnWithoutAnAnswer()
{
    look(fail(ErrorCode::Unsupported, "no nft"));
    QVERIFY(m_told.empty());
    look(std::vector{ufw()});
    QCOMPARE(m_told.size(), std::size_t(1));
}

void FilterWatchTest::looksOnceAtATime()
{
    m_watch->look();
    m_watch->look();
    QCOMPARE(m_questions.size(), std::size_t(1));
    m_configurator->holdAnswers();
    std::exchange(m_answer, {})(std::vector{docker()});
    m_watch->look();
    QCOMPARE(m_questions.size(), std::size_t(1));
    while (m_configurator->answerOne())
        continue;
    m_watch->look();
    QCOMPARE(m_questions.size(), std::size_t(2));
}

void FilterWatchTest::isSilentOnceItIsGone()
{
    m_watch->look();
    m_watch.reset();
    std::exchange(m_answer, {})(std::vector{docker(), ufw()});
    QVERIFY(m_told.empty());
    QVERIFY(m_configurator->goals().empty());
    init();
    m_configurator->holdAnswers();
    look(std::vector{docker()});
    m_watch.reset();
    while (m_configurator->answerOne())
        continue;
    QVERIFY(m_told.empty());
}

QTEST_GUILESS_MAIN(FilterWatchTest)
#include "tst_filter_watch.moc"
