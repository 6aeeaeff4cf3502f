#include "system/foreign_filters.h"

#include <QFile>
#include <QtTest>

using namespace gvpn;
using namespace gvpn::system;
using Path = FilterObstacle::Path;

namespace {

net::Prefix prefix(const char* text)
{
    return *net::Prefix::parse(text);
}

FilterQuestion question()
{
    return {.tunnelInterface = "gvpn0",
            .tunnelNetworks = {prefix("10.86.0.0/24"), prefix("fd86::/64")},
            .lanNetworks = {prefix("172.17.0.0/16"), prefix("fd00:17::/64")},
            .lanInterfaces = {"lan"},
            .port = 51005,
            .portFamilies = {net::Family::IPv4, net::Family::IPv6}};
}

QByteArray recorded(const QString& name)
{
    QFile file(QStringLiteral(GVPN_TEST_DATA "/") + name);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

QString describe(const FilterObstacle& obstacle)
{
    const auto text = [](std::string_view value) {
        return QString::fromUtf8(value.data(), static_cast<qsizetype>(value.size()));
    };
    return text(keeperName(obstacle.keeper)) + QLatin1Char(' ')
           + (obstacle.isEcho ? QStringLiteral("echo") : text(pathName(obstacle.path)))
           + (obstacle.isIPv6 ? QStringLiteral("6 ") : QStringLiteral("4 ")) + text(obstacle.table) + QLatin1Char('/')
           + text(obstacle.chain) + (obstacle.isMendedByUs ? QStringLiteral(" mended") : QString());
}

QString describeAll(const std::vector<FilterObstacle>& obstacles)
{
    QStringList all;
    for (const FilterObstacle& obstacle : obstacles)
        all.append(describe(obstacle));
    return all.join(QStringLiteral(", "));
}

/// Single quotes for double ones. A forward chain of table ip other with this policy, and other chains in it.
QByteArray ruleset(const char* policy, const QByteArrayList& rules, const char* tableMembers = "'name':'other'")
{
    QByteArray text = "{'nftables':[{'metainfo':{}},{'table':{'family':'ip'," + QByteArray(tableMembers) + "}}";
    const QByteArray table = QByteArray(tableMembers).split('\'').value(3);
    const QByteArray place = "'family':'ip','table':'" + table + "'";
    text +=
        ",{'chain':{" + place + ",'name':'fwd','type':'filter','hook':'forward','prio':0,'policy':'" + policy + "'}}";
    for (const char* name : {"one", "two"})
        text += ",{'chain':{" + place + ",'name':'" + name + "'}}";
    for (QByteArray rule : rules) {
        QByteArray chain = "fwd";
        if (const auto colon = rule.indexOf("> "); colon >= 0) {
            chain = rule.first(colon);
            rule = rule.sliced(colon + 2);
        }
        text += ",{'rule':{" + place + ",'chain':'" + chain + "','handle':7,'expr':[" + rule + "]}}";
    }
    text += "]}";
    return text.replace('\'', '"');
}

QByteArray match(const char* left, const char* right, const char* op = "==")
{
    return QByteArray("{'match':{'op':'") + op + "','left':" + left + ",'right':" + right + "}},";
}

constexpr const char* In = "{'meta':{'key':'iifname'}}";
constexpr const char* Out = "{'meta':{'key':'oifname'}}";
constexpr const char* Source = "{'payload':{'protocol':'ip','field':'saddr'}}";
constexpr const char* Destination = "{'payload':{'protocol':'ip','field':'daddr'}}";
constexpr const char* State = "{'ct':{'key':'state'}}";
constexpr const char* Accept = "{'accept':null}";
constexpr const char* Drop = "{'drop':null}";
constexpr const char* Conntrack = "{'xt':{'type':'match','name':'conntrack'}},";

/// Replies have their way, so that the rows are about the first packet of a connection.
QByteArray repliesPass()
{
    return match(State, "['established','related']", "in") + Accept;
}

bool isDropped(const char* policy, const QByteArrayList& rules)
{
    const auto found = findObstacles(ruleset(policy, QByteArrayList{repliesPass()} + rules), question());
    return found && !found->empty();
}

}  // namespace

class ForeignFiltersTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void findsWhatRecordedRulesetsDrop_data();
    void findsWhatRecordedRulesetsDrop();
    void followsThePacketThroughRules_data();
    void followsThePacketThroughRules();
    void asksWhetherAnswersComeBack();
    void asksWhetherEchoesAreTaken_data();
    void asksWhetherEchoesAreTaken();
    void takesTheBetterOutcomeOfWhatIsNotKnown_data();
    void takesTheBetterOutcomeOfWhatIsNotKnown();
    void asksForThePortWhereClientsCanCome_data();
    void asksForThePortWhereClientsCanCome();
    void looksAtNeitherOwnNorSwitchedOffTables();
    void leavesDockersChainAloneWhereItDoesntHelp_data();
    void leavesDockersChainAloneWhereItDoesntHelp();
    void endsWithChainsThatLeadToEachOther();
    void refusesWhatIsNoRuleset_data();
    void refusesWhatIsNoRuleset();
    void leavesOutWhatIsDamaged();
    void readsRulesOfLegacyIptables_data();
    void readsRulesOfLegacyIptables();
    void saysWhatIsWrongAndWhatToDo_data();
    void saysWhatIsWrongAndWhatToDo();
};

