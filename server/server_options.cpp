#include "server/server_options.h"

#include "net/domain_name.h"
#include "net/tunnel_settings.h"
#include "server/config_file.h"

#include <QCommandLineParser>

#include <algorithm>
#include <array>

namespace gvpn::server {

namespace {

constexpr unsigned MaxMaxHalfOpen = 65535;
constexpr std::array LogLevels = {"debug", "info", "warning"};

QCommandLineOption option(const char* name, const char* description, const char* valueName = nullptr)
{
    const QString text = QString::fromLatin1(description);
    if (valueName == nullptr)
        return {QString::fromLatin1(name), text};
    return {QString::fromLatin1(name), text, QString::fromLatin1(valueName)};
}

void declare(QCommandLineParser& parser)
{
    parser.setApplicationDescription(
        QStringLiteral("Lets computers elsewhere into the local network through one TCP port."));
    parser.addPositionalArgument(
        QStringLiteral("command"),
        QStringLiteral("run (default), cleanup, doctor, or one of user, invite, device, ban, status, "
                       "kick, audit: see gvpn-server COMMAND --help"),
        QStringLiteral("[command]"));
    parser.addOptions({
        option("config", "Read options from this INI file.", "FILE"),
        option("address", "Listen here; default :51005.", "[HOST]:PORT"),
        option("cidr", "The tunnel network; may be given once for IPv4 and once for IPv6.", "PREFIX"),
        option("bypass", "A LAN network that clients reach; may be repeated. Default: what this computer is on.",
               "PREFIX"),
        option("dns", "A resolver in the LAN that clients ask for names of --dns-domain; may be repeated.", "ADDRESS"),
        option("dns-domain", "Names of this domain are the office's; may be repeated.", "NAME"),
        option("public-address", "How clients reach this server; written into the link.", "HOST[:PORT]"),
        option("login",
               "device (default): by invite link, then by the device's key; password: also by user and password; none: "
               "everybody who reaches the port gets in.",
               "MODE"),
        option("max-devices", "So many devices a user may have; default 5.", "NUMBER"),
        option("run-as", "Started by root: become this user, and keep nothing but CAP_NET_ADMIN.", "USER"),
        option("allow-v1",
               "Also let in clients of the reference protocol v1: unencrypted, and only with --login none."),
        option("relay", "Many clients come from this network: no limit a source for it; may be repeated.", "PREFIX"),
        option("max-half-open",
               "So many connections may be without an address at once, then the oldest of them gives way; default 256.",
               "NUMBER"),
        option("masquerade", "Whether the LAN sees this computer's address: auto, on, off.", "WHEN"),
        option("client-to-client", "Clients reach each other."),
        option(
            "congestion",
            "Congestion control of the connections: auto (default: the system's, and bbr for one that loses packets on "
            "a long line), system, or a name such as bbr.",
            "NAME"),
        option("tun", "Name of the tunnel interface; default gvpn0, gvpn1, ...", "NAME"),
        option(
            "offload",
            "auto (default): the tunnel interface takes segments of many packets, where the kernel can; off: packets.",
            "WHEN"),
        option("state-dir", "Where the key and the accounts are kept; default /var/lib/gvpn.", "DIR"),
        option("json", "One JSON object a line on standard output."),
        option("log-level", "debug, info or warning.", "LEVEL"),
    });
    parser.addHelpOption();
    parser.addVersionOption();
}

/// Values by name: command line first, else the file.
class Values {
public:
    Values(const QCommandLineParser& parser, const ConfigValues& file)
        : m_parser(parser)
        , m_file(file)
    {}

