#include "bench/micro.h"
#include "net/checksum.h"
#include "net/segment.h"
#include "support/packets.h"

namespace gvpn::bench {

namespace {

const net::IpAddress Client = test::address("10.86.0.2");
const net::IpAddress LanHost = test::address("172.17.0.9");
constexpr std::size_t PayloadBytes = 64'000;
constexpr std::size_t CutAt = 1448;

}  // namespace

void measureSegments(Micro& micro)
{
    const test::Segment large = test::tcpSegment(Client, LanHost, PayloadBytes, CutAt);
    ByteVector small = test::udpPacket(Client, LanHost, 1, 72);
    micro.measure("segment: parse and validate a 64 KB segment", 0, [&] {
        const auto ip = net::IpPacket::parse(large.bytes);
        return ip && net::validate(large.header, *ip, large.bytes) ? 1 : 0;
    });
    micro.measure("segment: parse and validate a 100-byte packet", 0, [&] {
        const auto ip = net::IpPacket::parse(small);
        return ip && net::validate({}, *ip, small) ? 1 : 0;
    });
    ByteVector buffer(net::SegmentCutter(large.header, large.bytes).maxPacketBytes());
    micro.measure("segment: cut 64 KB into packets with checksums", large.bytes.size(), [&] {
        std::size_t sum = 0;
        net::SegmentCutter cutter(large.header, large.bytes);
        while (const std::size_t size = cutter.next(buffer))
            sum += size;
        return sum;
    });
    micro.measure("checksum: 64 KB", large.bytes.size(), [&] { return net::checksumAdd(large.bytes); });
    micro.measure("checksum: 1.4 KB", 1400, [&] { return net::checksumAdd(ByteView(large.bytes).first(1400)); });
    micro.measure("checksum: complete a 100-byte packet", small.size(), [&] {
        net::SegmentHeader header;
        header.needsChecksum = true;
        header.checksumStart = 20;
        header.checksumOffset = 6;
        net::completeChecksum(header, small);
        return std::to_integer<std::size_t>(small[26]);
    });
}

}  // namespace gvpn::bench
