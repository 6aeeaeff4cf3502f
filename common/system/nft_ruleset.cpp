#include "system/nft_ruleset.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <initializer_list>

namespace gvpn::system {

namespace {

using namespace Qt::StringLiterals;

QString toQString(std::string_view text)
{
    return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}

QJsonObject tableObject(const QString& tableName)
{
    return {{u"table"_s, QJsonObject{{u"family"_s, u"inet"_s}, {u"name"_s, tableName}}}};
}

QJsonObject match(const QString& op, const QJsonObject& left, const QJsonValue& right)
{
    return {{u"match"_s, QJsonObject{{u"op"_s, op}, {u"left"_s, left}, {u"right"_s, right}}}};
}

QJsonObject meta(const QString& key, const QString& op, const QJsonValue& value)
{
    return match(op, {{u"meta"_s, QJsonObject{{u"key"_s, key}}}}, value);
}

QJsonObject verdict(const QString& name)
{
    return {{name, QJsonValue::Null}};
}

QJsonObject addressIn(net::Family family, const QString& field, const std::vector<net::Prefix>& prefixes)
{
    QJsonArray set;
    for (const net::Prefix& prefix : prefixes) {
        if (prefix.family() != family)
            continue;
        const QJsonObject value{{u"addr"_s, toQString(prefix.network().toString())},
                                {u"len"_s, static_cast<int>(prefix.length())}};
        set.append(QJsonObject{{u"prefix"_s, value}});
    }
    const QString protocol = family == net::Family::IPv4 ? u"ip"_s : u"ip6"_s;
    const QJsonObject payload{{u"protocol"_s, protocol}, {u"field"_s, field}};
    return match(u"=="_s, {{u"payload"_s, payload}}, QJsonObject{{u"set"_s, set}});
}

bool hasFamily(const std::vector<net::Prefix>& prefixes, net::Family family)
{
    return std::ranges::any_of(prefixes, [&](const net::Prefix& prefix) { return prefix.family() == family; });
}

std::string toText(const QJsonArray& commands)
{
    return QJsonDocument(QJsonObject{{u"nftables"_s, commands}}).toJson(QJsonDocument::Compact).toStdString();
}

class RulesetBuilder {
public:
    explicit RulesetBuilder(const QString& tableName)
        : m_tableName(tableName)
    {
        add(tableObject(tableName));
        m_commands.append(QJsonObject{{u"delete"_s, tableObject(tableName)}});
    }

    void add(const QJsonObject& object) { m_commands.append(QJsonObject{{u"add"_s, object}}); }

    void addChain(const QString& name, const QString& type, int priority)
    {
        const QJsonObject chain{{u"family"_s, u"inet"_s},  {u"table"_s, m_tableName}, {u"name"_s, name},
                                {u"type"_s, type},         {u"hook"_s, name},         {u"prio"_s, priority},
                                {u"policy"_s, u"accept"_s}};
        add({{u"chain"_s, chain}});
    }

    void addRule(const QString& chain, const QJsonArray& expressions)
    {
        const QJsonObject rule{
            {u"family"_s, u"inet"_s}, {u"table"_s, m_tableName}, {u"chain"_s, chain}, {u"expr"_s, expressions}};
        add({{u"rule"_s, rule}});
    }

