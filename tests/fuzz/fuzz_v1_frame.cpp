// The v1 decoder: a stream cut into chunks by the input gives the same items as the stream in one piece.
#include "protocol/v1_frame.h"

#include <algorithm>
#include <cstdlib>

using namespace gvpn;
using namespace gvpn::protocol::v1;

namespace {

void require(bool isTrue)
{
    if (!isTrue)
        std::abort();
}

struct Outcome {
    ByteVector items;  // of each: 'h' or 'f', command, transaction, length of the bytes, bytes
    std::size_t handshakes = 0;
    bool hasFailed = false;
    bool operator==(const Outcome&) const = default;
};

/// Modes: bit 0 a client's stream or a server's, bit 1 packets from the start, bit 2 packets from the first frame on.
Decoder decoderIn(unsigned mode)
{
    Decoder decoder((mode & 1U) == 0 ? HandshakeBytes : HandshakeReplyBytes);
    if ((mode & 2U) != 0)
        decoder.allowPackets();
    return decoder;
}

void note(const Item& item, bool isLarge, Outcome& outcome)
{
    Frame frame;
    const auto* handshake = std::get_if<Handshake>(&item);
    if (handshake) {
        ++outcome.handshakes;
        frame.data = handshake->bytes;
    } else {
        frame = std::get<Frame>(item);
        require(outcome.handshakes == 1);
        require(frame.data.size() <= (isLarge ? net::MaxPacketBytes : MaxControlDataBytes));
    }
    ByteVector head(13);
    head[0] = static_cast<std::byte>(handshake ? 'h' : 'f');
    writeBigEndian(ByteSpan(head), 1, static_cast<std::uint32_t>(frame.command));
    writeBigEndian(ByteSpan(head), 5, static_cast<std::uint32_t>(frame.transaction));
    writeBigEndian(ByteSpan(head), 9, static_cast<std::uint32_t>(frame.data.size()));
    outcome.items.insert(outcome.items.end(), head.begin(), head.end());
    outcome.items.insert(outcome.items.end(), frame.data.begin(), frame.data.end());
    std::ranges::fill(frame.data, std::byte{0xEE});  // data may be written to
}

/// False when the stream has failed.
bool drain(Decoder& decoder, ByteSpan chunk, unsigned mode, bool& isLarge, Outcome& outcome)
{
    // A copy of the exact size, so that a read beyond it is seen.
    ByteVector copy(chunk.begin(), chunk.end());
    copy.shrink_to_fit();
    decoder.feed(copy);
    while (true) {
        const auto item = decoder.next();
        if (!item) {
            outcome.hasFailed = true;
            require(!decoder.next() && decoder.bufferedBytes() == 0);
            return false;
        }
        if (!*item)
            return true;
        note(**item, isLarge, outcome);
        if ((mode & 4U) != 0 && std::holds_alternative<Frame>(**item)) {
            decoder.allowPackets();
            isLarge = true;
        }
    }
}

}  // namespace

/// The first byte is the mode, the second the number of cuts; two bytes each say how far the next cut is; then comes
/// the stream.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size < 2)
        return 0;
    const unsigned mode = data[0];
    const std::size_t cuts = std::min<std::size_t>(data[1], (size - 2) / 2);
    const auto bytes = std::as_bytes(std::span(data, size)).subspan(2);
    ByteVector stream(bytes.begin() + static_cast<std::ptrdiff_t>(2 * cuts), bytes.end());

    Outcome whole;
    Decoder reference = decoderIn(mode);
    bool isReferenceLarge = (mode & 2U) != 0;
    drain(reference, stream, mode, isReferenceLarge, whole);

    Outcome cut;
    Decoder decoder = decoderIn(mode);
    bool isLarge = (mode & 2U) != 0;
    ByteSpan rest = stream;
    for (std::size_t i = 0; i <= cuts && !cut.hasFailed; ++i) {
        const std::size_t wanted = i < cuts ? readBigEndian<std::uint16_t>(bytes, 2 * i) : rest.size();
        const ByteSpan chunk = rest.first(std::min(wanted, rest.size()));
        rest = rest.subspan(chunk.size());
        drain(decoder, chunk, mode, isLarge, cut);
        require(decoder.bufferedBytes() < FrameHeaderBytes + (isLarge ? net::MaxPacketBytes : MaxControlDataBytes));
    }
    require(cut == whole);
    require(cut.hasFailed || decoder.bufferedBytes() == reference.bufferedBytes());
    return 0;
}
