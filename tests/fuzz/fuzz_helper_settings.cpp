// What a caller gives gvpn-helper's Apply and SetNames, whatever the bus lets through: it is refused with a cause, or
// the request is within all limits and goes back to the same argument. The input is a list of fields: kind, length,
// number, bytes.
#include "bus/settings_argument.h"

#include <cstdlib>
#include <span>

using namespace gvpn;
using bus::NamesArgument;
using bus::SettingsArgument;

namespace {

void require(bool isTrue)
{
    if (!isTrue)
        std::abort();
}

struct Arguments {
    SettingsArgument settings;
    NamesArgument names;
};

/// The fields' order inside of their lists is the input's.
Arguments argumentsFrom(std::span<const std::uint8_t> input)
{
    Arguments arguments;
    auto& [settings, names] = arguments;
    settings.mtu = net::DefaultMtu;
    while (input.size() >= 3) {
        const unsigned kind = input[0] % 5;
        const std::size_t size = std::min<std::size_t>(input[1], input.size() - 3);
        const uint number = input[2];
        const QByteArray bytes(reinterpret_cast<const char*>(input.data() + 3), static_cast<qsizetype>(size));
        switch (kind) {
        case 0: settings.addresses.append({bytes, number}); break;
        case 1: settings.routes.append({bytes, number}); break;
        case 2: settings.mtu = number * 300; break;
        case 3: names.servers.append(bytes); break;
        default: names.domains.append(QString::fromUtf8(bytes)); break;
        }
        input = input.subspan(3 + size);
    }
    return arguments;
}

void trySettings(const SettingsArgument& argument)
{
    const auto request = bus::toRequest(argument);
    if (!request) {
        require(!request.error().context.empty());
        return;
    }
    const net::TunnelSettings& settings = request->settings;
    require(net::validate(settings, {}).has_value());
    require(!settings.addresses.empty() && settings.addresses.size() <= 2);
    for (const net::Prefix& network : request->networks()) {
        require(network.length() > 1);
        require(request->isWide() || network.isPrivate());
    }
    const auto again = bus::toRequest(bus::toArgument(*request));
    require(again && *again == *request);
}

void tryNames(const NamesArgument& argument)
{
    const auto request = bus::toRequest(argument);
    if (!request) {
        require(!request.error().context.empty());
        return;
    }
    require(net::validateDns(request->servers, request->domains, {}).has_value());
    require(request->servers.size() <= 8 && request->domains.size() <= 16);
    for (const std::string& domain : request->domains)
        require(request->isEmpty() || request->isWide() || domain.find('.') != std::string::npos);
    require(request->isEmpty() || request->isWide() || !request->takesAllNames);
    const auto again = bus::toRequest(bus::toArgument(*request));
    require(again && *again == *request);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const Arguments arguments = argumentsFrom({data, size});
    trySettings(arguments.settings);
    tryNames(arguments.names);
    return 0;
}
