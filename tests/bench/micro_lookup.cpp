#include "bench/micro.h"
#include "net/prefix_map.h"
#include "support/packets.h"

#include <unordered_map>

namespace gvpn::bench {

namespace {

/// Addresses in an order that no cache can guess.
std::vector<net::IpAddress> shuffled(const net::IpAddress& first, std::size_t count)
{
    constexpr std::size_t Stride = 7919;  // a prime
    std::vector<net::IpAddress> addresses;
    for (std::size_t i = 0; i < count; ++i)
        addresses.push_back(first.plus(i * Stride % count));
    return addresses;
}

void measureByAddress(Micro& micro, std::size_t count, const char* family, const net::IpAddress& first)
{
    const std::vector<net::IpAddress> addresses = shuffled(first, count);
    // As Hub::m_byAddress.
    std::unordered_map<net::IpAddress, const void*> sessions;
    for (const net::IpAddress& address : addresses)
        sessions.emplace(address, &address);
    std::size_t next = 0;
    micro.measure("look-up: session by " + std::string(family) + " address among " + std::to_string(count), 0, [&] {
        next = next + 1 == count ? 0 : next + 1;
        return sessions.find(addresses[next])->second != nullptr ? 1 : 0;
    });
}

void measurePrefixes(Micro& micro, std::size_t count)
{
    net::PrefixMap<std::size_t> routes;
    for (std::size_t i = 0; i < count; ++i)
        routes.insert(net::Prefix(net::IpAddress::fromIPv4(0x0A000000U + (static_cast<std::uint32_t>(i) << 12U)), 20),
                      i);
    const std::vector<net::IpAddress> addresses = shuffled(test::address("10.0.0.0"), count << 12U);
    std::size_t next = 0;
    micro.measure("look-up: route among " + std::to_string(count), 0, [&] {
        next = next + 1 == addresses.size() ? 0 : next + 1;
        const std::size_t* found = routes.find(addresses[next]);
        return found != nullptr ? *found : 0;
    });
}

}  // namespace

void measureLookUp(Micro& micro)
{
    for (const std::size_t count : {1U, 100U, 10'000U}) {
        measureByAddress(micro, count, "IPv4", test::address("10.86.0.2"));
        measureByAddress(micro, count, "IPv6", test::address("fd86::2"));
    }
    for (const std::size_t count : {1U, 16U, 256U})
        measurePrefixes(micro, count);
}

}  // namespace gvpn::bench
