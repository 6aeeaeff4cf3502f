#include "net/domain_name.h"

#include <algorithm>

namespace gvpn::net {

namespace {

constexpr std::size_t MaxNameLength = 253;  // RFC 1035 section 2.3.4, without the length bytes
constexpr std::size_t MaxLabelLength = 63;

bool isNameCharacter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

}  // namespace

bool isDomainName(std::string_view name)
{
    if (name.empty() || name.size() > MaxNameLength)
        return false;
    for (std::size_t begin = 0; begin <= name.size();) {
        const std::size_t end = std::min(name.find('.', begin), name.size());
        const std::string_view label = name.substr(begin, end - begin);
        if (label.empty() || label.size() > MaxLabelLength || label.starts_with('-') || label.ends_with('-')
            || !std::ranges::all_of(label, isNameCharacter))
            return false;
        begin = end + 1;
    }
    return true;
}

}  // namespace gvpn::net
