// The keys that were trusted, by HOST:PORT, in servers.json of the state directory:
// {"version":1,"servers":{"HOST:PORT": "PIN"}}. One thread. A file that can't be read is an error and is never written
// over: it may hold what keeps an attacker out.
#pragma once

#include "base/pin.h"
#include "net/endpoint.h"

#include <map>
#include <optional>
#include <string>

namespace gvpn::client {

/// HOST:PORT in small letters: what tells one server from another.
[[nodiscard]] std::string serverKey(const net::HostPort& server);

/// In the state directory.
inline constexpr const char* KnownServersFile = "/servers.json";
inline constexpr std::size_t MaxKnownServersBytes = 1024 * 1024;

class KnownServers {
public:
    /// A file that isn't there yet holds nothing. Malformed: the file is damaged or of a newer version.
    /// PermissionDenied: others may have written it (see program::readTrustedFile), and it decides whom we trust.
    [[nodiscard]] static Result<KnownServers> load(const std::string& file);

    [[nodiscard]] std::optional<Pin> find(const net::HostPort& server) const;
    /// The trusted key if it is another than this one.
    [[nodiscard]] std::optional<Pin> findOther(const net::HostPort& server, const Pin& pin) const;
    /// Writes the file (mode 0600, all or nothing) unless the same is there already. AlreadyExists: another key is.
    [[nodiscard]] Result<void> remember(const net::HostPort& server, const Pin& pin);
    /// The same, but another key gives way: only when a person chose the new one, and the server has shown that it has
    /// it.
    [[nodiscard]] Result<void> replace(const net::HostPort& server, const Pin& pin);
    /// So that the next key that is shown may be remembered. Another key than this one stays.
    [[nodiscard]] Result<void> forget(const net::HostPort& server, const Pin& pin);
    [[nodiscard]] const std::string& file() const { return m_file; }

private:
    explicit KnownServers(std::string file)
        : m_file(std::move(file))
    {}
    [[nodiscard]] Result<void> save(const std::map<std::string, Pin>& pins) const;

    std::string m_file;
    std::map<std::string, Pin> m_pins;
};

}  // namespace gvpn::client