    [[nodiscard]] std::string toJson() const { return toText(m_commands); }

private:
    QString m_tableName;
    QJsonArray m_commands;
};

QJsonObject entersBy(const std::vector<std::string>& interfaces)
{
    QJsonArray names;
    for (const std::string& name : interfaces)
        names.append(toQString(name));
    return meta(u"iifname"_s, u"=="_s, QJsonObject{{u"set"_s, names}});
}

QJsonObject conntrack(const QString& key, const QString& op, const QJsonValue& value)
{
    return match(op, {{u"ct"_s, QJsonObject{{u"key"_s, key}}}}, value);
}

QJsonObject isEstablishedOrRelated()
{
    return conntrack(u"state"_s, u"in"_s, QJsonArray{u"established"_s, u"related"_s});
}

/// What this computer sends to itself comes by the loopback interface, whatever its source is.
void addAddressGuards(RulesetBuilder& builder, const TableSpec& spec)
{
    constexpr int RawPriority = -300;  // NF_IP_PRI_RAW: before connection tracking, so nobody fills its table
    builder.addChain(u"prerouting"_s, u"filter"_s, RawPriority);
    for (const net::IpAddress& address : spec.guardedAddresses) {
        const QString protocol = address.isIPv4() ? u"ip"_s : u"ip6"_s;
        const QJsonObject destination{{u"payload"_s, QJsonObject{{u"protocol"_s, protocol}, {u"field"_s, u"daddr"_s}}}};
        builder.addRule(u"prerouting"_s,
                        {meta(u"iifname"_s, u"!="_s, toQString(spec.tunnelInterface)),
                         meta(u"iifname"_s, u"!="_s, u"lo"_s),
                         match(u"=="_s, destination, toQString(address.toString())), verdict(u"drop"_s)});
    }
}

/// A SYN's MSS becomes what the smaller of the routes there and back carries, or stays below that: the ends then agree
/// on packets that fit everywhere, also where one end fragments instead of listening to "packet too big", and where the
/// LAN's switch carries more than this computer's interface, which would lose them without a word.
void addMssClamping(RulesetBuilder& builder, const QString& tunnel)
{
    const QJsonObject flags{{u"payload"_s, QJsonObject{{u"protocol"_s, u"tcp"_s}, {u"field"_s, u"flags"_s}}}};
    const QJsonObject isSyn = match(u"=="_s, {{u"&"_s, QJsonArray{flags, QJsonArray{u"syn"_s, u"rst"_s}}}}, u"syn"_s);
    const QJsonObject mss{{u"tcp option"_s, QJsonObject{{u"name"_s, u"maxseg"_s}, {u"field"_s, u"size"_s}}}};
    const QJsonObject routeMtu{{u"rt"_s, QJsonObject{{u"key"_s, u"mtu"_s}}}};
    const QJsonObject clamp{{u"mangle"_s, QJsonObject{{u"key"_s, mss}, {u"value"_s, routeMtu}}}};
    for (const QString& way : {u"iifname"_s, u"oifname"_s})
        builder.addRule(u"forward"_s, {meta(way, u"=="_s, tunnel), isSyn, clamp});
}

void addTunnelRules(RulesetBuilder& builder, const QString& tunnel, const ForwardingRules& spec)
{
    const QJsonObject fromTunnel = meta(u"iifname"_s, u"=="_s, tunnel);
    const QJsonObject toTunnel = meta(u"oifname"_s, u"=="_s, tunnel);
    for (const net::Family family : {net::Family::IPv4, net::Family::IPv6}) {
        if (!hasFamily(spec.tunnelNetworks, family) || !hasFamily(spec.lanNetworks, family))
            continue;
        builder.addRule(u"forward"_s, {fromTunnel, addressIn(family, u"saddr"_s, spec.tunnelNetworks),
                                       addressIn(family, u"daddr"_s, spec.lanNetworks), verdict(u"accept"_s)});
        // An address says nothing about who sent it: a neighbour on another link may use one of the LAN.
        if (!spec.lanInterfaces.empty())
            builder.addRule(u"forward"_s,
                            {entersBy(spec.lanInterfaces), toTunnel, addressIn(family, u"saddr"_s, spec.lanNetworks),
                             addressIn(family, u"daddr"_s, spec.tunnelNetworks), verdict(u"accept"_s)});
    }
    // Only what answers the tunnel may come in elsewhere (routes change), not more of what the LAN began.
    builder.addRule(u"forward"_s, {toTunnel, conntrack(u"direction"_s, u"=="_s, u"reply"_s), isEstablishedOrRelated(),
                                   verdict(u"accept"_s)});
    builder.addRule(u"forward"_s, {fromTunnel, verdict(u"drop"_s)});
    builder.addRule(u"forward"_s, {toTunnel, verdict(u"drop"_s)});
}

void addGuard(RulesetBuilder& builder, const QString& tunnel, const QString& family, const QJsonObject& scope)
{
    builder.addRule(u"forward"_s,
                    {meta(u"nfproto"_s, u"=="_s, family), scope, meta(u"oifname"_s, u"!="_s, tunnel),
                     meta(u"oifgroup"_s, u"!="_s, static_cast<int>(TunnelLinkGroup)), verdict(u"drop"_s)});
}

/// Frames that a bridge only bridges, and connections of containers and virtual machines that another program has
/// switched forwarding on for since: those were begun by them, or redirected to them.
void addGuardExceptions(RulesetBuilder& builder, const ForwardingRules& spec)
{
    for (const std::string& bridge : spec.bridges)
        builder.addRule(u"forward"_s, {meta(u"iifname"_s, u"=="_s, toQString(bridge)),
                                       meta(u"oifname"_s, u"=="_s, toQString(bridge)), verdict(u"accept"_s)});
    builder.addRule(u"forward"_s, {isEstablishedOrRelated(), verdict(u"accept"_s)});
    builder.addRule(u"forward"_s, {conntrack(u"status"_s, u"in"_s, u"dnat"_s), verdict(u"accept"_s)});
}

void addGuards(RulesetBuilder& builder, const QString& tunnel, const ForwardingRules& spec)
{
    if (spec.guardedIPv4.empty() && spec.guardedIPv6.empty() && !spec.guardsAllIPv6)
        return;
    addGuardExceptions(builder, spec);
    if (!spec.guardedIPv4.empty())
        addGuard(builder, tunnel, u"ipv4"_s, entersBy(spec.guardedIPv4));
    // What comes out of another server's tunnel is for that server's table to judge, too.
    if (spec.guardsAllIPv6)
        addGuard(builder, tunnel, u"ipv6"_s, meta(u"iifgroup"_s, u"!="_s, static_cast<int>(TunnelLinkGroup)));
    else if (!spec.guardedIPv6.empty())
        addGuard(builder, tunnel, u"ipv6"_s, entersBy(spec.guardedIPv6));
}

void addMasquerading(RulesetBuilder& builder, const QString& tunnel, const ForwardingRules& spec)
{
    constexpr int SourceNatPriority = 100;  // NF_IP_PRI_NAT_SRC
    builder.addChain(u"postrouting"_s, u"nat"_s, SourceNatPriority);
    for (const net::Family family : {net::Family::IPv4, net::Family::IPv6}) {
        if (!hasFamily(spec.tunnelNetworks, family) || !hasFamily(spec.lanNetworks, family))
            continue;
        builder.addRule(u"postrouting"_s,
                        {meta(u"oifname"_s, u"!="_s, tunnel), addressIn(family, u"saddr"_s, spec.tunnelNetworks),
                         addressIn(family, u"daddr"_s, spec.lanNetworks), verdict(u"masquerade"_s)});
    }
}

QString ownerChain(std::string_view owner)
{
    return u"owner_"_s + toQString(owner);
}

QJsonObject chainOf(std::string_view tableName, const QString& chain)
{
    const QJsonObject object{{u"family"_s, u"inet"_s}, {u"table"_s, toQString(tableName)}, {u"name"_s, chain}};
    return {{u"chain"_s, object}};
}

}  // namespace

std::string tableNameFor(std::string_view interfaceName)
{
    return "gvpn_" + std::string(interfaceName);
}

std::string makeRuleset(const TableSpec& spec)
{
    constexpr int FilterPriority = 0;  // NF_IP_PRI_FILTER
    const QString tunnel = toQString(spec.tunnelInterface);
    RulesetBuilder builder(toQString(tableNameFor(spec.tunnelInterface)));
    // The deletion took the table with it; "add" before it made sure that there was one to delete.
    builder.add(tableObject(toQString(tableNameFor(spec.tunnelInterface))));
    if (!spec.guardedAddresses.empty())
        addAddressGuards(builder, spec);
    if (spec.forwarding) {
        builder.addChain(u"forward"_s, u"filter"_s, FilterPriority);
        addMssClamping(builder, tunnel);
        addTunnelRules(builder, tunnel, *spec.forwarding);
        addGuards(builder, tunnel, *spec.forwarding);
        if (spec.forwarding->masquerades)
            addMasquerading(builder, tunnel, *spec.forwarding);
    }
    return builder.toJson();
}

std::string addOwner(const std::string& ruleset, std::string_view tableName, std::string_view owner)
{
    QJsonArray commands =
        QJsonDocument::fromJson(QByteArray::fromStdString(ruleset)).object().value(u"nftables").toArray();
    commands.append(QJsonObject{{u"add"_s, chainOf(tableName, ownerChain(owner))}});
    return toText(commands);
}

std::string makeTableRemoval(std::string_view tableName)
{
    return RulesetBuilder(toQString(tableName)).toJson();
}

std::string makeTableRemoval(std::string_view tableName, std::string_view owner)
{
    return toText({QJsonObject{{u"delete"_s, chainOf(tableName, ownerChain(owner))}},
                   QJsonObject{{u"delete"_s, tableObject(toQString(tableName))}}});
}

}  // namespace gvpn::system
