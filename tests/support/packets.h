// Small makers of addresses and packets for tests of several layers. Payloads carry a number, so that a test can say
// which packet arrived.
#pragma once

#include "net/checksum.h"
#include "net/prefix.h"
#include "net/segment.h"

#include <algorithm>

namespace gvpn::test {

inline net::IpAddress address(std::string_view text)
{
    return *net::IpAddress::parse(text);
}

inline net::Prefix network(std::string_view text)
{
    return *net::Prefix::parse(text);
}

inline net::InterfaceAddress interfaceAddress(std::string_view text)
{
    return *net::InterfaceAddress::parse(text);
}

inline constexpr std::size_t UdpBytes = 8;
inline constexpr std::size_t TcpBytes = 20;

inline ByteVector ipPacket(const net::IpAddress& source, const net::IpAddress& destination, net::IpProtocol protocol,
                           ByteView transport)
{
    const bool isIPv4 = source.isIPv4();
    const std::size_t headerBytes = isIPv4 ? 20 : 40;
    ByteVector packet(headerBytes + transport.size());
    if (isIPv4) {
        packet[0] = std::byte{0x45};
        writeBigEndian(packet, 2, static_cast<std::uint16_t>(packet.size()));
        packet[8] = std::byte{64};
        packet[9] = static_cast<std::byte>(protocol);
    } else {
        packet[0] = std::byte{0x60};
        writeBigEndian(packet, 4, static_cast<std::uint16_t>(transport.size()));
        packet[6] = static_cast<std::byte>(protocol);
        packet[7] = std::byte{64};
    }
    const std::ptrdiff_t at = isIPv4 ? 12 : 8;
    const auto addressBytes = static_cast<std::ptrdiff_t>(source.bytes().size());
    std::ranges::copy(source.bytes(), packet.begin() + at);
    std::ranges::copy(destination.bytes(), packet.begin() + at + addressBytes);
    if (isIPv4)
        writeBigEndian(packet, 10, static_cast<std::uint16_t>(~net::checksumAdd(ByteView(packet).first(20))));
    std::ranges::copy(transport, packet.begin() + static_cast<std::ptrdiff_t>(headerBytes));
    return packet;
}

/// payloadBytes bytes that begin with the number (if there is room for it) and go on with a pattern.
inline ByteVector numberedPayload(std::uint32_t number, std::size_t payloadBytes)
{
    ByteVector payload(payloadBytes);
    for (std::size_t i = 0; i < payloadBytes; ++i)
        payload[i] = static_cast<std::byte>((number + i * 7) & 0xFFU);
    if (payloadBytes >= 4)
        writeBigEndian(payload, 0, number);
    return payload;
}

/// A packet with a header that wants its checksum, or none of both.
struct Segment {
    net::SegmentHeader header;
    ByteVector bytes;
};

/// As a kernel gives it for offloading: the checksum field holds the pseudo header's sum.
inline Segment unfinished(const net::IpAddress& source, const net::IpAddress& destination, net::IpProtocol protocol,
                          ByteView payload)
{
    const bool isTcp = protocol == net::IpProtocol::Tcp;
    ByteVector transport((isTcp ? TcpBytes : UdpBytes) + payload.size());
    writeBigEndian(transport, 0, std::uint16_t{40000});
    writeBigEndian(transport, 2, std::uint16_t{5001});
    if (isTcp) {
        transport[12] = std::byte{0x50};
        transport[13] = std::byte{0x10};
    } else {
        writeBigEndian(transport, 4, static_cast<std::uint16_t>(transport.size()));
    }
    const std::size_t checksumOffset = isTcp ? 16 : 6;
    const auto lengthBytes = static_cast<std::uint32_t>(transport.size());
    writeBigEndian(transport, checksumOffset,
                   net::pseudoHeaderSum(source, destination, static_cast<std::uint8_t>(protocol), lengthBytes));
    std::ranges::copy(payload, transport.begin() + static_cast<std::ptrdiff_t>(isTcp ? TcpBytes : UdpBytes));
    Segment segment{{}, ipPacket(source, destination, protocol, transport)};
    segment.header.needsChecksum = true;
    segment.header.checksumStart = source.isIPv4() ? 20 : 40;
    segment.header.checksumOffset = static_cast<std::uint16_t>(checksumOffset);
    return segment;
}

inline ByteVector finished(Segment segment)
{
    net::completeChecksum(segment.header, segment.bytes);
    return std::move(segment.bytes);
}

inline ByteVector udpPacket(const net::IpAddress& source, const net::IpAddress& destination, std::uint32_t number = 0,
                            std::size_t payloadBytes = 32)
{
    return finished(unfinished(source, destination, net::IpProtocol::Udp, numberedPayload(number, payloadBytes)));
}

inline ByteVector tcpPacket(const net::IpAddress& source, const net::IpAddress& destination, std::uint32_t number = 0,
                            std::size_t payloadBytes = 32)
{
    return finished(unfinished(source, destination, net::IpProtocol::Tcp, numberedPayload(number, payloadBytes)));
}

/// TCP payload that is to be cut at segmentBytes.
inline Segment tcpSegment(const net::IpAddress& source, const net::IpAddress& destination, std::size_t payloadBytes,
                          std::uint16_t segmentBytes, std::uint32_t number = 0)
{
    Segment segment = unfinished(source, destination, net::IpProtocol::Tcp, numberedPayload(number, payloadBytes));
    segment.header.type = source.isIPv4() ? net::SegmentType::Tcp4 : net::SegmentType::Tcp6;
    segment.header.headerBytes = static_cast<std::uint16_t>(segment.header.checksumStart + TcpBytes);
    segment.header.segmentBytes = segmentBytes;
    return segment;
}

/// The number in the payload of a UDP packet.
inline std::uint32_t numberOf(ByteView udp)
{
    const std::size_t at = (std::to_integer<unsigned>(udp[0] >> 4) == 4 ? 20U : 40U) + UdpBytes;
    return udp.size() >= at + 4 ? readBigEndian<std::uint32_t>(udp, at) : 0;
}

/// What the addressed host answers to an echo request.
inline ByteVector echoReplyTo(ByteView request)
{
    const auto ip = net::IpPacket::parse(request);
    const ByteView asked = request.subspan(ip->headerBytes());
    ByteVector message(asked.begin(), asked.end());
    message[0] = ip->isIPv4() ? std::byte{0} : std::byte{129};
    writeBigEndian(message, 2, std::uint16_t{0});
    const auto protocol = ip->isIPv4() ? net::IpProtocol::Icmp : net::IpProtocol::Icmpv6;
    const std::uint16_t start = ip->isIPv4() ? std::uint16_t{0}
                                             : net::pseudoHeaderSum(ip->destination(), ip->source(), 58,
                                                                    static_cast<std::uint32_t>(message.size()));
    writeBigEndian(message, 2, static_cast<std::uint16_t>(~net::checksumAdd(message, start)));
    return ipPacket(ip->destination(), ip->source(), protocol, message);
}

/// The packets that a host would see on its wire: the cutter's own results.
inline std::vector<ByteVector> cutAll(const net::SegmentHeader& header, ByteView packet)
{
    std::vector<ByteVector> packets;
    net::SegmentCutter cutter(header, packet);
    ByteVector buffer(net::MaxPacketBytes);
    while (const std::size_t size = cutter.next(buffer))
        packets.emplace_back(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(size));
    return packets;
}

}  // namespace gvpn::test
