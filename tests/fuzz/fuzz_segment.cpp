// A segment header and its packet, as they might come from a peer or a kernel: what passes validateLocal() must cut
// into packets that parse, carry right IP checksums and lengths, and hold the payload, byte by byte. What a peer may
// send is that, and mayTravel().
//
//     byte 0: type · 1: bit 0 needsChecksum, bit 1 isCongestionMarked · 2..9: headerBytes, segmentBytes, checksumStart,
//     checksumOffset, big-endian · 10..: the packet
#include "net/checksum.h"
#include "net/segment.h"

#include <algorithm>
#include <cstdlib>

using namespace gvpn;
using namespace gvpn::net;

namespace {

constexpr std::size_t HeaderBytes = 10;

void require(bool condition)
{
    if (!condition)
        std::abort();
}

SegmentHeader headerFrom(ByteView bytes)
{
    SegmentHeader header;
    header.type = static_cast<SegmentType>(bytes[0]);
    header.needsChecksum = (bytes[1] & std::byte{1}) != std::byte{0};
    header.isCongestionMarked = (bytes[1] & std::byte{2}) != std::byte{0};
    header.headerBytes = readBigEndian<std::uint16_t>(bytes, 2);
    header.segmentBytes = readBigEndian<std::uint16_t>(bytes, 4);
    header.checksumStart = readBigEndian<std::uint16_t>(bytes, 6);
    header.checksumOffset = readBigEndian<std::uint16_t>(bytes, 8);
    return header;
}

void requireRightChecksums(const IpPacket& ip, ByteView packet)
{
    if (ip.isIPv4())
        require(checksumAdd(packet.first(ip.headerBytes())) == 0xFFFF);
    const auto upper = upperLayerOf(ip, packet);
    require(upper.has_value());
    const ByteView transport = packet.subspan(upper->offset);
    const auto length = static_cast<std::uint32_t>(transport.size());
    const std::uint16_t pseudo = pseudoHeaderSum(ip.source(), ip.destination(), upper->protocol, length);
    require(checksumAdd(transport, pseudo) == 0xFFFF);
}

void cutWhole(const SegmentHeader& header, ByteView packet)
{
    SegmentCutter cutter(header, packet);
    ByteVector buffer(cutter.maxPacketBytes());
    require(cutter.next(buffer) == packet.size());
    require(!header.isPlain() || std::ranges::equal(buffer, packet));
    require(cutter.next(buffer) == 0);
}

void cutSegments(const SegmentHeader& header, const IpPacket& original, ByteView packet)
{
    SegmentCutter cutter(header, packet);
    ByteVector buffer(cutter.maxPacketBytes());
    ByteView left = packet.subspan(header.headerBytes);
    std::size_t count = 0;
    while (const std::size_t size = cutter.next(buffer)) {
        require(size > header.headerBytes && size <= buffer.size());
        const ByteView part = ByteView(buffer).first(size);
        const ByteView payload = part.subspan(header.headerBytes);
        const auto ip = IpPacket::parse(part);
        require(ip && ip->source() == original.source() && ip->destination() == original.destination());
        requireRightChecksums(*ip, part);
        require(payload.size() <= left.size() && std::ranges::equal(payload, left.first(payload.size())));
        left = left.subspan(payload.size());
        ++count;
    }
    require(left.empty());
    require(count >= 1 && (count <= MaxSegments || !mayTravel(header, packet.size())));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const ByteView input = std::as_bytes(std::span(data, size));
    if (input.size() < HeaderBytes)
        return 0;
    const SegmentHeader header = headerFrom(input);
    const ByteView packet = input.subspan(HeaderBytes);
    const auto ip = IpPacket::parse(packet);
    if (!ip)
        return 0;
    const bool isLocal = validateLocal(header, *ip, packet).has_value();
    require(validate(header, *ip, packet).has_value() == (isLocal && mayTravel(header, packet.size())));
    if (!isLocal)
        return 0;
    require(SegmentSupport::all().takes(header));
    if (header.type == SegmentType::Whole)
        cutWhole(header, packet);
    else
        cutSegments(header, *ip, packet);
    return 0;
}
