// Cuts a stream into frames whose size is in their first bytes, whatever the borders of the chunks are. What
// FrameDecoder (v2) and v1::Decoder are made of. Pure and on the packet path: no allocation for a frame that is whole
// in its chunk; any thread.
#pragma once

#include "base/bytes.h"
#include "base/result.h"

#include <optional>

namespace gvpn::protocol {

/// A frame that is whole in the chunk is handed out in place; a cut one is collected in a buffer, which never grows
/// beyond the size of that frame. A large buffer is given back by the first chunk that did not need it.
class FrameAssembler {
public:
    /// The next chunk. It must stay valid until next() has returned nothing. Precondition: the last chunk has been
    /// drained like that.
    void feed(ByteSpan chunk);

    /// The next frame as `parse` reads it, nothing when more bytes are needed, or an error, which stays. What the frame
    /// points at lives until the next call.
    /// sizeOf: Result<std::size_t>(ByteView), the size of the whole frame (>= headerBytes) from its first headerBytes
    /// (> 0); judges it before anything is allocated. parse: Result<Frame>(ByteSpan whole frame).
    template <typename Frame, typename SizeOf, typename Parse>
    [[nodiscard]] Result<std::optional<Frame>> next(std::size_t headerBytes, const SizeOf& sizeOf, const Parse& parse)
    {
        if (m_fault)
            return fail(*m_fault);
        finishPartial();
        if (!gatherHeader(headerBytes))
            return std::nullopt;
        const Result<std::size_t> size = sizeOf(header());
        if (!size)
            return fault(size.error());
        const ByteSpan whole = gather(*size);
        if (whole.empty())
            return std::nullopt;
        Result<Frame> frame = parse(whole);
        if (!frame)
            return fault(std::move(frame.error()));
        return std::optional<Frame>(std::move(*frame));
    }

    /// Bytes kept for a frame that is not whole yet.
    [[nodiscard]] std::size_t bufferedBytes() const { return m_partial.size(); }

private:
    /// Forgets the cut frame that the last call handed out.
    void finishPartial()
    {
        if (m_isPartialHandedOut) {
            m_partial.clear();
            m_isPartialHandedOut = false;
        }
    }
    /// Whether header() has the bytes that tell the frame's size.
    [[nodiscard]] bool gatherHeader(std::size_t headerBytes)
    {
        return isWholeInChunk(headerBytes) || gatherCutHeader(headerBytes);
    }
    [[nodiscard]] ByteView header() const { return m_partial.empty() ? ByteView(m_chunk) : ByteView(m_partial); }
    /// The frame of sizeBytes; empty while it is not whole.
    [[nodiscard]] ByteSpan gather(std::size_t sizeBytes)
    {
        if (!isWholeInChunk(sizeBytes))
            return gatherCut(sizeBytes);
        const ByteSpan whole = m_chunk.first(sizeBytes);
        m_chunk = m_chunk.subspan(sizeBytes);
        return whole;
    }
    [[nodiscard]] bool isWholeInChunk(std::size_t sizeBytes) const
    {
        return m_partial.empty() && m_chunk.size() >= sizeBytes;
    }
    [[nodiscard]] bool gatherCutHeader(std::size_t headerBytes);
    [[nodiscard]] ByteSpan gatherCut(std::size_t sizeBytes);
    void takeFromChunk(std::size_t sizeBytes);
    void keepRest(std::size_t totalBytes);
    [[nodiscard]] Failure fault(Error error);

    ByteSpan m_chunk;
    ByteVector m_partial;  // a frame that was cut by the end of a chunk
    std::optional<Error> m_fault;
    bool m_isPartialHandedOut = false;
    bool m_wasPartialUsed = false;  // since the last feed()
};

}  // namespace gvpn::protocol
