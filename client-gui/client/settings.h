// What a person has set for the tray application, in an INI file; and the autostart entry that follows from it. Used by
// gvpn-gui. One thread; the calls touch small files.
#pragma once

#include "base/result.h"
#include "client/profile_store.h"

#include <QByteArray>
#include <QString>

#include <string>

namespace gvpn::client {

struct Settings {
    bool startsAtLogin = false;
    bool startsHidden = false;  // at any start
    bool showsNotifications = true;
    QString language{};  // "en", "zh_CN"; empty: as the system says
    [[nodiscard]] bool operator==(const Settings&) const = default;
};

/// $XDG_CONFIG_HOME/gvpn/gui.conf and $XDG_CONFIG_HOME/autostart/gvpn-gui.desktop.
struct SettingsPlaces {
    std::string file;
    std::string autostartFile;
    /// NotFound: no home.
    [[nodiscard]] static Result<SettingsPlaces> in(const ConfigHome& home);
};

/// What can't be read there (no file, a strange value) is as by default. startsAtLogin: whether the autostart entry is
/// there and switched on, since desktops change it, too.
[[nodiscard]] Settings readSettings(const SettingsPlaces& places);
/// Also writes or removes the autostart entry if that was not so before: a person may have changed it by himself.
/// program: the absolute path of gvpn-gui.
[[nodiscard]] Result<void> writeSettings(const Settings& settings, const Settings& before, const SettingsPlaces& places,
                                         const std::string& program);

/// The autostart entry (Desktop Entry Specification 1.5): starts hidden. The path is quoted as Exec wants it.
/// InvalidArgument: a path with a control character.
[[nodiscard]] Result<QByteArray> autostartText(const std::string& program);
/// Whether a desktop would start it: without Hidden=true and X-GNOME-Autostart-enabled=false.
[[nodiscard]] bool isAutostartOn(const QByteArray& text);

}  // namespace gvpn::client
