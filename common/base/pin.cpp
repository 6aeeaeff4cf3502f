#include "base/pin.h"

#include "base/text.h"

#include <algorithm>

namespace gvpn {

Result<Pin> Pin::parse(std::string_view text)
{
    const auto bytes = fromBase64Url(text, SizeBytes);
    if (!bytes)
        return fail(ErrorCode::InvalidArgument, "pin: " + bytes.error().context);
    std::array<std::byte, SizeBytes> hash{};
    std::copy(bytes->begin(), bytes->end(), hash.begin());
    return Pin(hash);
}

std::string Pin::toString() const
{
    return toBase64Url(m_hash);
}

}  // namespace gvpn
