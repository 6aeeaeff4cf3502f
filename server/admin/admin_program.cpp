#include "admin/admin_program.h"

#include "accounts/password_hash.h"
#include "admin/account_json.h"
#include "admin/admin_client.h"
#include "admin/admin_socket.h"
#include "admin/qr_code.h"
#include "admin/terminal.h"
#include "base/text.h"
#include "program/exit_status.h"
#include "program/json_lines.h"
#include "program/password_source.h"
#include "program/privileges.h"

#include <cerrno>
#include <csignal>

#include <sys/stat.h>

namespace gvpn::admin {

namespace {

using program::ExitStatus;

ExitStatus statusOf(ErrorCode code)
{
    switch (code) {
    case ErrorCode::InvalidArgument: return ExitStatus::Usage;
    case ErrorCode::PermissionDenied: return ExitStatus::NotPermitted;
    default: return ExitStatus::Failure;
    }
}

/// Where the command works: it must be there, since only a server makes it.
Result<std::string> findStateDir(const Invocation& invocation, const Surroundings& surroundings)
{
    const std::string& path = invocation.stateDir.empty() ? surroundings.userStateDir : invocation.stateDir;
    if (path.empty())
        return fail(ErrorCode::NotFound, "there is no default state directory; name one with --state-dir");
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0 && errno != ENOENT && errno != ENOTDIR)
        return fail(errnoError("the state directory " + path, errno));
    if (!S_ISDIR(status.st_mode)) {
        return fail(ErrorCode::NotFound,
                    "there is no state directory " + path
                        + ", so no gvpn-server has ever run with it; start the server first, run this command with "
                          "sudo, or name the server's directory with --state-dir");
    }
    return path;
}

Result<SharedSecret> readPassword(const PasswordOrigin& origin, const std::string& user)
{
    if (const int* descriptor = std::get_if<int>(&origin))
        return program::readPassword(*descriptor);
    auto password = program::askNewPassword("New password of " + escapeForDisplay(user) + ": ");
    if (!password && password.error().code == ErrorCode::NotFound) {
        return fail(ErrorCode::InvalidArgument,
                    "there is no terminal to ask for the password; give it with --password-stdin or --password-fd");
    }
    return password;
}

/// Hashed here, so that no password crosses the socket.
Result<Command> withPassword(const Invocation& invocation)
{
    Command command = invocation.command;
    const auto takePassword = [&](const std::string& user, std::string& hash) -> Result<void> {
        const auto password = readPassword(invocation.password, user);
        if (!password)
            return fail(password.error());
        auto made = accounts::hashPassword(*password);
        if (!made)
            return fail(made.error());
        hash = std::move(*made);
        return {};
    };
    Result<void> taken;
    if (auto* added = std::get_if<AddUser>(&command); added != nullptr && invocation.password.index() != 0)
        taken = takePassword(added->name, added->passwordHash);
    else if (auto* changed = std::get_if<SetPassword>(&command))
        taken = takePassword(changed->name, changed->passwordHash);
    if (!taken)
        return fail(taken.error());
    return command;
}

Reply carryOutHere(const Command& command, const std::string& stateDir, const Surroundings& surroundings)
{
    auto store = accounts::AccountStore::open(stateDir + "/gvpn.db", surroundings.time, false);
    if (!store && store.error().code == ErrorCode::NotFound) {
        return fail(ErrorCode::NotFound, "there are no accounts in " + stateDir
                                             + ", so no gvpn-server has ever run with it; start the server first");
    }
    if (!store)
        return fail(store.error());
    const auto linkParts = [&] { return surroundings.linkParts(stateDir); };
    return execute(command, {**store, nullptr, surroundings.time, linkParts}).reply;
}

Reply carryOut(const Command& command, const std::string& stateDir, const Surroundings& surroundings)
{
    const auto answered = askServer(socketPath(stateDir, surroundings.systemStateDir), command);
    if (answered)
        return *answered;
    if (answered.error().code != ErrorCode::Unreachable)
        return fail(answered.error());
    if (needsServer(command))
        return fail(ErrorCode::Unreachable, "no gvpn-server runs with the state directory " + stateDir);
    return carryOutHere(command, stateDir, surroundings);
}

/// An invite is a secret: it must not end in a file or a log because somebody wrote a "|" there.
Result<void> checkOutput(const Invocation& invocation, int output)
{
    if (std::holds_alternative<MakeInvite>(invocation.command) && !invocation.isJson && !isTerminal(output)) {
        return fail(ErrorCode::InvalidArgument,
                    "the link is a secret and standard output is no terminal; say --json if you mean it");
    }
    return {};
}

Reply run(const Invocation& invocation, const Surroundings& surroundings)
{
    if (const auto right = checkOutput(invocation, surroundings.output); !right)
        return fail(right.error());
    const auto stateDir = findStateDir(invocation, surroundings);
    if (!stateDir)
        return fail(stateDir.error());
    const auto command = withPassword(invocation);
    if (!command)
        return fail(command.error());
    // Before anything is opened: what root makes there would be out of the server's reach.
    if (const auto became = program::becomeOwnerOf(*stateDir); !became)
        return fail(became.error());
    return carryOut(*command, *stateDir, surroundings);
}

/// The link again, for a telephone's camera. Empty for everything else.
QString codeOfInvite(const Invocation& invocation, const QJsonObject& result, const Surroundings& surroundings)
{
    if (!std::holds_alternative<MakeInvite>(invocation.command))
        return {};
    const std::string link = result.value(QLatin1String("invite")).toString().toStdString();
    const QString code = qrCode(link, terminalColumns(surroundings.output));
    if (code.isEmpty() && invocation.wantsQr)
        return QStringLiteral("The terminal is too narrow for the QR code.\n");
    return code;
}

int print(const Invocation& invocation, const Reply& reply, const Surroundings& surroundings)
{
    program::JsonLines out(surroundings.output);
    if (reply) {
        const QString text = toText(invocation.command, *reply) + codeOfInvite(invocation, *reply, surroundings);
        const auto printed = invocation.isJson ? out.write(*reply) : out.writeText(text.toUtf8().chopped(1));
        return program::toInt(printed ? ExitStatus::Success : ExitStatus::Failure);
    }
    const QString sentence = failureText(invocation.command, reply.error());
    // Nobody may be there to read it; the status says enough then.
    static_cast<void>(program::JsonLines(surroundings.errors).writeText(sentence.toUtf8()));
    if (invocation.isJson) {
        const QJsonObject error{{QStringLiteral("code"), fromStd(errorCodeName(reply.error().code))},
                                {QStringLiteral("reason"), sentence}};
        static_cast<void>(out.write({{QStringLiteral("error"), error}}));
    }
    return program::toInt(statusOf(reply.error().code));
}

}  // namespace

int runAdminCommand(const Invocation& invocation, const Surroundings& surroundings)
{
    // A reader that goes away is a failure to report, not a reason to die.
    std::signal(SIGPIPE, SIG_IGN);
    if (!invocation.helpText.isEmpty()) {
        const auto printed = program::JsonLines(surroundings.output).writeText(invocation.helpText.toUtf8().chopped(1));
        return program::toInt(printed ? ExitStatus::Success : ExitStatus::Failure);
    }
    return print(invocation, run(invocation, surroundings), surroundings);
}

}  // namespace gvpn::admin
