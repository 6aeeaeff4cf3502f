// One packet of arbitrary bytes: what parses must be inside the packet, and the functions that look into it or mark it
// must cope with it.
#include "net/flow.h"
#include "net/icmp_echo.h"

#include <algorithm>
#include <cstdlib>

using namespace gvpn;
using namespace gvpn::net;

namespace {

void require(bool condition)
{
    if (!condition)
        std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const ByteView packet = std::as_bytes(std::span(data, size));
    const auto ip = IpPacket::parse(packet);
    if (!ip) {
        require(packetFaultName(ip.error()) != "unknown");
        return 0;
    }
    require(ip->headerBytes() >= (ip->isIPv4() ? 20U : 40U));
    require(ip->headerBytes() <= size);
    require(ip->source().family() == ip->destination().family());
    require(IpAddress::parse(ip->source().toString()) == ip->source());
    require(IpAddress::parse(ip->destination().toString()) == ip->destination());
    if (const auto upper = upperLayerOf(*ip, packet))
        require(upper->offset >= ip->headerBytes() && upper->offset <= size);

    const bool isRequest = isEchoRequest(*ip, packet);
    const auto reply = parseEchoReply(*ip, packet);
    require(!(isRequest && reply));
    require(!(ip->isFragment() && reply));

    // A mark changes neither the flow nor anything that is checked, and a second one nothing at all.
    ByteVector marked(packet.begin(), packet.end());
    const bool isMarked = markCongestion(marked);
    const auto again = IpPacket::parse(marked);
    require(again && flowHash(*again, marked, size) == flowHash(*ip, packet, size));
    const ByteVector once = marked;
    require(markCongestion(marked) == isMarked
            && (!isMarked ? std::ranges::equal(marked, packet) : marked[1] == once[1]));
    return 0;
}
