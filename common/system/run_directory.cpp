#include "system/run_directory.h"

#include "system/logging.h"
#include "system/service_directory.h"

#include <QDir>
#include <QFile>
#include <QJsonDocument>

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace gvpn::system {

namespace {

constexpr qint64 MaxFileBytes = 1 << 20;
constexpr int FileVersion = 1;

/// Inode numbers of namespaces are used again; the cookie is not (Linux 5.14; 0 before).
std::uint64_t readNamespaceCookie()
{
    const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    std::uint64_t cookie = 0;
    socklen_t size = sizeof cookie;
    if (!socket.isValid() || ::getsockopt(socket.get(), SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size) != 0)
        return 0;
    return cookie;
}

QString readBootId()
{
    QFile file(QStringLiteral("/proc/sys/kernel/random/boot_id"));
    return file.open(QIODevice::ReadOnly) ? QString::fromLatin1(file.readAll().trimmed()) : QString();
}

/// A file that root makes in a directory of the service's user must stay readable for the service. By its descriptor:
/// that user may put something else in the name's place.
void giveToOwnerOf(const std::string& directory, int file)
{
    struct stat info {};
    if (::geteuid() != 0 || ::stat(directory.c_str(), &info) != 0 || info.st_uid == 0)
        return;
    if (::fchown(file, info.st_uid, info.st_gid) != 0)
        qCWarning(logSystem) << "can't give a file to the owner of its directory path=" << directory.c_str();
}

Result<void> createDirectory(const std::string& path, mode_t mode)
{
    if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST)
        return fail(errnoError("create " + path, errno));
    return {};
}

}  // namespace

Result<RunDirectory> RunDirectory::locate(const std::string& base)
{
    const auto name = recordsName();
    if (!name)
        return fail(name.error());
    RunDirectory directory;
    directory.m_base = base;
    directory.m_path = base + '/' + *name;
    directory.m_stamp = readBootId() + u' ' + QString::number(readNamespaceCookie());
    return directory;
}

