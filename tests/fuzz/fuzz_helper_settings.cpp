// What a caller gives gvpn-helper's Apply, whatever the bus lets through: it is refused with a cause, or the settings
// are within all limits and go back to the same argument. The input is a list of fields: kind, length, bytes.
#include "bus/settings_argument.h"

#include <cstdlib>
#include <span>

using namespace gvpn;
using bus::SettingsArgument;

namespace {

void require(bool isTrue)
{
    if (!isTrue)
        std::abort();
}

/// The fields' order inside of their lists is the input's.
SettingsArgument argumentFrom(std::span<const std::uint8_t> input)
{
    SettingsArgument argument;
    argument.mtu = net::DefaultMtu;
    while (input.size() >= 3) {
        const unsigned kind = input[0] % 5;
        const std::size_t size = std::min<std::size_t>(input[1], input.size() - 3);
        const uint number = input[2];
        const QByteArray bytes(reinterpret_cast<const char*>(input.data() + 3), static_cast<qsizetype>(size));
        switch (kind) {
        case 0: argument.addresses.append({bytes, number}); break;
        case 1: argument.routes.append({bytes, number}); break;
        case 2: argument.mtu = number * 300; break;
        case 3: argument.dnsServers.append(bytes); break;
        default: argument.dnsDomains.append(QString::fromUtf8(bytes)); break;
        }
        input = input.subspan(3 + size);
    }
    return argument;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const SettingsArgument argument = argumentFrom({data, size});
    const auto request = bus::toRequest(argument);
    if (!request) {
        require(!request.error().context.empty());
        return 0;
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
    return 0;
}
