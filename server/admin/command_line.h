// The command line of the subcommands that look after users, devices, invites and bans. Parsing only.
#pragma once

#include "admin/command.h"

#include <QHash>
#include <QString>
#include <QStringList>

#include <functional>
#include <optional>
#include <string>

namespace gvpn::admin {

/// Asks on the terminal, twice.
struct PasswordOfTerminal {};
using PasswordOrigin = std::variant<std::monostate, PasswordOfTerminal, int>;  // none, or a descriptor

struct Invocation {
    Command command = ListUsers{};  // without its password's hash
    PasswordOrigin password;
    std::string stateDir;  // empty: the default
    bool isJson = false;
    bool wantsQr = false;
    QString helpText;  // not empty: only this is to be printed
};

/// A configuration file's values by key, or InvalidArgument with a sentence. The format belongs to the server.
using ReadConfig = std::function<Result<QHash<QString, QStringList>>(const QString& path)>;

/// The first word that is no option, nor an option's value; empty: there is none.
[[nodiscard]] QString commandWord(const QStringList& arguments);

/// Whether the first word that is no option, nor an option's value, names one of these subcommands. `arguments` begin
/// with the program's name.
[[nodiscard]] bool isAdminCommandLine(const QStringList& arguments);

/// Errors: InvalidArgument with a whole sentence for people; the program ends with status 2. Of the configuration file
/// (--config, or the default one if it exists) only the state directory counts, and only without --state-dir.
[[nodiscard]] Result<Invocation> parseInvocation(const QStringList& arguments, const QString& defaultConfig,
                                                 const ReadConfig& readConfig);

}  // namespace gvpn::admin
