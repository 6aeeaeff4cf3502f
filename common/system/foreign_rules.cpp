#include "system/foreign_rules.h"

#include "system/filter_walk.h"
#include "system/nft_ruleset.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

namespace gvpn::system {

namespace {

using namespace Qt::StringLiterals;

constexpr const char* OwnerMark = " owner_";

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

QJsonObject metaKey(const QString& key)
{
    return {{u"meta"_s, QJsonObject{{u"key"_s, key}}}};
}

QJsonObject payloadKey(const QString& protocol, const QString& field)
{
    return {{u"payload"_s, QJsonObject{{u"protocol"_s, protocol}, {u"field"_s, field}}}};
}

/// before: a rule's handle; none: at the end.
QJsonObject acceptRule(const AddDockerRules& rules, const net::Prefix& network, bool isIncoming,
                       std::optional<std::int64_t> before)
{
    const QString interfaceKey = isIncoming ? u"iifname"_s : u"oifname"_s;
    const QString addressField = isIncoming ? u"saddr"_s : u"daddr"_s;
    const QJsonObject prefix{{u"addr"_s, QString::fromStdString(network.network().toString())},
                             {u"len"_s, static_cast<int>(network.length())}};
    QJsonObject rule = inChain(rules);
    if (before)
        rule.insert(u"handle"_s, static_cast<qint64>(*before));
    rule.insert(u"comment"_s, QString::fromStdString(ruleTag(rules)));
    rule.insert(
        u"expr"_s,
        QJsonArray{equals(metaKey(interfaceKey), QString::fromStdString(rules.interfaceName)),
                   equals(payloadKey(familyName(rules.family), addressField), QJsonObject{{u"prefix"_s, prefix}}),
                   QJsonObject{{u"counter"_s, QJsonValue::Null}}, QJsonObject{{u"accept"_s, QJsonValue::Null}}});
    return {{before ? u"insert"_s : u"add"_s, QJsonObject{{u"rule"_s, rule}}}};
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
    return rules.owner.empty() ? name : name + OwnerMark + rules.owner;
}

std::vector<std::string> chainListing(const AddDockerRules& rules)
{
    return {"-j", "-a", "list", "chain", familyName(rules.family).toStdString(), "filter", "DOCKER-USER"};
}

Result<DockerChain> readDockerChain(QByteArrayView listing, const AddDockerRules& rules)
{
    const QJsonValue list = QJsonDocument::fromJson(listing.toByteArray()).object().value(u"nftables");
    if (!list.isArray())
        return fail(ErrorCode::Malformed, "nft: its list of rules is not what libnftables-json(5) describes");
    const std::string name = tableNameFor(rules.interfaceName);
    DockerChain chain;
    const QJsonArray objects = list.toArray();
    for (const QJsonValue value : objects) {
        const QJsonObject rule = value.toObject().value(u"rule").toObject();
        const qint64 handle = rule.value(u"handle").toInteger();
        const std::string comment = rule.value(u"comment").toString().toStdString();
        if (handle <= 0)
            continue;
        if (comment == ruleTag(rules))
            chain.own.push_back(handle);
        if (comment == name || comment.starts_with(name + OwnerMark))
            chain.ofInterface.push_back(handle);
        if (!chain.last && alwaysReturns(rule.value(u"expr").toArray()))
            chain.last = handle;
    }
    return chain;
}

std::string makeRuleInsertion(const AddDockerRules& rules, const DockerChain& chain)
{
    QJsonArray commands = deletions(rules, chain.ofInterface);
    for (const net::Prefix& network : rules.tunnelNetworks) {
        commands.append(acceptRule(rules, network, true, chain.last));
        commands.append(acceptRule(rules, network, false, chain.last));
    }
    return toText(commands);
}

std::string makeRuleRemoval(const AddDockerRules& rules, const std::vector<std::int64_t>& handles)
{
    return toText(deletions(rules, handles));
}

}  // namespace gvpn::system
