#include "server/config_file.h"

#include <QFile>
#include <QFileInfo>
#include <QSettings>

namespace gvpn::server {

namespace {

/// Every option but --config and those that print something and end.
const QStringList& knownKeys()
{
    static const QStringList keys = {
        QStringLiteral("address"),    QStringLiteral("cidr"),      QStringLiteral("bypass"),
        QStringLiteral("login"),      QStringLiteral("tun"),       QStringLiteral("public-address"),
        QStringLiteral("masquerade"), QStringLiteral("state-dir"), QStringLiteral("client-to-client"),
        QStringLiteral("json"),       QStringLiteral("log-level"),
    };
    return keys;
}

constexpr qint64 MaxConfigBytes = 64 * 1024;

}  // namespace

bool configFileExists(const QString& path)
{
    return QFileInfo::exists(path);
}

Result<ConfigValues> readConfigFile(const QString& path)
{
    const std::string name = "The configuration file " + path.toStdString();
    // QSettings takes a missing file for an empty one.
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly))
        return fail(ErrorCode::InvalidArgument, name + " can't be read: " + file.errorString().toStdString() + ".");
    if (file.size() > MaxConfigBytes)
        return fail(ErrorCode::InvalidArgument, name + " is larger than 64 KB, so it is no configuration file.");
    const QSettings settings(path, QSettings::IniFormat);
    if (settings.status() != QSettings::NoError)
        return fail(ErrorCode::InvalidArgument, name + " is not an INI file; write one \"key=value\" a line.");
    ConfigValues values;
    for (const QString& key : settings.allKeys()) {
        if (!knownKeys().contains(key)) {
            return fail(ErrorCode::InvalidArgument,
                        name + " has the key \"" + key.toStdString() + "\", which doesn't exist.");
        }
        QStringList list;
        for (const QString& value : settings.value(key).toStringList())
            list.append(value.trimmed());
        values.insert(key, list);
    }
    return values;
}

}  // namespace gvpn::server
