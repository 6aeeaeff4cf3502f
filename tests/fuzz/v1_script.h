// What the fuzzers of the v1 conversations share: bytes that go through a decoder into a conversation, and what holds
// for each answer.
#pragma once

#include "conversation_script.h"

#include "protocol/v1_conversation.h"

namespace gvpn::protocol::v1::fuzz {

using protocol::fuzz::require;
using protocol::fuzz::Script;

/// What is sent can be read by the other end within the limits before the registration, and nothing follows the end.
/// True when this was the end.
inline bool checkActions(const Actions& actions)
{
    for (std::size_t i = 0; i < actions.size(); ++i) {
        if (const auto* send = std::get_if<SendBytes>(&actions[i]))
            require(!send->bytes.empty() && send->bytes.size() <= FrameHeaderBytes + MaxControlDataBytes);
        if (std::holds_alternative<CloseConversation>(actions[i])) {
            require(i + 1 == actions.size());
            return true;
        }
    }
    return false;
}

/// The frame that an action sends; it must be one and whole.
inline Frame readFrame(ByteVector& bytes)
{
    Decoder decoder(HandshakeReplyBytes);
    ByteVector handshake(HandshakeReplyBytes);
    decoder.feed(handshake);
    require(decoder.next() && !*decoder.next());
    decoder.feed(bytes);
    const auto item = decoder.next();
    require(item && *item && std::holds_alternative<Frame>(**item));
    const Frame frame = std::get<Frame>(**item);
    require(frame.data.size() + FrameHeaderBytes == bytes.size());
    return frame;
}

/// Hands a chunk to the decoder and what comes out of it to the conversation, as a session does: packets after the
/// registration pass by, and a stream that is broken says nothing more. onActions is told of every answer.
template <typename Conversation, typename OnActions>
void deliver(ByteVector chunk, Decoder& decoder, Conversation& conversation, TimePoint now, const OnActions& onActions)
{
    const std::size_t mostKept =
        FrameHeaderBytes + (conversation.acceptsPackets() ? net::MaxPacketBytes : MaxControlDataBytes);
    decoder.feed(chunk);
    while (true) {
        const auto item = decoder.next();
        if (!item || !*item)
            break;
        if (const auto* handshake = std::get_if<Handshake>(&**item)) {
            onActions(conversation.receiveHandshake(handshake->bytes));
            continue;
        }
        const Frame& frame = std::get<Frame>(**item);
        const bool isPacket = frame.command == static_cast<std::int32_t>(Command::Packet);
        if (isPacket && conversation.acceptsPackets())
            continue;
        onActions(conversation.receive(frame, now));
        require(!isPacket || !conversation.acceptsPackets());
        if (conversation.acceptsPackets())
            decoder.allowPackets();
    }
    require(conversation.acceptsPackets() || decoder.bufferedBytes() < mostKept);
    require(decoder.bufferedBytes() < FrameHeaderBytes + net::MaxPacketBytes);
}

}  // namespace gvpn::protocol::v1::fuzz
