#include "cli/profile_command.h"

#include "base/text.h"
#include "cli/option_values.h"
#include "client/profile_fields.h"
#include "client/sentences.h"
#include "program/private_file.h"

#include <QCoreApplication>
#include <QJsonArray>
#include <QJsonDocument>

#include <array>
#include <vector>

namespace gvpn::cli {

namespace {

using program::ExitStatus;
using Action = ProfileCommand::Action;

struct Tr {
    Q_DECLARE_TR_FUNCTIONS(gvpn::cli)
};

struct ActionName {
    const char* name;
    Action action;
    const char* argument;  // what it needs; empty: nothing
};
constexpr std::array Actions{ActionName{"list", Action::List, ""}, ActionName{"show", Action::Show, "NAME"},
                             ActionName{"remove", Action::Remove, "NAME"}, ActionName{"export", Action::Export, "NAME"},
                             ActionName{"import", Action::Import, "FILE"}};

QString fromText(const std::string& text)
{
    return QString::fromStdString(escapeForDisplay(text));
}

QByteArray jsonLine(const QJsonObject& object)
{
    return QJsonDocument(object).toJson(QJsonDocument::Compact) + '\n';
}

QString listLine(const client::Profile& profile)
{
    QString line = QStringLiteral("%1  %2").arg(fromText(profile.name), fromText(profile.server.toString()));
    if (!profile.user.empty())
        line += QStringLiteral("  ") + Tr::tr("user %1").arg(fromText(profile.user));
    if (profile.isPending())
        line += QStringLiteral("  ") + Tr::tr("(its invite is not redeemed yet)");
    return line + QLatin1Char('\n');
}

QString yesOrNo(bool isYes)
{
    return isYes ? Tr::tr("yes") : Tr::tr("no");
}

QString description(const client::Profile& profile)
{
    const QJsonObject fields = toListing(profile);
    QStringList routes;
    const QJsonArray values = fields.value(u"accept_routes").toArray();
    for (const auto route : values)
        routes.append(route.toString());
    QString text;
    const auto line = [&text](const QString& title, const QString& value) {
        text += QStringLiteral("%1: %2\n").arg(title, value);
    };
    line(Tr::tr("Name"), fromText(profile.name));
    line(Tr::tr("Server"), fromText(profile.server.toString()));
    line(Tr::tr("Key of the server"),
         profile.pin ? fromText(profile.pin->toString()) : Tr::tr("not known yet, the first connection asks"));
    if (!profile.user.empty())
        line(Tr::tr("User"), fromText(profile.user));
    line(Tr::tr("Accepted routes"), routes.join(QStringLiteral(", ")));
    if (!profile.knownRoutes.empty())
        line(Tr::tr("Networks so far"), fromText(net::joinPrefixes(profile.knownRoutes)));
    line(Tr::tr("Names of the office"), profile.usesDns ? Tr::tr("asked there") : Tr::tr("left as they are"));
    if (!profile.acceptDomains.empty())
        line(Tr::tr("Domains accepted as well"), client::domainsText(profile.acceptDomains));
    line(Tr::tr("Connects at start"), yesOrNo(profile.connectsAtStart));
    line(Tr::tr("Reconnects"), yesOrNo(profile.reconnects));
    line(Tr::tr("Password"), profile.remembersPassword ? Tr::tr("in the keyring") : Tr::tr("asked for when needed"));
    line(Tr::tr("Key of this computer"), profile.deviceKeyPlace == client::DeviceKeyPlace::Keyring
                                             ? Tr::tr("in the keyring")
                                             : Tr::tr("in a file of the state directory"));
    line(Tr::tr("Invite"), profile.isPending() ? Tr::tr("not redeemed yet") : Tr::tr("none waits"));
    line(Tr::tr("Made"), fromText(profile.created));
    return text;
}

ProfileAnswer failure(const QString& sentence, ExitStatus status = ExitStatus::Failure)
{
    return {{}, {sentence}, status};
}

}  // namespace

ProfileAnswer failureToFind(const std::string& name, const client::ProfileStore& store, const Error& error)
{
    if (error.code != ErrorCode::NotFound)
        return failure(client::sentenceForProfile(error));
    std::vector<std::string> names;
    if (const auto listing = store.list()) {
        for (const client::Profile& profile : listing->profiles)
            names.push_back(profile.name);
    }
    return failure(client::sentenceForUnknownProfile(name, names), ExitStatus::Usage);
}

namespace {

ProfileAnswer list(const ProfileCommand& command, const client::ProfileStore& store)
{
    const auto listing = store.list();
    if (!listing)
        return failure(client::sentenceForProfile(listing.error()));
    ProfileAnswer answer;
    for (const client::Profile& profile : listing->profiles)
        answer.output += command.isJson ? jsonLine(toListing(profile)) : listLine(profile).toUtf8();
    for (const Error& error : listing->unusable)
        answer.sentences.append(client::sentenceForProfile(error));
    if (!listing->unusable.empty())
        answer.status = ExitStatus::Failure;
    else if (listing->profiles.empty() && !command.isJson)
        answer.sentences.append(Tr::tr("There is no profile yet: connect with a link to get one."));
    return answer;
}

ProfileAnswer show(const ProfileCommand& command, const client::ProfileStore& store)
{
    const auto profile = store.find(command.argument);
    if (!profile)
        return failureToFind(command.argument, store, profile.error());
    if (command.action == Action::Export)
        return {.output = toExportText(*profile), .sentences = {}};
    return {.output = command.isJson ? jsonLine(toListing(*profile)) : description(*profile).toUtf8(), .sentences = {}};
}

ProfileAnswer remove(const ProfileCommand& command, const client::ProfileStore& store)
{
    if (const auto removed = store.remove(command.argument); !removed)
        return failureToFind(command.argument, store, removed.error());
    ProfileAnswer answer;
    if (command.isJson)
        answer.output = jsonLine({{QStringLiteral("event"), QStringLiteral("profile-removed")},
                                  {QStringLiteral("name"), QString::fromStdString(command.argument)}});
    else
        answer.sentences.append(Tr::tr("Removed the profile %1.").arg(fromText(command.argument)));
    return answer;
}

ProfileAnswer import(const ProfileCommand& command, const client::ProfileStore& store)
{
    const auto content = program::readFile(command.argument, client::MaxProfileBytes);
    const auto cantImport = [&command](const Error& error) {
        return failure(Tr::tr("Could not import %1: %2; export the profile again where it comes from.")
                           .arg(fromText(command.argument), fromText(error.context)));
    };
    if (!content)
        return cantImport(content.error());
    const auto imported = client::parseImport(*content);
    if (!imported)
        return cantImport(imported.error());
    const client::Profile& profile = imported->profile;
    const auto added = store.add(profile);
    if (!added && added.error().code == ErrorCode::AlreadyExists)
        return failure(Tr::tr("Could not import %1: there is a profile %2 already; remove that one first.")
                           .arg(fromText(command.argument), fromText(profile.name)));
    if (!added)
        return failure(client::sentenceForProfile(added.error()));
    ProfileAnswer answer;
    if (command.isJson)
        answer.output = jsonLine({{QStringLiteral("event"), QStringLiteral("profile-imported")},
                                  {QStringLiteral("name"), QString::fromStdString(profile.name)}});
    else
        answer.sentences.append(client::sentenceForRemembered(profile.name, command.stateDir));
    if (!imported->leftOut.empty())
        answer.sentences.append(Tr::tr("Left out of it, since they are public networks: %1; to reach one, name it with "
                                       "--accept-routes when you connect.")
                                    .arg(QString::fromStdString(net::joinPrefixes(imported->leftOut))));
    return answer;
}

QString allActions()
{
    QStringList names;
    for (const ActionName& action : Actions)
        names.append(QString::fromLatin1(action.name)
                     + (*action.argument != 0 ? QLatin1Char(' ') + QString::fromLatin1(action.argument) : QString()));
    return names.join(QStringLiteral(", "));
}

}  // namespace

Result<ProfileCommand> readProfileCommand(const QCommandLineParser& parser)
{
    for (const QString& name : parser.optionNames()) {
        if (name != u"json" && name != u"state-dir" && name != u"log-level")
            return usage(QStringLiteral("--%1 can't be used with 'profile'.").arg(name));
    }
    const QStringList words = parser.positionalArguments();
    const QString wanted = words.value(1);
    const auto action = std::ranges::find_if(
        Actions, [&wanted](const ActionName& candidate) { return wanted == QLatin1String(candidate.name); });
    if (action == Actions.end())
        return usage(QStringLiteral("Say what to do with profiles: %1.").arg(allActions()));
    const bool needsArgument = *action->argument != 0;
    if (words.size() != (needsArgument ? 3 : 2))
        return usage(needsArgument
                         ? QStringLiteral("'profile %1' needs one %2.").arg(wanted, QLatin1String(action->argument))
                         : QStringLiteral("'profile %1' needs nothing more.").arg(wanted));
    if (looksLikeLink(words.value(2)))
        return linkInPlaceOf(QStringLiteral("profile %1").arg(wanted));
    const auto stateDir = single(parser, QStringLiteral("state-dir"));
    if (!stateDir)
        return fail(stateDir.error());
    if (stateDir->has_value() && (*stateDir)->isEmpty())
        return usage(QStringLiteral("--state-dir needs a directory."));
    return ProfileCommand{.action = action->action,
                          .argument = words.value(2).toStdString(),
                          .stateDir = stateDir->value_or(QString()).toStdString(),
                          .isJson = parser.isSet(QStringLiteral("json"))};
}

ProfileAnswer answerTo(const ProfileCommand& command, const client::ProfileStore& store)
{
    switch (command.action) {
    case Action::List: return list(command, store);
    case Action::Show:
    case Action::Export: return show(command, store);
    case Action::Remove: return remove(command, store);
    case Action::Import: return import(command, store);
    }
    return {};
}

Result<client::ProfileStore> profileStoreFor(const std::string& stateDir)
{
    if (!stateDir.empty())
        return client::ProfileStore(stateDir + "/profiles");
    auto directory = client::defaultProfileDirectory(client::ConfigHome::current());
    if (!directory)
        return fail(directory.error());
    return client::ProfileStore(std::move(*directory));
}

}  // namespace gvpn::cli
