#include "program/private_file.h"

#include "base/unique_fd.h"

#include <QRandomGenerator>

#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace gvpn::program {

namespace {

struct OpenFile {
    UniqueFd descriptor;
    struct stat status {};
};

std::string directoryOf(const std::string& path)
{
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos)
        return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

Result<OpenFile> openForReading(const std::string& path, std::size_t maxBytes)
{
    OpenFile file;
    // O_NONBLOCK: opening a named pipe would wait for its writer.
    file.descriptor = UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file.descriptor.isValid())
        return fail(errnoError("open " + path, errno));
    if (::fstat(file.descriptor.get(), &file.status) != 0)
        return fail(errnoError("stat " + path, errno));
    if (!S_ISREG(file.status.st_mode))
        return fail(ErrorCode::InvalidArgument, path + ": not a regular file");
    if (static_cast<std::uint64_t>(file.status.st_size) > maxBytes)
        return fail(ErrorCode::LimitExceeded, path + ": larger than " + std::to_string(maxBytes) + " bytes");
    return file;
}

/// Reads to the end. A file that grows meanwhile is somebody's half-finished work.
Result<std::size_t> readAll(const std::string& path, const OpenFile& file, ByteSpan into)
{
    std::size_t size = 0;
    for (;;) {
        const ByteSpan rest = into.subspan(size);
        if (rest.empty())
            return fail(ErrorCode::LimitExceeded, path + ": it grew while it was read");
        const ssize_t part = ::read(file.descriptor.get(), rest.data(), rest.size());
        if (part == 0)
            return size;
        if (part < 0 && errno != EINTR)
            return fail(errnoError("read " + path, errno));
        size += part < 0 ? 0 : static_cast<std::size_t>(part);
    }
}

std::size_t bufferSizeFor(const OpenFile& file)
{
    return static_cast<std::size_t>(file.status.st_size) + 1;  // one more, to see the end
}

Result<void> checkOwner(const std::string& path, const struct stat& status)
{
    if (status.st_uid == ::geteuid())
        return {};
    struct stat directory {};
    if (::geteuid() == 0 && ::stat(directoryOf(path).c_str(), &directory) == 0 && directory.st_uid == status.st_uid)
        return {};
    return fail(ErrorCode::PermissionDenied, path + ": it belongs to another user");
}

Result<void> checkIsPrivate(const std::string& path, const struct stat& status)
{
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return fail(ErrorCode::PermissionDenied,
                    path
                        + ": this key is not private: others than its owner have access (chmod 600 would change that)");
    return checkOwner(path, status);
}

Result<void> checkIsTrusted(const std::string& path, const struct stat& status)
{
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return fail(ErrorCode::PermissionDenied,
                    path + ": others than its owner may write to it (chmod go-w would change that)");
    return checkOwner(path, status);
}

Result<ByteVector> readOpened(const std::string& path, const OpenFile& file)
{
    ByteVector bytes(bufferSizeFor(file));
    const auto size = readAll(path, file, bytes);
    if (!size)
        return fail(size.error());
    bytes.resize(*size);
    return bytes;
}

/// A complete file under a name of its own, beside its place. It goes again unless it was put there.
class NewFile {
public:
    explicit NewFile(const std::string& path)
        : m_path(path)
        , m_temporary(path + "." + std::to_string(QRandomGenerator::system()->generate64()) + ".new")
    {}
    NewFile(const NewFile&) = delete;
    NewFile& operator=(const NewFile&) = delete;
    ~NewFile()
    {
        if (m_descriptor.isValid())
            ::unlink(m_temporary.c_str());
    }

    Result<void> write(ByteView bytes);
    /// Takes the place of what is there.
    Result<void> replace();
    /// Takes the place if nothing is there.
    Result<void> place();

private:
    Result<void> giveToOwnerOfDirectory();
    Result<void> syncDirectory();

    std::string m_path;
    std::string m_temporary;
    UniqueFd m_descriptor;
};

Result<void> NewFile::write(ByteView bytes)
{
    m_descriptor = UniqueFd(::open(m_temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!m_descriptor.isValid())
        return fail(errnoError("create " + m_temporary, errno));
    if (auto given = giveToOwnerOfDirectory(); !given)
        return given;
    while (!bytes.empty()) {
        const ssize_t written = ::write(m_descriptor.get(), bytes.data(), bytes.size());
        if (written < 0 && errno != EINTR)
            return fail(errnoError("write " + m_temporary, errno));
        bytes = bytes.subspan(written < 0 ? 0 : static_cast<std::size_t>(written));
    }
    if (::fsync(m_descriptor.get()) != 0)
        return fail(errnoError("write " + m_temporary, errno));
    return {};
}

/// Else a command that root runs leaves files in a service's directory that the service can't read.
Result<void> NewFile::giveToOwnerOfDirectory()
{
    struct stat directory {};
    if (::geteuid() != 0 || ::stat(directoryOf(m_path).c_str(), &directory) != 0 || directory.st_uid == 0)
        return {};
    if (::fchown(m_descriptor.get(), directory.st_uid, directory.st_gid) != 0)
        return fail(errnoError("chown " + m_temporary, errno));
    return {};
}

Result<void> NewFile::replace()
{
    if (::rename(m_temporary.c_str(), m_path.c_str()) != 0)
        return fail(errnoError("create " + m_path, errno));
    m_descriptor.reset();
    return syncDirectory();
}

Result<void> NewFile::place()
{
    // Unlike rename() it fails if somebody was faster, and unlike O_EXCL the name stands for a complete file at once.
    if (::link(m_temporary.c_str(), m_path.c_str()) != 0)
        return fail(errnoError("create " + m_path, errno));
    return syncDirectory();
}

Result<void> NewFile::syncDirectory()
{
    const UniqueFd directory(::open(directoryOf(m_path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory.isValid() || ::fsync(directory.get()) != 0)
        return fail(errnoError("write the directory of " + m_path, errno));
    return {};
}

}  // namespace

Result<ByteVector> readFile(const std::string& path, std::size_t maxBytes)
{
    const auto file = openForReading(path, maxBytes);
    if (!file)
        return fail(file.error());
    return readOpened(path, *file);
}

Result<ByteVector> readTrustedFile(const std::string& path, std::size_t maxBytes)
{
    const auto file = openForReading(path, maxBytes);
    if (!file)
        return fail(file.error());
    if (const auto isTrusted = checkIsTrusted(path, file->status); !isTrusted)
        return fail(isTrusted.error());
    return readOpened(path, *file);
}

Result<SecretBytes> readKeyFile(const std::string& path, std::size_t maxBytes)
{
    const auto file = openForReading(path, maxBytes);
    if (!file)
        return fail(file.error());
    if (const auto isPrivate = checkIsPrivate(path, file->status); !isPrivate)
        return fail(isPrivate.error());
    SecretBytes buffer(bufferSizeFor(*file));
    const auto size = readAll(path, *file, buffer.span());
    if (!size)
        return fail(size.error());
    return SecretBytes(buffer.view().first(*size));
}

Result<void> writeFile(const std::string& path, ByteView bytes)
{
    NewFile file(path);
    if (auto written = file.write(bytes); !written)
        return written;
    return file.replace();
}

Result<void> createFile(const std::string& path, ByteView bytes)
{
    NewFile file(path);
    if (auto written = file.write(bytes); !written)
        return written;
    return file.place();
}

}  // namespace gvpn::program