void ForeignFiltersTest::findsWhatRecordedRulesetsDrop_data()
{
    QTest::addColumn<QString>("file");
    QTest::addColumn<QString>("obstacles");

    const char* docker = "docker forward4 filter/DOCKER-USER mended, docker forward6 filter/DOCKER-USER mended";
    QTest::newRow("Docker 20.10") << "docker-20.10.json" << docker;
    QTest::newRow("Docker 28") << "docker-28.json" << docker;
    QTest::newRow("ufw")
        << "ufw.json"
        << "ufw forward4 filter/FORWARD, ufw forward6 filter/FORWARD, ufw input4 filter/INPUT, ufw input6 filter/INPUT";
    QTest::newRow("ufw after its remedies") << "ufw-allowed.json"
                                            << "";
    QTest::newRow("ufw switched off") << "ufw-disabled.json"
                                      << "";
    QTest::newRow("firewalld") << "firewalld.json"
                               << "firewalld forward4 firewalld/filter_FORWARD, firewalld forward6 "
                                  "firewalld/filter_FORWARD, firewalld input4 firewalld/filter_INPUT, firewalld input6 "
                                  "firewalld/filter_INPUT";
    QTest::newRow("firewalld, tunnel in the zone trusted")
        << "firewalld-trusted.json"
        << "firewalld input4 firewalld/filter_INPUT, firewalld input6 firewalld/filter_INPUT";
    QTest::newRow("firewalld after its remedy for forwarding")
        << "firewalld-policy.json"
        << "firewalld input4 firewalld/filter_INPUT, firewalld input6 firewalld/filter_INPUT";
    QTest::newRow("firewalld, port open")
        << "firewalld-port.json"
        << "firewalld forward4 firewalld/filter_FORWARD, firewalld forward6 firewalld/filter_FORWARD";
    QTest::newRow("REJECT at the end") << "iptables-reject.json"
                                       << "iptables forward4 filter/FORWARD, iptables forward6 filter/FORWARD, "
                                          "iptables input4 filter/INPUT, iptables input6 filter/INPUT, iptables echo4 "
                                          "filter/INPUT, iptables echo6 filter/INPUT";
    QTest::newRow("a rule with a comment lets it pass")
        << "iptables-allowed-forward.json"
        << "iptables input4 filter/INPUT, iptables input6 filter/INPUT, iptables echo4 filter/INPUT, iptables echo6 "
           "filter/INPUT";
}

void ForeignFiltersTest::findsWhatRecordedRulesetsDrop()
{
    QFETCH(QString, file);
    QFETCH(QString, obstacles);
    const auto found = findObstacles(recorded(file), question());
    QVERIFY(found);
    QCOMPARE(describeAll(*found), obstacles);
}

