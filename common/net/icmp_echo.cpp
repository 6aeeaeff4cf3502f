#include "net/icmp_echo.h"

#include "net/checksum.h"

#include <algorithm>
#include <cassert>

namespace gvpn::net {

namespace {

constexpr std::size_t EchoHeaderBytes = 8;
constexpr std::size_t EchoPayloadBytes = 16;
constexpr std::uint8_t HopLimit = 64;
constexpr std::size_t FragmentHeaderBytes = 8;  // RFC 8200 section 4.5

struct EchoTypes {
    std::uint8_t protocol;
    std::uint8_t request;
    std::uint8_t reply;
};

EchoTypes typesOf(bool isIPv4)
{
    if (isIPv4)
        return {static_cast<std::uint8_t>(IpProtocol::Icmp), 8, 0};    // RFC 792
    return {static_cast<std::uint8_t>(IpProtocol::Icmpv6), 128, 129};  // RFC 4443 section 4
}

void writeIpHeader(ByteSpan packet, const IpAddress& source, const IpAddress& destination)
{
    const auto protocol = typesOf(source.isIPv4()).protocol;
    if (source.isIPv4()) {
        packet[0] = std::byte{0x45};
        writeBigEndian(packet, 2, static_cast<std::uint16_t>(packet.size()));
        packet[6] = std::byte{0x40};  // "don't fragment": the identification may be 0 (RFC 6864)
        packet[8] = std::byte{HopLimit};
        packet[9] = std::byte{protocol};
        std::ranges::copy(source.bytes(), packet.begin() + 12);
        std::ranges::copy(destination.bytes(), packet.begin() + 16);
        writeBigEndian(packet, 10, static_cast<std::uint16_t>(~checksumAdd(packet.first(20))));
    } else {
        packet[0] = std::byte{0x60};
        writeBigEndian(packet, 4, static_cast<std::uint16_t>(packet.size() - 40));
        packet[6] = std::byte{protocol};
        packet[7] = std::byte{HopLimit};
        std::ranges::copy(source.bytes(), packet.begin() + 8);
        std::ranges::copy(destination.bytes(), packet.begin() + 24);
    }
}

/// Only ICMPv6 covers a pseudo header (RFC 4443 section 2.3).
std::uint16_t sumOf(const IpAddress& source, const IpAddress& destination, ByteView message)
{
    if (source.isIPv4())
        return checksumAdd(message);
    const auto length = static_cast<std::uint32_t>(message.size());
    return checksumAdd(message, pseudoHeaderSum(source, destination, typesOf(false).protocol, length));
}

bool isEcho(ByteView message, std::uint8_t type)
{
    return message.size() >= EchoHeaderBytes && message[0] == std::byte{type} && message[1] == std::byte{0};
}

}  // namespace

ByteVector makeEchoRequest(const IpAddress& source, const IpAddress& destination, EchoId id)
{
    assert(source.family() == destination.family());
    const std::size_t headerBytes = source.isIPv4() ? 20 : 40;
    ByteVector packet(headerBytes + EchoHeaderBytes + EchoPayloadBytes);
    writeIpHeader(packet, source, destination);

    const ByteSpan message = ByteSpan(packet).subspan(headerBytes);
    message[0] = std::byte{typesOf(source.isIPv4()).request};
    writeBigEndian(message, 4, id.identifier);
    writeBigEndian(message, 6, id.sequence);
    for (std::size_t i = 0; i < EchoPayloadBytes; ++i)
        message[EchoHeaderBytes + i] = static_cast<std::byte>(i);
    writeBigEndian(message, 2, static_cast<std::uint16_t>(~sumOf(source, destination, message)));
    return packet;
}

std::optional<EchoId> parseEchoReply(const IpPacket& header, ByteView packet)
{
    const EchoTypes types = typesOf(header.isIPv4());
    const ByteView message = packet.subspan(header.headerBytes());
    if (header.isFragment() || header.protocol() != types.protocol || !isEcho(message, types.reply)
        || sumOf(header.source(), header.destination(), message) != 0xFFFF)
        return std::nullopt;
    return EchoId{readBigEndian<std::uint16_t>(message, 4), readBigEndian<std::uint16_t>(message, 6)};
}

bool isEchoRequest(const IpPacket& header, ByteView packet)
{
    const EchoTypes types = typesOf(header.isIPv4());
    ByteView message = packet.subspan(header.headerBytes());
    std::uint8_t protocol = header.protocol();
    bool isFirst = true;
    if (header.isFragment() && header.isIPv4()) {
        isFirst = (readBigEndian<std::uint16_t>(packet, 6) & 0x1FFF) == 0;
    } else if (header.isFragment()) {
        if (message.size() < FragmentHeaderBytes)
            return false;
        protocol = std::to_integer<std::uint8_t>(message[0]);
        isFirst = (readBigEndian<std::uint16_t>(message, 2) & 0xFFF8) == 0;
        message = message.subspan(FragmentHeaderBytes);
    }
    return protocol == types.protocol && (!isFirst || isEcho(message, types.request));
}

}  // namespace gvpn::net
