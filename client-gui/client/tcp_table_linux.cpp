#include "client/tcp_table.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>

namespace gvpn::client {

namespace {

constexpr std::string_view Established = "01";  // TCP_ESTABLISHED
constexpr std::size_t WordDigits = 8;
// 00000000000000000000ffff…: RFC 4291, section 2.5.5.2.
constexpr std::size_t MappedPrefixBytes = 12;

template <typename T>
std::optional<T> fromHex(std::string_view text)
{
    T value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

bool isMapped(ByteView bytes)
{
    constexpr std::array<std::byte, MappedPrefixBytes> Prefix{
        {{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, std::byte{0xff}, std::byte{0xff}}};
    return std::ranges::equal(bytes.first(MappedPrefixBytes), Prefix);
}

/// Words of 32 bits as this computer has them in memory, each printed as a number.
std::optional<net::IpAddress> parseAddress(std::string_view digits)
{
    if (digits.size() != WordDigits && digits.size() != 4 * WordDigits)
        return std::nullopt;
    std::array<std::byte, 16> bytes{};
    for (std::size_t at = 0; at < digits.size(); at += WordDigits) {
        const auto word = fromHex<std::uint32_t>(digits.substr(at, WordDigits));
        if (!word)
            return std::nullopt;
        std::memcpy(bytes.data() + at / 2, &*word, sizeof(*word));
    }
    const ByteView all(bytes);
    if (digits.size() == WordDigits)
        return net::IpAddress::fromBytes(all.first(4));
    return net::IpAddress::fromBytes(isMapped(all) ? all.last(4) : all);
}

std::optional<net::Endpoint> parseEndpoint(std::string_view text)
{
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos)
        return std::nullopt;
    const auto address = parseAddress(text.substr(0, colon));
    const auto port = fromHex<std::uint16_t>(text.substr(colon + 1));
    return address && port ? std::optional(net::Endpoint{*address, *port}) : std::nullopt;
}

std::string readAll(const char* path)
{
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

}  // namespace

std::vector<net::Endpoint> connectedPeers(std::string_view table)
{
    std::vector<net::Endpoint> peers;
    std::istringstream lines{std::string(table)};
    for (std::string line; std::getline(lines, line);) {
        std::istringstream fields(line);
        std::string number;
        std::string local;
        std::string remote;
        std::string state;
        if (!(fields >> number >> local >> remote >> state) || state != Established)
            continue;
        if (const auto peer = parseEndpoint(remote))
            peers.push_back(*peer);
    }
    return peers;
}

bool hasConnectionTo(std::span<const net::IpAddress> addresses, std::uint16_t port)
{
    for (const char* path : {"/proc/net/tcp", "/proc/net/tcp6"}) {
        const auto peers = connectedPeers(readAll(path));
        const bool isThere = std::ranges::any_of(peers, [&](const net::Endpoint& peer) {
            return peer.port == port && std::ranges::find(addresses, peer.address) != addresses.end();
        });
        if (isThere)
            return true;
    }
    return false;
}

}  // namespace gvpn::client
