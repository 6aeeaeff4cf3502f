// How the fuzzers of the conversations read their input: a list of steps, each one byte for what happens and, for a
// message, two bytes for its length and its body.
#pragma once

#include "protocol/conversation.h"

#include <algorithm>
#include <cstdlib>

namespace gvpn::protocol::fuzz {

class Script {
public:
    Script(const std::uint8_t* data, std::size_t size)
        : m_rest(std::as_bytes(std::span(data, size)))
    {}

    [[nodiscard]] bool isAtEnd() const { return m_rest.empty(); }

    /// 0 at the end.
    [[nodiscard]] std::uint8_t takeByte()
    {
        return m_rest.empty() ? std::uint8_t{0} : std::to_integer<std::uint8_t>(take(1)[0]);
    }

    [[nodiscard]] ByteVector takeBody()
    {
        const std::size_t high = takeByte();
        const std::size_t length = high << 8 | takeByte();
        const ByteView body = take(length);
        return {body.begin(), body.end()};
    }

private:
    ByteView take(std::size_t size)
    {
        const ByteView taken = m_rest.first(std::min(size, m_rest.size()));
        m_rest = m_rest.subspan(taken.size());
        return taken;
    }

    ByteView m_rest;
};

inline void require(bool isTrue)
{
    if (!isTrue)
        std::abort();
}

/// Holds for each answer of either conversation: what is sent can be read and kept to the limits, and nothing follows
/// the end. True when this was the end.
inline bool checkActions(const Actions& actions)
{
    for (std::size_t i = 0; i < actions.size(); ++i) {
        if (const auto* send = std::get_if<SendControl>(&actions[i]))
            require(send->body.size() <= MaxControlBytes && decode(send->body).has_value());
        if (std::holds_alternative<CloseConversation>(actions[i])) {
            require(i + 1 == actions.size());
            return true;
        }
    }
    return false;
}

}  // namespace gvpn::protocol::fuzz
