#include "protocol/frame_assembler.h"

#include <algorithm>
#include <cassert>

namespace gvpn::protocol {

namespace {

// Above this a buffer that a connection doesn't need is given back.
constexpr std::size_t MaxKeptBytes = 4096;

}  // namespace

void FrameAssembler::feed(ByteSpan chunk)
{
    assert(m_chunk.empty() && !m_isPartialHandedOut);
    m_chunk = m_fault ? ByteSpan() : chunk;
    m_wasPartialUsed = false;
}

bool FrameAssembler::gatherCutHeader(std::size_t headerBytes)
{
    if (m_partial.empty()) {
        keepRest(headerBytes);
        return false;
    }
    m_wasPartialUsed = true;
    takeFromChunk(headerBytes);
    return m_partial.size() >= headerBytes;
}

ByteSpan FrameAssembler::gatherCut(std::size_t sizeBytes)
{
    if (m_partial.empty()) {
        keepRest(sizeBytes);
        return {};
    }
    m_partial.reserve(sizeBytes);
    takeFromChunk(sizeBytes);
    if (m_partial.size() < sizeBytes)
        return {};
    m_isPartialHandedOut = true;
    return m_partial;
}

/// Moves bytes of the chunk to the cut frame until it has sizeBytes.
void FrameAssembler::takeFromChunk(std::size_t sizeBytes)
{
    const std::size_t missing = sizeBytes - std::min(sizeBytes, m_partial.size());
    const ByteSpan taken = m_chunk.first(std::min(missing, m_chunk.size()));
    m_partial.insert(m_partial.end(), taken.begin(), taken.end());
    m_chunk = m_chunk.subspan(taken.size());
}

/// The chunk ends with the beginning of a frame (totalBytes: its size as far as it is known), or with nothing.
void FrameAssembler::keepRest(std::size_t totalBytes)
{
    if (!m_chunk.empty()) {
        m_partial.reserve(totalBytes);
        takeFromChunk(m_chunk.size());
    } else if (m_partial.capacity() > MaxKeptBytes && !m_wasPartialUsed) {
        // A chunk that did without the buffer: the stream of large frames is over. Not earlier, because a sender whose
        // frames end with a chunk would make us allocate for each of them.
        ByteVector().swap(m_partial);
    }
}

Failure FrameAssembler::fault(Error error)
{
    m_fault = std::move(error);
    m_chunk = {};
    ByteVector().swap(m_partial);
    m_isPartialHandedOut = false;
    return fail(*m_fault);
}

}  // namespace gvpn::protocol
