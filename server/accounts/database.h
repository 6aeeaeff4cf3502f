// One connection to an SQLite file, for the account store: statements with bound values, transactions, and SQLite's
// errors as ours. Private to this layer. Lives in the thread that opened it.
#pragma once

#include "base/result.h"
#include "net/ip_address.h"

#include <QSqlDatabase>
#include <QVariant>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

namespace gvpn::accounts {

/// How a file is opened. None of them makes one.
enum class Access {
    Write,
    Read,         // with what waits in the -wal
    ReadFileOnly  // whatever lies beside it; nobody is kept from writing meanwhile
};

using Row = std::vector<QVariant>;
using Rows = std::vector<Row>;
using Values = std::initializer_list<QVariant>;

/// Codes of all calls: LimitExceeded (the disk is full), Malformed (damaged, or no database), AlreadyExists (a UNIQUE
/// column), SystemFailure (anything else).
class Database {
public:
    [[nodiscard]] static Result<std::unique_ptr<Database>> open(const std::string& path, Access access);
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    /// One statement; what it returns.
    [[nodiscard]] Result<Rows> query(const char* statement, Values values = {});
    /// One statement; how many rows it changed.
    [[nodiscard]] Result<std::int64_t> run(const char* statement, Values values = {});

    /// Calls work() between BEGIN IMMEDIATE and COMMIT; what it did is undone if it fails.
    template <typename Work>
    [[nodiscard]] auto transaction(const Work& work) -> std::invoke_result_t<Work>
    {
        if (auto begun = run("BEGIN IMMEDIATE"); !begun)
            return fail(begun.error());
        auto result = work();
        if (!result) {
            rollBack();
            return result;
        }
        if (auto committed = run("COMMIT"); !committed) {
            rollBack();
            return fail(committed.error());
        }
        return result;
    }

private:
    explicit Database(QString connectionName);
    [[nodiscard]] Result<void> start(const std::string& path, Access access);
    [[nodiscard]] static Result<void> execute(QSqlQuery& query, const char* statement, Values values);
    void rollBack();

    QString m_name;
    QSqlDatabase m_connection;
};

[[nodiscard]] QVariant textValue(std::string_view text);
[[nodiscard]] QVariant blobValue(ByteView bytes);
[[nodiscard]] inline QVariant numberValue(std::int64_t number)
{
    return QVariant::fromValue<qlonglong>(number);
}

[[nodiscard]] std::string textOf(const QVariant& value);
[[nodiscard]] ByteVector bytesOf(const QVariant& value);
[[nodiscard]] inline std::int64_t numberOf(const QVariant& value)
{
    return value.toLongLong();
}

}  // namespace gvpn::accounts
