#include "client/profile.h"

#include "base/text.h"
#include "net/domain_name.h"
#include "protocol/link.h"

#include <QDateTime>
#include <QJsonArray>
#include <QJsonDocument>

#include <algorithm>
#include <iterator>

namespace gvpn::client {

namespace {

Failure damaged(std::string what)
{
    return fail(ErrorCode::Malformed, std::move(what));
}

QString fromText(std::string_view text)
{
    return QString::fromUtf8(text.data(), qsizetype(text.size()));
}

bool isPrintable(char32_t c)
{
    switch (QChar::category(c)) {
    case QChar::Other_Control:
    case QChar::Other_Format:
    case QChar::Other_Surrogate:
    case QChar::Separator_Line:
    case QChar::Separator_Paragraph: return false;
    default: return true;
    }
}

bool isBlank(char c)
{
    return c == ' ';
}

QJsonArray routesToJson(const AcceptRoutes& routes)
{
    QJsonArray values;
    if (routes.isAuto)
        values.append(QStringLiteral("auto"));
    for (const net::Prefix& prefix : routes.named)
        values.append(fromText(prefix.toString()));
    if (values.isEmpty())
        values.append(QStringLiteral("none"));
    return values;
}

QJsonArray toJson(const std::vector<net::Prefix>& routes)
{
    QJsonArray values;
    for (const net::Prefix& route : routes)
        values.append(fromText(route.toString()));
    return values;
}

Result<std::vector<net::Prefix>> prefixesFromJson(const QJsonValue& value)
{
    const QJsonArray values = value.toArray();
    if (!value.isArray() || std::size_t(values.size()) > MaxProfileRoutes)
        return damaged("known_routes is no list of at most " + std::to_string(MaxProfileRoutes) + " networks");
    std::vector<net::Prefix> routes;
    for (const auto entry : values) {
        const auto prefix = net::Prefix::parse(entry.toString().toStdString());
        if (!prefix)
            return damaged("known_routes has an entry that is no network");
        routes.push_back(*prefix);
    }
    return routes;
}

QJsonArray toJson(const std::vector<std::string>& domains)
{
    QJsonArray values;
    for (const std::string& domain : domains)
        values.append(fromText(domain));
    return values;
}

Result<std::vector<std::string>> domainsFromJson(const QJsonValue& value)
{
    const QJsonArray values = value.toArray();
    if (!value.isArray() || std::size_t(values.size()) > MaxProfileDomains)
        return damaged("accept_domains is no list of at most " + std::to_string(MaxProfileDomains) + " domains");
    std::vector<std::string> domains;
    for (const auto entry : values) {
        domains.push_back(entry.toString().toStdString());
        if (!net::isDomainName(domains.back()))
            return damaged("accept_domains has an entry that is no domain name");
    }
    return domains;
}

Result<AcceptRoutes> routesFromJson(const QJsonValue& value)
{
    const QJsonArray values = value.toArray();
    if (values.isEmpty() || std::size_t(values.size()) > MaxProfileRoutes)
        return damaged("accept_routes is no list of 1 to " + std::to_string(MaxProfileRoutes) + " entries");
    AcceptRoutes routes{.isAuto = values.contains(QStringLiteral("auto")), .named = {}};
    if (values.contains(QStringLiteral("none")))
        return values.size() == 1 ? Result<AcceptRoutes>(routes) : damaged("accept_routes has more than \"none\"");
    for (const auto entry : values) {
        if (entry.toString() == QStringLiteral("auto"))
            continue;
        const auto prefix = net::Prefix::parse(entry.toString().toStdString());
        if (!prefix || isNeverRouted(*prefix))
            return damaged("accept_routes has an entry that is no network");
        routes.named.push_back(*prefix);
    }
    return routes;
}

QString placeName(DeviceKeyPlace place)
{
    return place == DeviceKeyPlace::Keyring ? QStringLiteral("keyring") : QStringLiteral("file");
}

QJsonObject commonFields(const Profile& profile)
{
    QJsonObject root{{QStringLiteral("name"), fromText(profile.name)},
                     {QStringLiteral("server"), fromText(profile.server.toString())},
                     {QStringLiteral("accept_routes"), routesToJson(profile.acceptRoutes)},
                     {QStringLiteral("created"), fromText(profile.created)},
                     {QStringLiteral("connects_at_start"), profile.connectsAtStart},
                     {QStringLiteral("reconnects"), profile.reconnects},
                     {QStringLiteral("remembers_password"), profile.remembersPassword},
                     {QStringLiteral("device_key"), placeName(profile.deviceKeyPlace)},
                     {QStringLiteral("known_routes"), toJson(profile.knownRoutes)},
                     {QStringLiteral("uses_dns"), profile.usesDns},
                     {QStringLiteral("accept_domains"), toJson(profile.acceptDomains)}};
    if (profile.pin)
        root.insert(QStringLiteral("pin"), fromText(profile.pin->toString()));
    if (!profile.user.empty())
        root.insert(QStringLiteral("user"), fromText(profile.user));
    return root;
}

/// Of JSON's own limits only the depth is checked by the reader; the file's size bounds the rest.
Result<std::string> textOf(const QJsonObject& root, const char* key, std::size_t maxBytes)
{
    const QJsonValue value = root.value(QLatin1String(key));
    std::string text = value.toString().toStdString();
    if (!value.isString() || text.empty() || text.size() > maxBytes || escapeForDisplay(text) != text)
        return damaged(std::string(key) + " is missing or no text of 1 to " + std::to_string(maxBytes) + " bytes");
    return text;
}

Result<void> readOptional(const QJsonObject& root, Profile& profile)
{
    if (root.contains(u"user")) {
        auto user = textOf(root, "user", protocol::MaxLinkNameBytes);
        if (!user)
            return fail(user.error());
        profile.user = std::move(*user);
    }
    if (root.contains(u"invite")) {
        auto secret = fromBase64Url(root.value(u"invite").toString().toStdString(), protocol::InviteBytes);
        if (!secret)
            return damaged("the invite: " + secret.error().context);
        profile.invite = SharedSecret(SecretBytes(*secret));
    }
    return {};
}

Result<void> readSwitch(const QJsonObject& root, const char* key, bool& value)
{
    const QJsonValue found = root.value(QLatin1String(key));
    if (!found.isBool())
        return damaged(std::string(key) + " is neither true nor false");
    value = found.toBool();
    return {};
}

/// Not in the first profiles of the second version.
Result<void> readDns(const QJsonObject& root, Profile& profile)
{
    if (root.contains(u"uses_dns")) {
        if (auto read = readSwitch(root, "uses_dns", profile.usesDns); !read)
            return read;
    }
    if (root.contains(u"accept_domains")) {
        auto domains = domainsFromJson(root.value(u"accept_domains"));
        if (!domains)
            return fail(domains.error());
        profile.acceptDomains = std::move(*domains);
    }
    return {};
}

/// Version 1 had none of them: a key of that name was not known then, and is none of ours.
Result<void> readSecondVersion(const QJsonObject& root, Profile& profile)
{
    for (const auto& [key, value] : {std::pair{"connects_at_start", &profile.connectsAtStart},
                                     {"reconnects", &profile.reconnects},
                                     {"remembers_password", &profile.remembersPassword}}) {
        if (auto read = readSwitch(root, key, *value); !read)
            return read;
    }
    const QString place = root.value(u"device_key").toString();
    if (place != placeName(DeviceKeyPlace::File) && place != placeName(DeviceKeyPlace::Keyring))
        return damaged("device_key is neither \"file\" nor \"keyring\"");
    profile.deviceKeyPlace =
        place == placeName(DeviceKeyPlace::Keyring) ? DeviceKeyPlace::Keyring : DeviceKeyPlace::File;
    auto routes = prefixesFromJson(root.value(u"known_routes"));
    if (!routes)
        return fail(routes.error());
    profile.knownRoutes = std::move(*routes);
    return readDns(root, profile);
}

Result<void> readPin(const QJsonObject& root, bool isNeeded, Profile& profile)
{
    if (!isNeeded && !root.contains(u"pin"))
        return {};
    const auto pin = Pin::parse(root.value(u"pin").toString().toStdString());
    if (!pin)
        return damaged("the " + pin.error().context);
    profile.pin = *pin;
    return {};
}

}  // namespace

Result<void> validateProfileName(std::string_view name)
{
    const auto invalid = [](std::string what) {
        return fail(ErrorCode::InvalidArgument, "the name " + std::move(what));
    };
    if (name.empty() || name.size() > MaxProfileNameBytes)
        return invalid("has not 1 to " + std::to_string(MaxProfileNameBytes) + " bytes");
    if (!QByteArrayView(name.data(), qsizetype(name.size())).isValidUtf8())
        return invalid("is no UTF-8");
    const auto characters = fromText(name).toUcs4();
    if (!std::ranges::all_of(characters, [](uint c) { return isPrintable(c); }))
        return invalid("has a control or format character");
    if (isBlank(name.front()) || isBlank(name.back()))
        return invalid("has a blank at its end or beginning");
    return {};
}

std::string toProfileName(std::string_view text)
{
    std::string name;
    const auto characters = fromText(text).toUcs4();
    for (const uint character : characters) {
        const char32_t c = character;
        const std::string bytes = QString::fromUcs4(&c, 1).toStdString();
        if (!isPrintable(c) || (name.empty() && bytes == " "))
            continue;
        if (name.size() + bytes.size() > MaxProfileNameBytes)
            break;
        name += bytes;
    }
    while (!name.empty() && isBlank(name.back()))
        name.pop_back();
    return name;
}

Profile withoutLocalState(Profile profile)
{
    profile.invite.reset();
    profile.connectsAtStart = false;
    profile.remembersPassword = false;
    profile.deviceKeyPlace = DeviceKeyPlace::File;
    profile.knownRoutes.clear();
    profile.acceptDomains.clear();
    return profile;
}

std::vector<net::Prefix> routesNewTo(const Profile& profile, const std::vector<net::Prefix>& routes)
{
    std::vector<net::Prefix> fresh;
    std::ranges::copy_if(routes, std::back_inserter(fresh), [&profile](const net::Prefix& route) {
        return std::ranges::find(profile.knownRoutes, route) == profile.knownRoutes.end();
    });
    return fresh;
}

bool learnRoutes(Profile& profile, const std::vector<net::Prefix>& routes)
{
    const std::size_t before = profile.knownRoutes.size();
    for (const net::Prefix& route : routesNewTo(profile, routes)) {
        if (profile.knownRoutes.size() < MaxProfileRoutes)
            profile.knownRoutes.push_back(route);
    }
    std::ranges::sort(profile.knownRoutes);
    return profile.knownRoutes.size() > before;
}

QByteArray toFileText(const Profile& profile)
{
    QJsonObject root = commonFields(profile);
    root.insert(QStringLiteral("version"), ProfileVersion);
    if (profile.invite)
        root.insert(QStringLiteral("invite"), fromText(toBase64Url(profile.invite->view())));
    return QJsonDocument(root).toJson();
}

QByteArray toExportText(const Profile& profile)
{
    return toFileText(withoutLocalState(profile));
}

QJsonObject toListing(const Profile& profile)
{
    QJsonObject root = commonFields(profile);
    root.insert(QStringLiteral("pending"), profile.isPending());
    return root;
}

Result<Profile> parseProfile(ByteView text)
{
    QJsonParseError error{};
    const auto document =
        QJsonDocument::fromJson(QByteArray::fromRawData(asText(text).data(), qsizetype(text.size())), &error);
    if (error.error != QJsonParseError::NoError || !document.isObject())
        return damaged("it is no JSON object");
    const QJsonObject root = document.object();
    const int version = root.value(u"version").toInt();
    if (version > ProfileVersion)
        return fail(ErrorCode::Unsupported, "it was written by a newer version of this program");
    if (version < 1)
        return damaged("it has no version");
    Profile profile;
    profile.name = root.value(u"name").toString().toStdString();
    if (const auto valid = validateProfileName(profile.name); !valid)
        return damaged(valid.error().context);
    auto server = net::HostPort::parse(root.value(u"server").toString().toStdString());
    if (!server)
        return damaged("the server: " + server.error().context);
    profile.server = std::move(*server);
    const bool isFirstVersion = version == 1;
    if (const auto done = readPin(root, isFirstVersion, profile); !done)
        return fail(done.error());
    auto routes = routesFromJson(root.value(u"accept_routes"));
    if (!routes)
        return fail(routes.error());
    profile.acceptRoutes = std::move(*routes);
    profile.created = root.value(u"created").toString().toStdString();
    if (!QDateTime::fromString(fromText(profile.created), Qt::ISODate).isValid() || profile.created.size() > 32)
        return damaged("created is no date");
    if (const auto done = readOptional(root, profile); !done)
        return fail(done.error());
    if (const auto done = isFirstVersion ? Result<void>() : readSecondVersion(root, profile); !done)
        return fail(done.error());
    return profile;
}

Result<ImportedProfile> parseImport(ByteView text)
{
    auto profile = parseProfile(text);
    if (!profile)
        return fail(profile.error());
    ImportedProfile imported{.profile = withoutLocalState(std::move(*profile)), .leftOut = {}};
    std::erase_if(imported.profile.acceptRoutes.named, [&imported](const net::Prefix& network) {
        if (!network.isPrivate())
            imported.leftOut.push_back(network);
        return !network.isPrivate();
    });
    return imported;
}

}  // namespace gvpn::client
