#include "bus/shared_domain.h"

#include "net/domain_name.h"

#include <algorithm>
#include <array>
#include <libpsl.h>
#include <string>

namespace gvpn::bus {

namespace {

constexpr std::array<std::string_view, 2> ReverseZones = {"in-addr.arpa", "ip6.arpa"};

}  // namespace

bool isPublicSuffix(std::string_view name)
{
    if (name.find('.') == std::string_view::npos)
        return true;
    // It is a part of the library, unless somebody has built that without: then no domain is known to be one office's.
    const psl_ctx_t* list = psl_builtin();
    return list == nullptr
           || psl_is_public_suffix2(list, std::string(name).c_str(), PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE) != 0;
}

bool isSharedDomain(std::string_view name)
{
    const auto isBelow = [name](std::string_view zone) { return net::isInDomain(name, zone); };
    return isPublicSuffix(name) || std::ranges::any_of(ReverseZones, isBelow);
}

}  // namespace gvpn::bus
