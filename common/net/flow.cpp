#include "net/flow.h"

#include <cstring>

namespace gvpn::net {

namespace {

constexpr std::uint8_t EcnBits = 0x03;
constexpr std::uint8_t CongestionExperienced = 0x03;

/// A word more: multiply and fold, as in splitmix64.
std::uint64_t mix(std::uint64_t hash, std::uint64_t word)
{
    hash = (hash ^ word) * 0x9E3779B97F4A7C15U;
    return hash ^ (hash >> 29U);
}

std::uint64_t mixBytes(std::uint64_t hash, ByteView bytes)
{
    while (bytes.size() >= sizeof(std::uint64_t)) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data(), sizeof(word));
        hash = mix(hash, word);
        bytes = bytes.subspan(sizeof(word));
    }
    return hash;
}

bool hasPorts(const IpPacket& ip)
{
    return !ip.isFragment()
           && (ip.protocol() == static_cast<std::uint8_t>(IpProtocol::Tcp)
               || ip.protocol() == static_cast<std::uint8_t>(IpProtocol::Udp));
}

/// RFC 1624, equation 3: HC' = ~(~HC + ~m + m').
std::uint16_t updatedChecksum(std::uint16_t checksum, std::uint16_t before, std::uint16_t after)
{
    std::uint32_t sum = static_cast<std::uint16_t>(~checksum);
    sum += static_cast<std::uint16_t>(~before);
    sum += after;
    sum = (sum & 0xFFFFU) + (sum >> 16U);
    sum = (sum & 0xFFFFU) + (sum >> 16U);
    return static_cast<std::uint16_t>(~sum);
}

bool markIPv4(ByteSpan packet)
{
    const auto service = std::to_integer<std::uint8_t>(packet[1]);
    if ((service & EcnBits) == 0)
        return false;
    const auto before = readBigEndian<std::uint16_t>(packet, 0);
    packet[1] = static_cast<std::byte>(service | CongestionExperienced);
    const auto after = readBigEndian<std::uint16_t>(packet, 0);
    writeBigEndian(packet, 10, updatedChecksum(readBigEndian<std::uint16_t>(packet, 10), before, after));
    return true;
}

/// The traffic class stands across the first two bytes (RFC 8200 section 3): its ECN bits are bits 5 and 4 of byte 1.
bool markIPv6(ByteSpan packet)
{
    constexpr std::byte Mask{EcnBits << 4U};
    if ((packet[1] & Mask) == std::byte{0})
        return false;
    packet[1] |= Mask;
    return true;
}

}  // namespace

std::uint64_t flowHash(const IpPacket& ip, ByteView packet, std::uint64_t seed)
{
    std::uint64_t hash = mix(seed, ip.protocol());
    // Source and destination stand side by side in both headers.
    hash = mixBytes(hash, ip.isIPv4() ? packet.subspan(12, 8) : packet.subspan(8, 32));
    if (hasPorts(ip) && packet.size() >= ip.headerBytes() + sizeof(std::uint32_t))
        hash = mix(hash, readBigEndian<std::uint32_t>(packet, ip.headerBytes()));
    return mix(hash, 0);
}

bool markCongestion(ByteSpan packet)
{
    return std::to_integer<unsigned>(packet[0]) >> 4U == 4 ? markIPv4(packet) : markIPv6(packet);
}

}  // namespace gvpn::net
