// The command line of gvpn-client as a value. Pure but for Qt's parser; main thread.
#pragma once

#include "base/pin.h"
#include "base/shared_secret.h"
#include "cli/profile_command.h"
#include "client/enrolment.h"
#include "client/route_policy.h"
#include "client/wire_protocol.h"
#include "net/endpoint.h"
#include "program/log_sink.h"
#include "tunnel/congestion.h"

#include <QString>
#include <QStringList>

#include <optional>
#include <variant>

namespace gvpn::cli {

/// --v1 without --cidr: an address of a private network, unlike the reference client's.
inline constexpr std::string_view DefaultV1Address = "10.86.0.101/24";

struct CliOptions {
    net::HostPort server;  // empty: the profile's, or that of the link which is still to be read
    client::WireProtocol wireProtocol = client::WireProtocol::V2;
    std::optional<Pin> pin;
    std::optional<client::Invitation> link;
    bool readsLink = false;  // the link is still to be read from standard input
    std::string profileName;
    std::string user;                       // who logs in with a password; never beside an invite
    std::optional<int> passwordDescriptor;  // where the password is still to be read from
    std::optional<SharedSecret> password;   // never from the command line itself
    bool trustsOnFirstUse = false;
    std::vector<net::InterfaceAddress> wanted;         // at most one of each family; V1: one, IPv4
    std::optional<client::AcceptRoutes> acceptRoutes;  // none: the profile's, or auto
    bool usesDns = true;
    std::vector<std::string> acceptDomains;  // --accept-domain
    tunnel::CongestionMode congestion;
    std::string tunName;
    bool usesOffloads = true;  // of the TUN: segments instead of packets
    std::string stateDir;      // empty: the default
    bool isOnce = false;
    bool isJson = false;
    program::LogLevel logLevel = program::LogLevel::Warning;
};

/// `gvpn-client doctor`: looks what stands in the way; nothing is connected and nothing changed.
struct DoctorCommand {
    CliOptions options;  // without a target: the only profile
};

/// --help, --version: to be printed as it is.
struct InfoText {
    QString text;
};

using CommandLine = std::variant<CliOptions, DoctorCommand, ProfileCommand, InfoText>;

/// arguments[0] is the program. InvalidArgument: the context is one sentence for the person. Needs a QCoreApplication
/// for its name and version.
[[nodiscard]] Result<CommandLine> parseOptions(const QStringList& arguments);

}  // namespace gvpn::cli
