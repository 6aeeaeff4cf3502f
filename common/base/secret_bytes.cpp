#include "base/secret_bytes.h"

#include <cstring>

namespace gvpn {

void wipe(ByteSpan bytes)
{
    // A plain memset before the memory goes back may be optimised away.
    if (!bytes.empty())
        ::explicit_bzero(bytes.data(), bytes.size());
}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept
{
    if (this != &other) {
        wipe();
        m_bytes = std::move(other.m_bytes);
        other.m_bytes.clear();
    }
    return *this;
}

void SecretBytes::wipe()
{
    gvpn::wipe(m_bytes);
    m_bytes.clear();
}

}  // namespace gvpn
