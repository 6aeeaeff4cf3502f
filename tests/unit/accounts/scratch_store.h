// A database in a directory of its own, with a time that stands still, for the tests of the account store.
#pragma once

#include "accounts/account_store.h"

#include <QCoreApplication>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QTemporaryDir>
#include <QtTest>

#include <string>

#include <sys/stat.h>

namespace gvpn::accounts {

/// Shows the error of a Result that should be a value.
#define VERIFY_DONE(result)                                                                                            \
    do {                                                                                                               \
        const auto& outcome_ = (result);                                                                               \
        QVERIFY2(outcome_.has_value(), outcome_ ? "" : outcome_.error().context.c_str());                              \
    } while (false)

#define VERIFY_FAILS(result, expectedCode)                                                                             \
    do {                                                                                                               \
        const auto& outcome_ = (result);                                                                               \
        QVERIFY2(!outcome_.has_value(), "it did not fail");                                                            \
        QVERIFY2(outcome_.error().code == (expectedCode), outcome_.error().context.c_str());                           \
    } while (false)

inline SharedSecret secretOf(std::string_view text)
{
    return SharedSecret(SecretBytes(asBytes(text)));
}

inline Pin keyOf(unsigned number)
{
    std::array<std::byte, Pin::SizeBytes> hash{};
    hash.fill(std::byte{0x5A});
    hash[0] = static_cast<std::byte>(number);
    hash[1] = static_cast<std::byte>(number >> 8U);
    return Pin(hash);
}

inline net::IpAddress address(std::string_view text)
{
    return net::IpAddress::parse(text).value();
}

class ScratchStore {
public:
    [[nodiscard]] std::string directory() const { return m_directory.path().toStdString(); }
    [[nodiscard]] std::string path() const { return directory() + "/gvpn.db"; }

    [[nodiscard]] Result<std::unique_ptr<AccountStore>> open(bool mayCreate = true) const
    {
        return AccountStore::open(
            path(), [this] { return now; }, mayCreate);
    }
    /// Of a test that is about something else.
    [[nodiscard]] std::unique_ptr<AccountStore> openSurely() const { return open().value(); }

    [[nodiscard]] QByteArray content(std::string_view suffix = "") const
    {
        QFile file(QString::fromStdString(path() + std::string(suffix)));
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray("(no file)");
    }
    void put(const QByteArray& content, std::string_view suffix = "") const
    {
        const std::string name = path() + std::string(suffix);
        QFile file(QString::fromStdString(name));
        QVERIFY(file.open(QIODevice::WriteOnly));
        QCOMPARE(file.write(content), content.size());
        file.close();
        QCOMPARE(::chmod(name.c_str(), 0600), 0);
    }
    /// Permission bits, or -1.
    [[nodiscard]] int modeOf(std::string_view suffix) const
    {
        struct stat status {};
        const std::string name = path() + std::string(suffix);
        return ::stat(name.c_str(), &status) == 0 ? static_cast<int>(status.st_mode & 07777U) : -1;
    }
    [[nodiscard]] QStringList entries() const { return QDir(m_directory.path()).entryList(QDir::Files, QDir::Name); }

    UnixTime now{std::chrono::sys_days(std::chrono::year(2024) / 5 / 1)};

private:
    /// In memory if there is such a place: each write waits for the disk, and here are hundreds.
    [[nodiscard]] static QString place()
    {
        const QString memory = QStringLiteral("/dev/shm");
        return QFileInfo(memory).isWritable() ? memory : QCoreApplication::applicationDirPath();
    }

    QTemporaryDir m_directory{place() + QStringLiteral("/gvpn-accounts-XXXXXX")};
};

}  // namespace gvpn::accounts
