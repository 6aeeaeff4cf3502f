// What all links of a thread share: work space for the length of a call, the blocks that packets wait in, and the time.
// One thread.
#pragma once

#include "base/byte_buffer.h"
#include "base/clock.h"
#include "tunnel/buffer_stock.h"
#include "tunnel/handshake_queue.h"
#include "tunnel/packet_batch.h"
#include "tunnel/packet_pool.h"

namespace gvpn::tunnel {

/// What a link reads at one wake-up: enough to keep a fast sender busy, little enough to leave room for the other links
/// of the thread and for the other direction.
inline constexpr std::size_t ReadBytes = 128 * 1024;

/// The same for the TUN: so many packets, or about so many bytes.
inline constexpr int TunPacketsPerWakeUp = 256;
inline constexpr std::size_t TunBytesPerWakeUp = 128 * 1024;

struct LinkContext {
    explicit LinkContext(const TimeSource& timeSource);

    const TimeSource& time;
    ByteVector received;   // as it comes from the stream: ciphertext, or v1's bytes
    ByteVector plaintext;  // of received
    ByteBuffer sealed;     // records that are about to leave
    BufferStock pending;   // what full sockets did not take
    PacketPool pool;
    PacketBatch batch;
    std::uint64_t flowSeed;  // for net::flowHash(): nobody outside knows which flows share a place
    HandshakeQueue handshakes;
};

}  // namespace gvpn::tunnel
