// One connection a profile on this computer: held by the program that has it, tray application or gvpn-client. The
// kernel lets go of it when that program ends in any way. Any thread; taking it touches a small file.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"

#include <optional>
#include <string>

namespace gvpn::client {

class ProfileLock {
public:
    /// stateDir/locks is made if it is missing. AlreadyExists: another program holds it, or this one does by another
    /// lock; the context is "gvpn-gui (process 123)".
    [[nodiscard]] static Result<ProfileLock> take(const std::string& stateDir, const std::string& profile,
                                                  const std::string& program);

    /// The same without making anything; nothing: there is no file, so nobody holds it.
    [[nodiscard]] static Result<std::optional<ProfileLock>>
    takeIfThere(const std::string& stateDir, const std::string& profile, const std::string& program);

private:
    [[nodiscard]] static Result<ProfileLock> lock(UniqueFd file, const std::string& path, const std::string& program);
    explicit ProfileLock(UniqueFd file)
        : m_file(std::move(file))
    {}

    UniqueFd m_file;  // closing it unlocks; the empty file stays
};

}  // namespace gvpn::client
