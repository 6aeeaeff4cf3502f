// What nft and iptables-legacy print about other programs' filters: whatever it is, the search for obstacles ends,
// finds only what it can name, and comes to the same twice.
#include "system/foreign_filters.h"
#include "system/foreign_rules.h"

#include <algorithm>
#include <cstdlib>
#include <span>

using namespace gvpn;
using namespace gvpn::system;

namespace {

void require(bool isTrue)
{
    if (!isTrue)
        std::abort();
}

FilterQuestion question()
{
    return {.tunnelInterface = "gvpn0",
            .tunnelNetworks = {*net::Prefix::parse("10.86.0.0/24"), *net::Prefix::parse("fd86::/64")},
            .lanNetworks = {*net::Prefix::parse("172.17.0.0/16"), *net::Prefix::parse("fd00:17::/64")},
            .lanInterfaces = {"lan"},
            .port = 51005,
            .portFamilies = {net::Family::IPv4, net::Family::IPv6}};
}

void check(const std::vector<FilterObstacle>& obstacles)
{
    for (const FilterObstacle& obstacle : obstacles) {
        require(!obstacle.table.starts_with("gvpn_"));
        require(!obstacle.isMendedByUs || obstacle.keeper == FilterKeeper::Docker);
        for (const std::string& text : {sentenceFor(obstacle, question()), remedyFor(obstacle, question())}) {
            const auto isControl = [](char character) { return character >= 0 && character < ' '; };
            require(!text.empty() && std::ranges::none_of(text, isControl));
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const QByteArrayView text(data, static_cast<qsizetype>(size));
    const auto found = findObstacles(text, question());
    const auto again = findObstacles(text, question());
    require(found.has_value() == again.has_value() && (!found || *found == *again));
    require(found || found.error().code == ErrorCode::Malformed);
    if (found)
        check(*found);
    for (const bool isIPv6 : {false, true}) {
        const auto legacy = findLegacyObstacles(text, isIPv6, question());
        check(legacy);
        require(std::ranges::none_of(legacy, &FilterObstacle::isMendedByUs));
    }
    const AddDockerRules rules{net::Family::IPv4, "gvpn0", {}, "a"};
    if (const auto chain = readDockerChain(text, rules)) {
        require(chain->own.size() <= chain->ofInterface.size() && chain->last.value_or(1) > 0);
        for (const std::int64_t handle : chain->ofInterface)
            require(handle > 0);
    }
    return 0;
}
