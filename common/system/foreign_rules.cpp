#include "system/foreign_rules.h"

#include "system/nft_ruleset.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

namespace gvpn::system {

namespace {

using namespace Qt::StringLiterals;

QString familyName(net::Family family)
{
    return family == net::Family::IPv4 ? u"ip"_s : u"ip6"_s;
}

QJsonObject inChain(const AddDockerRules& rules)
{
    return {{u"family"_s, familyName(rules.family)}, {u"table"_s, u"filter"_s}, {u"chain"_s, u"DOCKER-USER"_s}};
}

QJsonObject equals(const QJsonObject& left, const QJsonValue& right)
{
    return {{u"match"_s, QJsonObject{{u"op"_s, u"=="_s}, {u"left"_s, left}, {u"right"_s, right}}}};
}

QJsonObject acceptRule(const AddDockerRules& rules, const net::Prefix& network, bool isIncoming)
{
    const QJsonObject interface {
        {
            u"meta"_s, QJsonObject
            {
                {
                    u"key"_s, isIncoming ? u"iifname"_s : u"oifname"_s
                }
            }
        }
    };
    const QJsonObject address{{u"payload"_s, QJsonObject{{u"protocol"_s, familyName(rules.family)},
                                                         {u"field"_s, isIncoming ? u"saddr"_s : u"daddr"_s}}}};
    const QJsonObject prefix{{u"addr"_s, QString::fromStdString(network.network().toString())},
                             {u"len"_s, static_cast<int>(network.length())}};
    QJsonObject rule = inChain(rules);
    rule.insert(u"comment"_s, QString::fromStdString(ruleTag(rules)));
    rule.insert(u"expr"_s, QJsonArray{equals(interface, QString::fromStdString(rules.interfaceName)),
                                      equals(address, QJsonObject{{u"prefix"_s, prefix}}),
                                      QJsonObject{{u"counter"_s, QJsonValue::Null}},
                                      QJsonObject{{u"accept"_s, QJsonValue::Null}}});
    return {{u"insert"_s, QJsonObject{{u"rule"_s, rule}}}};
}

QJsonArray deletions(const AddDockerRules& rules, const std::vector<std::int64_t>& handles)
{
    QJsonArray commands;
    for (const std::int64_t handle : handles) {
        QJsonObject rule = inChain(rules);
        rule.insert(u"handle"_s, static_cast<qint64>(handle));
        commands.append(QJsonObject{{u"delete"_s, QJsonObject{{u"rule"_s, rule}}}});
    }
    return commands;
}

std::string toText(const QJsonArray& commands)
{
    return QJsonDocument(QJsonObject{{u"nftables"_s, commands}}).toJson(QJsonDocument::Compact).toStdString();
}

}  // namespace

std::string ruleTag(const AddDockerRules& rules)
{
    const std::string name = tableNameFor(rules.interfaceName);
    return rules.owner.empty() ? name : name + " owner_" + rules.owner;
}

std::vector<std::string> chainListing(const AddDockerRules& rules)
{
    return {"-j", "-a", "list", "chain", familyName(rules.family).toStdString(), "filter", "DOCKER-USER"};
}

Result<std::vector<std::int64_t>> findTaggedRules(QByteArrayView listing, const std::string& tag)
{
    const QJsonValue list = QJsonDocument::fromJson(listing.toByteArray()).object().value(u"nftables");
    if (!list.isArray())
        return fail(ErrorCode::Malformed, "nft: its list of rules is not what libnftables-json(5) describes");
    std::vector<std::int64_t> handles;
    const QJsonArray objects = list.toArray();
    for (const QJsonValue value : objects) {
        const QJsonObject rule = value.toObject().value(u"rule").toObject();
        const qint64 handle = rule.value(u"handle").toInteger();
        if (handle > 0 && rule.value(u"comment").toString().toStdString() == tag)
            handles.push_back(handle);
    }
    return handles;
}

std::string makeRuleInsertion(const AddDockerRules& rules, const std::vector<std::int64_t>& stale)
{
    QJsonArray commands = deletions(rules, stale);
    for (const net::Prefix& network : rules.tunnelNetworks) {
        commands.append(acceptRule(rules, network, false));
        commands.append(acceptRule(rules, network, true));
    }
    return toText(commands);
}

std::string makeRuleRemoval(const AddDockerRules& rules, const std::vector<std::int64_t>& handles)
{
    return toText(deletions(rules, handles));
}

}  // namespace gvpn::system
