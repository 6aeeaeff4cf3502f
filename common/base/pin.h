// The identity of a peer: the SHA-256 of its public key (SubjectPublicKeyInfo, RFC 7469 section 2.4). A value.
#pragma once

#include "base/bytes.h"
#include "base/result.h"

#include <array>
#include <compare>
#include <string>
#include <string_view>

namespace gvpn {

class Pin {
public:
    static constexpr std::size_t SizeBytes = 32;
    static constexpr std::size_t TextLength = 43;

    Pin() = default;
    explicit Pin(const std::array<std::byte, SizeBytes>& hash)
        : m_hash(hash)
    {}

    /// 43 characters of base64url.
    [[nodiscard]] static Result<Pin> parse(std::string_view text);
    [[nodiscard]] std::string toString() const;
    [[nodiscard]] const std::array<std::byte, SizeBytes>& hash() const { return m_hash; }

    [[nodiscard]] auto operator<=>(const Pin&) const = default;
    [[nodiscard]] bool operator==(const Pin&) const = default;

private:
    std::array<std::byte, SizeBytes> m_hash{};
};

}  // namespace gvpn
