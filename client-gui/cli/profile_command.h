// `gvpn-client profile …`: looks at the profiles and changes them; nothing is connected. Its command line as a value,
// and the answer as one. Main thread.
#pragma once

#include "base/result.h"
#include "client/profile_store.h"
#include "program/exit_status.h"

#include <QByteArray>
#include <QStringList>

class QCommandLineParser;

namespace gvpn::cli {

struct ProfileCommand {
    enum class Action { List, Show, Remove, Export, Import };

    Action action = Action::List;
    std::string argument;  // a profile's name; Import: a file
    std::string stateDir;  // empty: the default
    bool isJson = false;
    [[nodiscard]] bool operator==(const ProfileCommand&) const = default;
};

/// The first positional argument is "profile". InvalidArgument: one sentence for the person.
[[nodiscard]] Result<ProfileCommand> readProfileCommand(const QCommandLineParser& parser);

struct ProfileAnswer {
    QByteArray output;      // for standard output
    QStringList sentences;  // for standard error
    program::ExitStatus status = program::ExitStatus::Success;
};

[[nodiscard]] ProfileAnswer answerTo(const ProfileCommand& command, const client::ProfileStore& store);

/// The answer when store.find(name) has failed: of an unknown name, those that there are; with the status for usage.
[[nodiscard]] ProfileAnswer failureToFind(const std::string& name, const client::ProfileStore& store,
                                          const Error& error);

/// DIR/profiles, or the default directory when stateDir is empty. NotFound: there is no default.
[[nodiscard]] Result<client::ProfileStore> profileStoreFor(const std::string& stateDir);

}  // namespace gvpn::cli
