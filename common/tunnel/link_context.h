// What all links of a thread share: work space for the length of a call, and the time. One thread.
#pragma once

#include "base/byte_buffer.h"
#include "base/clock.h"

namespace gvpn::tunnel {

inline constexpr std::size_t ReadBytes = 128 * 1024;
/// Reads of one wake-up: enough to keep a fast sender busy, few enough to leave room for the other links of the thread.
inline constexpr int ReadsPerWakeUp = 2;

struct LinkContext {
    explicit LinkContext(const TimeSource& timeSource);

    const TimeSource& time;
    ByteVector received;   // as it comes from the stream: ciphertext, or v1's bytes
    ByteVector plaintext;  // of received
    ByteBuffer sealed;     // records that are about to leave
};

}  // namespace gvpn::tunnel
