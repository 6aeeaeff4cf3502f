#include "client/settings.h"

#include "program/private_file.h"

#include <QDir>
#include <QFileInfo>
#include <QRegularExpression>
#include <QSettings>

#include <algorithm>
#include <cerrno>

#include <unistd.h>

namespace gvpn::client {

namespace {

constexpr std::size_t MaxAutostartBytes = 64 * 1024;

QString fromText(const std::string& text)
{
    return QString::fromStdString(text);
}

/// Only what this program would have written counts.
bool readSwitch(const QSettings& file, const QString& key, bool otherwise)
{
    const QString text = file.value(key).toString();
    return text == QLatin1String("true") || (otherwise && text != QLatin1String("false"));
}

QString readLanguage(const QSettings& file)
{
    static const QRegularExpression Locale(QStringLiteral("^[a-z]{2,3}(_[A-Z]{2})?$"));
    const QString text = file.value(QStringLiteral("language")).toString();
    return Locale.match(text).hasMatch() ? text : QString();
}

/// An argument of Exec: quoted (Desktop Entry Specification, "The Exec key"), and then escaped as any string is.
QByteArray quotedForExec(const QByteArray& path)
{
    QByteArray quoted("\"");
    for (const char c : path) {
        switch (c) {
        case '"':
        case '`':
        case '$': quoted += "\\\\"; break;
        case '\\': quoted += "\\\\\\"; break;
        case '%': quoted += '%'; break;
        default: break;
        }
        quoted += c;
    }
    return quoted + '"';
}

Result<void> writeAutostart(const std::string& path, const std::string& program)
{
    const auto text = autostartText(program);
    if (!text)
        return fail(text.error());
    const QString directory = QFileInfo(fromText(path)).path();
    if (!QDir().mkpath(directory))
        return fail(ErrorCode::SystemFailure, "make directory " + directory.toStdString());
    return program::writeFile(path, asBytes({text->constData(), static_cast<std::size_t>(text->size())}));
}

}  // namespace

Result<SettingsPlaces> SettingsPlaces::in(const ConfigHome& home)
{
    const auto profiles = defaultProfileDirectory(home);
    if (!profiles)
        return fail(profiles.error());
    const std::string ours = profiles->substr(0, profiles->rfind('/'));
    return SettingsPlaces{.file = ours + "/gui.conf",
                          .autostartFile = ours.substr(0, ours.rfind('/')) + "/autostart" + "/gvpn-gui.desktop"};
}

Settings readSettings(const SettingsPlaces& places)
{
    const QSettings file(fromText(places.file), QSettings::IniFormat);
    const Settings standard;
    const auto autostart = program::readFile(places.autostartFile, MaxAutostartBytes);
    return {.startsAtLogin =
                autostart
                && isAutostartOn(QByteArray(asText(*autostart).data(), static_cast<qsizetype>(autostart->size()))),
            .startsHidden = readSwitch(file, QStringLiteral("start_hidden"), standard.startsHidden),
            .showsNotifications = readSwitch(file, QStringLiteral("notifications"), standard.showsNotifications),
            .language = readLanguage(file)};
}

Result<void> writeSettings(const Settings& settings, const Settings& before, const SettingsPlaces& places,
                           const std::string& program)
{
    QSettings file(fromText(places.file), QSettings::IniFormat);
    const auto textOf = [](bool isOn) { return isOn ? QStringLiteral("true") : QStringLiteral("false"); };
    file.setValue(QStringLiteral("start_hidden"), textOf(settings.startsHidden));
    file.setValue(QStringLiteral("notifications"), textOf(settings.showsNotifications));
    file.setValue(QStringLiteral("language"), settings.language);
    file.sync();
    if (file.status() != QSettings::NoError)
        return fail(ErrorCode::SystemFailure, "could not write " + places.file);
    if (settings.startsAtLogin == before.startsAtLogin)
        return {};
    if (settings.startsAtLogin)
        return writeAutostart(places.autostartFile, program);
    if (::unlink(places.autostartFile.c_str()) != 0 && errno != ENOENT && errno != ENOTDIR)
        return fail(errnoError("remove " + places.autostartFile, errno));
    return {};
}

Result<QByteArray> autostartText(const std::string& program)
{
    const QByteArray path = QByteArray::fromStdString(program);
    const auto isControl = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
    if (!path.startsWith('/') || std::any_of(path.begin(), path.end(), isControl))
        return fail(ErrorCode::InvalidArgument, "no program's path that an autostart entry can have");
    return "[Desktop Entry]\n"
           "Type=Application\n"
           "Version=1.5\n"
           "Name=gvpn\n"
           "Comment=Reach the office from here\n"
           "Icon=gvpn\n"
           "TryExec="
           + QByteArray(path).replace('\\', "\\\\")
           + "\n"
             "Exec="
           + quotedForExec(path)
           + " --hidden\n"
             "Terminal=false\n"
             "StartupNotify=false\n"
             "X-GNOME-Autostart-enabled=true\n";
}

bool isAutostartOn(const QByteArray& text)
{
    bool isInGroup = false;
    bool hasGroup = false;
    const auto lines = text.split('\n');
    for (const QByteArray& line : lines) {
        const QByteArray trimmed = line.trimmed();
        if (trimmed.startsWith('['))
            isInGroup = trimmed == "[Desktop Entry]";
        hasGroup = hasGroup || isInGroup;
        const qsizetype equals = trimmed.indexOf('=');
        if (!isInGroup || equals < 0)
            continue;
        const QByteArray key = trimmed.first(equals).trimmed();
        const QByteArray value = trimmed.sliced(equals + 1).trimmed();
        if ((key == "Hidden" && value == "true") || (key == "X-GNOME-Autostart-enabled" && value == "false"))
            return false;
    }
    return hasGroup;
}

}  // namespace gvpn::client
