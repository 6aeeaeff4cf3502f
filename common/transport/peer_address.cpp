#include "transport/peer_address.h"

#include <QHostAddress>

#include <cerrno>

#include <netinet/in.h>
#include <sys/socket.h>

namespace gvpn::transport {

net::IpAddress ipAddressOf(const QHostAddress& address)
{
    if (address.protocol() == QHostAddress::IPv4Protocol)
        return net::IpAddress::fromIPv4(address.toIPv4Address());

    const Q_IPV6ADDR raw = address.toIPv6Address();
    const auto bytes = std::as_bytes(std::span(raw.c));
    const bool isMapped = readBigEndian<std::uint64_t>(bytes) == 0 && readBigEndian<std::uint32_t>(bytes, 8) == 0xFFFF;
    return isMapped ? net::IpAddress::fromIPv4(readBigEndian<std::uint32_t>(bytes, 12))
                    : net::IpAddress::fromBytes(bytes);
}

Result<net::Endpoint> peerOf(int descriptor)
{
    sockaddr_storage storage{};
    socklen_t length = sizeof(storage);
    auto* address = reinterpret_cast<sockaddr*>(&storage);
    if (::getpeername(descriptor, address, &length) != 0)
        return fail(errnoError("getpeername", errno));
    if (storage.ss_family == AF_INET)
        return net::Endpoint{ipAddressOf(QHostAddress(address)),
                             ntohs(reinterpret_cast<sockaddr_in*>(address)->sin_port)};
    if (storage.ss_family == AF_INET6)
        return net::Endpoint{ipAddressOf(QHostAddress(address)),
                             ntohs(reinterpret_cast<sockaddr_in6*>(address)->sin6_port)};
    return fail(ErrorCode::Unsupported, "peer of a socket that is neither IPv4 nor IPv6");
}

}  // namespace gvpn::transport
