// The command line of gvpn-client as a value. Pure but for Qt's parser; main thread.
#pragma once

#include "base/pin.h"
#include "client/route_policy.h"
#include "client/wire_protocol.h"
#include "net/endpoint.h"
#include "program/log_sink.h"

#include <QString>
#include <QStringList>

#include <optional>
#include <variant>

namespace gvpn::cli {

/// --v1 without --cidr: an address of a private network, unlike the reference client's.
inline constexpr std::string_view DefaultV1Address = "10.86.0.101/24";

struct CliOptions {
    net::HostPort server;
    client::WireProtocol wireProtocol = client::WireProtocol::V2;
    std::optional<Pin> pin;
    bool hasInvite = false;  // the link has one, which this version does not use
    bool trustsOnFirstUse = false;
    std::vector<net::InterfaceAddress> wanted;  // at most one of each family; V1: one, IPv4
    client::AcceptRoutes acceptRoutes;
    std::string tunName;
    std::string stateDir;  // empty: the default
    bool isOnce = false;
    bool isJson = false;
    program::LogLevel logLevel = program::LogLevel::Warning;
};

/// --help, --version: to be printed as it is.
struct InfoText {
    QString text;
};

/// arguments[0] is the program. InvalidArgument: the context is one sentence for the person. Needs a QCoreApplication
/// for its name and version.
[[nodiscard]] Result<std::variant<CliOptions, InfoText>> parseOptions(const QStringList& arguments);

}  // namespace gvpn::cli
