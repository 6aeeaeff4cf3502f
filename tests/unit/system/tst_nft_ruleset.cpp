#include "system/nft_ruleset.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::system;

namespace {

QString joined(const QJsonArray& values)
{
    QStringList texts;
    for (const QJsonValue& value : values)
        texts.append(value.toString());
    return texts.join(u',');
}

QString payloadText(const QJsonObject& payload)
{
    return payload.value(u"protocol").toString() + u' ' + payload.value(u"field").toString();
}

/// "tcp option maxseg size set rt mtu"
QString mangleText(const QJsonObject& mangle)
{
    const QJsonObject option = mangle.value(u"key").toObject().value(u"tcp option").toObject();
    return QStringLiteral("tcp option %1 %2 set rt %3")
        .arg(option.value(u"name").toString(), option.value(u"field").toString(),
             mangle.value(u"value").toObject().value(u"rt").toObject().value(u"key").toString());
}

/// A rule as nft would print it, so that a test can be read.
QString expressionText(const QJsonObject& expression)
{
    if (expression.contains(u"mangle"))
        return mangleText(expression.value(u"mangle").toObject());
    if (!expression.contains(u"match"))
        return expression.keys().first();
    const QJsonObject match = expression.value(u"match").toObject();
    const QJsonObject left = match.value(u"left").toObject();
    QString text;
    if (left.contains(u"meta"))
        text = left.value(u"meta").toObject().value(u"key").toString();
    else if (left.contains(u"fib"))
        text = QStringLiteral("fib %1 %2")
                   .arg(left.value(u"fib").toObject().value(u"flags").toArray().first().toString(),
                        left.value(u"fib").toObject().value(u"result").toString());
    else if (left.contains(u"&"))
        text = payloadText(left.value(u"&").toArray().first().toObject().value(u"payload").toObject())
               + QStringLiteral(" & ") + joined(left.value(u"&").toArray().last().toArray());
    else if (left.contains(u"ct"))
        text = QStringLiteral("ct ") + left.value(u"ct").toObject().value(u"key").toString();
    else
        text = payloadText(left.value(u"payload").toObject());
    if (match.value(u"op").toString() == u"!=")
        text += QStringLiteral(" !=");
    const QJsonValue right = match.value(u"right");
    QJsonArray values = right.isArray() ? right.toArray() : right.toObject().value(u"set").toArray();
    if (values.isEmpty())
        values.append(right);
    QStringList parts;
    for (const QJsonValue& value : values) {
        const QJsonObject prefix = value.toObject().value(u"prefix").toObject();
        parts.append(
            prefix.isEmpty()
                ? value.toVariant().toString()
                : QStringLiteral("%1/%2").arg(prefix.value(u"addr").toString()).arg(prefix.value(u"len").toInt()));
    }
    return text + u' ' + parts.join(u',');
}

QStringList rules(const std::string& ruleset, const QString& chain)
{
    QStringList texts;
    const QJsonArray commands =
        QJsonDocument::fromJson(QByteArray::fromStdString(ruleset)).object().value(u"nftables").toArray();
    for (const QJsonValue& command : commands) {
        const QJsonObject rule = command.toObject().value(u"add").toObject().value(u"rule").toObject();
        if (rule.value(u"chain").toString() != chain)
            continue;
        QStringList expressions;
        for (const QJsonValue& expression : rule.value(u"expr").toArray())
            expressions.append(expressionText(expression.toObject()));
        texts.append(expressions.join(u' '));
    }
    return texts;
}

/// The base chains: name, type, hook, priority, policy.
QStringList chains(const std::string& ruleset)
{
    QStringList texts;
    const QJsonArray commands =
        QJsonDocument::fromJson(QByteArray::fromStdString(ruleset)).object().value(u"nftables").toArray();
    for (const QJsonValue& command : commands) {
        const QJsonObject chain = command.toObject().value(u"add").toObject().value(u"chain").toObject();
        if (!chain.isEmpty())
            texts.append(QStringLiteral("%1 %2 %3 %4 %5")
                             .arg(chain.value(u"name").toString(), chain.value(u"type").toString(),
                                  chain.value(u"hook").toString())
                             .arg(chain.value(u"prio").toInt())
                             .arg(chain.value(u"policy").toString()));
    }
    return texts;
}

std::vector<net::Prefix> prefixes(std::initializer_list<const char*> texts)
{
    std::vector<net::Prefix> result;
    for (const char* text : texts)
        result.push_back(*net::Prefix::parse(text));
    return result;
}

TableSpec spec()
{
    TableSpec result;
    result.tunnelInterface = "gvpn0";
    result.forwarding.emplace();
    result.forwarding->tunnelNetworks = prefixes({"10.86.0.0/24"});
    result.forwarding->lanNetworks = prefixes({"172.17.0.0/16"});
    result.forwarding->lanInterfaces = {"eth0"};
    return result;
}

const QStringList Clamping{QStringLiteral("iifname gvpn0 tcp flags & syn,rst syn tcp option maxseg size set rt mtu"),
                           QStringLiteral("oifname gvpn0 tcp flags & syn,rst syn tcp option maxseg size set rt mtu")};
const QStringList TunnelOnly{QStringLiteral("oifname gvpn0 ct direction reply ct state established,related accept"),
                             QStringLiteral("iifname gvpn0 drop"), QStringLiteral("oifname gvpn0 drop")};
const QStringList Ipv4{
    QStringLiteral("iifname gvpn0 ip saddr 10.86.0.0/24 ip daddr 172.17.0.0/16 accept"),
    QStringLiteral("iifname eth0 oifname gvpn0 ip saddr 172.17.0.0/16 ip daddr 10.86.0.0/24 accept"),
};
const QStringList Exceptions{QStringLiteral("ct state established,related accept"),
                             QStringLiteral("ct status dnat accept")};

}  // namespace

class NftRulesetTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void replacesTheTableInOneTransaction();
    void hooksTheChainsWhereTheyBelong();
    void passesOnlyTunnelAndLan();
    void writesRulesForBothFamilies();
    void writesNoRulesForAFamilyWithoutAPool();
    void masqueradesOnlyWhenAsked();
    void clampsSegmentSizesFirstAndNotForAClient();
    void guardsTheInterfacesThatWereSwitchedOn();
    void letsABridgeBridge();
    void letsNothingInWithoutLanInterfaces();
    void guardsEveryInterfaceWhenAllOfIPv6WasSwitchedOn();
    void guardsTheAddressesFromNeighbours();
    void doesBothInOneTable();
    void marksTheTableWithItsOwner();
    void removesTheTable();
    void removesOnlyTheTableOfTheOwner();
};

void NftRulesetTest::replacesTheTableInOneTransaction()
{
    const QJsonArray commands =
        QJsonDocument::fromJson(QByteArray::fromStdString(makeRuleset(spec()))).object().value(u"nftables").toArray();
    const QJsonObject table{{QStringLiteral("family"), QStringLiteral("inet")},
                            {QStringLiteral("name"), QStringLiteral("gvpn_gvpn0")}};
    QCOMPARE(commands.at(0).toObject().value(u"add").toObject().value(u"table").toObject(), table);
    QCOMPARE(commands.at(1).toObject().value(u"delete").toObject().value(u"table").toObject(), table);
    QCOMPARE(commands.at(2).toObject().value(u"add").toObject().value(u"table").toObject(), table);
}

void NftRulesetTest::hooksTheChainsWhereTheyBelong()
{
    const QStringList expected{QStringLiteral("forward filter forward 0 accept"),
                               QStringLiteral("postrouting nat postrouting 100 accept")};
    QCOMPARE(chains(makeRuleset(spec())), expected);
}

void NftRulesetTest::passesOnlyTunnelAndLan()
{
    QCOMPARE(rules(makeRuleset(spec()), QStringLiteral("forward")), Clamping + Ipv4 + TunnelOnly);
}

