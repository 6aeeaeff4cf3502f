#include "base/secret_bytes.h"

#include <cstring>

namespace gvpn {

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
    // A plain memset before the memory goes back may be optimised away.
    if (!m_bytes.empty())
        ::explicit_bzero(m_bytes.data(), m_bytes.size());
    m_bytes.clear();
}

}  // namespace gvpn
