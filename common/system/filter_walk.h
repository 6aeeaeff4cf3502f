// Follows a packet of ours through somebody else's packet filter, as far as that can be told from its rules. Used by
// foreign_filters.cpp; pure.
#pragma once

#include "base/result.h"
#include "net/prefix.h"

#include <QByteArrayView>
#include <QJsonArray>
#include <QString>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace gvpn::system {

/// A packet of which not everything is known.
struct FilterPacket {
    net::Family family = net::Family::IPv4;
    std::vector<std::string> enters;         // by one of these; empty: by any but the loopback interface and the tunnel
    std::vector<std::string> leaves;         // by one of these; empty: it stays on this computer
    std::optional<net::Prefix> source;       // somewhere in there; none: from anywhere
    std::optional<net::Prefix> destination;  // none: one of this computer's own addresses
    std::string tunnelInterface;             // in link group TunnelLinkGroup
    bool isReply = false;                    // of a connection that is known, or the first packet of one
    std::optional<std::uint16_t> port;       // where to, if that is known
    bool isEcho = false;                     // an ICMP echo request, or else TCP
};

/// A chain of the ruleset; base chains have a hook.
struct FilterChain {
    QString family;  // "ip", "ip6", "inet" …
    QString table;
    QString name;
    QString hook;
    bool dropsByPolicy = false;
    std::vector<QJsonArray> rules;  // the expressions of each: libnftables-json(5)
};

class FilterRuleset {
public:
    /// Of `nft -j list ruleset`. Malformed: not that. What is damaged inside is left out; switched off tables, too.
    [[nodiscard]] static Result<FilterRuleset> parse(QByteArrayView json);
    /// Of `iptables -S`, as a table "filter" of this family.
    [[nodiscard]] static FilterRuleset parseIptables(QByteArrayView rules, const QString& family);

    [[nodiscard]] const std::vector<FilterChain>& chains() const { return m_chains; }
    /// To see what an accepting rule after all others of this chain would change.
    void acceptLast(const FilterChain& sameTable, const QString& name);
    [[nodiscard]] const FilterChain* find(const FilterChain& sameTable, const QString& name) const;

private:
    FilterChain& add(FilterChain chain);
    FilterChain* findToFill(const QString& family, const QString& table, const QString& name);

    std::vector<FilterChain> m_chains;
    std::map<QString, std::size_t> m_places;  // in m_chains, by family, table and name
};

/// Whether this rule leaves its chain whatever comes, so that those after it are dead.
[[nodiscard]] bool alwaysReturns(const QJsonArray& expressions);
/// Whether a target of iptables with this name lets the packet go on to the next rule.
[[nodiscard]] bool isTargetThatGoesOn(const QString& name);

/// Whether the packet is dropped for sure in this base chain. Of what can't be decided the better outcome counts, with
/// one exception: a match of iptables whose arguments nft doesn't show (conntrack, addrtype …) is taken as true for an
/// accept only when the rule names something of ours (tunnel, network, port), or the packet is a reply. Nearly all such
/// accepts without that are for established connections, and would hide each policy "drop".
[[nodiscard]] bool isDroppedBy(const FilterRuleset& ruleset, const FilterChain& baseChain, const FilterPacket& packet);

}  // namespace gvpn::system
