// A subcommand's side: asks the running server, or works on the database itself while none runs; prints the answer.
// Main thread of a process of its own.
#pragma once

#include "admin/command.h"
#include "admin/executor.h"

#include <optional>

#include <sys/types.h>

namespace gvpn::admin {

inline constexpr std::chrono::milliseconds AnswerDeadline{10000};

/// Unreachable: no server listens there. Else what it answered. Waits (a subcommand has nothing else to do), until the
/// deadline at most.
/// owner: who may run that server beside root and the caller, as for a root that has not become the owner of the state
/// directory. He hears the command.
[[nodiscard]] Result<Reply> askServer(const std::string& socketPath, const Command& command,
                                      std::chrono::milliseconds deadline = AnswerDeadline,
                                      std::optional<uid_t> owner = {});

/// What people read: tables and sentences, texts from outside escaped; several lines, ending with a line feed.
/// ShowStatus and Kick come from the server: {"clients":[{"user","device","addresses":[…],"from","since",
/// "bytes_from_client","bytes_to_client","congestion":{"algorithm","reason"}}]}; what is missing is shown as "-".
[[nodiscard]] QString toText(const Command& command, const QJsonObject& result);

/// What was to be done and why it wasn't: one sentence with what to do, escaped.
[[nodiscard]] QString failureText(const Command& command, const Error& error);

}  // namespace gvpn::admin
