// The server's command line: arguments separated by NUL bytes. What is accepted keeps the promises of ServerOptions,
// what is refused is refused with a sentence, and the same input gives the same answer. No file is read.
#include "argument_list.h"

#include "server/server_options.h"

#include "base/bytes.h"
#include "net/tunnel_settings.h"

#include <cstdlib>

using namespace gvpn;
using namespace gvpn::server;

namespace {

bool isSame(const ServerOptions& a, const ServerOptions& b)
{
    return a.command == b.command && a.listen == b.listen && a.cidrs == b.cidrs && a.lanNetworks == b.lanNetworks
           && a.publicHost == b.publicHost && a.publicPort == b.publicPort && a.masquerade == b.masquerade
           && a.allowsClientToClient == b.allowsClientToClient && a.login == b.login && a.tunName == b.tunName
           && a.stateDir == b.stateDir && a.isJson == b.isJson && a.logLevel == b.logLevel && a.helpText == b.helpText
           && a.allowsV1 == b.allowsV1 && a.relays == b.relays && a.maxHalfOpen == b.maxHalfOpen
           && a.maxDevices == b.maxDevices && a.runAs == b.runAs && a.usesOffloads == b.usesOffloads;
}

bool isRight(const ServerOptions& options)
{
    if (options.command == Command::ShowHelp)
        return !options.helpText.isEmpty();
    if (options.command == Command::ShowVersion)
        return true;
    // Clients get these networks as routes.
    net::TunnelSettings settings;
    settings.addresses = {{net::IpAddress::fromIPv4(0x0A000002), 24}};
    settings.gateways = {net::IpAddress::fromIPv4(0x0A000001)};
    settings.routes = options.lanNetworks;
    if (!net::validate(settings, {}))
        return false;
    const bool hasLevel = options.logLevel == "debug" || options.logLevel == "info" || options.logLevel == "warning";
    const bool hasLimit = options.maxHalfOpen >= 1 && options.maxHalfOpen <= 65535;
    const bool hasDevices = options.maxDevices >= 1 && options.maxDevices <= accounts::MaxMaxDevices;
    return hasLevel && hasLimit && hasDevices && options.publicPort != std::uint16_t{0}
           && (!options.allowsV1 || options.login == LoginMode::None || options.command == Command::Cleanup);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text = asText(std::as_bytes(std::span(data, size)));
    if (text.find("config") != std::string_view::npos)
        return 0;
    const QStringList arguments = fuzz::splitArguments(QStringLiteral("gvpn-server"), text);
    const auto options = parseOptions(arguments, {});
    const auto again = parseOptions(arguments, {});
    if (options.has_value() != again.has_value())
        std::abort();
    if (options ? !isSame(*options, *again) || !isRight(*options)
                : options.error() != again.error() || options.error().code != ErrorCode::InvalidArgument
                      || !options.error().context.ends_with('.'))
        std::abort();
    return 0;
}