void ForeignFiltersTest::followsThePacketThroughRules_data()
{
    QTest::addColumn<QByteArray>("condition");
    QTest::addColumn<bool>("isMet");

    QTest::newRow("none") << QByteArray() << true;
    QTest::newRow("tunnel") << match(In, "'gvpn0'") << true;
    QTest::newRow("another tunnel") << match(In, "'gvpn1'") << false;
    QTest::newRow("wildcard") << match(In, "'gvpn*'") << true;
    QTest::newRow("other wildcard") << match(In, "'docker*'") << false;
    QTest::newRow("not docker0") << match(In, "'docker0'", "!=") << true;
    QTest::newRow("not the tunnel") << match(In, "'gvpn0'", "!=") << false;
    QTest::newRow("set of interfaces") << match(Out, "{'set':['eth7','lan']}") << true;
    QTest::newRow("set without it") << match(Out, "{'set':['eth7','wan']}") << false;
    QTest::newRow("our link group") << match("{'meta':{'key':'iifgroup'}}", "26486") << true;
    QTest::newRow("not our link group") << match("{'meta':{'key':'iifgroup'}}", "26486", "!=") << false;
    QTest::newRow("pool") << match(Source, "{'prefix':{'addr':'10.86.0.0','len':24}}") << true;
    QTest::newRow("around the pool") << match(Source, "{'prefix':{'addr':'10.0.0.0','len':8}}") << true;
    QTest::newRow("another pool") << match(Source, "{'prefix':{'addr':'10.87.0.0','len':24}}") << false;
    QTest::newRow("LAN range") << match(Destination, "{'range':['172.16.0.0','172.31.255.255']}") << true;
    QTest::newRow("other range") << match(Destination, "{'range':['192.168.0.0','192.168.255.255']}") << false;
    QTest::newRow("IPv6") << match("{'payload':{'protocol':'ip6','field':'saddr'}}", "'fd86::1'") << false;
    QTest::newRow("tcp") << match("{'meta':{'key':'l4proto'}}", "'tcp'") << true;
    QTest::newRow("udp") << match("{'meta':{'key':'l4proto'}}", "'udp'") << false;
    QTest::newRow("udp port") << match("{'payload':{'protocol':'udp','field':'dport'}}", "53") << false;
    QTest::newRow("new") << match(State, "'new'", "in") << true;
    QTest::newRow("invalid") << match(State, "'invalid'", "in") << false;
    QTest::newRow("redirected") << match("{'ct':{'key':'status'}}", "'dnat'", "in") << false;
    QTest::newRow("to this computer") << match("{'fib':{'result':'type','flags':['daddr']}}", "'local'") << false;
    QTest::newRow("IPv4 by meta") << match("{'meta':{'key':'nfproto'}}", "'ipv4'") << true;
    QTest::newRow("counted and logged") << QByteArray("{'counter':{'packets':1,'bytes':2}},{'log':null},") << true;
    QTest::newRow("logged and marked by iptables")
        << QByteArray("{'xt':{'type':'target','name':'LOG'}},{'xt':{'type':'target','name':'MARK'}},") << true;
    QTest::newRow("two, one not met") << match(In, "'gvpn0'") + match(Out, "'wan'") << false;
}

/// What is certain decides both ways: an accept before the policy drops, and a drop before it accepts.
void ForeignFiltersTest::followsThePacketThroughRules()
{
    QFETCH(QByteArray, condition);
    QFETCH(bool, isMet);
    QCOMPARE(isDropped("drop", {condition + Accept}), !isMet);
    QCOMPARE(isDropped("accept", {condition + Drop}), isMet);
    QCOMPARE(isDropped("accept", {condition + "{'reject':{'type':'icmp'}}"}), isMet);
    QCOMPARE(isDropped("accept", {condition + "{'jump':{'target':'one'}}", QByteArray("one> ") + Drop}), isMet);
    QCOMPARE(isDropped("drop", {condition + "{'goto':{'target':'one'}}", Accept}), isMet);
    QCOMPARE(isDropped("accept", {"{'jump':{'target':'one'}}", "one> " + condition + "{'return':null}",
                                  QByteArray("one> ") + Drop}),
             !isMet);
}

void ForeignFiltersTest::asksWhetherAnswersComeBack()
{
    const auto isDroppedBy = [](const QByteArrayList& rules) {
        return !findObstacles(ruleset("drop", rules), question())->empty();
    };
    QVERIFY(isDroppedBy({match(In, "'gvpn0'") + Accept}));
    QVERIFY(isDroppedBy({match(Out, "'gvpn0'") + Accept}));
    QVERIFY(!isDroppedBy({match(In, "'gvpn0'") + Accept, match(Out, "'gvpn0'") + Accept}));
    QVERIFY(!isDroppedBy({match(In, "'gvpn0'") + Accept,
                          "{'vmap':{'key':{'ct':{'key':'state'}},'data':{'set':[['established',{'accept':null}],"
                          "['invalid',{'drop':null}]]}}}"}));
}

