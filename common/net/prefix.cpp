#include "net/prefix.h"

#include <algorithm>
#include <cassert>
#include <charconv>

namespace gvpn::net {

namespace {

Result<InterfaceAddress> parseWithLength(std::string_view text)
{
    const auto failure = [text](std::string_view why) {
        return fail(ErrorCode::InvalidArgument, "\"" + std::string(text) + "\": " + std::string(why));
    };
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos)
        return failure("expected ADDRESS/LENGTH");
    const auto address = IpAddress::parse(text.substr(0, slash));
    if (!address)
        return failure("not an IP address before the slash");

    const std::string_view digits = text.substr(slash + 1);
    unsigned length = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
    const bool isNumber = error == std::errc() && end == digits.data() + digits.size();
    if (!isNumber || (digits.size() > 1 && digits.front() == '0'))
        return failure("not a prefix length behind the slash");
    if (length > bitCount(address->family()))
        return failure("the prefix length is at most " + std::to_string(bitCount(address->family())));
    return InterfaceAddress{*address, length};
}

}  // namespace

Prefix::Prefix(const IpAddress& address, unsigned length)
    : m_network(address.masked(length))
    , m_length(length)
{
    assert(length <= bitCount(address.family()));
}

Result<Prefix> Prefix::parse(std::string_view text)
{
    const auto parsed = parseWithLength(text);
    if (!parsed)
        return fail(parsed.error());
    const Prefix prefix = parsed->prefix();
    if (prefix.network() != parsed->address)
        return fail(ErrorCode::InvalidArgument,
                    "\"" + std::string(text) + "\" has host bits (did you mean " + prefix.toString() + "?)");
    return prefix;
}

IpAddress Prefix::last() const
{
    std::array<std::byte, 16> bytes{};
    const ByteView network = m_network.bytes();
    for (unsigned i = 0; i < network.size(); ++i) {
        const unsigned kept = std::clamp(m_length, i * 8, i * 8 + 8) - i * 8;
        bytes[i] = network[i] | static_cast<std::byte>(0xFFU >> kept);
    }
    return IpAddress::fromBytes(ByteView(bytes).first(network.size()));
}

IpAddress Prefix::firstHost() const
{
    return m_length + 1 >= bitCount(family()) ? m_network : m_network.plus(1);
}

bool Prefix::contains(const IpAddress& address) const
{
    return address.family() == family() && address.masked(m_length) == m_network;
}

bool Prefix::contains(const Prefix& other) const
{
    return m_length <= other.m_length && contains(other.m_network);
}

bool Prefix::isPrivate() const
{
    // No two private networks lie in a block that begins in one of them: both ends in means all in.
    return m_network.isPrivate() && last().isPrivate();
}

std::string Prefix::toString() const
{
    return m_network.toString() + "/" + std::to_string(m_length);
}

Result<InterfaceAddress> InterfaceAddress::parse(std::string_view text)
{
    return parseWithLength(text);
}

std::string InterfaceAddress::toString() const
{
    return address.toString() + "/" + std::to_string(length);
}

std::string joinPrefixes(std::span<const Prefix> prefixes)
{
    std::string joined;
    for (const Prefix& prefix : prefixes)
        joined += (joined.empty() ? "" : ", ") + prefix.toString();
    return joined;
}

}  // namespace gvpn::net
