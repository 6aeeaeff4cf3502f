// The fields of a profile as a person types them: each text becomes a value or a reason why it can't be one, at every
// key stroke. Pure; any thread. sentenceFor(FieldError) has the words.
#pragma once

#include "client/profile.h"

#include <QString>

namespace gvpn::client {

enum class FieldFault {
    Missing,        // nothing was typed yet
    TooLong,        // more than maxBytes
    Character,      // a control or format character
    BlankAtEdge,    // a blank at the beginning or the end
    NotAHost,       // neither a host name nor an address
    HasPort,        // HOST:PORT where the port has a field of its own
    NotAPort,       // no number from 1 to 65535
    NotAPin,        // not 43 characters of base64url
    NotANetwork,    // part is no network
    HostBits,       // part names a host in a network
    NeverRouted,    // part is all of the internet, loopback, link-local or multicast
    MixedNone,      // "none" and more
    TooManyRoutes,  // MaxProfileRoutes and more
    NotADomain,     // part is no domain's name
    TooManyDomains  // more than MaxProfileDomains
};

struct FieldError {
    FieldFault fault = FieldFault::Missing;
    QString part{};            // NotANetwork, HostBits, NeverRouted, NotADomain: the one entry
    QString meant{};           // HostBits: the network that it is in
    std::size_t maxBytes = 0;  // TooLong
    [[nodiscard]] bool operator==(const FieldError&) const = default;
};

template <typename T>
using FieldResult = tl::expected<T, FieldError>;

[[nodiscard]] FieldResult<std::string> readName(const QString& text);
/// A name or an address, without a port; brackets around IPv6 are fine.
[[nodiscard]] FieldResult<std::string> readHost(const QString& text);
/// Empty: net::DefaultPort.
[[nodiscard]] FieldResult<std::uint16_t> readPort(const QString& text);
/// Empty: not known.
[[nodiscard]] FieldResult<std::string> readUser(const QString& text);
/// Empty: none, the first connection asks.
[[nodiscard]] FieldResult<std::optional<Pin>> readPin(const QString& text);
/// "auto", "none" or networks, separated by commas or blanks. Empty: auto.
[[nodiscard]] FieldResult<AcceptRoutes> readRoutes(const QString& text);
/// What readRoutes() reads to the same.
[[nodiscard]] QString routesText(const AcceptRoutes& routes);
/// Names of domains, separated by commas or blanks; small letters, each once. Empty: none.
[[nodiscard]] FieldResult<std::vector<std::string>> readDomains(const QString& text);
[[nodiscard]] QString domainsText(const std::vector<std::string>& domains);

}  // namespace gvpn::client
