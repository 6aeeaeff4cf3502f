#include "protocol/link.h"

#include "base/text.h"

#include <QByteArray>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <span>

namespace gvpn::protocol {

namespace {

constexpr std::string_view Scheme = "gvpn://";

Failure fault(std::string_view what)
{
    return fail(ErrorCode::InvalidArgument, "link: " + std::string(what));
}

std::string_view withoutBlanksAround(std::string_view text)
{
    constexpr std::string_view Blanks = " \t\r\n";
    const std::size_t begin = text.find_first_not_of(Blanks);
    if (begin == std::string_view::npos)
        return {};
    return text.substr(begin, text.find_last_not_of(Blanks) - begin + 1);
}

bool isDigit(char c)
{
    return c >= '0' && c <= '9';
}

char toLower(char c)
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool isHexDigit(char c)
{
    return isDigit(c) || (toLower(c) >= 'a' && toLower(c) <= 'f');
}

bool hasScheme(std::string_view text)
{
    return text.size() >= Scheme.size() && std::ranges::equal(text.substr(0, Scheme.size()), Scheme, {}, toLower);
}

Result<std::uint16_t> parsePort(std::string_view text)
{
    unsigned port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    const bool isWhole = error == std::errc() && end == text.data() + text.size() && text.size() <= 5;
    if (!isWhole || port == 0 || port > 65535)
        return fault("the port is not a number from 1 to 65535");
    return static_cast<std::uint16_t>(port);
}

/// HOST, HOST:PORT, [IPV6] or [IPV6]:PORT. Stricter than HostPort::parse(): without brackets nobody could tell the port
/// of an IPv6 address from its last group.
Result<net::HostPort> parseServer(std::string_view text)
{
    const bool hasBrackets = text.starts_with('[');
    const std::size_t bracket = hasBrackets ? text.find(']') : 0;
    if (bracket == std::string_view::npos)
        return fault("a bracket of the host is missing");
    const std::size_t hostEnd = hasBrackets ? bracket + 1 : std::min(text.find(':'), text.size());
    const std::string_view host = hasBrackets ? text.substr(1, bracket - 1) : text.substr(0, hostEnd);
    const std::string_view rest = text.substr(hostEnd);
    if (host.empty())
        return fault("no host");
    if (!rest.empty() && !rest.starts_with(':'))
        return fault("something between the host and the port");
    if (!hasBrackets && std::ranges::count(text, ':') > 1)
        return fault("an IPv6 host needs brackets");

    std::uint16_t port = net::DefaultPort;
    if (!rest.empty()) {
        const auto parsed = parsePort(rest.substr(1));
        if (!parsed)
            return fail(parsed.error());
        port = *parsed;
    }
    if (hasBrackets) {
        const auto address = net::IpAddress::parse(host);
        if (!address || address->isIPv4())
            return fault("no IPv6 address between the brackets");
    }
    // What can't be read is not repeated: it may be the invite.
    auto server = net::HostPort::parse(text.substr(0, hostEnd));
    if (!server)
        return fault("the host is neither a name nor an address");
    server->port = port;
    return *server;
}

/// RFC 3986: a plus is a plus. QUrlQuery would leave a broken "%4" as it is and replace bytes that are no UTF-8.
Result<std::string> parseName(std::string_view encoded, std::string_view what)
{
    for (std::size_t i = 0; i < encoded.size(); ++i) {
        if (encoded[i] == '%'
            && (i + 2 >= encoded.size() || !isHexDigit(encoded[i + 1]) || !isHexDigit(encoded[i + 2])))
            return fault(std::string(what) + ": a bad percent sign");
    }
    const QByteArray name =
        QByteArray::fromPercentEncoding(QByteArray(encoded.data(), static_cast<qsizetype>(encoded.size())));
    if (static_cast<std::size_t>(name.size()) > MaxLinkNameBytes)
        return fault(std::string(what) + ": longer than " + std::to_string(MaxLinkNameBytes) + " bytes");
    std::string text = name.toStdString();
    if (!name.isValidUtf8() || escapeForDisplay(text) != text)
        return fault(std::string(what) + ": a control character or no UTF-8");
    return text;
}

Result<SecretBytes> parseInvite(std::string_view text)
{
    auto bytes = fromBase64Url(text, InviteBytes);
    if (!bytes)
        return fault("bad invite: " + bytes.error().context);
    SecretBytes secret{ByteView(*bytes)};
    ::explicit_bzero(bytes->data(), bytes->size());
    return secret;
}

/// The values of the keys that we know, as they are in the link.
struct Query {
    std::optional<std::string_view> pin;
    std::optional<std::string_view> invite;
    std::optional<std::string_view> user;
    std::optional<std::string_view> name;

    [[nodiscard]] std::optional<std::string_view>* find(std::string_view key)
    {
        if (key == "pin")
            return &pin;
        if (key == "invite")
            return &invite;
        if (key == "user")
            return &user;
        return key == "name" ? &name : nullptr;
    }
};

Result<Query> splitQuery(std::string_view text)
{
    Query query;
    while (!text.empty()) {
        const std::string_view item = text.substr(0, text.find('&'));
        text.remove_prefix(std::min(item.size() + 1, text.size()));
        const std::size_t equals = std::min(item.find('='), item.size());
        const std::string_view key = item.substr(0, equals);
        auto* value = query.find(key);
        if (!value)
            continue;
        if (value->has_value())
            return fault(std::string(key) + " is there twice");
        *value = item.substr(std::min(equals + 1, item.size()));
    }
    return query;
}

std::string percentEncoded(const std::string& text)
{
    return QByteArray::fromStdString(text).toPercentEncoding().toStdString();
}

}  // namespace

Result<Link> Link::parse(std::string_view text)
{
    text = withoutBlanksAround(text);
    if (text.size() > MaxLinkBytes)
        return fault("longer than " + std::to_string(MaxLinkBytes) + " bytes");
    if (!hasScheme(text))
        return fault("does not begin with " + std::string(Scheme));
    text.remove_prefix(Scheme.size());

    const std::size_t serverEnd = std::min(text.find_first_of("/?#"), text.size());
    auto server = parseServer(text.substr(0, serverEnd));
    if (!server)
        return fail(server.error());
    text.remove_prefix(serverEnd);
    if (text.starts_with('/'))
        text.remove_prefix(1);
    if (!text.empty() && !text.starts_with('?'))
        return fault("a path behind the host");
    if (text.find('#') != std::string_view::npos)
        return fault("a fragment");
    const auto query = splitQuery(text.substr(std::min<std::size_t>(1, text.size())));
    if (!query)
        return fail(query.error());

    if (!query->pin)
        return fault("no pin");
    const auto pin = Pin::parse(*query->pin);
    if (!pin)
        return fault("bad " + pin.error().context);
    auto user = parseName(query->user.value_or(""), "user");
    if (!user)
        return fail(user.error());
    auto label = parseName(query->name.value_or(""), "name");
    if (!label)
        return fail(label.error());

    Link link{std::move(*server), *pin, {}, std::move(*user), std::move(*label)};
    if (query->invite) {
        auto invite = parseInvite(*query->invite);
        if (!invite)
            return fail(invite.error());
        link.invite = std::move(*invite);
    }
    return link;
}

std::string Link::toString() const
{
    std::string text = std::string(Scheme) + server.toString() + "/?pin=" + pin.toString();
    if (invite)
        text += "&invite=" + toBase64Url(invite->view());
    if (!user.empty())
        text += "&user=" + percentEncoded(user);
    if (!label.empty())
        text += "&name=" + percentEncoded(label);
    return text;
}

}  // namespace gvpn::protocol
