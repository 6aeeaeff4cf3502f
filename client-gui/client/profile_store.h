// The profiles of one person: a directory with one JSON file each, named like the profile (percent-encoded). Used by
// gvpn-client and the GUI, several processes at once. One thread; the calls wait for the disk. A file that can't be
// read is never written over.
#pragma once

#include "client/profile.h"

#include <vector>

namespace gvpn::client {

/// Where profiles are by default: a value, so that tests need no environment.
struct ConfigHome {
    std::string home;        // $HOME
    std::string configHome;  // $XDG_CONFIG_HOME

    /// Of this process.
    [[nodiscard]] static ConfigHome current();
};

/// $XDG_CONFIG_HOME/gvpn/profiles, or ~/.config/gvpn/profiles when that is not set or not absolute. NotFound: no home.
[[nodiscard]] Result<std::string> defaultProfileDirectory(const ConfigHome& place);

/// A valid name as that of a file: percent-encoded, never hidden.
[[nodiscard]] std::string profileFileName(const std::string& name, const char* suffix);

struct ProfileListing {
    std::vector<Profile> profiles;  // by name
    std::vector<Error> unusable;    // each names its file
};

class ProfileStore {
public:
    /// The directory is made when the first profile is added.
    explicit ProfileStore(std::string directory)
        : m_directory(std::move(directory))
    {}

    /// LimitExceeded: more than 1,000 files.
    [[nodiscard]] Result<ProfileListing> list() const;
    /// NotFound. Malformed, Unsupported, LimitExceeded: the file is damaged, newer, too large. PermissionDenied: others
    /// may write it, or read it while it holds an invite (program::readTrustedFile, readKeyFile).
    [[nodiscard]] Result<Profile> find(const std::string& name) const;
    /// The one for this server and key, whatever the case of the host's name. Files that can't be used don't count.
    [[nodiscard]] Result<std::optional<Profile>> findByServer(const net::HostPort& server, const Pin& pin) const;

    /// AlreadyExists: there is one (or a damaged file) of that name, which stays as it is.
    [[nodiscard]] Result<void> add(const Profile& profile) const;
    /// Under the first free name of uniqueName(); returns the profile with it.
    [[nodiscard]] Result<Profile> addUnderFreeName(Profile profile) const;
    /// In place of the one of that name, which must be there and be readable (see find()).
    [[nodiscard]] Result<void> save(const Profile& profile) const;
    /// The same for the one of this name, which may become another one's: AlreadyExists as of add().
    [[nodiscard]] Result<void> replace(const std::string& name, const Profile& profile) const;
    /// A damaged one as well. NotFound.
    [[nodiscard]] Result<void> remove(const std::string& name) const;
    /// base made a valid name, with " (2)", " (3)", … behind it if it is taken.
    [[nodiscard]] Result<std::string> uniqueName(std::string_view base) const;

    [[nodiscard]] const std::string& directory() const { return m_directory; }

private:
    [[nodiscard]] std::string pathOf(const std::string& name) const;
    [[nodiscard]] Result<Profile> read(const std::string& path) const;

    std::string m_directory;
};

}  // namespace gvpn::client