void ForeignFiltersTest::asksWhetherEchoesAreTaken_data()
{
    QTest::addColumn<QByteArray>("condition");
    QTest::addColumn<bool>("isMet");

    QTest::newRow("tunnel") << match(In, "'gvpn0'") << true;
    QTest::newRow("lo") << match(In, "'lo'") << false;
    QTest::newRow("any ICMP") << match("{'meta':{'key':'l4proto'}}", "{'set':['icmp','ipv6-icmp']}") << true;
    QTest::newRow("echo request") << match("{'payload':{'protocol':'icmp','field':'type'}}", "'echo-request'") << true;
    QTest::newRow("unreadable match on ICMP") << match("{'meta':{'key':'l4proto'}}", "'icmp'") + Conntrack << true;
    QTest::newRow("other ICMP") << match("{'payload':{'protocol':'icmp','field':'type'}}", "'destination-unreachable'")
                                << false;
    QTest::newRow("ICMPv6") << match("{'meta':{'key':'l4proto'}}", "'ipv6-icmp'") << false;
    QTest::newRow("TCP") << match("{'meta':{'key':'l4proto'}}", "'tcp'") << false;
    QTest::newRow("port") << match("{'payload':{'protocol':'tcp','field':'dport'}}", "51005") << false;
    QTest::newRow("gateway") << match(Destination, "'10.86.0.1'") << true;
    QTest::newRow("another address") << match(Destination, "'10.86.0.2'") << false;
    QTest::newRow("to this computer") << match("{'fib':{'result':'type','flags':['daddr']}}", "'local'") << true;
    QTest::newRow("on its way out") << match(Out, "'lan'") << false;
}

void ForeignFiltersTest::asksWhetherEchoesAreTaken()
{
    QFETCH(QByteArray, condition);
    QFETCH(bool, isMet);
    QByteArray input = ruleset("drop", {condition + Accept});
    input.replace("\"hook\":\"forward\"", "\"hook\":\"input\"");
    const auto found = findObstacles(input, question());
    QVERIFY(found);
    QCOMPARE(!std::ranges::any_of(*found, &FilterObstacle::isEcho), isMet);
}

void ForeignFiltersTest::takesTheBetterOutcomeOfWhatIsNotKnown_data()
{
    QTest::addColumn<QByteArray>("condition");
    QTest::addColumn<bool>("counts");

    QTest::newRow("named set") << match(Source, "'@friends'") << true;
    QTest::newRow("part of the pool") << match(Source, "'10.86.0.9'") << true;
    QTest::newRow("mark") << match("{'meta':{'key':'mark'}}", "5") << true;
    QTest::newRow("rate") << QByteArray("{'limit':{'rate':3,'per':'minute'}},") << true;
    QTest::newRow("statement of the future") << QByteArray("{'wormhole':{'to':'mars'}},") << true;
    QTest::newRow("operator of the future") << match(In, "'gvpn0'", "~") << true;
    QTest::newRow("bits") << match("{'&':[{'meta':{'key':'mark'}},1]}", "1") << true;
    QTest::newRow("queue for another program") << QByteArray("{'xt':{'type':'target','name':'NFQUEUE'}},") << true;
    QTest::newRow("target of the future") << QByteArray("{'xt':{'type':'target','name':'WORMHOLE'}},") << true;
    QTest::newRow("target without a name") << QByteArray("{'xt':{'type':'target'}},") << true;
    QTest::newRow("empty statement") << QByteArray("{},") << true;
    QTest::newRow("number for a statement") << QByteArray("7,") << true;
    QTest::newRow("unreadable match") << QByteArray(Conntrack) << false;
    QTest::newRow("unreadable match of an older nft") << QByteArray("{'xt':null},") << false;
    QTest::newRow("unreadable match on the tunnel") << match(In, "'gvpn0'") + Conntrack << true;
    QTest::newRow("unreadable match on the pool")
        << match(Source, "{'prefix':{'addr':'10.86.0.0','len':24}}") + Conntrack << true;
    QTest::newRow("unreadable match on everybody")
        << match(Source, "{'prefix':{'addr':'0.0.0.0','len':0}}") + Conntrack << false;
}

