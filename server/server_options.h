// What the administrator asked for: command line over configuration file over defaults. Parsing only; whether it fits
// this computer is decided later (network_choice.h).
#pragma once

#include "accounts/account.h"
#include "base/result.h"
#include "net/endpoint.h"
#include "net/prefix.h"
#include "server/half_open_limits.h"
#include "tunnel/congestion.h"

#include <QString>
#include <QStringList>

#include <optional>
#include <string>
#include <vector>

namespace gvpn::server {

enum class Command { Run, Cleanup, Doctor, ShowHelp, ShowVersion };
enum class Masquerade { Auto, On, Off };
/// How clients may log in. Device: by invite, then by key; Password: also by user and password; None: all come in.
enum class LoginMode { Device, Password, None };

struct ServerOptions {
    Command command = Command::Run;
    net::HostPort listen;  // host empty: every address
    std::vector<net::Prefix> cidrs;
    std::vector<net::Prefix> lanNetworks;
    std::vector<net::IpAddress> dnsServers;
    std::vector<std::string> dnsDomains;
    std::string publicHost;                   // empty: not given
    std::optional<std::uint16_t> publicPort;  // without: the listening port
    Masquerade masquerade = Masquerade::Auto;
    bool allowsClientToClient = false;
    bool allowsV1 = false;
    bool usesOffloads = true;  // of the TUN: segments instead of packets
    LoginMode login = LoginMode::Device;
    unsigned maxDevices = accounts::DefaultMaxDevices;  // a user
    std::string runAs;                                  // empty: whoever started it
    std::vector<net::Prefix> relays;                    // sources behind which there may be many
    std::size_t maxHalfOpen = DefaultMaxHalfOpen;
    tunnel::CongestionMode congestion;
    std::string tunName;
    std::string stateDir;
    bool isJson = false;
    std::string logLevel = "info";
    QString helpText;  // ShowHelp
};

/// Errors: InvalidArgument with a whole sentence for people; the program ends with status 2. `defaultConfig` is read if
/// it exists and no --config is given.
[[nodiscard]] Result<ServerOptions> parseOptions(const QStringList& arguments, const QString& defaultConfig);

}  // namespace gvpn::server
