// The client's command line: arguments separated by NUL bytes. What is accepted keeps the promises of CliOptions, what
// is refused is refused with a sentence, and the same input gives the same answer. No file is read.
#include "argument_list.h"

#include "base/bytes.h"
#include "cli/options.h"

#include <QCoreApplication>

#include <algorithm>
#include <cstdlib>

using namespace gvpn;
using namespace gvpn::cli;

namespace {

using Parsed = Result<CommandLine>;

bool isSame(const CliOptions& a, const CliOptions& b)
{
    return a.server == b.server && a.wireProtocol == b.wireProtocol && a.pin == b.pin && a.link == b.link
           && a.readsLink == b.readsLink && a.profileName == b.profileName && a.user == b.user
           && a.passwordDescriptor == b.passwordDescriptor && a.password == b.password
           && a.trustsOnFirstUse == b.trustsOnFirstUse && a.wanted == b.wanted && a.acceptRoutes == b.acceptRoutes
           && a.tunName == b.tunName && a.usesOffloads == b.usesOffloads && a.stateDir == b.stateDir
           && a.isOnce == b.isOnce && a.isJson == b.isJson && a.logLevel == b.logLevel;
}

bool isSame(const Parsed& a, const Parsed& b)
{
    if (!a || !b)
        return a.has_value() == b.has_value() && a.error() == b.error();
    if (a->index() != b->index())
        return false;
    if (const auto* command = std::get_if<ProfileCommand>(&*a))
        return *command == std::get<ProfileCommand>(*b);
    if (const auto* command = std::get_if<DoctorCommand>(&*a))
        return isSame(command->options, std::get<DoctorCommand>(*b).options);
    const auto* options = std::get_if<CliOptions>(&*a);
    return options ? isSame(*options, std::get<CliOptions>(*b))
                   : std::get<InfoText>(*a).text == std::get<InfoText>(*b).text;
}

/// One way to say where to, and no secret but a link's.
bool isTargetRight(const CliOptions& options)
{
    const bool isServer = !options.link && !options.readsLink && options.profileName.empty();
    const int targets =
        int(isServer) + int(options.link.has_value()) + int(options.readsLink) + int(!options.profileName.empty());
    const bool hasServer = !options.server.host.empty() && options.server.port != 0;
    if (targets != 1 || hasServer != (isServer || options.link.has_value()) || options.password)
        return false;
    if (options.link && options.link->invite && (!options.user.empty() || options.passwordDescriptor))
        return false;
    return !options.passwordDescriptor || !options.user.empty() || !hasServer;
}

bool isRight(const ProfileCommand& command)
{
    return command.argument.empty() || command.action != ProfileCommand::Action::List;
}

bool isRight(const CliOptions& options)
{
    const auto ofFamily = [&options](net::Family family) {
        return std::ranges::count_if(options.wanted, [family](const net::InterfaceAddress& wanted) {
            return wanted.address.family() == family && wanted.length <= net::bitCount(family);
        });
    };
    const auto v4 = ofFamily(net::Family::IPv4);
    const auto v6 = ofFamily(net::Family::IPv6);
    if (!isTargetRight(options) || v4 > 1 || v6 > 1 || options.wanted.size() != static_cast<std::size_t>(v4 + v6)
        || (options.pin && options.trustsOnFirstUse)
        || (options.acceptRoutes && std::ranges::any_of(options.acceptRoutes->named, client::isNeverRouted)))
        return false;
    // What knows no keys must not look as if it had some, and registers one IPv4 address.
    return options.wireProtocol == client::WireProtocol::V2
           || (!options.pin && !options.trustsOnFirstUse && options.user.empty() && !options.passwordDescriptor
               && v4 == 1 && v6 == 0);
}

/// Whom to look at may be left open; nothing is read or asked for.
bool isRight(const DoctorCommand& command)
{
    const CliOptions& options = command.options;
    if (options.readsLink || options.passwordDescriptor || options.trustsOnFirstUse || !options.tunName.empty())
        return false;
    const bool hasTarget = options.link || !options.profileName.empty() || !options.server.host.empty();
    return hasTarget ? isRight(options) : !options.pin && options.wireProtocol == client::WireProtocol::V2;
}

bool isRight(const Parsed& parsed)
{
    if (!parsed)
        return parsed.error().code == ErrorCode::InvalidArgument && parsed.error().context.ends_with('.');
    if (const auto* info = std::get_if<InfoText>(&*parsed))
        return info->text.endsWith(QLatin1Char('\n'));
    if (const auto* command = std::get_if<ProfileCommand>(&*parsed))
        return isRight(*command);
    if (const auto* command = std::get_if<DoctorCommand>(&*parsed))
        return isRight(*command);
    return isRight(std::get<CliOptions>(*parsed));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static int argumentCount = 1;
    static std::array<char, 12> program{"gvpn-client"};
    static std::array<char*, 2> programArguments{program.data(), nullptr};
    static const QCoreApplication application(argumentCount, programArguments.data());

    const std::string_view text = asText(std::as_bytes(std::span(data, size)));
    const QStringList arguments = fuzz::splitArguments(QStringLiteral("gvpn-client"), text);
    const Parsed parsed = parseOptions(arguments);
    if (!isRight(parsed) || !isSame(parsed, parseOptions(arguments)))
        std::abort();
    return 0;
}