void NftRulesetTest::writesRulesForBothFamilies()
{
    TableSpec both = spec();
    both.forwarding->tunnelNetworks = prefixes({"10.86.0.0/24", "fd00:86::/64"});
    both.forwarding->lanNetworks = prefixes({"172.17.0.0/16", "192.168.5.9/32", "fd00:17::/64"});
    both.forwarding->lanInterfaces = {"eth0", "eth1"};
    const QString ruleset = QString::fromStdString(makeRuleset(both));
    const QStringList expected{
        QStringLiteral("iifname gvpn0 ip saddr 10.86.0.0/24 ip daddr 172.17.0.0/16,192.168.5.9/32 accept"),
        QStringLiteral(
            "iifname eth0,eth1 oifname gvpn0 ip saddr 172.17.0.0/16,192.168.5.9/32 ip daddr 10.86.0.0/24 accept"),
        QStringLiteral("iifname gvpn0 ip6 saddr fd00:86::/64 ip6 daddr fd00:17::/64 accept"),
        QStringLiteral("iifname eth0,eth1 oifname gvpn0 ip6 saddr fd00:17::/64 ip6 daddr fd00:86::/64 accept")};
    QCOMPARE(rules(ruleset.toStdString(), QStringLiteral("forward")), Clamping + expected + TunnelOnly);
    const QStringList masquerading{
        QStringLiteral("oifname != gvpn0 ip saddr 10.86.0.0/24 ip daddr 172.17.0.0/16,192.168.5.9/32 masquerade"),
        QStringLiteral("oifname != gvpn0 ip6 saddr fd00:86::/64 ip6 daddr fd00:17::/64 masquerade")};
    QCOMPARE(rules(ruleset.toStdString(), QStringLiteral("postrouting")), masquerading);
}

void NftRulesetTest::writesNoRulesForAFamilyWithoutAPool()
{
    TableSpec mixed = spec();
    mixed.forwarding->lanNetworks = prefixes({"172.17.0.0/16", "fd00:17::/64"});
    QCOMPARE(rules(makeRuleset(mixed), QStringLiteral("forward")), Clamping + Ipv4 + TunnelOnly);
    mixed.forwarding->lanNetworks = prefixes({"fd00:17::/64"});
    QCOMPARE(rules(makeRuleset(mixed), QStringLiteral("forward")), Clamping + TunnelOnly);
}

void NftRulesetTest::masqueradesOnlyWhenAsked()
{
    TableSpec plain = spec();
    QCOMPARE(rules(makeRuleset(plain), QStringLiteral("postrouting")).size(), 1);
    plain.forwarding->masquerades = false;
    QVERIFY(!QString::fromStdString(makeRuleset(plain)).contains(u"postrouting"));
}

void NftRulesetTest::clampsSegmentSizesFirstAndNotForAClient()
{
    TableSpec plain = spec();
    for (const bool masquerades : {true, false}) {
        plain.forwarding->masquerades = masquerades;
        QCOMPARE(rules(makeRuleset(plain), QStringLiteral("forward")).first(Clamping.size()), Clamping);
    }
    plain.forwarding.reset();
    plain.guardedAddresses = {*net::IpAddress::parse("10.86.0.2")};
    QVERIFY(!QString::fromStdString(makeRuleset(plain)).contains(u"maxseg"));
}

void NftRulesetTest::guardsTheInterfacesThatWereSwitchedOn()
{
    TableSpec guarded = spec();
    guarded.forwarding->guardedIPv4 = {"eth0", "eth1.5"};
    guarded.forwarding->guardedIPv6 = {"eth0"};
    const QStringList guards{QStringLiteral("nfproto ipv4 iifname eth0,eth1.5 oifname != gvpn0 oifgroup != 26486 drop"),
                             QStringLiteral("nfproto ipv6 iifname eth0 oifname != gvpn0 oifgroup != 26486 drop")};
    QCOMPARE(rules(makeRuleset(guarded), QStringLiteral("forward")),
             Clamping + Ipv4 + TunnelOnly + Exceptions + guards);
}

void NftRulesetTest::letsABridgeBridge()
{
    TableSpec guarded = spec();
    guarded.forwarding->bridges = {"br0", "br1"};
    QCOMPARE(rules(makeRuleset(guarded), QStringLiteral("forward")), Clamping + Ipv4 + TunnelOnly);
    guarded.forwarding->guardedIPv6 = {"br0", "br1"};
    const QStringList bridged{QStringLiteral("iifname br0 oifname br0 accept"),
                              QStringLiteral("iifname br1 oifname br1 accept")};
    const QStringList guards{QStringLiteral("nfproto ipv6 iifname br0,br1 oifname != gvpn0 oifgroup != 26486 drop")};
    QCOMPARE(rules(makeRuleset(guarded), QStringLiteral("forward")),
             Clamping + Ipv4 + TunnelOnly + bridged + Exceptions + guards);
}

