#include "server/config_file.h"

#include <QFile>
#include <QFileInfo>
#include <QSet>
#include <QSettings>

namespace gvpn::server {

namespace {

/// Every option but --config and those that print something and end.
const QStringList& knownKeys()
{
    static const QStringList Keys = {
        QStringLiteral("address"),    QStringLiteral("cidr"),          QStringLiteral("bypass"),
        QStringLiteral("login"),      QStringLiteral("tun"),           QStringLiteral("public-address"),
        QStringLiteral("masquerade"), QStringLiteral("state-dir"),     QStringLiteral("client-to-client"),
        QStringLiteral("json"),       QStringLiteral("log-level"),     QStringLiteral("allow-v1"),
        QStringLiteral("relay"),      QStringLiteral("max-half-open"), QStringLiteral("max-devices"),
        QStringLiteral("run-as"),     QStringLiteral("congestion"),    QStringLiteral("offload"),
        QStringLiteral("dns"),        QStringLiteral("dns-domain"),
    };
    return Keys;
}

constexpr qint64 MaxConfigBytes = 64 * 1024;

/// What QSettings would pass over in silence: a line that is no "key=value", and a key that comes twice.
QString oversight(const QByteArray& content)
{
    QSet<QByteArray> keys;
    const QList<QByteArray> lines = content.split('\n');
    for (qsizetype i = 0; i < lines.size(); ++i) {
        const QByteArray line = lines[i].trimmed();
        if (line.isEmpty() || line.startsWith('#') || line.startsWith(';') || line.startsWith('['))
            continue;
        const qsizetype equals = line.indexOf('=');
        if (equals <= 0)
            return QStringLiteral("has no \"key=value\" in line %1").arg(i + 1);
        const QByteArray key = line.first(equals).trimmed();
        if (keys.contains(key))
            return QStringLiteral("has a key twice, in line %1; separate several values by commas").arg(i + 1);
        keys.insert(key);
    }
    return {};
}

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
    if (const QString fault = oversight(file.readAll()); !fault.isEmpty())
        return fail(ErrorCode::InvalidArgument, name + " " + fault.toStdString() + ".");
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