void ForeignFiltersTest::takesTheBetterOutcomeOfWhatIsNotKnown()
{
    QFETCH(QByteArray, condition);
    QFETCH(bool, counts);
    QCOMPARE(isDropped("drop", {condition + Accept}), !counts);
    QCOMPARE(isDropped("drop", {condition + "{'jump':{'target':'one'}}", QByteArray("one> ") + Accept}), !counts);
    // A drop that isn't certain is none.
    QVERIFY(!isDropped("accept", {condition + Drop}));
    QVERIFY(!isDropped("accept", {condition + "{'xt':{'type':'target','name':'REJECT'}}"}));
    QVERIFY(!isDropped("accept", {condition + "{'jump':{'target':'one'}}", QByteArray("one> ") + Drop}));
    QVERIFY(!isDropped(
        "accept", {"{'jump':{'target':'one'}}", "one> " + condition + "{'return':null}", QByteArray("one> ") + Drop}));
}

void ForeignFiltersTest::asksForThePortWhereClientsCanCome_data()
{
    QTest::addColumn<QString>("listenHost");
    QTest::addColumn<QStringList>("addresses");
    QTest::addColumn<QString>("obstacles");
    const QStringList both{QStringLiteral("172.17.0.5/16"), QStringLiteral("2001:db8::5/64")};
    const QStringList onlyIPv4{QStringLiteral("172.17.0.5/16"), QStringLiteral("fe80::5/64")};
    const QString four = QStringLiteral("firewalld input4 firewalld/filter_INPUT");
    const QString six = QStringLiteral("firewalld input6 firewalld/filter_INPUT");
    const QString all = four + QStringLiteral(", ") + six;
    QTest::newRow("anywhere") << "" << both << all;
    QTest::newRow("a name") << "vpn.example.org" << both << all;
    QTest::newRow("both") << "::" << both << all;
    QTest::newRow("IPv4") << "0.0.0.0" << both << four;
    QTest::newRow("one IPv4 address") << "172.17.0.5" << both << four;
    QTest::newRow("one IPv6 address") << "2001:db8::5" << both << six;
    QTest::newRow("loopback") << "127.0.0.1" << both << "";
    QTest::newRow("no IPv6 here") << "" << onlyIPv4 << four;
    QTest::newRow("no IPv4 here") << "::" << both.last(1) << six;
    QTest::newRow("no IPv4 here, though asked for") << "0.0.0.0" << both.last(1) << "";
    QTest::newRow("nothing here") << "" << QStringList() << "";
}

void ForeignFiltersTest::asksForThePortWhereClientsCanCome()
{
    QFETCH(QString, listenHost);
    QFETCH(QStringList, addresses);
    QFETCH(QString, obstacles);
    NetworkSnapshot snapshot;
    // Neither of the first three counts.
    for (const char* name : {"lo", "gvpn0", "down", "lan"}) {
        InterfaceInfo interface;
        interface.name = name;
        interface.isLoopback = interface.name == "lo";
        interface.isUp = interface.name != "down";
        interface.addresses = {*net::InterfaceAddress::parse("10.86.0.1/24"),
                               *net::InterfaceAddress::parse("fd86::1/64")};
        snapshot.interfaces.push_back(interface);
    }
    snapshot.interfaces.back().addresses.clear();
    for (const QString& address : addresses)
        snapshot.interfaces.back().addresses.push_back(*net::InterfaceAddress::parse(address.toStdString()));
    FilterQuestion asked = question();
    asked.portFamilies = familiesToReach(listenHost.toStdString(), snapshot, "gvpn0");
    QCOMPARE(describeAll(*findObstacles(recorded(QStringLiteral("firewalld-trusted.json")), asked)), obstacles);
}

void ForeignFiltersTest::looksAtNeitherOwnNorSwitchedOffTables()
{
    const auto count = [](const char* table) { return findObstacles(ruleset("drop", {}, table), question())->size(); };
    QCOMPARE(count("'name':'other'"), std::size_t(1));
    QCOMPARE(count("'name':'gvpn_gvpn1'"), std::size_t(0));
    QCOMPARE(count("'name':'other','flags':'dormant'"), std::size_t(0));
    QCOMPARE(count("'name':'other','flags':['dormant','owner']"), std::size_t(0));
    QCOMPARE(count("'name':'other','flags':['owner']"), std::size_t(1));
}