void NftRulesetTest::letsNothingInWithoutLanInterfaces()
{
    TableSpec nowhere = spec();
    nowhere.forwarding->lanInterfaces.clear();
    QCOMPARE(rules(makeRuleset(nowhere), QStringLiteral("forward")), Clamping + Ipv4.first(1) + TunnelOnly);
}

void NftRulesetTest::guardsEveryInterfaceWhenAllOfIPv6WasSwitchedOn()
{
    TableSpec guarded = spec();
    guarded.forwarding->guardsAllIPv6 = true;
    const QStringList guards{QStringLiteral("nfproto ipv6 iifgroup != 26486 oifname != gvpn0 oifgroup != 26486 drop")};
    QCOMPARE(rules(makeRuleset(guarded), QStringLiteral("forward")),
             Clamping + Ipv4 + TunnelOnly + Exceptions + guards);
}

void NftRulesetTest::guardsTheAddressesFromNeighbours()
{
    TableSpec client;
    client.tunnelInterface = "gvpn0";
    client.guardedAddresses = {*net::IpAddress::parse("10.86.0.2"), *net::IpAddress::parse("fd00:86::2")};
    const std::string ruleset = makeRuleset(client);
    const QStringList expected{QStringLiteral("iifname != gvpn0 iifname != lo ip daddr 10.86.0.2 drop"),
                               QStringLiteral("iifname != gvpn0 iifname != lo ip6 daddr fd00:86::2 drop")};
    QCOMPARE(rules(ruleset, QStringLiteral("prerouting")), expected);
    QCOMPARE(chains(ruleset), QStringList{QStringLiteral("prerouting filter prerouting -300 accept")});
}

void NftRulesetTest::doesBothInOneTable()
{
    TableSpec both = spec();
    both.guardedAddresses = {*net::IpAddress::parse("10.86.0.1")};
    const std::string ruleset = makeRuleset(both);
    QCOMPARE(rules(ruleset, QStringLiteral("prerouting")),
             QStringList{QStringLiteral("iifname != gvpn0 iifname != lo ip daddr 10.86.0.1 drop")});
    QCOMPARE(rules(ruleset, QStringLiteral("forward")), Clamping + Ipv4 + TunnelOnly);
    QCOMPARE(chains(ruleset).size(), 3);
}

void NftRulesetTest::marksTheTableWithItsOwner()
{
    const std::string plain = makeRuleset(spec());
    const std::string marked = addOwner(plain, "gvpn_gvpn0", "00ff");
    const std::string mark = R"(,{"add":{"chain":{"family":"inet","name":"owner_00ff","table":"gvpn_gvpn0"}}}]})";
    QCOMPARE(QByteArray::fromStdString(marked), QByteArray::fromStdString(plain).chopped(2) + mark.c_str());
}

void NftRulesetTest::removesTheTable()
{
    QCOMPARE(QByteArray::fromStdString(makeTableRemoval("gvpn_gvpn0")),
             QByteArray(R"({"nftables":[{"add":{"table":{"family":"inet","name":"gvpn_gvpn0"}}},)"
                        R"({"delete":{"table":{"family":"inet","name":"gvpn_gvpn0"}}}]})"));
}

void NftRulesetTest::removesOnlyTheTableOfTheOwner()
{
    QCOMPARE(
        QByteArray::fromStdString(makeTableRemoval("gvpn_gvpn0", "00ff")),
        QByteArray(R"({"nftables":[{"delete":{"chain":{"family":"inet","name":"owner_00ff","table":"gvpn_gvpn0"}}},)"
                   R"({"delete":{"table":{"family":"inet","name":"gvpn_gvpn0"}}}]})"));
}

QTEST_APPLESS_MAIN(NftRulesetTest)

#include "tst_nft_ruleset.moc"