Result<void> RunDirectory::create() const
{
    if (auto created = createDirectory(m_base, 0755); !created)
        return created;
    // 0700: whoever can open the lock could hold it for ever.
    if (::mkdir(m_path.c_str(), 0700) == 0) {
        if (const UniqueFd made(::open(m_path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
            made.isValid())
            giveToOwnerOf(m_base, made.get());
    } else if (errno != EEXIST) {
        return fail(errnoError("create " + m_path, errno));
    }
    struct stat info {};
    if (::lstat(m_path.c_str(), &info) != 0) {
        const int code = errno;
        // Removed again by its last user: lock() finds that out.
        return code == ENOENT ? Result<void>() : fail(errnoError("examine " + m_path, code));
    }
    if (!S_ISDIR(info.st_mode) || (info.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return fail(ErrorCode::PermissionDenied, m_path + ": not a directory that only its owner can change");
    return {};
}

/// Whoever had the lock may have removed the directory meanwhile; then there is a new one to be made and locked.
Result<UniqueFd> RunDirectory::lock() const
{
    constexpr int MaxAttempts = 100;
    for (int attempt = 1;; ++attempt) {
        auto file = lockOnce();
        if (file && !file->isValid() && attempt == MaxAttempts)
            return fail(ErrorCode::SystemFailure, m_path + " is removed again and again");
        if (!file || file->isValid())
            return file;
    }
}

/// Not valid: the lock, or the directory, was removed before we had it.
Result<UniqueFd> RunDirectory::lockOnce() const
{
    if (auto created = create(); !created)
        return fail(created.error());
    const std::string path = m_path + "/lock";
    UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file.isValid() && errno == ENOENT)
        return UniqueFd();
    if (!file.isValid())
        return fail(errnoError("open " + path, errno));
    giveToOwnerOf(m_path, file.get());
    while (::flock(file.get(), LOCK_EX) != 0) {
        if (errno != EINTR)
            return fail(errnoError("lock " + path, errno));
    }
    struct stat ours {};
    struct stat current {};
    if (::fstat(file.get(), &ours) != 0 || ::lstat(path.c_str(), &current) != 0 || ours.st_ino != current.st_ino
        || ours.st_dev != current.st_dev)
        return UniqueFd();
    return file;
}

std::optional<QJsonObject> RunDirectory::read(const std::string& fileName) const
{
    auto object = readAny(fileName);
    if (object && !isOurs(*object))
        object.reset();
    return object;
}

bool RunDirectory::isOurs(const QJsonObject& object) const
{
    return object.value(u"stamp").toString() == m_stamp;
}

std::optional<QJsonObject> RunDirectory::readAny(const std::string& fileName) const
{
    const std::string path = m_path + "/" + fileName;
    const UniqueFd descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!descriptor.isValid() && errno == ENOENT)
        return std::nullopt;
    struct stat info {};
    QFile file;
    if (!descriptor.isValid() || ::fstat(descriptor.get(), &info) != 0 || !S_ISREG(info.st_mode)
        || info.st_size > MaxFileBytes || !file.open(descriptor.get(), QIODevice::ReadOnly)) {
        qCWarning(logSystem) << "ignoring a file that can't be read path=" << path.c_str();
        return std::nullopt;
    }
    const QJsonObject object = QJsonDocument::fromJson(file.read(MaxFileBytes)).object();
    if (object.value(u"version").toInt() != FileVersion || !object.value(u"stamp").isString()) {
        qCWarning(logSystem) << "ignoring a damaged file path=" << path.c_str();
        return std::nullopt;
    }
    return object;
}

Result<void> RunDirectory::write(const std::string& fileName, QJsonObject object) const
{
    object.insert(u"version", FileVersion);
    object.insert(u"stamp", m_stamp);
    const std::string path = m_path + "/" + fileName;
    const std::string temporaryPath = path + ".new";
    const QByteArray bytes = QJsonDocument(object).toJson();
    // Not QSaveFile: it waits for the disk. The record has to survive this process, not the computer.
    const UniqueFd file(::open(temporaryPath.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file.isValid() || ::write(file.get(), bytes.data(), static_cast<std::size_t>(bytes.size())) != bytes.size())
        return fail(errnoError("write " + temporaryPath, errno));
    giveToOwnerOf(m_path, file.get());
    if (::rename(temporaryPath.c_str(), path.c_str()) != 0)
        return fail(errnoError("rename " + temporaryPath, errno));
    return {};
}

void RunDirectory::remove(const std::string& fileName) const
{
    const std::string path = m_path + "/" + fileName;
    if (::unlink(path.c_str()) != 0 && errno != ENOENT)
        qCWarning(logSystem) << "can't remove a file path=" << path.c_str();
    removeIfUnused();
}

void RunDirectory::removeIfUnused() const
{
    const QDir directory(QString::fromStdString(m_path));
    if (directory.entryList(QDir::AllEntries | QDir::Hidden | QDir::System | QDir::NoDotAndDotDot)
        != QStringList{QStringLiteral("lock")})
        return;
    const std::string lockPath = m_path + "/lock";
    // Without the right to change the directory above it stays, empty.
    if (::unlink(lockPath.c_str()) == 0)
        ::rmdir(m_path.c_str());
}

void RunDirectory::removeOutdated() const
{
    const std::vector<std::string> names = list("", ".json");
    const auto lock = names.empty() ? Result<UniqueFd>() : this->lock();
    if (!lock)
        return;
    for (const std::string& name : names) {
        const auto object = readAny(name);
        if (object && !isOurs(*object))
            remove(name);
    }
}

std::vector<std::string> RunDirectory::list(const std::string& namePrefix, const std::string& nameSuffix) const
{
    const QString pattern = QString::fromStdString(namePrefix + "*" + nameSuffix);
    std::vector<std::string> names;
    for (const QString& name : QDir(QString::fromStdString(m_path)).entryList({pattern}, QDir::Files | QDir::System))
        names.push_back(name.toStdString());
    return names;
}

}  // namespace gvpn::system
