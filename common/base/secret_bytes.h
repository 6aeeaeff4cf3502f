// Bytes that are wiped before their memory is given back: keys, passwords, invite secrets. Any thread.
#pragma once

#include "base/bytes.h"

namespace gvpn {

/// Overwrites them, which the compiler may not leave out.
void wipe(ByteSpan bytes);

class SecretBytes {
public:
    SecretBytes() = default;
    explicit SecretBytes(std::size_t sizeBytes)
        : m_bytes(sizeBytes)
    {}
    explicit SecretBytes(ByteView bytes)
        : m_bytes(bytes.begin(), bytes.end())
    {}
    SecretBytes(SecretBytes&& other) noexcept
        : m_bytes(std::move(other.m_bytes))
    {
        other.m_bytes.clear();
    }
    SecretBytes& operator=(SecretBytes&& other) noexcept;
    SecretBytes(const SecretBytes&) = delete;
    SecretBytes& operator=(const SecretBytes&) = delete;
    ~SecretBytes() { wipe(); }

    [[nodiscard]] ByteView view() const { return m_bytes; }
    [[nodiscard]] ByteSpan span() { return m_bytes; }
    [[nodiscard]] bool isEmpty() const { return m_bytes.empty(); }
    void wipe();

private:
    ByteVector m_bytes;
};

}  // namespace gvpn
