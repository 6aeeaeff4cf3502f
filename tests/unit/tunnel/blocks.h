// For the tests of this folder: framed UDP packets in blocks of a pool, with a number and ECN bits.
#pragma once

#include "support/packets.h"
#include "tunnel/packet_pool.h"

namespace gvpn::tunnel::test {

enum class Ecn : std::uint8_t { NotCapable = 0, Capable1 = 1, Capable0 = 2, Experienced = 3 };

inline constexpr std::size_t UdpHeadersBytes = 28;

/// With a number in its payload, if there is room for it.
inline ByteVector numberedPacket(std::uint32_t number, std::size_t packetBytes, Ecn ecn = Ecn::NotCapable)
{
    ByteVector packet = gvpn::test::udpPacket(gvpn::test::address("10.86.0.2"), gvpn::test::address("172.17.0.9"),
                                              number, packetBytes - UdpHeadersBytes);
    packet[1] = static_cast<std::byte>(ecn);
    writeBigEndian(packet, 10, std::uint16_t{0});
    writeBigEndian(packet, 10, static_cast<std::uint16_t>(~net::checksumAdd(ByteView(packet).first(20))));
    return packet;
}

inline PacketBlock blockOf(PacketPool& pool, ByteView packet)
{
    PacketBlock block = pool.make(packet.size());
    std::ranges::copy(packet, block.packet().begin());
    block.writeFrame({}, Framing::V2);
    return block;
}

inline PacketBlock blockOf(PacketPool& pool, std::uint32_t number, std::size_t packetBytes, Ecn ecn = Ecn::NotCapable)
{
    return blockOf(pool, numberedPacket(number, packetBytes, ecn));
}

inline Ecn ecnOf(ByteView packet)
{
    return static_cast<Ecn>(std::to_integer<unsigned>(packet[1]) & 3U);
}

}  // namespace gvpn::tunnel::test
