#include "tunnel/link_context.h"

#include "tls/tls_engine.h"
#include "tunnel/packet_batch.h"

namespace gvpn::tunnel {

LinkContext::LinkContext(const TimeSource& timeSource)
    : time(timeSource)
    , received(ReadBytes)
    , plaintext(tls::TlsEngine::plaintextRoom(ReadBytes))
    , sealed(tls::sealedBytes(MaxBatchBytes) + 2 * tls::ControlRoomBytes)
{}

}  // namespace gvpn::tunnel
