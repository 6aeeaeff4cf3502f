#include "cli/options.h"

#include "net/tunnel_settings.h"
#include "protocol/link.h"

#include <QCommandLineParser>
#include <QCoreApplication>

#include <algorithm>

namespace gvpn::cli {

namespace {

Failure usage(const QString& sentence)
{
    return fail(ErrorCode::InvalidArgument, sentence.toStdString());
}

/// "--pin abc: why."
Failure badValue(const QString& option, const QString& value, const Error& error)
{
    return usage(QStringLiteral("%1 %2: %3.").arg(option, value, QString::fromStdString(error.context)));
}

void declare(QCommandLineParser& parser)
{
    const auto text = [](const char* english) { return QCoreApplication::translate("gvpn::cli", english); };
    parser.setApplicationDescription(text("Connects this computer to an office network through a gvpn-server."));
    parser.addPositionalArgument(QStringLiteral("LINK"), text("The server's link, gvpn://HOST:PORT/?pin=PIN."),
                                 QStringLiteral("[LINK]"));
    const auto add = [&](const char* name, const char* description, const char* value = "") {
        parser.addOption({QString::fromLatin1(name), text(description), QString::fromLatin1(value)});
    };
    add("server", "The server, in place of a link.", "HOST[:PORT]");
    add("pin", "The server's key: 43 characters, as the server shows it.", "PIN");
    add("trust-on-first-use", "Trust whatever key an unknown server shows, and remember it.");
    add("cidr", "This tunnel address or none; once for IPv4, once for IPv6.", "ADDRESS/LEN");
    add("accept-routes",
        "Networks of the server to reach: auto (private ones that are not in the way here), none, or a network; "
        "may be repeated.",
        "auto|none|PREFIX");
    add("v1",
        "Speak the reference protocol v1 with --server, in the clear: nothing is encrypted or authenticated. Without "
        "--cidr the address is 10.86.0.101/24.");
    add("once", "Give up at the first failure.");
    add("tun", "The tunnel interface's name; default: the first free of gvpn0, gvpn1, ….", "NAME");
    add("state-dir", "Where keys and trusted servers are kept.", "DIR");
    add("json", "One JSON object a line on standard output.");
    add("log-level", "debug, info or warning (default).", "LEVEL");
    // Not addHelpOption(), which would add --help-all as well.
    parser.addOption({{QStringLiteral("h"), QStringLiteral("help")}, text("Show this text.")});
    parser.addOption({{QStringLiteral("v"), QStringLiteral("version")}, text("Show the version.")});
}

/// The one value of an option that must not be repeated; nullopt without it.
Result<std::optional<QString>> single(const QCommandLineParser& parser, const QString& name)
{
    const QStringList values = parser.values(name);
    if (values.size() > 1)
        return usage(QStringLiteral("--%1 can be given only once.").arg(name));
    return values.isEmpty() ? std::nullopt : std::optional(values.front());
}

Result<void> readLink(const QString& text, CliOptions& options)
{
    auto link = protocol::Link::parse(text.toStdString());
    // The link is not repeated: it may hold an invite.
    if (!link)
        return usage(QStringLiteral("The link can't be used: %1.").arg(QString::fromStdString(link.error().context)));
    options.server = link->server;
    options.pin = link->pin;
    options.hasInvite = link->invite.has_value();
    return {};
}

Result<void> readServer(const QCommandLineParser& parser, CliOptions& options)
{
    const QStringList links = parser.positionalArguments();
    const auto server = single(parser, QStringLiteral("server"));
    const auto pin = single(parser, QStringLiteral("pin"));
    if (!server || !pin)
        return fail(!server ? server.error() : pin.error());
    options.trustsOnFirstUse = parser.isSet(QStringLiteral("trust-on-first-use"));
    if (links.isEmpty() == !server->has_value())
        return usage(links.isEmpty() ? QStringLiteral("Name a server: a link, or --server HOST[:PORT].")
                                     : QStringLiteral("Give a link or --server, not both."));
    if (links.size() > 1)
        return usage(QStringLiteral("Give one link; '%1' is one argument too many.").arg(links.at(1)));
    if (!links.isEmpty() && (pin->has_value() || options.trustsOnFirstUse))
        return usage(QStringLiteral("A link names the server's key: leave out --pin and --trust-on-first-use."));
    if (pin->has_value() && options.trustsOnFirstUse)
        return usage(QStringLiteral("Give --pin or --trust-on-first-use, not both."));
    if (!links.isEmpty())
        return readLink(links.front(), options);
    auto parsed = net::HostPort::parse((*server)->toStdString());
    if (!parsed)
        return badValue(QStringLiteral("--server"), **server, parsed.error());
    options.server = std::move(*parsed);
    if (pin->has_value()) {
        const auto value = Pin::parse((*pin)->toStdString());
        if (!value)
            return badValue(QStringLiteral("--pin"), **pin, value.error());
        options.pin = *value;
    }
    return {};
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
    if (!parser.positionalArguments().isEmpty())
        return usage(QStringLiteral("--v1 can't be used with a link, which names a key: give --server HOST[:PORT]."));
    for (const char* name : {"pin", "trust-on-first-use"}) {
        if (parser.isSet(QLatin1String(name)))
            return usage(
                QStringLiteral("--v1 can't be used with --%1: that protocol knows no keys.").arg(QLatin1String(name)));
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
    const QString name = QStringLiteral("accept-routes");
    const QStringList values = parser.values(name);
    if (values.isEmpty())
        return {};
    options.acceptRoutes.isAuto = values.contains(QStringLiteral("auto"));
    if (values.contains(QStringLiteral("none"))) {
        if (values.size() > 1)
            return usage(QStringLiteral("--accept-routes none can't be combined with another value."));
        return {};
    }
    for (const QString& text : values) {
        if (text == QStringLiteral("auto"))
            continue;
        const auto prefix = net::Prefix::parse(text.toStdString());
        if (!prefix)
            return badValue(QStringLiteral("--accept-routes"), text, prefix.error());
        if (client::isNeverRouted(*prefix))
            return usage(QStringLiteral("--accept-routes %1: no tunnel may take this network.").arg(text));
        options.acceptRoutes.named.push_back(*prefix);
    }
    return {};
}

Result<void> readRest(const QCommandLineParser& parser, CliOptions& options)
{
    const auto tun = single(parser, QStringLiteral("tun"));
    const auto stateDir = single(parser, QStringLiteral("state-dir"));
    const auto level = single(parser, QStringLiteral("log-level"));
    for (const auto* value : {&tun, &stateDir, &level}) {
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
    options.isOnce = parser.isSet(QStringLiteral("once"));
    options.isJson = parser.isSet(QStringLiteral("json"));
    return {};
}

}  // namespace

Result<std::variant<CliOptions, InfoText>> parseOptions(const QStringList& arguments)
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
    CliOptions options;
    for (const auto read : {readServer, readWanted, readWireProtocol, readAcceptRoutes, readRest}) {
        if (const auto done = read(parser, options); !done)
            return fail(done.error());
    }
    return options;
}

}  // namespace gvpn::cli
