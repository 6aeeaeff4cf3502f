#include "accounts/database_file.h"

#include "accounts/schema.h"
#include "base/unique_fd.h"
#include "program/private_file.h"

#include <QRandomGenerator>

#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace gvpn::accounts {

namespace {

/// What SQLite puts beside the file.
constexpr const char* Companions[] = {"-wal", "-shm", "-journal"};

std::string directoryOf(const std::string& path)
{
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos)
        return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

bool isOurs(const std::string& path, const struct stat& status)
{
    if (status.st_uid == ::geteuid())
        return true;
    // Root looks after the files of a service.
    struct stat directory {};
    return ::geteuid() == 0 && ::stat(directoryOf(path).c_str(), &directory) == 0 && directory.st_uid == status.st_uid;
}

/// NotFound; PermissionDenied. Nothing is opened: closing a descriptor of our own would give up the locks that another
/// connection of this process holds on the file (fcntl(2), POSIX locks).
Result<void> checkIsPrivate(const std::string& path)
{
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0)
        return fail(errnoError(path, errno));
    if (!S_ISREG(status.st_mode))
        return fail(ErrorCode::PermissionDenied, path + ": it is no regular file");
    if (!isOurs(path, status))
        return fail(ErrorCode::PermissionDenied, path + ": it belongs to another user");
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return fail(ErrorCode::PermissionDenied,
                    path + ": others than its owner have access (chmod 600 would change that)");
    return {};
}

/// A name beside the file's own, for as long as it is made. It goes again, with what SQLite put beside it.
class TemporaryName {
public:
    explicit TemporaryName(const std::string& path)
        : m_name(path + '.' + std::to_string(QRandomGenerator::system()->generate64()) + ".new")
    {}
    TemporaryName(const TemporaryName&) = delete;
    TemporaryName& operator=(const TemporaryName&) = delete;
    ~TemporaryName()
    {
        ::unlink(m_name.c_str());
        for (const char* companion : Companions)
            ::unlink((m_name + companion).c_str());
    }
    [[nodiscard]] const std::string& get() const { return m_name; }

private:
    std::string m_name;
};

Result<void> makeTables(const std::string& path)
{
    const auto database = Database::open(path, Access::Write);
    if (!database)
        return fail(database.error());
    return prepareDatabase(**database);
}

/// There is a complete database afterwards, ours or that of who was faster: nobody ever sees half of one, and of two
/// programs that start at once neither has to wait for the other's tables.
Result<void> createDatabaseFile(const std::string& path)
{
    const TemporaryName temporary(path);
    if (auto created = program::createFile(temporary.get(), {}); !created)
        return created;
    if (auto made = makeTables(temporary.get()); !made)
        return fail(made.error().code, path + ": " + made.error().context);
    if (::link(temporary.get().c_str(), path.c_str()) != 0 && errno != EEXIST)
        return fail(errnoError("create " + path, errno));
    const UniqueFd directory(::open(directoryOf(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory.isValid() || ::fsync(directory.get()) != 0)
        return fail(errnoError("write the directory of " + path, errno));
    return {};
}

off_t sizeOf(const std::string& path)
{
    struct stat status {};
    return ::lstat(path.c_str(), &status) == 0 ? status.st_size : 0;
}

Result<void> inspect(const std::string& path, Access access)
{
    const auto database = Database::open(path, access);
    if (!database)
        return fail(database.error());
    // Ends with the connection: nothing is written.
    if (auto begun = (*database)->run("BEGIN"); !begun)
        return fail(begun.error());
    if (auto version = schemaVersionOf(**database); !version)
        return fail(version.error());
    return checkIntegrity(**database);
}

Result<void> inspectBesideJournal(const std::string& path)
{
    auto found = inspect(path, Access::Read);
    // A journal that has to be rolled back is more than a reader may do, and SQLite says no more than that.
    if (!found && found.error().code == ErrorCode::SystemFailure)
        return inspect(path, Access::Write);
    return found;
}

/// Nobody has it open, so that the file is all there is. (SQLite would make a -wal to read it otherwise.)
Result<void> inspectAtRest(const std::string& path)
{
    // Who opens and changes the file while we read it makes it look damaged, which it no longer does the next time.
    constexpr int MostAttempts = 3;
    for (int attempt = 1;; ++attempt) {
        auto found = inspect(path, sizeOf(path + "-wal") > 0 ? Access::Read : Access::ReadFileOnly);
        if (found || attempt == MostAttempts)
            return found;
    }
}

}  // namespace

Result<void> prepareDatabaseFile(const std::string& path, bool mayCreate)
{
    auto found = checkIsPrivate(path);
    if (!found && found.error().code == ErrorCode::NotFound && mayCreate) {
        if (auto created = createDatabaseFile(path); !created)
            return created;
        found = checkIsPrivate(path);
    }
    if (!found)
        return found;
    for (const char* companion : Companions)
        if (auto isPrivate = checkIsPrivate(path + companion);
            !isPrivate && isPrivate.error().code != ErrorCode::NotFound)
            return isPrivate;
    return {};
}

Result<void> inspectDatabaseFile(const std::string& path)
{
    if (sizeOf(path + "-journal") > 0)
        return inspectBesideJournal(path);
    // SQLite takes a file of one byte for an empty one.
    if (sizeOf(path) == 1)
        return fail(ErrorCode::Malformed, "it is no database");
    if (sizeOf(path) > 0)
        return inspectAtRest(path);
    // SQLite would take the file for a new one and delete the -wal, in which all of it may be.
    if (sizeOf(path + "-wal") > 0)
        return fail(ErrorCode::Malformed, "the database is empty, but " + path + "-wal beside it is not");
    return {};
}

}  // namespace gvpn::accounts
