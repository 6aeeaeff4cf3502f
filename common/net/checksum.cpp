#include "net/checksum.h"

namespace gvpn::net {

namespace {

std::uint16_t fold(std::uint64_t sum)
{
    while (sum >> 16 != 0)
        sum = (sum & 0xFFFFU) + (sum >> 16);
    return static_cast<std::uint16_t>(sum);
}

std::uint64_t halves(const std::byte* bytes)
{
    std::uint64_t word = 0;
    std::memcpy(&word, bytes, sizeof word);
    return (word & 0xFFFFFFFFU) + (word >> 32);
}

}  // namespace

std::uint16_t checksumAdd(ByteView bytes, std::uint16_t start)
{
    // Words of the machine's own order are summed and the sum is swapped once (RFC 1071 section 2 (B)). Two
    // accumulators, because one would make each addition wait for the one before.
    constexpr std::size_t Step = 16;
    std::uint64_t even = 0;
    std::uint64_t odd = 0;
    const std::byte* at = bytes.data();
    std::size_t left = bytes.size();
    for (; left >= Step; left -= Step, at += Step) {
        even += halves(at);
        odd += halves(at + 8);
    }
    if (left > 0) {
        std::byte rest[Step] = {};
        std::memcpy(rest, at, left);
        even += halves(rest) + halves(rest + 8);
    }
    std::uint16_t sum = fold(even + odd);
    if constexpr (std::endian::native == std::endian::little)
        sum = static_cast<std::uint16_t>(sum << 8 | sum >> 8);
    return fold(std::uint64_t{sum} + start);
}

std::uint16_t pseudoHeaderSum(const IpAddress& source, const IpAddress& destination, std::uint8_t protocol,
                              std::uint32_t lengthBytes)
{
    const std::uint16_t addresses = checksumAdd(destination.bytes(), checksumAdd(source.bytes()));
    return fold(std::uint64_t{addresses} + protocol + lengthBytes);
}

}  // namespace gvpn::net
