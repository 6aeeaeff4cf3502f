// The directory below /run/gvpn where the programs of one network namespace record what must be undone when one of
// them is killed: small JSON files, changed under one lock. Used by SwitchLedger and Journal; any thread.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"

#include <QJsonObject>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gvpn::system {

inline constexpr std::string_view DefaultRunDirectory = "/run/gvpn";

class RunDirectory {
public:
    /// base/net-<inode of this process's network namespace>. Nothing is created before the first lock().
    [[nodiscard]] static Result<RunDirectory> locate(const std::string& base);

    /// Held while it lives. The directory is created when it isn't there. Waits for other programs' short changes.
    [[nodiscard]] Result<UniqueFd> lock() const;

    /// The object in a file. Nothing when there is no such file or when it is of no use: another boot or another
    /// namespace with the same number (which say nothing about this one), damaged, too large, not a plain file. The
    /// last three are warned about.
    [[nodiscard]] std::optional<QJsonObject> read(const std::string& fileName) const;
    /// Atomic: whenever this process is killed, there is the old file or the new one. Call it under the lock.
    [[nodiscard]] Result<void> write(const std::string& fileName, QJsonObject object) const;
    /// The last file takes the directory with it, so nothing can be written under this lock afterwards.
    void remove(const std::string& fileName) const;
    /// Removes the files of another boot or namespace: a namespace whose number is ours now has ended.
    void removeOutdated() const;
    [[nodiscard]] std::vector<std::string> list(const std::string& namePrefix, const std::string& nameSuffix) const;

    [[nodiscard]] const std::string& path() const { return m_path; }

private:
    RunDirectory() = default;
    /// Of any boot and namespace.
    [[nodiscard]] std::optional<QJsonObject> readAny(const std::string& fileName) const;
    [[nodiscard]] bool isOurs(const QJsonObject& object) const;
    [[nodiscard]] Result<void> create() const;
    [[nodiscard]] Result<UniqueFd> lockOnce() const;
    void removeIfUnused() const;

    std::string m_base;
    std::string m_path;
    QString m_stamp;  // boot id and namespace cookie
};

}  // namespace gvpn::system
