#include "tunnel/link_context.h"

#include "tls/tls_engine.h"

#include <random>

namespace gvpn::tunnel {

namespace {

/// Every part of a batch may end in a record that is not full.
constexpr std::size_t SealedBatchBytes = tls::sealedBytes(MaxBatchBytes) + MaxBatchParts * tls::RecordOverheadBytes;
/// Control messages behind a batch that waits.
constexpr std::size_t PendingBytes = SealedBatchBytes + 8 * tls::ControlRoomBytes;

}  // namespace

LinkContext::LinkContext(const TimeSource& timeSource)
    : time(timeSource)
    , received(ReadBytes)
    , plaintext(tls::TlsEngine::plaintextRoom(ReadBytes))
    , sealed(SealedBatchBytes + 2 * tls::ControlRoomBytes)
    , pending(PendingBytes)
    , flowSeed(std::random_device()())
{}

}  // namespace gvpn::tunnel
