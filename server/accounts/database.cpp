#include "accounts/database.h"

#include <QSqlError>
#include <QSqlQuery>
#include <QSqlRecord>
#include <QUrl>

#include <atomic>
#include <optional>

namespace gvpn::accounts {

namespace {

/// SQLite's result codes (sqlite.org/rescode.html): the lower eight bits are the primary one.
enum class Sqlite {
    Busy = 5,
    Locked = 6,
    Corrupt = 11,
    Full = 13,
    NotADatabase = 26,
    ConstraintPrimaryKey = 1555,
    ConstraintUnique = 2067,
    NoRoomForSharedMemory = 4874,  // SQLITE_IOERR_SHMSIZE
};

Error errorOf(const QSqlError& error)
{
    const int code = error.nativeErrorCode().toInt();
    const std::string reason = error.databaseText().toStdString();
    switch (Sqlite{code}) {
    case Sqlite::ConstraintPrimaryKey:
    case Sqlite::ConstraintUnique: return {ErrorCode::AlreadyExists, "there is one already (" + reason + ')'};
    case Sqlite::NoRoomForSharedMemory: return {ErrorCode::LimitExceeded, "the disk is full"};
    default: break;
    }
    switch (Sqlite{code & 0xFF}) {
    case Sqlite::Full: return {ErrorCode::LimitExceeded, "the disk is full"};
    case Sqlite::Busy:
    case Sqlite::Locked: return {ErrorCode::SystemFailure, "another program holds the database"};
    case Sqlite::Corrupt:
    case Sqlite::NotADatabase: return {ErrorCode::Malformed, "the database is damaged, or none (" + reason + ')'};
    default: break;
    }
    return {ErrorCode::SystemFailure, "SQLite says: " + reason + " (" + std::to_string(code) + ')'};
}

/// A URI (sqlite.org/uri.html) says what the flags that Qt knows can't: no new file, and nothing but the file.
QString uriOf(const std::string& path, Access access)
{
    const QByteArray escaped = QUrl::toPercentEncoding(QString::fromStdString(path), "/");
    const QByteArray start = path.starts_with('/') ? "file://" : "file:";
    switch (access) {
    case Access::Write: return QString::fromLatin1(start + escaped + "?mode=rw");
    case Access::Read: return QString::fromLatin1(start + escaped + "?mode=ro");
    case Access::ReadFileOnly: break;
    }
    return QString::fromLatin1(start + escaped + "?mode=ro&immutable=1");
}

QString newConnectionName()
{
    static std::atomic<unsigned> count{0};  // Qt keeps connections by name, in one table for the process
    return QStringLiteral("gvpn-accounts-%1").arg(++count);
}

}  // namespace

Database::Database(QString connectionName)
    : m_name(std::move(connectionName))
    , m_connection(QSqlDatabase::addDatabase(QStringLiteral("QSQLITE"), m_name))
{}

Database::~Database()
{
    m_connection.close();
    m_connection = QSqlDatabase();  // Qt complains of a connection that is removed while somebody holds it
    QSqlDatabase::removeDatabase(m_name);
}

Result<std::unique_ptr<Database>> Database::open(const std::string& path, Access access)
{
    if (!QSqlDatabase::isDriverAvailable(QStringLiteral("QSQLITE")))
        return fail(ErrorCode::SystemFailure, "the package libqt6sql6-sqlite is missing");
    std::unique_ptr<Database> database(new Database(newConnectionName()));
    if (auto started = database->start(path, access); !started)
        return fail(started.error());
    return database;
}

Result<void> Database::start(const std::string& path, Access access)
{
    m_connection.setConnectOptions(QStringLiteral("QSQLITE_OPEN_URI;QSQLITE_BUSY_TIMEOUT=5000"));
    m_connection.setDatabaseName(uriOf(path, access));
    if (!m_connection.open())
        return fail(errorOf(m_connection.lastError()));
    // The schema of a file that somebody else wrote must not call functions; what is deleted is overwritten; sorting
    // leaves no files.
    for (const char* setting :
         {"PRAGMA trusted_schema = OFF", "PRAGMA cell_size_check = ON", "PRAGMA temp_store = MEMORY",
          "PRAGMA secure_delete = ON", "PRAGMA synchronous = FULL", "PRAGMA foreign_keys = ON"})
        if (auto set = query(setting); !set)
            return fail(set.error());
    return {};
}

Result<void> Database::execute(QSqlQuery& query, const char* statement, Values values)
{
    query.setForwardOnly(true);
    if (!query.prepare(QString::fromUtf8(statement)))
        return fail(errorOf(query.lastError()));
    for (const QVariant& value : values)
        query.addBindValue(value);
    if (!query.exec())
        return fail(errorOf(query.lastError()));
    return {};
}

Result<Rows> Database::query(const char* statement, Values values)
{
    QSqlQuery query(m_connection);
    if (auto done = execute(query, statement, values); !done)
        return fail(done.error());
    const int columns = query.record().count();
    Rows rows;
    while (query.next()) {
        Row row;
        for (int i = 0; i < columns; ++i)
            row.push_back(query.value(i));
        rows.push_back(std::move(row));
    }
    // next() says false at the end and at an error.
    if (query.lastError().isValid())
        return fail(errorOf(query.lastError()));
    return rows;
}

Result<std::int64_t> Database::run(const char* statement, Values values)
{
    QSqlQuery query(m_connection);
    if (auto done = execute(query, statement, values); !done)
        return fail(done.error());
    return query.numRowsAffected();
}

void Database::rollBack()
{
    // Of some errors, such as a full disk, SQLite rolls back by itself: then there is nothing left to do, and it says
    // so.
    (void)run("ROLLBACK");
}

QVariant textValue(std::string_view text)
{
    // Never a null string: that would be NULL.
    return text.empty() ? QVariant(QStringLiteral(""))
                        : QVariant(QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size())));
}

QVariant blobValue(ByteView bytes)
{
    const std::string_view text = asText(bytes);
    return bytes.empty() ? QVariant(QByteArray(""))
                         : QVariant(QByteArray(text.data(), static_cast<qsizetype>(text.size())));
}

std::string textOf(const QVariant& value)
{
    return value.toString().toStdString();
}

ByteVector bytesOf(const QVariant& value)
{
    const QByteArray bytes = value.toByteArray();
    const ByteView view = std::as_bytes(std::span(bytes.constData(), static_cast<std::size_t>(bytes.size())));
    return {view.begin(), view.end()};
}

}  // namespace gvpn::accounts