void ForeignFiltersTest::leavesDockersChainAloneWhereItDoesntHelp_data()
{
    QTest::addColumn<QByteArray>("rule");
    QTest::addColumn<QByteArray>("before");
    QTest::addColumn<QString>("obstacle");
    const QString isOpened = QStringLiteral("iptables-legacy forward4 filter/DOCKER-USER");
    const QString isDropped = QStringLiteral("iptables-legacy forward4 filter/FORWARD");
    const QByteArray chain = "-A FORWARD -j DOCKER-USER\n";
    const QByteArray end = "-A DOCKER-USER -j RETURN\n";
    QTest::newRow("a drop before the chain") << QByteArray("-A FORWARD -j DROP\n") << chain << isDropped;
    QTest::newRow("a drop in it") << QByteArray("-A DOCKER-USER -i gvpn0 -j DROP\n") << end << isDropped;
    QTest::newRow("a drop of answers in it") << QByteArray("-A DOCKER-USER -o gvpn0 -j REJECT\n") << end << isDropped;
    QTest::newRow("leaves it before us") << QByteArray("-A DOCKER-USER -i gvpn0 -j RETURN\n") << end << isDropped;
    QTest::newRow("a drop of some") << QByteArray("-A DOCKER-USER -i gvpn0 -d 172.17.0.9/32 -j DROP\n") << end
                                    << isOpened;
    QTest::newRow("a drop of another tunnel") << QByteArray("-A DOCKER-USER -i gvpn1 -j DROP\n") << end << isOpened;
    QTest::newRow("a dead drop") << end + "-A DOCKER-USER -i gvpn0 -j DROP\n" << end << isOpened;
}

void ForeignFiltersTest::leavesDockersChainAloneWhereItDoesntHelp()
{
    QFETCH(QByteArray, rule);
    QFETCH(QByteArray, before);
    QFETCH(QString, obstacle);
    QByteArray rules = recorded(QStringLiteral("docker-20.10.S"));
    QVERIFY(rules.contains(before));
    rules.replace(before, rule + before);
    QCOMPARE(describeAll(findLegacyObstacles(rules, false, question())), obstacle);
}

/// The kernel refuses loops; a ruleset that claims to have one says nothing, soon.
void ForeignFiltersTest::endsWithChainsThatLeadToEachOther()
{
    QByteArrayList rules;
    for (int i = 0; i < 30; ++i)
        rules << "{'jump':{'target':'one'}}"
              << "one> {'limit':{}},{'jump':{'target':'two'}}"
              << "two> {'limit':{}},{'jump':{'target':'one'}}";
    QVERIFY(!isDropped("drop", rules));
    QVERIFY(!isDropped("drop", {"{'jump':{'target':'nowhere'}}"}));
}

void ForeignFiltersTest::refusesWhatIsNoRuleset_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("nothing") << QByteArray();
    QTest::newRow("text") << QByteArray("table ip filter {}");
    QTest::newRow("array") << QByteArray("[]");
    QTest::newRow("other object") << QByteArray("{\"rules\":[]}");
    QTest::newRow("not a list") << QByteArray("{\"nftables\":{}}");
    QTest::newRow("cut off") << ruleset("drop", {}).chopped(3);
    QTest::newRow("nested too deeply") << QByteArray(5000, '[');
}

void ForeignFiltersTest::refusesWhatIsNoRuleset()
{
    QFETCH(QByteArray, text);
    const auto found = findObstacles(text, question());
    QVERIFY(!found);
    QCOMPARE(found.error().code, ErrorCode::Malformed);
}

void ForeignFiltersTest::leavesOutWhatIsDamaged()
{
    const QByteArray damaged = ",7,null,[],{},{\"rule\":7},{\"rule\":{\"family\":\"ip\",\"table\":\"other\","
                               "\"chain\":\"fwd\",\"expr\":{}}},{\"chain\":{}},{\"chain\":{\"hook\":5}}]}";
    const auto found = findObstacles(ruleset("drop", {}).chopped(2) + damaged, question());
    QVERIFY(found);
    QCOMPARE(found->size(), std::size_t(1));
    QVERIFY(findObstacles(ruleset("drop", {}), {})->empty());
    QCOMPARE(findObstacles(QByteArray(MaxRulesetBytes + 1, ' '), question()).error().code, ErrorCode::LimitExceeded);
}

