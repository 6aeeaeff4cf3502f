#include "net/endpoint.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace gvpn::net {

namespace {

constexpr std::size_t MaxNameLength = 253;  // RFC 1035 section 2.3.4, without the length bytes
constexpr std::size_t MaxLabelLength = 63;

struct Parts {
    std::string_view host;
    std::optional<std::string_view> port;
    bool isBracketed = false;
};

bool isDigit(char c)
{
    return c >= '0' && c <= '9';
}

bool isHexDigit(char c)
{
    return isDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool isNameCharacter(char c)
{
    return isDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' || c == '-';
}

/// What a resolver might read as a number ("010.0.0.1", "127.1", "0x7f000001") must not pass for a name.
bool endsInNumber(std::string_view host)
{
    std::string_view label = host.substr(host.rfind('.') + 1);
    if (label.starts_with("0x") || label.starts_with("0X"))
        return std::all_of(label.begin() + 2, label.end(), isHexDigit);
    return std::all_of(label.begin(), label.end(), isDigit);
}

bool isName(std::string_view host)
{
    if (host.empty() || host.size() > MaxNameLength || !std::all_of(host.begin(), host.end(), isNameCharacter)
        || endsInNumber(host))
        return false;
    for (std::size_t begin = 0; begin <= host.size();) {
        const std::size_t end = std::min(host.find('.', begin), host.size());
        if (end == begin || end - begin > MaxLabelLength)
            return false;
        begin = end + 1;
    }
    return true;
}

Failure badHost(std::string_view text, std::string_view why)
{
    return fail(ErrorCode::InvalidArgument, "\"" + std::string(text) + "\": " + std::string(why));
}

Result<Parts> split(std::string_view text)
{
    Parts parts;
    if (text.starts_with('[')) {
        const std::size_t bracket = text.find(']');
        if (bracket == std::string_view::npos)
            return badHost(text, "the closing bracket is missing");
        parts.host = text.substr(1, bracket - 1);
        parts.isBracketed = true;
        const std::string_view rest = text.substr(bracket + 1);
        if (!rest.empty() && rest.front() != ':')
            return badHost(text, "expected a colon and the port behind the bracket");
        if (!rest.empty())
            parts.port = rest.substr(1);
        return parts;
    }
    const std::size_t colon = text.find(':');
    parts.host = text.substr(0, colon);
    if (colon == std::string_view::npos)
        return parts;
    if (text.find(':', colon + 1) != std::string_view::npos)
        parts.host = text;  // an IPv6 address without brackets has no port
    else
        parts.port = text.substr(colon + 1);
    return parts;
}

Result<std::uint16_t> parsePort(std::string_view text, unsigned lowest)
{
    unsigned port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    const bool isNumber = error == std::errc() && end == text.data() + text.size();
    if (!isNumber || (text.size() > 1 && text.front() == '0') || port < lowest || port > 65535)
        return badHost(text, "a port is a number from " + std::to_string(lowest) + " to 65535");
    return static_cast<std::uint16_t>(port);
}

std::string withPort(const std::string& host, std::uint16_t port)
{
    const bool needsBrackets = host.find(':') != std::string::npos;
    return (needsBrackets ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

}  // namespace

Result<HostPort> HostPort::parse(std::string_view text)
{
    const auto parts = split(text);
    if (!parts)
        return fail(parts.error());
    HostPort result;
    const auto address = IpAddress::parse(parts->host);
    if (address && (!parts->isBracketed || !address->isIPv4()))
        result.host = address->toString();
    else if (!parts->isBracketed && isName(parts->host))
        result.host = parts->host;
    else
        return badHost(text, "not a host name or an IP address");
    if (parts->port) {
        const auto port = parsePort(*parts->port, 1);
        if (!port)
            return fail(port.error());
        result.port = *port;
    }
    return result;
}

Result<HostPort> HostPort::parseListen(std::string_view text)
{
    const auto parts = split(text);
    if (!parts)
        return fail(parts.error());
    HostPort result;
    const bool isEverywhere = parts->host.empty() && !parts->isBracketed && parts->port.has_value();
    if (!isEverywhere) {
        const auto address = IpAddress::parse(parts->host);
        if (!address || (parts->isBracketed && address->isIPv4()))
            return badHost(text, "not an address to listen on");
        result.host = address->toString();
    }
    if (parts->port) {
        const auto port = parsePort(*parts->port, 0);
        if (!port)
            return fail(port.error());
        result.port = *port;
    }
    return result;
}

std::string HostPort::toString() const
{
    return withPort(host, port);
}

std::string Endpoint::toString() const
{
    return withPort(address.toString(), port);
}

}  // namespace gvpn::net
