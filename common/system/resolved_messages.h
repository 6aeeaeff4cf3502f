// The calls to systemd-resolved, and what its answers mean: org.freedesktop.resolve1(5). Pure; used by ResolvedDns.
#pragma once

#include "base/result.h"
#include "net/ip_address.h"

#include <QDBusError>
#include <QDBusMessage>

#include <string>
#include <vector>

namespace gvpn::system {

/// Takes back all that was set for a link.
[[nodiscard]] QDBusMessage revertLink(unsigned linkIndex);
/// Whether names that no link has a domain for are asked at this link's servers.
[[nodiscard]] QDBusMessage setLinkDefaultRoute(unsigned linkIndex, bool isDefault);
/// Names below these are asked at this link's servers, and single words are completed with them. takesAllNames: all
/// names that no other link has a longer domain for.
[[nodiscard]] QDBusMessage setLinkDomains(unsigned linkIndex, const std::vector<std::string>& domains,
                                          bool takesAllNames);
[[nodiscard]] QDBusMessage setLinkDns(unsigned linkIndex, const std::vector<net::IpAddress>& servers);

/// There is no systemd-resolved on this bus, or no bus.
[[nodiscard]] bool saysNoService(const QDBusError& error);
/// It doesn't know the link: it is gone, or so new that the kernel's word of it has not been read yet.
[[nodiscard]] bool saysNoSuchLink(const QDBusError& error);
/// The context is a cause: "systemd-resolved refused: Link is busy".
[[nodiscard]] Error errorOf(const QDBusError& error);

}  // namespace gvpn::system
