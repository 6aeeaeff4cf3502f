#include "bench/micro.h"
#include "protocol/frame.h"
#include "support/packets.h"

namespace gvpn::bench {

namespace {

constexpr std::size_t BatchBytes = 64 * 1024;

/// Frames of packets of one size, as many as a batch holds.
ByteVector batchOf(std::size_t packetBytes, std::size_t& packets)
{
    ByteVector batch;
    packets = 0;
    ByteVector buffer(protocol::PacketHeadroomBytes + packetBytes);
    while (batch.size() < BatchBytes) {
        const std::size_t begin = protocol::writePacketHeader(buffer, packetBytes, {});
        batch.insert(batch.end(), buffer.begin() + static_cast<std::ptrdiff_t>(begin), buffer.end());
        ++packets;
    }
    return batch;
}

void measureDecoding(Micro& micro, const std::string& name, std::size_t packetBytes)
{
    std::size_t packets = 0;
    ByteVector batch = batchOf(packetBytes, packets);
    protocol::FrameDecoder decoder;
    decoder.allowPackets();
    micro.measure(name + ", " + std::to_string(packets) + " frames", batch.size(), [&] {
        std::size_t sum = 0;
        decoder.feed(batch);
        for (auto frame = decoder.next(); frame && *frame; frame = decoder.next())
            sum += (*frame)->body.size();
        return sum;
    });
}

void measureCutDecoding(Micro& micro)
{
    std::size_t packets = 0;
    ByteVector batch = batchOf(1400, packets);
    constexpr std::size_t ChunkBytes = 16384;
    protocol::FrameDecoder decoder;
    decoder.allowPackets();
    micro.measure("frames: decode 64 KB of 1.4 KB in chunks of 16 KB", batch.size(), [&] {
        std::size_t sum = 0;
        for (ByteSpan rest = batch; !rest.empty();) {
            const ByteSpan chunk = rest.first(std::min(ChunkBytes, rest.size()));
            rest = rest.subspan(chunk.size());
            decoder.feed(chunk);
            for (auto frame = decoder.next(); frame && *frame; frame = decoder.next())
                sum += (*frame)->body.size();
        }
        return sum;
    });
}

}  // namespace

void measureFrames(Micro& micro)
{
    ByteVector buffer(protocol::PacketHeadroomBytes + 1400);
    micro.measure("frames: write the header of a packet", 0, [&] {
        return protocol::writePacketHeader(buffer, 1400, {}) + std::to_integer<std::size_t>(buffer[13]);
    });
    const net::SegmentHeader segment =
        test::tcpSegment(test::address("10.86.0.2"), test::address("172.17.0.9"), 1000, 500).header;
    micro.measure("frames: write the headers of a segment", 0, [&] {
        return protocol::writePacketHeader(buffer, 1400, segment) + std::to_integer<std::size_t>(buffer[3]);
    });
    measureDecoding(micro, "frames: decode 64 KB of 100 bytes", 100);
    measureDecoding(micro, "frames: decode 64 KB of 1.4 KB", 1400);
    measureDecoding(micro, "frames: decode 64 KB of 64 KB", BatchBytes - 64);
    measureCutDecoding(micro);
}

}  // namespace gvpn::bench
