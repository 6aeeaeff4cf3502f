// The configuration file: INI, keys named like the options, lists with commas. Read once at the start.
#pragma once

#include "base/result.h"

#include <QHash>
#include <QString>
#include <QStringList>

namespace gvpn::server {

using ConfigValues = QHash<QString, QStringList>;

[[nodiscard]] bool configFileExists(const QString& path);
/// InvalidArgument with a sentence: the file can't be read, is no INI, has a section or a key that doesn't exist.
[[nodiscard]] Result<ConfigValues> readConfigFile(const QString& path);

}  // namespace gvpn::server