    [[nodiscard]] QStringList all(const char* name) const
    {
        const QString key = QString::fromLatin1(name);
        return m_parser.isSet(key) ? m_parser.values(key) : m_file.value(key);
    }
    /// The last one given, or nothing.
    [[nodiscard]] std::optional<std::string> one(const char* name) const
    {
        const QStringList values = all(name);
        return values.isEmpty() ? std::nullopt : std::optional(values.last().toStdString());
    }
    [[nodiscard]] Result<bool> flag(const char* name) const
    {
        const QString key = QString::fromLatin1(name);
        if (m_parser.isSet(key))
            return true;
        const QString value = m_file.value(key).value(0, QStringLiteral("false"));
        if (value != QLatin1String("true") && value != QLatin1String("false"))
            return fail(ErrorCode::InvalidArgument,
                        key.toStdString() + " in the configuration file must be true or false.");
        return value == QLatin1String("true");
    }

private:
    const QCommandLineParser& m_parser;
    const ConfigValues& m_file;
};

Failure bad(const char* name, const std::string& value, const std::string& why)
{
    return fail(ErrorCode::InvalidArgument, "--" + std::string(name) + " " + value + " can't be used: " + why + ".");
}

Result<std::vector<net::Prefix>> prefixes(const Values& values, const char* name)
{
    std::vector<net::Prefix> out;
    for (const QString& text : values.all(name)) {
        const auto prefix = net::Prefix::parse(text.toStdString());
        if (!prefix)
            return bad(name, text.toStdString(), prefix.error().context);
        out.push_back(*prefix);
    }
    return out;
}

/// What clients would refuse is refused here, where somebody reads it.
net::TunnelSettings usualSettings()
{
    net::TunnelSettings settings;
    settings.addresses = {{net::IpAddress::fromIPv4((10U << 24U) | 2U), 24}};
    settings.gateways = {net::IpAddress::fromIPv4((10U << 24U) | 1U)};
    return settings;
}

bool isRouteForClients(const net::Prefix& lan)
{
    net::TunnelSettings settings = usualSettings();
    settings.routes = {lan};
    return net::validate(settings, {}).has_value();
}

bool isResolverForClients(const net::IpAddress& resolver)
{
    net::TunnelSettings settings = usualSettings();
    settings.dnsServers = {resolver};
    return net::validate(settings, {}).has_value();
}

Result<void> readNetworks(const Values& values, ServerOptions& options)
{
    auto cidrs = prefixes(values, "cidr");
    if (!cidrs)
        return fail(cidrs.error());
    auto lans = prefixes(values, "bypass");
    if (!lans)
        return fail(lans.error());
    for (const net::Prefix& lan : *lans) {
        if (!isRouteForClients(lan))
            return bad("bypass", lan.toString(), "this is no network that a LAN can have");
        if (std::find(options.lanNetworks.begin(), options.lanNetworks.end(), lan) == options.lanNetworks.end())
            options.lanNetworks.push_back(lan);
    }
    if (const std::size_t most = net::SettingsLimits().maxRoutes; options.lanNetworks.size() > most) {
        return fail(ErrorCode::InvalidArgument,
                    "--bypass names more than " + std::to_string(most) + " networks; name larger ones.");
    }
    options.cidrs = std::move(*cidrs);
    return {};
}

template <typename T>
void addOnce(std::vector<T>& values, T value)
{
    if (std::ranges::find(values, value) == values.end())
        values.push_back(std::move(value));
}

Result<void> readDns(const Values& values, ServerOptions& options)
{
    for (const QString& text : values.all("dns")) {
        const auto resolver = net::IpAddress::parse(text.toStdString());
        if (!resolver)
            return bad("dns", text.toStdString(), resolver.error().context);
        if (!isResolverForClients(*resolver))
            return bad("dns", text.toStdString(), "clients can't reach such an address");
        addOnce(options.dnsServers, *resolver);
    }
    for (const QString& text : values.all("dns-domain")) {
        if (!net::isDomainName(text.toStdString()))
            return bad("dns-domain", text.toStdString(), "it is not a domain name, such as office.example");
        addOnce(options.dnsDomains, text.toLower().toStdString());
    }
    const net::SettingsLimits limits;
    if (options.dnsServers.size() > limits.maxDnsServers)
        return fail(ErrorCode::InvalidArgument,
                    "--dns can be given " + std::to_string(limits.maxDnsServers) + " times at most.");
    if (options.dnsDomains.size() > limits.maxDnsDomains)
        return fail(ErrorCode::InvalidArgument,
                    "--dns-domain can be given " + std::to_string(limits.maxDnsDomains) + " times at most.");
    if (options.dnsServers.empty() && !options.dnsDomains.empty())
        return fail(ErrorCode::InvalidArgument, "--dns-domain needs a resolver: give --dns ADDRESS as well.");
    return {};
}

Result<void> readLimits(const Values& values, ServerOptions& options)
{
    auto relays = prefixes(values, "relay");
    if (!relays)
        return fail(relays.error());
    options.relays = std::move(*relays);
    if (const auto text = values.one("max-half-open")) {
        const auto number = QString::fromStdString(*text).toUInt();
        if (number < 1 || number > MaxMaxHalfOpen)
            return bad("max-half-open", *text, "it must be a number from 1 to " + std::to_string(MaxMaxHalfOpen));
        options.maxHalfOpen = number;
    }
    if (const auto text = values.one("max-devices")) {
        const auto number = QString::fromStdString(*text).toUInt();
        if (number < 1 || number > accounts::MaxMaxDevices)
            return bad("max-devices", *text,
                       "it must be a number from 1 to " + std::to_string(accounts::MaxMaxDevices));
        options.maxDevices = number;
    }
    return {};
}

Result<void> readAddresses(const Values& values, ServerOptions& options)
{
    if (const auto text = values.one("address")) {
        const auto listen = net::HostPort::parseListen(*text);
        if (!listen)
            return bad("address", *text, listen.error().context);
        options.listen = *listen;
    }
    if (const auto text = values.one("public-address")) {
        const auto address = net::HostPort::parse(*text);
        if (!address)
            return bad("public-address", *text, address.error().context);
        options.publicHost = address->host;
        // The default port is only meant if it was written.
        if (text->ends_with(":" + std::to_string(address->port)))
            options.publicPort = address->port;
    }
    return {};
}

Result<void> readModes(const Values& values, ServerOptions& options)
{
    const std::string login = values.one("login").value_or("device");
    if (options.allowsV1 && login != "none") {
        return fail(ErrorCode::InvalidArgument,
                    "--allow-v1 works only with --login none: v1 has no encryption and no login, so everybody who "
                    "reaches the port gets in, and that must be your choice.");
    }
    if (login == "none")
        options.login = LoginMode::None;
    else if (login == "password")
        options.login = LoginMode::Password;
    else if (login != "device")
        return bad("login", login, "it must be device, password or none");
    const std::string masquerade = values.one("masquerade").value_or("auto");
    if (masquerade == "on")
        options.masquerade = Masquerade::On;
    else if (masquerade == "off")
        options.masquerade = Masquerade::Off;
    else if (masquerade != "auto")
        return bad("masquerade", masquerade, "it must be auto, on or off");
    return {};
}

Result<void> readRest(const Values& values, ServerOptions& options)
{
    for (auto& [name, target] : {std::pair<const char*, bool&>{"client-to-client", options.allowsClientToClient},
                                 std::pair<const char*, bool&>{"allow-v1", options.allowsV1},
                                 std::pair<const char*, bool&>{"json", options.isJson}}) {
        const auto flag = values.flag(name);
        if (!flag)
            return fail(flag.error());
        target = *flag;
    }
    const std::string congestion = values.one("congestion").value_or("auto");
    auto mode = tunnel::CongestionMode::parse(congestion);
    if (!mode)
        return bad("congestion", congestion, mode.error().context);
    options.congestion = std::move(*mode);
    options.tunName = values.one("tun").value_or("");
    options.stateDir = values.one("state-dir").value_or("");
    options.runAs = values.one("run-as").value_or("");
    options.logLevel = values.one("log-level").value_or("info");
    if (std::find(LogLevels.begin(), LogLevels.end(), options.logLevel) == LogLevels.end())
        return bad("log-level", options.logLevel, "it must be debug, info or warning");
    return {};
}

Result<void> readOffload(const Values& values, ServerOptions& options)
{
    const std::string offload = values.one("offload").value_or("auto");
    if (offload != "auto" && offload != "off")
        return bad("offload", offload, "it must be auto or off");
    options.usesOffloads = offload == "auto";
    return {};
}

Result<Command> readCommand(const QCommandLineParser& parser)
{
    const QStringList words = parser.positionalArguments();
    if (words.isEmpty() || words == QStringList{QStringLiteral("run")})
        return Command::Run;
    if (words == QStringList{QStringLiteral("cleanup")})
        return Command::Cleanup;
    if (words == QStringList{QStringLiteral("doctor")})
        return Command::Doctor;
    return fail(ErrorCode::InvalidArgument, "\"" + words.join(QLatin1Char(' ')).toStdString()
                                                + "\" is no command of gvpn-server; see gvpn-server --help.");
}

Result<ConfigValues> readFile(const QCommandLineParser& parser, const QString& defaultConfig)
{
    const QString key = QStringLiteral("config");
    if (parser.isSet(key))
        return readConfigFile(parser.value(key));
    return configFileExists(defaultConfig) ? readConfigFile(defaultConfig) : ConfigValues{};
}

}  // namespace

Result<ServerOptions> parseOptions(const QStringList& arguments, const QString& defaultConfig)
{
    QCommandLineParser parser;
    declare(parser);
    ServerOptions options;
    if (!parser.parse(arguments))
        return fail(ErrorCode::InvalidArgument, parser.errorText().toStdString() + " See gvpn-server --help.");
    if (parser.isSet(QStringLiteral("help")) || parser.isSet(QStringLiteral("help-all"))) {
        options.command = Command::ShowHelp;
        options.helpText = parser.helpText();
        return options;
    }
    if (parser.isSet(QStringLiteral("version"))) {
        options.command = Command::ShowVersion;
        return options;
    }
    const auto command = readCommand(parser);
    if (!command)
        return fail(command.error());
    options.command = *command;
    const auto file = readFile(parser, defaultConfig);
    if (!file)
        return fail(file.error());
    const Values values(parser, *file);
    const std::array steps = {readNetworks, readDns, readAddresses, readLimits, readOffload, readRest};
    for (const auto step : steps) {
        if (const auto read = step(values, options); !read)
            return fail(read.error());
    }
    if (options.command != Command::Cleanup) {
        if (const auto read = readModes(values, options); !read)
            return fail(read.error());
    }
    // The key is for the server's own output.
    if (options.command == Command::Doctor)
        options.isJson = parser.isSet(QStringLiteral("json"));
    return options;
}

}  // namespace gvpn::server
