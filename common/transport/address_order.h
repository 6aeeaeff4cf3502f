// The order in which a server's addresses are tried. Pure; used by TcpConnector.
#pragma once

#include <QHostAddress>
#include <QList>

namespace gvpn::transport {

inline constexpr qsizetype MaxConnectAddresses = 8;

/// RFC 8305, section 4: the resolver's order within each family, families alternating, beginning with the family of
/// the first. Duplicates and what is neither IPv4 nor IPv6 fall out; at most MaxConnectAddresses are left.
[[nodiscard]] QList<QHostAddress> orderAddresses(const QList<QHostAddress>& resolved);

}  // namespace gvpn::transport
