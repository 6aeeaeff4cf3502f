// Our rules in Docker's chain for rules of others, as text for `nft -j` (libnftables-json(5)). Used by LinuxRunner;
// pure.
#pragma once

#include "base/result.h"
#include "system/operation.h"

#include <QByteArrayView>

#include <cstdint>
#include <string>
#include <vector>

namespace gvpn::system {

/// The comment on the rules, by which they are found again: "gvpn_gvpn0 owner_1f0c…". `iptables -S` shows it, too.
[[nodiscard]] std::string ruleTag(const AddDockerRules& rules);

/// The words after "nft": what lists the chain, rules with their handles.
[[nodiscard]] std::vector<std::string> chainListing(const AddDockerRules& rules);
/// The handles of rules with this tag in what that printed. Malformed: not such a list.
[[nodiscard]] Result<std::vector<std::int64_t>> findTaggedRules(QByteArrayView listing, const std::string& tag);

/// One transaction: `stale` go, and for each tunnel network come
///
///   iifname tunnel, from the network   counter accept
///   oifname tunnel, to the network     counter accept
///
/// at the head of the chain. Only matches and statements that iptables-nft can show: with others, `iptables -S` refuses
/// the whole table, and dockerd with it. The accept ends Docker's own chains for these packets, its isolation of
/// networks included; our own table judges them all the same. What br_netfilter brings here from Docker's bridges has
/// other interfaces.
[[nodiscard]] std::string makeRuleInsertion(const AddDockerRules& rules, const std::vector<std::int64_t>& stale);
[[nodiscard]] std::string makeRuleRemoval(const AddDockerRules& rules, const std::vector<std::int64_t>& handles);

}  // namespace gvpn::system
