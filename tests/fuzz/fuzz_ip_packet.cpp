// One packet of arbitrary bytes: what parses must be inside the packet, and the echo functions must cope with it.
#include "net/icmp_echo.h"

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

    const bool isRequest = isEchoRequest(*ip, packet);
    const auto reply = parseEchoReply(*ip, packet);
    require(!(isRequest && reply));
    require(!(ip->isFragment() && reply));
    return 0;
}
