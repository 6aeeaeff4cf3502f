#include "bench/micro.h"
#include "net/flow.h"
#include "support/packets.h"
#include "tunnel/packet_framer.h"
#include "tunnel/packet_queue.h"

namespace gvpn::bench {

namespace {

/// A packet from the TUN's space into the queue and out of it, with `standing` packets of as many flows waiting there.
void measureQueue(Micro& micro, const char* what, std::size_t payloadBytes, std::size_t standing)
{
    tunnel::PacketPool pool;
    tunnel::PacketFramer framer(pool);
    tunnel::PacketQueue queue;
    const ByteVector packet = test::udpPacket(test::address("10.86.0.2"), test::address("172.17.0.9"), 1, payloadBytes);
    const ByteSpan space = pool.space().first(packet.size());
    std::ranges::copy(packet, space.begin());
    const TimePoint now{std::chrono::hours(1)};
    std::uint64_t flow = 0;
    const auto push = [&] {
        framer.commit(packet.size(), {}, {},
                      [&](tunnel::PacketBlock block) { queue.push(std::move(block), flow++, now); });
    };
    for (std::size_t i = 0; i < standing; ++i)
        push();
    micro.measure("queue: " + std::string(what) + " beside " + std::to_string(standing) + " flows", packet.size(), [&] {
        // A large one has taken the space along.
        static_cast<void>(pool.space());
        push();
        return queue.pop(now).frame().size();
    });
}

void measureFlowHash(Micro& micro)
{
    const ByteVector packet = test::udpPacket(test::address("fd86::2"), test::address("fd00:17::9"), 1, 100);
    const net::IpPacket ip = net::IpPacket::parse(packet).value();
    std::uint64_t seed = 0;
    micro.measure("queue: flow of an IPv6 packet", 0, [&] { return net::flowHash(ip, packet, ++seed); });
}

}  // namespace

void measureQueues(Micro& micro)
{
    measureFlowHash(micro);
    for (const std::size_t standing : {0U, 1U, 100U})
        measureQueue(micro, "100-byte packet", 72, standing);
    for (const std::size_t standing : {0U, 1U, 16U})
        measureQueue(micro, "60 KB packet", 60'000, standing);
}

}  // namespace gvpn::bench
