// What the tests of this folder share: bytes from hex, an example of every message, and reading of actions.
#pragma once

#include "protocol/conversation.h"

#include <QByteArray>

namespace gvpn::protocol::fixtures {

/// Blanks are skipped.
inline ByteVector fromHex(const QByteArray& hex)
{
    const QByteArray bytes = QByteArray::fromHex(hex);
    const auto view = std::as_bytes(std::span(bytes.constData(), static_cast<std::size_t>(bytes.size())));
    return {view.begin(), view.end()};
}

inline net::InterfaceAddress interfaceAddress(std::string_view text)
{
    return *net::InterfaceAddress::parse(text);
}

inline net::IpAddress address(std::string_view text)
{
    return *net::IpAddress::parse(text);
}

inline net::TunnelSettings exampleSettings()
{
    net::TunnelSettings settings;
    settings.addresses = {interfaceAddress("10.86.0.7/24"), interfaceAddress("fd00:86::7/64")};
    settings.gateways = {address("10.86.0.1"), address("fd00:86::1")};
    settings.routes = {*net::Prefix::parse("172.17.0.0/16"), *net::Prefix::parse("fd00:17::/48")};
    settings.dnsServers = {address("172.17.0.2")};
    settings.dnsDomains = {"office.example"};
    settings.mtu = 1400;
    settings.keepalive = std::chrono::seconds(10);
    return settings;
}

inline HelloReply exampleHelloReply()
{
    return {.version = 2, .capabilities = 31, .software = "gvpn-server 1", .loginMethods = {LoginMethod::None}};
}

inline SharedSecret secret(std::string_view text)
{
    return SharedSecret(SecretBytes(asBytes(text)));
}

/// With what the method needs.
inline Login loginBy(LoginMethod method)
{
    switch (method) {
    case LoginMethod::Password: return {method, "laptop", "alice", secret("hunter2")};
    case LoginMethod::Invite: return {method, "laptop", {}, secret("0123456789abcdef")};
    default: return {method, "laptop", {}, {}};
    }
}

/// One of each, in the order of their numbers; the last is one that this program doesn't know.
inline std::vector<Message> everyMessage()
{
    return {Hello{.minVersion = 2, .maxVersion = 2, .capabilities = 3, .software = "gvpn 1", .instance = {}},
            exampleHelloReply(),
            loginBy(LoginMethod::None),
            LoginReply{},
            AddressRequest{{interfaceAddress("10.86.0.7/24")}, false},
            AddressReply{exampleSettings()},
            Ping{77},
            Pong{78},
            Goodbye{GoodbyeCode::Kicked, "bye"},
            Notice{"mind the step"},
            UnknownMessage{99}};
}

template <typename T>
const T* actionAt(const Actions& actions, std::size_t index)
{
    return index < actions.size() ? std::get_if<T>(&actions[index]) : nullptr;
}

/// The message that is sent by the action at index.
template <typename T>
std::optional<T> sentAt(const Actions& actions, std::size_t index)
{
    const auto* send = actionAt<SendControl>(actions, index);
    if (!send)
        return {};
    const auto message = decode(send->body);
    const auto* wanted = message ? std::get_if<T>(&*message) : nullptr;
    return wanted ? std::optional<T>(*wanted) : std::nullopt;
}

/// One letter for what a conversation did: V violation, C closed without a word, P pong, - nothing, N anything else.
inline char letterOf(const Actions& actions)
{
    if (actions.empty())
        return '-';
    const auto goodbye = sentAt<Goodbye>(actions, 0);
    const auto* close = actionAt<CloseConversation>(actions, actions.size() - 1);
    if (goodbye && close && actions.size() == 2)
        return goodbye->code == GoodbyeCode::ProtocolViolation && close->error.code == ErrorCode::ProtocolViolation
                   ? 'V'
                   : 'G';
    if (close)
        return actions.size() == 1 ? 'C' : '?';
    if (const auto pong = sentAt<Pong>(actions, 0); pong && actions.size() == 1)
        return pong->id == 77 ? 'P' : '?';
    return 'N';
}

/// The bodies that a table's columns stand for: everyMessage(), and one that is malformed.
inline std::vector<ByteVector> everyBody()
{
    std::vector<ByteVector> bodies;
    for (const Message& message : everyMessage())
        bodies.push_back(encode(message));
    bodies.push_back(fromHex("a100"));
    return bodies;
}

}  // namespace gvpn::protocol::fixtures
