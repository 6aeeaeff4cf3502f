// Views of bytes, and big-endian integers in them. No alignment is assumed.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace gvpn {

using ByteView = std::span<const std::byte>;
using ByteSpan = std::span<std::byte>;
using ByteVector = std::vector<std::byte>;

/// Reads a big-endian integer at offset. The caller has checked that sizeof(T) bytes are there.
template <std::unsigned_integral T>
[[nodiscard]] inline T readBigEndian(ByteView bytes, std::size_t offset = 0)
{
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i)
        value = static_cast<T>((sizeof(T) > 1 ? value << 8 : 0) | std::to_integer<T>(bytes[offset + i]));
    return value;
}

/// Writes a big-endian integer at offset. The caller has checked that sizeof(T) bytes are there.
template <std::unsigned_integral T>
inline void writeBigEndian(ByteSpan bytes, std::size_t offset, T value)
{
    for (std::size_t i = 0; i < sizeof(T); ++i)
        bytes[offset + i] = static_cast<std::byte>((value >> (8 * (sizeof(T) - 1 - i))) & 0xFFU);
}

[[nodiscard]] inline ByteView asBytes(std::string_view text)
{
    return std::as_bytes(std::span(text.data(), text.size()));
}

[[nodiscard]] inline std::string_view asText(ByteView bytes)
{
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace gvpn
