#include "cli/target_options.h"

#include "base/text.h"
#include "cli/option_values.h"
#include "protocol/link.h"

#include <unistd.h>

namespace gvpn::cli {

namespace {

/// A password without anybody whose it is. A profile may name the user; a link that comes later as well.
Result<void> checkUser(const CliOptions& options)
{
    if (options.passwordDescriptor && options.user.empty() && options.profileName.empty())
        return usage(QStringLiteral("A password needs a user: give --user NAME."));
    return {};
}

Result<void> readUser(const QCommandLineParser& parser, CliOptions& options)
{
    const auto user = single(parser, QStringLiteral("user"));
    if (!user)
        return fail(user.error());
    if (!user->has_value())
        return {};
    options.user = (*user)->toStdString();
    if (options.user.empty() || options.user.size() > protocol::MaxLinkNameBytes
        || escapeForDisplay(options.user) != options.user)
        return usage(QStringLiteral("--user needs a name of at most %1 bytes, without control characters.")
                         .arg(protocol::MaxLinkNameBytes));
    return {};
}

Result<void> readPasswordSource(const QCommandLineParser& parser, CliOptions& options)
{
    const auto descriptor = single(parser, QStringLiteral("password-fd"));
    if (!descriptor)
        return fail(descriptor.error());
    const bool isStdin = parser.isSet(QStringLiteral("password-stdin"));
    if (isStdin && descriptor->has_value())
        return usage(QStringLiteral("Give --password-stdin or --password-fd, not both."));
    if (isStdin)
        options.passwordDescriptor = STDIN_FILENO;
    if (descriptor->has_value()) {
        bool isNumber = false;
        const int number = (*descriptor)->toInt(&isNumber);
        if (!isNumber || number < 0 || number == STDOUT_FILENO || number == STDERR_FILENO)
            return usage(
                QStringLiteral("--password-fd needs the number of a descriptor to read from: 0, or 3 and up."));
        options.passwordDescriptor = number;
    }
    if (options.readsLink && options.passwordDescriptor == STDIN_FILENO)
        return usage(QStringLiteral("Only one of the link and the password can come from standard input: use "
                                    "--password-fd for the password."));
    return {};
}

Result<void> readServer(const QCommandLineParser& parser, const QString& server, CliOptions& options)
{
    const auto pin = single(parser, QStringLiteral("pin"));
    if (!pin)
        return fail(pin.error());
    options.trustsOnFirstUse = parser.isSet(QStringLiteral("trust-on-first-use"));
    if (pin->has_value() && options.trustsOnFirstUse)
        return usage(QStringLiteral("Give --pin or --trust-on-first-use, not both."));
    auto parsed = net::HostPort::parse(server.toStdString());
    if (!parsed)
        return badValue(QStringLiteral("--server"), server, parsed.error());
    options.server = std::move(*parsed);
    if (pin->has_value()) {
        const auto value = Pin::parse((*pin)->toStdString());
        if (!value)
            return badValue(QStringLiteral("--pin"), **pin, value.error());
        options.pin = *value;
    }
    return {};
}

/// What a link or a profile brings along can't be given beside it.
Result<void> checkNoKeyOptions(const QCommandLineParser& parser, const QString& source)
{
    for (const char* name : {"pin", "trust-on-first-use"}) {
        if (parser.isSet(QLatin1String(name)))
            return usage(QStringLiteral("%1 names the server's key: leave out --%2.").arg(source, QLatin1String(name)));
    }
    return {};
}

/// Of the doctor's options those that mean nothing without a server.
Result<void> checkNoTargetNeeded(const QCommandLineParser& parser)
{
    for (const char* name : {"pin", "v1", "cidr"}) {
        if (parser.isSet(QLatin1String(name)))
            return usage(
                QStringLiteral("--%1 needs a server: give --server HOST[:PORT] as well.").arg(QLatin1String(name)));
    }
    return {};
}

/// One of the four ways to say where to.
Result<void> checkOneTarget(const QCommandLineParser& parser)
{
    const QStringList links = linksOf(parser);
    // A second link is not repeated: it may hold an invite.
    if (links.size() > 1)
        return usage(QStringLiteral("Give one link, in quotes: there is more than one argument."));
    int targets = int(links.size());
    for (const char* name : {"link-stdin", "profile", "server"})
        targets += parser.isSet(QLatin1String(name)) ? 1 : 0;
    if (targets == 0 && isDoctor(parser))
        return checkNoTargetNeeded(parser);
    if (targets == 0)
        return usage(QStringLiteral("Name a server: a link, --link-stdin, --profile NAME, or --server HOST[:PORT]."));
    if (targets > 1)
        return usage(QStringLiteral("Give only one of a link, --link-stdin, --profile and --server, not two of them."));
    return {};
}

Result<void> readProfile(const QString& name, CliOptions& options)
{
    if (name.isEmpty())
        return usage(QStringLiteral("--profile needs a name; 'gvpn-client profile list' shows them."));
    options.profileName = name.toStdString();
    return {};
}

}  // namespace

Result<void> takeLink(const QString& text, CliOptions& options)
{
    auto link = protocol::Link::parse(text.toStdString());
    if (!link)
        return usage(QStringLiteral("The link can't be used: %1.").arg(QString::fromStdString(link.error().context)));
    if (link->invite && (!options.user.empty() || options.passwordDescriptor))
        return usage(QStringLiteral(
            "The link has an invite, which needs no password: leave out --user, --password-stdin and --password-fd."));
    if (options.user.empty() && !link->invite)
        options.user = link->user;
    client::Invitation invitation{.server = link->server,
                                  .pin = link->pin,
                                  .invite = {},
                                  .user = link->invite ? link->user : options.user,
                                  .label = link->label,
                                  .acceptRoutes = options.acceptRoutes.value_or(client::AcceptRoutes{}),
                                  .usesDns = options.usesDns,
                                  .acceptDomains = options.acceptDomains};
    if (link->invite)
        invitation.invite = SharedSecret(std::move(*link->invite));
    options.server = link->server;
    options.pin = link->pin;
    options.link = std::move(invitation);
    return checkUser(options);
}

Result<void> readTarget(const QCommandLineParser& parser, CliOptions& options)
{
    const auto server = single(parser, QStringLiteral("server"));
    const auto profile = single(parser, QStringLiteral("profile"));
    if (!server || !profile)
        return fail(!server ? server.error() : profile.error());
    if (const auto isOne = checkOneTarget(parser); !isOne)
        return isOne;
    options.readsLink = parser.isSet(QStringLiteral("link-stdin"));
    for (const auto read : {readUser, readPasswordSource}) {
        if (const auto done = read(parser, options); !done)
            return done;
    }
    if (server->has_value()) {
        if (const auto read = readServer(parser, **server, options); !read)
            return read;
        return checkUser(options);
    }
    const QString source = profile->has_value() ? QStringLiteral("A profile") : QStringLiteral("A link");
    if (const auto checked = checkNoKeyOptions(parser, source); !checked)
        return checked;
    if (profile->has_value())
        return readProfile(**profile, options);
    const QStringList links = linksOf(parser);
    return links.isEmpty() ? Result<void>() : takeLink(links.front(), options);
}

}  // namespace gvpn::cli
