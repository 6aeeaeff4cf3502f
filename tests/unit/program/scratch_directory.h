// A directory for one test function, with what the tests of files ask about files.
#pragma once

#include "base/bytes.h"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QtTest>

#include <string>

#include <sys/stat.h>

namespace gvpn::program {

class ScratchDirectory {
public:
    [[nodiscard]] std::string path(std::string_view name) const
    {
        return m_directory.filePath(QString::fromUtf8(name.data(), static_cast<qsizetype>(name.size()))).toStdString();
    }
    [[nodiscard]] QStringList entries() const
    {
        return QDir(m_directory.path())
            .entryList(QDir::AllEntries | QDir::Hidden | QDir::System | QDir::NoDotAndDotDot);
    }
    void put(std::string_view name, const QByteArray& content, mode_t mode) const
    {
        QFile file(QString::fromStdString(path(name)));
        QVERIFY(file.open(QIODevice::WriteOnly));
        QCOMPARE(file.write(content), content.size());
        file.close();
        QCOMPARE(::chmod(path(name).c_str(), mode), 0);
    }
    [[nodiscard]] QByteArray content(std::string_view name) const
    {
        QFile file(QString::fromStdString(path(name)));
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray("(no file)");
    }
    /// Permission bits, or -1.
    [[nodiscard]] int modeOf(std::string_view name) const
    {
        struct stat status {};
        return ::stat(path(name).c_str(), &status) == 0 ? static_cast<int>(status.st_mode & 07777U) : -1;
    }

private:
    QTemporaryDir m_directory;
};

}  // namespace gvpn::program
