#include "client/profile_store.h"

#include "client/known_servers.h"
#include "program/private_file.h"
#include "program/state_dir.h"

#include <QDir>

#include <algorithm>
#include <cerrno>

#include <sys/stat.h>
#include <unistd.h>

namespace gvpn::client {

namespace {

constexpr qsizetype MaxProfiles = 1000;
constexpr unsigned MaxNameTries = 1000;
constexpr const char* Suffix = ".json";

ByteView bytesOf(const QByteArray& text)
{
    return asBytes({text.constData(), static_cast<std::size_t>(text.size())});
}

bool isTaken(const std::string& path)
{
    struct stat status {};
    return ::lstat(path.c_str(), &status) == 0;
}

Failure about(const std::string& path, const Error& error)
{
    return fail(error.code, path + ": " + error.context);
}

}  // namespace

/// A name is no path: no '/', no control character, no hidden file, not "." or "..".
std::string profileFileName(const std::string& name, const char* suffix)
{
    QByteArray encoded = QByteArray::fromStdString(name).toPercentEncoding();
    if (encoded.startsWith('.'))
        encoded.replace(0, 1, "%2E");
    return (encoded + suffix).toStdString();
}

ConfigHome ConfigHome::current()
{
    return {qgetenv("HOME").toStdString(), qgetenv("XDG_CONFIG_HOME").toStdString()};
}

Result<std::string> defaultProfileDirectory(const ConfigHome& place)
{
    const bool hasConfigHome = place.configHome.starts_with('/');
    if (!hasConfigHome && !place.home.starts_with('/'))
        return fail(ErrorCode::NotFound, "neither $XDG_CONFIG_HOME nor $HOME names one");
    return (hasConfigHome ? place.configHome : place.home + "/.config") + "/gvpn" + "/profiles";
}

std::string ProfileStore::pathOf(const std::string& name) const
{
    return m_directory + '/' + profileFileName(name, Suffix);
}

Result<Profile> ProfileStore::read(const std::string& path) const
{
    const auto content = program::readTrustedFile(path, MaxProfileBytes);
    if (!content)
        return fail(content.error());
    auto profile = parseProfile(*content);
    if (!profile)
        return about(path, profile.error());
    if (pathOf(profile->name) != path)
        return fail(ErrorCode::Malformed, path + ": the name in it is another one");
    // Who holds the invite can be let in.
    if (profile->isPending()) {
        if (const auto isPrivate = program::readKeyFile(path, MaxProfileBytes); !isPrivate)
            return fail(isPrivate.error());
    }
    return profile;
}

Result<ProfileListing> ProfileStore::list() const
{
    const QDir directory(QString::fromStdString(m_directory));
    const QStringList files = directory.entryList({QLatin1Char('*') + QLatin1String(Suffix)},
                                                  QDir::Files | QDir::System | QDir::Hidden, QDir::Name);
    if (files.size() > MaxProfiles)
        return fail(ErrorCode::LimitExceeded, m_directory + ": more than " + std::to_string(MaxProfiles) + " files");
    ProfileListing listing;
    for (const QString& file : files) {
        auto profile = read(m_directory + '/' + file.toStdString());
        if (profile)
            listing.profiles.push_back(std::move(*profile));
        else if (profile.error().code != ErrorCode::NotFound)  // removed meanwhile
            listing.unusable.push_back(profile.error());
    }
    std::ranges::sort(listing.profiles, {}, &Profile::name);
    return listing;
}

Result<Profile> ProfileStore::find(const std::string& name) const
{
    if (const auto valid = validateProfileName(name); !valid)
        return fail(ErrorCode::NotFound, "no profile can have that name: " + valid.error().context);
    return read(pathOf(name));
}

Result<std::optional<Profile>> ProfileStore::findByServer(const net::HostPort& server, const Pin& pin) const
{
    auto listing = list();
    if (!listing)
        return fail(listing.error());
    const auto at = std::ranges::find_if(listing->profiles, [&](const Profile& profile) {
        return profile.pin == pin && serverKey(profile.server) == serverKey(server);
    });
    return at == listing->profiles.end() ? std::nullopt : std::optional(std::move(*at));
}

Result<void> ProfileStore::add(const Profile& profile) const
{
    if (const auto valid = validateProfileName(profile.name); !valid)
        return valid;
    if (profile.acceptRoutes.named.size() >= MaxProfileRoutes)
        return fail(ErrorCode::LimitExceeded, "more than " + std::to_string(MaxProfileRoutes - 1) + " networks");
    if (auto made = program::makeStateDir(m_directory); !made)
        return made;
    return program::createFile(pathOf(profile.name), bytesOf(toFileText(profile)));
}

Result<Profile> ProfileStore::addUnderFreeName(Profile profile) const
{
    const std::string base = profile.name;
    for (unsigned tries = 0; tries < MaxNameTries; ++tries) {
        auto name = uniqueName(base);
        if (!name)
            return fail(name.error());
        profile.name = std::move(*name);
        const auto added = add(profile);
        if (added)
            return profile;
        // Another process was faster.
        if (added.error().code != ErrorCode::AlreadyExists)
            return fail(added.error());
    }
    return fail(ErrorCode::AlreadyExists, m_directory + ": no name is free");
}

Result<void> ProfileStore::save(const Profile& profile) const
{
    if (const auto found = find(profile.name); !found)
        return fail(found.error());
    return program::writeFile(pathOf(profile.name), bytesOf(toFileText(profile)));
}

Result<void> ProfileStore::replace(const std::string& name, const Profile& profile) const
{
    if (profile.name == name)
        return save(profile);
    if (const auto found = find(name); !found)
        return fail(found.error());
    if (auto added = add(profile); !added)
        return added;
    const auto removed = remove(name);
    if (!removed && removed.error().code != ErrorCode::NotFound) {
        // Two of them would take turns in what is remembered.
        static_cast<void>(remove(profile.name));
        return removed;
    }
    return {};
}

Result<void> ProfileStore::remove(const std::string& name) const
{
    if (const auto valid = validateProfileName(name); !valid)
        return fail(ErrorCode::NotFound, "no profile can have that name: " + valid.error().context);
    const std::string path = pathOf(name);
    if (::unlink(path.c_str()) != 0)
        return fail(errnoError("remove " + path, errno));
    return {};
}

Result<std::string> ProfileStore::uniqueName(std::string_view base) const
{
    std::string name = toProfileName(base);
    if (name.empty())
        name = "gvpn";
    if (!isTaken(pathOf(name)))
        return name;
    for (unsigned number = 2; number <= MaxNameTries; ++number) {
        const std::string suffix = " (" + std::to_string(number) + ")";
        std::string start = name;
        while (start.size() + suffix.size() > MaxProfileNameBytes) {
            // Whole characters only.
            do {
                start.pop_back();
            } while (!QByteArrayView(start.data(), qsizetype(start.size())).isValidUtf8());
        }
        if (std::string numbered = start + suffix; !isTaken(pathOf(numbered)))
            return numbered;
    }
    return fail(ErrorCode::AlreadyExists, m_directory + ": no name is free");
}

}  // namespace gvpn::client
