#include "cli/options.h"

#include "cli/option_values.h"
#include "cli/target_options.h"
#include "net/domain_name.h"
#include "net/tunnel_settings.h"

#include <QCommandLineParser>
#include <QCoreApplication>

#include <algorithm>
#include <array>

namespace gvpn::cli {

namespace {

void declare(QCommandLineParser& parser)
{
    const auto text = [](const char* english) { return QCoreApplication::translate("gvpn::cli", english); };
    parser.setApplicationDescription(text("Connects this computer to an office network through a gvpn-server."));
    parser.addPositionalArgument(QStringLiteral("LINK"),
                                 text("The server's link, gvpn://HOST:PORT/?pin=PIN&invite=SECRET: it is remembered as "
                                      "a profile. Or 'profile' and what to do with profiles: list, show NAME, remove "
                                      "NAME, export NAME, import FILE. Or 'doctor', and a link, --profile or --server: "
                                      "what stands in the way; without any of them it looks at the only profile."),
                                 QStringLiteral("[LINK | profile ... | doctor [LINK]]"));
    const auto add = [&](const char* name, const char* description, const char* value = "") {
        parser.addOption({QString::fromLatin1(name), text(description), QString::fromLatin1(value)});
    };
    add("link-stdin", "Read the link from standard input.");
    add("profile", "Connect as a link was remembered.", "NAME");
    add("server", "The server, in place of a link.", "HOST[:PORT]");
    add("user", "Log in as this user, with a password that is asked for on the terminal.", "NAME");
    add("password-stdin", "Read the user's password from standard input.");
    add("password-fd", "Read the user's password from this descriptor.", "N");
    add("pin", "The server's key: 43 characters, as the server shows it.", "PIN");
    add("trust-on-first-use", "Trust whatever key an unknown server shows, and remember it.");
    add("cidr", "This tunnel address or none; once for IPv4, once for IPv6.", "ADDRESS/LEN");
    add("accept-routes",
        "Networks of the server to reach: auto (private ones that are not in the way here), none, or a network; "
        "may be repeated.",
        "auto|none|PREFIX");
    add("no-dns", "Leave name resolution as it is, whatever the server names.");
    add("accept-domain",
        "Have names of this domain asked at the office if the server says so, though it is not one office's alone, "
        "such as lan; may be repeated.",
        "NAME");
    add("v1",
        "Speak the reference protocol v1 with --server, in the clear: nothing is encrypted or authenticated. Without "
        "--cidr the address is 10.86.0.101/24.");
    add("congestion",
        "Congestion control of the connection: auto (default: the system's, and bbr when the line is long and loses "
        "packets), system, or a name such as bbr.",
        "NAME");
    add("once", "Give up at the first failure.");
    add("tun", "The tunnel interface's name; default: the first free of gvpn0, gvpn1, ….", "NAME");
    add("offload",
        "auto (default): the tunnel interface takes segments of many packets, where the kernel can; off: packets.",
        "auto|off");
    add("state-dir", "Where keys and trusted servers are kept.", "DIR");
    add("json", "One JSON object a line on standard output.");
    add("log-level", "debug, info or warning (default).", "LEVEL");
    // Not addHelpOption(), which would add --help-all as well.
    parser.addOption({{QStringLiteral("h"), QStringLiteral("help")}, text("Show this text.")});
    parser.addOption({{QStringLiteral("v"), QStringLiteral("version")}, text("Show the version.")});
}

Result<void> readWanted(const QCommandLineParser& parser, CliOptions& options)
{
    for (const QString& text : parser.values(QStringLiteral("cidr"))) {
        const auto address = net::InterfaceAddress::parse(text.toStdString());
        if (!address)
            return badValue(QStringLiteral("--cidr"), text, address.error());
        const bool isSecond = std::ranges::any_of(options.wanted, [&address](const net::InterfaceAddress& other) {
            return other.address.family() == address->address.family();
        });
        if (isSecond)
            return usage(QStringLiteral("--cidr can be given once for IPv4 and once for IPv6."));
        options.wanted.push_back(*address);
    }
    return {};
}

/// --v1 and what doesn't go with it: it has no keys, and registers one IPv4 address.
Result<void> readWireProtocol(const QCommandLineParser& parser, CliOptions& options)
{
    if (!parser.isSet(QStringLiteral("v1")))
        return {};
    options.wireProtocol = client::WireProtocol::V1;
    if (!linksOf(parser).isEmpty() || parser.isSet(QStringLiteral("link-stdin")))
        return usage(QStringLiteral("--v1 can't be used with a link, which names a key: give --server HOST[:PORT]."));
    for (const char* name : {"pin", "trust-on-first-use", "profile", "user", "password-stdin", "password-fd"}) {
        if (parser.isSet(QLatin1String(name)))
            return usage(QStringLiteral("--v1 can't be used with --%1: that protocol knows neither keys nor users.")
                             .arg(QLatin1String(name)));
    }
    if (options.wanted.empty())
        options.wanted = {net::InterfaceAddress::parse(DefaultV1Address).value()};
    const net::InterfaceAddress& address = options.wanted.front();
    if (options.wanted.size() > 1 || !address.address.isIPv4())
        return usage(QStringLiteral("--v1 knows only IPv4: give one IPv4 address with --cidr, or none."));
    net::TunnelSettings settings;
    settings.addresses = options.wanted;
    if (const auto valid = net::validate(settings, {}); !valid)
        return badValue(QStringLiteral("--cidr"), QString::fromStdString(address.toString()), valid.error());
    return {};
}

Result<void> readAcceptRoutes(const QCommandLineParser& parser, CliOptions& options)
{
    const QStringList values = parser.values(QStringLiteral("accept-routes"));
    if (values.isEmpty())
        return {};
    client::AcceptRoutes routes{.isAuto = values.contains(QStringLiteral("auto")), .named = {}};
    if (values.contains(QStringLiteral("none")) && values.size() > 1)
        return usage(QStringLiteral("--accept-routes none can't be combined with another value."));
    if (std::size_t(values.size()) >= client::MaxProfileRoutes)
        return usage(
            QStringLiteral("--accept-routes can be given %1 times at most.").arg(client::MaxProfileRoutes - 1));
    for (const QString& text : values) {
        if (text == QStringLiteral("auto") || text == QStringLiteral("none"))
            continue;
        const auto prefix = net::Prefix::parse(text.toStdString());
        if (!prefix)
            return badValue(QStringLiteral("--accept-routes"), text, prefix.error());
        if (client::isNeverRouted(*prefix))
            return usage(QStringLiteral("--accept-routes %1: no tunnel may take this network.").arg(text));
        routes.named.push_back(*prefix);
    }
    options.acceptRoutes = std::move(routes);
    return {};
}

Result<void> readDns(const QCommandLineParser& parser, CliOptions& options)
{
    options.usesDns = !parser.isSet(QStringLiteral("no-dns"));
    for (const QString& text : parser.values(QStringLiteral("accept-domain"))) {
        if (!net::isDomainName(text.toStdString()))
            return badValue(QStringLiteral("--accept-domain"), text,
                            {ErrorCode::InvalidArgument, "it is not a domain name"});
        options.acceptDomains.push_back(text.toStdString());
    }
    if (options.acceptDomains.size() > client::MaxProfileDomains)
        return usage(QStringLiteral("--accept-domain can be given %1 times at most.").arg(client::MaxProfileDomains));
    if (!options.usesDns && !options.acceptDomains.empty())
        return usage(QStringLiteral("--accept-domain can't be used with --no-dns, which leaves all names alone."));
    return {};
}

/// Only a host may have the scheme's name.
Result<void> checkNoLinkAsValue(const QCommandLineParser& parser, CliOptions& /*options*/)
{
    for (const char* name : {"profile", "tun", "state-dir"}) {
        const QStringList values = parser.values(QLatin1String(name));
        if (std::ranges::any_of(values, looksLikeLink))
            return linkInPlaceOf(QStringLiteral("--") + QLatin1String(name));
    }
    return {};
}

Result<void> readOffload(const QCommandLineParser& parser, CliOptions& options)
{
    const auto given = single(parser, QStringLiteral("offload"));
    if (!given)
        return fail(given.error());
    const QString value = given->value_or(QStringLiteral("auto"));
    if (value != QStringLiteral("auto") && value != QStringLiteral("off"))
        return badValue(QStringLiteral("--offload"), value, {ErrorCode::InvalidArgument, "it must be auto or off"});
    options.usesOffloads = value == QStringLiteral("auto");
    return {};
}

Result<void> readRest(const QCommandLineParser& parser, CliOptions& options)
{
    const auto tun = single(parser, QStringLiteral("tun"));
    const auto stateDir = single(parser, QStringLiteral("state-dir"));
    const auto level = single(parser, QStringLiteral("log-level"));
    const auto congestion = single(parser, QStringLiteral("congestion"));
    for (const auto* value : {&tun, &stateDir, &level, &congestion}) {
        if (!*value)
            return fail(value->error());
    }
    if (tun->has_value()) {
        options.tunName = (*tun)->toStdString();
        if (options.tunName.empty())
            return usage(QStringLiteral("--tun needs a name; leave it out to get a free one."));
    }
    if (stateDir->has_value()) {
        if ((*stateDir)->isEmpty())
            return usage(QStringLiteral("--state-dir needs a directory."));
        options.stateDir = (*stateDir)->toStdString();
    }
    if (level->has_value()) {
        const auto parsed = program::parseLogLevel((*level)->toStdString());
        if (!parsed)
            return badValue(QStringLiteral("--log-level"), **level, parsed.error());
        options.logLevel = *parsed;
    }
    if (congestion->has_value()) {
        auto mode = tunnel::CongestionMode::parse((*congestion)->toStdString());
        if (!mode)
            return badValue(QStringLiteral("--congestion"), **congestion, mode.error());
        options.congestion = std::move(*mode);
    }
    options.isOnce = parser.isSet(QStringLiteral("once"));
    options.isJson = parser.isSet(QStringLiteral("json"));
    return {};
}

/// In this order: the link's profile takes the routes along.
Result<CliOptions> readOptions(const QCommandLineParser& parser)
{
    CliOptions options;
    for (const auto read : {checkNoLinkAsValue, readWanted, readWireProtocol, readAcceptRoutes, readDns, readTarget,
                            readOffload, readRest}) {
        if (const auto done = read(parser, options); !done)
            return fail(done.error());
    }
    return options;
}

Result<DoctorCommand> readDoctor(const QCommandLineParser& parser)
{
    constexpr std::array Known{"profile", "server", "pin",       "accept-routes", "accept-domain", "no-dns",
                               "v1",      "cidr",   "state-dir", "json",          "log-level"};
    for (const QString& name : parser.optionNames()) {
        if (std::ranges::none_of(Known, [&name](const char* known) { return name == QLatin1String(known); }))
            return usage(QStringLiteral("--%1 can't be used with 'doctor'.").arg(name));
    }
    auto options = readOptions(parser);
    if (!options)
        return fail(options.error());
    return DoctorCommand{std::move(*options)};
}

}  // namespace

Result<CommandLine> parseOptions(const QStringList& arguments)
{
    QCommandLineParser parser;
    declare(parser);
    if (!parser.parse(arguments))
        return usage(parser.errorText());
    if (parser.isSet(QStringLiteral("help")))
        return InfoText{parser.helpText()};
    if (parser.isSet(QStringLiteral("version")))
        return InfoText{QCoreApplication::applicationName() + QLatin1Char(' ') + QCoreApplication::applicationVersion()
                        + QLatin1Char('\n')};
    if (parser.positionalArguments().value(0) == QStringLiteral("profile")) {
        const auto command = readProfileCommand(parser);
        return command ? Result<CommandLine>(*command) : fail(command.error());
    }
    if (isDoctor(parser)) {
        auto command = readDoctor(parser);
        return command ? Result<CommandLine>(std::move(*command)) : fail(command.error());
    }
    auto options = readOptions(parser);
    return options ? Result<CommandLine>(std::move(*options)) : fail(options.error());
}

}  // namespace gvpn::cli
