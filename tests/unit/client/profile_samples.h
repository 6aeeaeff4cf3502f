// A profile and a directory of them, for the tests of what stores, changes and shows them.
#pragma once

#include "client/profile_store.h"

#include <QFile>
#include <QTemporaryDir>

namespace gvpn::test {

inline Pin pinOf(int seed)
{
    return Pin{std::array<std::byte, Pin::SizeBytes>{static_cast<std::byte>(seed)}};
}

inline client::Profile profileNamed(const std::string& name)
{
    return {.name = name,
            .server = {"office.example.com", 443},
            .pin = pinOf(7),
            .user = {},
            .acceptRoutes = {},
            .invite = {},
            .created = "2026-01-31T12:00:00Z"};
}

inline SharedSecret inviteSecret(std::string_view text = "0123456789abcdef")
{
    return SharedSecret(SecretBytes(asBytes(text)));
}

/// A store in a directory of its own, which is not there yet.
class StorePlace {
public:
    [[nodiscard]] client::ProfileStore store() const { return client::ProfileStore(path({})); }
    [[nodiscard]] std::string path(const std::string& file) const
    {
        return m_directory.filePath(QStringLiteral("profiles")).toStdString() + (file.empty() ? "" : '/' + file);
    }
    /// As another program, or a broken disk, would leave it.
    void write(const std::string& file, const QByteArray& content) const
    {
        QDir().mkpath(QString::fromStdString(path({})));
        QFile out(QString::fromStdString(path(file)));
        if (!out.open(QIODevice::WriteOnly) || out.write(content) != content.size())
            qFatal("could not write %s", path(file).c_str());
    }
    [[nodiscard]] QByteArray read(const std::string& file) const
    {
        QFile in(QString::fromStdString(path(file)));
        return in.open(QIODevice::ReadOnly) ? in.readAll() : QByteArray();
    }

private:
    QTemporaryDir m_directory;
};

}  // namespace gvpn::test