void ForeignFiltersTest::readsRulesOfLegacyIptables_data()
{
    QTest::addColumn<QByteArray>("rules");
    QTest::addColumn<QString>("obstacles");

    const char* forward = "iptables-legacy forward4 filter/FORWARD";
    QTest::newRow("Docker") << recorded(QStringLiteral("docker-20.10.S"))
                            << "iptables-legacy forward4 filter/DOCKER-USER";
    QTest::newRow("REJECT") << recorded(QStringLiteral("iptables-reject.S"))
                            << "iptables-legacy forward4 filter/FORWARD, iptables-legacy input4 filter/INPUT, "
                               "iptables-legacy echo4 filter/INPUT";
    QTest::newRow("ufw") << recorded(QStringLiteral("ufw.S")) << "ufw forward4 filter/FORWARD, ufw input4 filter/INPUT";
    QTest::newRow("ufw after its remedies") << recorded(QStringLiteral("ufw-allowed.S")) << "";
    QTest::newRow("nothing") << QByteArray() << "";
    QTest::newRow("policy") << QByteArray("-P FORWARD DROP\n") << forward;
    QTest::newRow("let through") << QByteArray(
        "-P FORWARD DROP\n-A FORWARD -s 10.86.0.0/24 -i gvpn+ -m comment --comment \"a -j \\\" DROP\" -j "
        "ACCEPT\n-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n")
                                 << "";
    QTest::newRow("not what comes from the tunnel")
        << QByteArray("-P FORWARD DROP\n-A FORWARD ! -i gvpn0 -j ACCEPT\n") << forward;
    QTest::newRow("ports") << QByteArray("-P INPUT DROP\n-A INPUT -p tcp -m tcp --dport 51000:51010 -j ACCEPT\n-A "
                                         "INPUT -p icmp -m icmp --icmp-type 8 -j ACCEPT\n")
                           << "";
    QTest::newRow("other port") << QByteArray("-P INPUT DROP\n-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n")
                                << "iptables-legacy input4 filter/INPUT, iptables-legacy echo4 filter/INPUT";
    QTest::newRow("let through by another program")
        << QByteArray("-P FORWARD DROP\n-A FORWARD -j NFQUEUE --queue-num 0 --queue-bypass\n") << "";
    QTest::newRow("logged and marked before")
        << QByteArray("-P FORWARD DROP\n-A FORWARD -j LOG --log-prefix \"x -j ACCEPT\"\n-A FORWARD -m limit --limit "
                      "3/min -j LOG --log-level 7\n-A FORWARD -j MARK --set-xmark 0x1/0xffffffff\n")
        << forward;
    QTest::newRow("REJECT with options") << QByteArray(
        "-P FORWARD ACCEPT\n-A FORWARD -i gvpn0 -j REJECT --reject-with icmp-port-unreachable\n")
                                         << forward;
    QTest::newRow("garbage") << QByteArray(
        "-P\n-A\n-A FORWARD\n-A FORWARD -j\n-A FORWARD -s -j DROP\n-A X -j DROP\n\"\n"
        "-A FORWARD !\n-A FORWARD --dport x -j DROP\n-N\n\xff\xfe\n-P FORWARD\n")
                             << "";
}

void ForeignFiltersTest::readsRulesOfLegacyIptables()
{
    QFETCH(QByteArray, rules);
    QFETCH(QString, obstacles);
    QCOMPARE(describeAll(findLegacyObstacles(rules, false, question())), obstacles);
}

