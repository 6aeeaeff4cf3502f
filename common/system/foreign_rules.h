// Our rules in Docker's chain for rules of others, as text for `nft -j` (libnftables-json(5)). Used by LinuxRunner;
// pure.
#pragma once

#include "base/result.h"
#include "system/operation.h"

#include <QByteArrayView>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gvpn::system {

/// The comment on the rules, by which they are found again: "gvpn_gvpn0 owner_1f0c…". `iptables -S` shows it, too.
[[nodiscard]] std::string ruleTag(const AddDockerRules& rules);

/// The words after "nft": what lists the chain, rules with their handles.
[[nodiscard]] std::vector<std::string> chainListing(const AddDockerRules& rules);

/// What is in the chain, by handles.
struct DockerChain {
    std::vector<std::int64_t> own;          // with exactly this tag
    std::vector<std::int64_t> ofInterface;  // of any owner: one that nft saved may be back
    std::optional<std::int64_t> last;       // leaves the chain whatever comes; Docker up to 27 ends it like that
};

/// Of what that printed. Malformed: not such a list.
[[nodiscard]] Result<DockerChain> readDockerChain(QByteArrayView listing, const AddDockerRules& rules);

/// One transaction: what is there of this interface goes, and for each tunnel network come
///
///   iifname tunnel, from the network   counter accept
///   oifname tunnel, to the network     counter accept
///
/// after the rules of others, which so keep what they drop. Only matches and statements that iptables-nft can show:
/// with others, `iptables -S` refuses the whole table, and dockerd with it. The accept ends Docker's own chains for
/// these packets, its isolation of networks included; our own table judges them all the same. What br_netfilter brings
/// here from Docker's bridges has other interfaces.
[[nodiscard]] std::string makeRuleInsertion(const AddDockerRules& rules, const DockerChain& chain);
[[nodiscard]] std::string makeRuleRemoval(const AddDockerRules& rules, const std::vector<std::int64_t>& handles);

}  // namespace gvpn::system
