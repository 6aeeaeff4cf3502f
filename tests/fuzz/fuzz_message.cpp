// The control messages: what was decoded is encoded and decoded to the same again.
#include "protocol/messages.h"

#include <cstdlib>

using namespace gvpn;
using namespace gvpn::protocol;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    // A copy of the exact size, so that a read beyond it is seen.
    const auto bytes = std::as_bytes(std::span(data, size));
    const ByteVector body(bytes.begin(), bytes.end());
    const auto message = decode(body);
    if (!message) {
        if (message.error().code != ErrorCode::Malformed || message.error().context.size() > 200)
            std::abort();
        return 0;
    }
    const ByteVector encoded = encode(*message);
    const auto again = decode(encoded);
    if (!again || *again != *message || encode(*again) != encoded)
        std::abort();
    return 0;
}
