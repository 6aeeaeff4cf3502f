// The frame decoder: a stream cut into chunks by the input gives the same frames as the stream in one piece.
#include "protocol/frame.h"

#include <algorithm>
#include <cstdlib>

using namespace gvpn;
using namespace gvpn::protocol;

namespace {

void require(bool isTrue)
{
    if (!isTrue)
        std::abort();
}

struct Outcome {
    ByteVector frames;  // of each: type, length of the body, body
    bool hasFailed = false;
    bool operator==(const Outcome&) const = default;
};

/// Modes: 0 before the login, 1 after it, 2 with packets.
FrameDecoder decoderIn(unsigned mode)
{
    FrameDecoder decoder;
    if (mode == 1)
        decoder.allowLargeControl();
    else if (mode == 2)
        decoder.allowPackets();
    return decoder;
}

/// False when the stream has failed.
bool drain(FrameDecoder& decoder, ByteSpan chunk, Outcome& outcome)
{
    // A copy of the exact size, so that a read beyond it is seen.
    ByteVector copy(chunk.begin(), chunk.end());
    copy.shrink_to_fit();
    decoder.feed(copy);
    while (true) {
        const auto frame = decoder.next();
        if (!frame) {
            outcome.hasFailed = true;
            require(!decoder.next());
            return false;
        }
        if (!*frame)
            return true;
        ByteVector head(5);
        head[0] = static_cast<std::byte>((*frame)->type);
        writeBigEndian(ByteSpan(head), 1, static_cast<std::uint32_t>((*frame)->body.size()));
        outcome.frames.insert(outcome.frames.end(), head.begin(), head.end());
        outcome.frames.insert(outcome.frames.end(), (*frame)->body.begin(), (*frame)->body.end());
        std::ranges::fill((*frame)->body, std::byte{0xEE});  // bodies may be written to
    }
}

}  // namespace

/// The first byte is the mode, the second the number of cuts; two bytes each say how far the next cut is; then comes
/// the stream.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size < 2)
        return 0;
    const unsigned mode = data[0] % 3U;
    const std::size_t cuts = std::min<std::size_t>(data[1], (size - 2) / 2);
    const auto bytes = std::as_bytes(std::span(data, size)).subspan(2);
    ByteVector stream(bytes.begin() + static_cast<std::ptrdiff_t>(2 * cuts), bytes.end());

    Outcome whole;
    FrameDecoder reference = decoderIn(mode);
    drain(reference, stream, whole);

    Outcome cut;
    FrameDecoder decoder = decoderIn(mode);
    ByteSpan rest = stream;
    for (std::size_t i = 0; i <= cuts && !cut.hasFailed; ++i) {
        const std::size_t wanted = i < cuts ? readBigEndian<std::uint16_t>(bytes, 2 * i) : rest.size();
        const ByteSpan chunk = rest.first(std::min(wanted, rest.size()));
        rest = rest.subspan(chunk.size());
        drain(decoder, chunk, cut);
        require(decoder.bufferedBytes() <= MaxPacketFrameBytes);
    }
    require(cut == whole);
    require(cut.hasFailed || decoder.bufferedBytes() == reference.bufferedBytes());
    return 0;
}
