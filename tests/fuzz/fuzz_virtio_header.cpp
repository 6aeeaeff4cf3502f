// Any header that a kernel could give with any packet: what comes out fits the packet or is refused, and goes back and
// forth unchanged.
#include "tun/virtio_header.h"

#include <algorithm>
#include <cstdlib>

using namespace gvpn;

namespace {

void require(bool condition)
{
    if (!condition)
        std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size < tun::VirtioHeaderBytes)
        return 0;
    const ByteView bytes = std::as_bytes(std::span(data, size));
    tun::VirtioHeader header{};
    std::copy_n(bytes.begin(), header.size(), header.begin());
    ByteVector packet(bytes.begin() + tun::VirtioHeaderBytes, bytes.end());

    const auto segment = tun::fromVirtio(header, packet);
    if (!segment)
        return 0;
    const bool isCut = segment->type != net::SegmentType::Whole;
    require(isCut == (segment->segmentBytes != 0 || segment->headerBytes != 0));
    require(!isCut || std::size_t{segment->headerBytes} + segment->segmentBytes < packet.size());
    const auto again = tun::fromVirtio(tun::toVirtio(*segment), packet);
    require(again && *again == *segment);

    const auto ip = net::IpPacket::parse(packet);
    if (ip && net::validateLocal(*segment, *ip, packet)) {
        ByteVector whole(packet.size());
        net::SegmentCutter cutter(*segment, packet);
        whole.resize(cutter.maxPacketBytes());
        while (cutter.next(whole) != 0) {
        }
    }
    if (segment->needsChecksum) {
        const ByteVector before = packet;
        require(tun::completeForeignChecksum(*segment, packet) || packet == before);
    }
    return 0;
}