void ForeignFiltersTest::saysWhatIsWrongAndWhatToDo_data()
{
    QTest::addColumn<FilterObstacle>("obstacle");
    QTest::addColumn<QString>("sentence");
    QTest::addColumn<QString>("remedy");

    using Keeper = FilterKeeper;
    constexpr const char* Firewalld =
        "Allow it with: firewall-cmd --permanent --new-zone=gvpn0 && firewall-cmd --permanent --zone=gvpn0 "
        "--change-interface=gvpn0 && firewall-cmd --permanent --new-policy=gvpn0-fw && firewall-cmd --permanent "
        "--policy=gvpn0-fw --add-ingress-zone=gvpn0 && firewall-cmd --permanent --policy=gvpn0-fw "
        "--add-egress-zone=ANY && firewall-cmd --permanent --policy=gvpn0-fw --set-target=ACCEPT && firewall-cmd "
        "--reload";
    QTest::newRow("Docker")
        << FilterObstacle{Keeper::Docker, Path::Forward, false, "filter", "DOCKER-USER", true, "ip", false}
        << "Docker drops what the server forwards between gvpn0 and the LAN (table ip filter, chain "
           "FORWARD)."
        << "The server adds the rules for it while it runs; by hand it is: iptables -I DOCKER-USER "
           "-i gvpn0 -s 10.86.0.0/24 -j ACCEPT && iptables -I DOCKER-USER -o gvpn0 -d 10.86.0.0/24 "
           "-j ACCEPT";
    QTest::newRow("ufw") << FilterObstacle{Keeper::Ufw, Path::Forward, false, "filter", "FORWARD", false, "ip", false}
                         << "ufw drops what the server forwards between gvpn0 and the LAN (table ip filter, chain "
                            "FORWARD)."
                         << "Allow it with: ufw route allow in on gvpn0 out on lan";
    QTest::newRow("ufw input") << FilterObstacle{Keeper::Ufw, Path::Input, true, "filter", "INPUT", false, "ip6", false}
                               << "ufw drops what clients send to TCP port 51005 over IPv6 (table ip6 filter, chain "
                                  "INPUT)."
                               << "Allow it with: ufw allow 51005/tcp";
    QTest::newRow("ufw echo")
        << FilterObstacle{Keeper::Ufw, Path::Input, false, "filter", "INPUT", false, "ip", true}
        << "ufw drops the pings from gvpn0 by which clients check the tunnel (table ip filter, chain "
           "INPUT)."
        << "Allow it with: ufw allow in on gvpn0 to 10.86.0.1";
    QTest::newRow("iptables echo, IPv6") << FilterObstacle{Keeper::Iptables, Path::Input, true,  "filter",
                                                           "INPUT",          false,       "ip6", true}
                                         << "A rule of iptables drops the pings from gvpn0 by which clients check the "
                                            "tunnel over IPv6 (table ip6 filter, "
                                            "chain INPUT)."
                                         << "Allow it with: ip6tables -I INPUT -i gvpn0 -p ipv6-icmp -j ACCEPT";
    QTest::newRow("legacy, IPv6")
        << FilterObstacle{Keeper::IptablesLegacy, Path::Forward, true, "filter", "FORWARD", false, "", false}
        << "A rule of iptables-legacy drops what the server forwards between gvpn0 and the LAN over IPv6 (table "
           "filter, "
           "chain FORWARD)."
        << "Allow it with: ip6tables-legacy -I FORWARD -i gvpn0 -s fd86::/64 -j ACCEPT && ip6tables-legacy -I FORWARD "
           "-o "
           "gvpn0 -d fd86::/64 -j ACCEPT";
    QTest::newRow("firewalld")
        << FilterObstacle{Keeper::Firewalld, Path::Forward, false, "firewalld", "filter_FORWARD", false, "inet", false}
        << "firewalld drops what the server forwards between gvpn0 and the LAN (table inet firewalld, chain "
           "filter_FORWARD)."
        << Firewalld;
    QTest::newRow("firewalld echo")
        << FilterObstacle{Keeper::Firewalld, Path::Input, false, "firewalld", "filter_INPUT", false, "inet", true}
        << "firewalld drops the pings from gvpn0 by which clients check the tunnel (table inet firewalld, chain "
           "filter_INPUT)."
        << Firewalld;
    QTest::newRow("nftables, a name that deceives")
        << FilterObstacle{Keeper::Nftables, Path::Input, false, "fil\x1b[1m", "in", false, "inet", false}
        << "A rule of nftables drops what clients send to TCP port 51005 (table inet fil\\x1b[1m, chain in)."
        << "Allow it with: nft 'insert rule inet fil\\x1b[1m in tcp dport 51005 accept'";
}

void ForeignFiltersTest::saysWhatIsWrongAndWhatToDo()
{
    QFETCH(FilterObstacle, obstacle);
    QFETCH(QString, sentence);
    QFETCH(QString, remedy);
    QCOMPARE(QString::fromStdString(sentenceFor(obstacle, question())), sentence);
    QCOMPARE(QString::fromStdString(remedyFor(obstacle, question())), remedy);
}

QTEST_APPLESS_MAIN(ForeignFiltersTest)
#include "tst_foreign_filters.moc"
