#include "server/config_file.h"

#include <QFile>
#include <QFileInfo>

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

Failure bad(const QString& name, const QString& why)
{
    return fail(ErrorCode::InvalidArgument,
                "The configuration file " + name.toStdString() + ' ' + why.toStdString() + '.');
}

QString unquoted(const QString& text)
{
    const QString value = text.trimmed();
    const bool isQuoted = value.size() >= 2 && value.startsWith(u'"') && value.endsWith(u'"');
    return isQuoted ? value.mid(1, value.size() - 2).trimmed() : value;
}

/// The parts between commas, without what comes behind a ";". Quotes may stand around each part or around them all; a
/// ";" or comma in them is as any other, since no option's value has one.
QStringList valuesOf(const QString& text)
{
    const QString value = text.section(u';', 0, 0).trimmed();
    const QStringList parts = (value.count(u'"') == 2 ? unquoted(value) : value).split(u',');
    QStringList values;
    for (const QString& part : parts)
        values.append(unquoted(part));
    return values;
}

/// Adds what the line says; else why it can't be understood.
QString take(const QString& line, ConfigValues& values)
{
    if (line.isEmpty() || line.startsWith(u'#') || line.startsWith(u';'))
        return {};
    // Some write the name that INI has for keys without a section.
    if (line.compare(QLatin1String("[General]"), Qt::CaseInsensitive) == 0)
        return {};
    if (line.startsWith(u'['))
        return QStringLiteral("has the section %1, and there are none").arg(line);
    const qsizetype equals = line.indexOf(u'=');
    if (equals <= 0)
        return QStringLiteral("has no \"key=value\"");
    const QString key = line.first(equals).trimmed();
    if (!knownKeys().contains(key))
        return QStringLiteral("has the key \"%1\", which doesn't exist,").arg(key);
    if (values.contains(key))
        return QStringLiteral("has the key \"%1\" twice (separate several values by commas)").arg(key);
    values.insert(key, valuesOf(line.mid(equals + 1)));
    return {};
}

}  // namespace

bool configFileExists(const QString& path)
{
    return QFileInfo::exists(path);
}

Result<ConfigValues> readConfigFile(const QString& path)
{
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly))
        return bad(path, QStringLiteral("can't be read: ") + file.errorString());
    if (file.size() > MaxConfigBytes)
        return bad(path, QStringLiteral("is larger than 64 KB, so it is no configuration file"));
    ConfigValues values;
    const QStringList lines = QString::fromUtf8(file.read(MaxConfigBytes)).split(u'\n');
    for (qsizetype i = 0; i < lines.size(); ++i) {
        if (const QString fault = take(lines[i].trimmed(), values); !fault.isEmpty())
            return bad(path, QStringLiteral("%1 in line %2").arg(fault).arg(i + 1));
    }
    return values;
}

}  // namespace gvpn::server
