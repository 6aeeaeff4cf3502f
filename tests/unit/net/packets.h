// Packets for the tests of this folder, made the slow and obvious way, with checksums that share no code with the
// library's.
#pragma once

#include "net/segment.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <random>

namespace gvpn::net::test {

inline void put16(ByteVector& bytes, std::size_t at, std::size_t value)
{
    bytes[at] = static_cast<std::byte>(value >> 8 & 0xFFU);
    bytes[at + 1] = static_cast<std::byte>(value & 0xFFU);
}

/// The complement of the one's complement sum, added up pair by pair.
inline std::uint16_t slowChecksum(const ByteVector& bytes)
{
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        sum += std::to_integer<std::uint32_t>(bytes[i]) << (i % 2 == 0 ? 8 : 0);
        if (sum > 0xFFFF)
            sum -= 0xFFFF;
    }
    return static_cast<std::uint16_t>(~sum);
}

struct PacketSpec {
    bool isIPv4 = true;
    bool isTcp = true;
    std::size_t ipOptionBytes = 0;             // IPv4 only, a multiple of 4
    std::size_t tcpOptionBytes = 0;            // a multiple of 4
    std::array<std::size_t, 2> ipv6Options{};  // bytes of destination options headers, multiples of 8; 0: none
    std::uint16_t identification = 0x1234;
    std::uint32_t sequence = 0x10203040;
    std::uint8_t flags = 0x10;  // ACK

    [[nodiscard]] std::size_t ipBytes() const
    {
        return std::accumulate(ipv6Options.begin(), ipv6Options.end(), isIPv4 ? 20 + ipOptionBytes : 40);
    }
    [[nodiscard]] std::size_t headerBytes() const { return ipBytes() + (isTcp ? 20 + tcpOptionBytes : 8); }
    [[nodiscard]] SegmentType type() const
    {
        if (isTcp)
            return isIPv4 ? SegmentType::Tcp4 : SegmentType::Tcp6;
        return isIPv4 ? SegmentType::Udp4 : SegmentType::Udp6;
    }
};

inline std::size_t checksumPlace(const PacketSpec& spec)
{
    return spec.ipBytes() + (spec.isTcp ? 16 : 6);
}

/// The bytes that the transport checksum covers before the transport header.
inline ByteVector pseudoHeader(const PacketSpec& spec, const ByteVector& packet)
{
    const auto addressesAt = packet.begin() + (spec.isIPv4 ? 12 : 8);
    ByteVector pseudo(addressesAt, addressesAt + (spec.isIPv4 ? 8 : 32));
    pseudo.resize(pseudo.size() + 4);
    put16(pseudo, pseudo.size() - 4, spec.isTcp ? 6 : 17);
    put16(pseudo, pseudo.size() - 2, packet.size() - spec.ipBytes());
    return pseudo;
}

/// The sum is right when summing over everything, the field included, gives all ones.
inline bool hasRightTransportChecksum(const PacketSpec& spec, const ByteVector& packet)
{
    ByteVector covered = pseudoHeader(spec, packet);
    covered.insert(covered.end(), packet.begin() + static_cast<std::ptrdiff_t>(spec.ipBytes()), packet.end());
    return slowChecksum(covered) == 0;
}

/// Everything filled in but the transport checksum, which is 0.
inline ByteVector packetWithoutChecksum(const PacketSpec& spec, ByteView payload)
{
    ByteVector packet(spec.headerBytes() + payload.size());
    if (spec.isIPv4) {
        packet[0] = static_cast<std::byte>(0x40 + spec.ipBytes() / 4);
        put16(packet, 2, packet.size());
        put16(packet, 4, spec.identification);
        packet[6] = std::byte{0x40};
        packet[8] = std::byte{61};
        packet[9] = spec.isTcp ? std::byte{6} : std::byte{17};
        put16(packet, 12, 0x0A56);
        put16(packet, 14, 0x0002);
        put16(packet, 16, 0xAC11);
        put16(packet, 18, 0xFFFE);
        std::fill_n(packet.begin() + 20, spec.ipOptionBytes, std::byte{1});
        put16(packet, 10, slowChecksum({packet.begin(), packet.begin() + static_cast<int>(spec.ipBytes())}));
    } else {
        packet[0] = std::byte{0x60};
        put16(packet, 4, packet.size() - 40);
        packet[6] = spec.isTcp ? std::byte{6} : std::byte{17};
        packet[7] = std::byte{61};
        for (std::size_t i = 8; i < 40; ++i)
            packet[i] = static_cast<std::byte>(0xFF - 3 * i);
        std::size_t next = 6;  // the place of the next header's number
        std::size_t begin = 40;
        for (const std::size_t size : spec.ipv6Options) {
            if (size == 0)
                break;
            packet[begin] = packet[next];
            packet[next] = std::byte{60};
            packet[begin + 1] = static_cast<std::byte>(size / 8 - 1);
            next = begin;
            begin += size;
        }
    }
    const std::size_t at = spec.ipBytes();
    put16(packet, at, 40001);
    put16(packet, at + 2, 5201);
    if (spec.isTcp) {
        put16(packet, at + 4, spec.sequence >> 16);
        put16(packet, at + 6, spec.sequence & 0xFFFFU);
        put16(packet, at + 8, 0xCAFE);
        packet[at + 12] = static_cast<std::byte>((20 + spec.tcpOptionBytes) / 4 << 4);
        packet[at + 13] = std::byte{spec.flags};
        put16(packet, at + 14, 0xFFFF);
        std::fill_n(packet.begin() + static_cast<int>(at) + 20, spec.tcpOptionBytes, std::byte{1});
    } else {
        put16(packet, at + 4, packet.size() - at);
    }
    std::ranges::copy(payload, packet.begin() + static_cast<int>(spec.headerBytes()));
    return packet;
}

inline ByteVector finishedPacket(const PacketSpec& spec, ByteView payload)
{
    ByteVector packet = packetWithoutChecksum(spec, payload);
    ByteVector covered = pseudoHeader(spec, packet);
    covered.insert(covered.end(), packet.begin() + static_cast<std::ptrdiff_t>(spec.ipBytes()), packet.end());
    const std::uint16_t sum = slowChecksum(covered);
    put16(packet, checksumPlace(spec), sum == 0 && !spec.isTcp ? 0xFFFF : sum);
    return packet;
}

/// As a kernel hands it over for offloading: the checksum field holds the pseudo header's sum.
inline ByteVector offloadedPacket(const PacketSpec& spec, ByteView payload)
{
    ByteVector packet = packetWithoutChecksum(spec, payload);
    put16(packet, checksumPlace(spec), 0xFFFFU - slowChecksum(pseudoHeader(spec, packet)));
    return packet;
}

inline SegmentHeader cutHeader(const PacketSpec& spec, std::size_t segmentBytes)
{
    return {spec.type(),
            true,
            false,
            static_cast<std::uint16_t>(spec.headerBytes()),
            static_cast<std::uint16_t>(segmentBytes),
            static_cast<std::uint16_t>(spec.ipBytes()),
            static_cast<std::uint16_t>(spec.isTcp ? 16 : 6)};
}

inline SegmentHeader wholeHeader(const PacketSpec& spec)
{
    SegmentHeader header = cutHeader(spec, 0);
    header.type = SegmentType::Whole;
    header.headerBytes = 0;
    return header;
}

inline ByteVector randomBytes(std::mt19937& random, std::size_t sizeBytes)
{
    ByteVector bytes(sizeBytes);
    for (std::byte& byte : bytes)
        byte = static_cast<std::byte>(random() & 0xFFU);
    return bytes;
}

}  // namespace gvpn::net::test
