// What the tests of the reference protocol share: reading of actions, and what a peer says as it is on the wire.
#pragma once

#include "fixtures.h"

#include "protocol/v1_conversation.h"

namespace gvpn::protocol::v1::fixtures {

using protocol::fixtures::address;
using protocol::fixtures::fromHex;
using protocol::fixtures::interfaceAddress;

inline const TimePoint Start = TimePoint() + std::chrono::seconds(1000);
inline const net::Prefix OfficeLan = *net::Prefix::parse("172.17.0.0/16");

/// The registration of 10.86.0.101 with transaction 1, in the 16-byte form.
inline const char* const Registration = "00000018 00000001 00000001 00000000000000000000 ffff 0a560065";

template <typename T>
const T* actionAt(const Actions& actions, std::size_t index)
{
    return index < actions.size() ? std::get_if<T>(&actions[index]) : nullptr;
}

/// The bytes that the action at index sends; empty if it is another.
inline ByteVector sentAt(const Actions& actions, std::size_t index)
{
    const auto* send = actionAt<SendBytes>(actions, index);
    return send ? send->bytes : ByteVector();
}

/// The error of the only or the last action.
inline std::optional<Error> endOf(const Actions& actions)
{
    const auto* close = actions.empty() ? nullptr : std::get_if<CloseConversation>(&actions.back());
    return close ? std::optional(close->error) : std::nullopt;
}

inline std::optional<ErrorCode> endCodeOf(const Actions& actions)
{
    const auto error = endOf(actions);
    return error ? std::optional(error->code) : std::nullopt;
}

inline QByteArray toHex(ByteView bytes)
{
    const std::string_view text = asText(bytes);
    return QByteArray(text.data(), static_cast<qsizetype>(text.size())).toHex();
}

/// A frame with these bytes as its data.
inline ByteVector frameOf(std::int32_t command, std::int32_t transaction, QByteArrayView data)
{
    const auto size = static_cast<std::size_t>(data.size());
    return makeFrame(static_cast<Command>(command), transaction, asBytes({data.data(), size}));
}

/// JSON whose strings are written with single quotes.
inline QByteArray json(const char* text)
{
    return QByteArray(text).replace('\'', '"');
}

/// The frame in bytes; they live as long as the result.
inline Frame toFrame(ByteVector& bytes)
{
    const ByteSpan all(bytes);
    return {.command = static_cast<std::int32_t>(readBigEndian<std::uint32_t>(all, 4)),
            .transaction = static_cast<std::int32_t>(readBigEndian<std::uint32_t>(all, 8)),
            .data = all.subspan(FrameHeaderBytes)};
}

/// What a conversation says to a frame.
template <typename Conversation>
Actions tell(Conversation& conversation, ByteVector frame, TimePoint now = Start)
{
    return conversation.receive(toFrame(frame), now);
}

}  // namespace gvpn::protocol::v1::fixtures
