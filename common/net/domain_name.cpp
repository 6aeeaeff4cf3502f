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

std::string inLowerCase(std::string_view name)
{
    std::string result(name);
    std::ranges::transform(result, result.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return result;
}

bool isInDomain(std::string_view name, std::string_view domain)
{
    const std::string whole = inLowerCase(name.ends_with('.') ? name.substr(0, name.size() - 1) : name);
    const std::string end = inLowerCase(domain);
    return whole == end || (whole.size() > end.size() && whole.ends_with("." + end));
}

}  // namespace gvpn::net
