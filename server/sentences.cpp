#include "server/sentences.h"

#include "program/exit_status.h"

namespace gvpn::server {

namespace {

// A capability alone is not enough: what is changed is recorded below /run/gvpn.
constexpr const char* HowToBeAllowed = "start it with sudo";

std::string listenSentence(const Error& error)
{
    const std::string what = "The server can't listen: " + error.context;
    switch (error.code) {
    case ErrorCode::AddressInUse:
        return what + "; stop the program that has this port, or choose another one with --address :PORT.";
    case ErrorCode::PermissionDenied:
        return what + "; ports below 1024 need CAP_NET_BIND_SERVICE, so choose a higher one with --address :PORT.";
    default: return what + "; check --address.";
    }
}

std::string tunSentence(const Error& error)
{
    const std::string what = "The tunnel interface can't be opened: " + error.context;
    switch (error.code) {
    case ErrorCode::NotFound: return what + "; load the kernel module with: sudo modprobe tun.";
    case ErrorCode::PermissionDenied: return what + "; " + HowToBeAllowed + ".";
    case ErrorCode::AlreadyExists: return what + "; choose another name with --tun, or none to get a free one.";
    case ErrorCode::InvalidArgument: return what + "; choose another name with --tun.";
    default: return what + ".";
    }
}

std::string configureSentence(const Error& error)
{
    const std::string what = "The network can't be set up: " + error.context;
    if (error.code == ErrorCode::PermissionDenied)
        return what + "; " + HowToBeAllowed + ".";
    return what + "; everything done so far was undone.";
}

std::string accountsSentence(const Error& error)
{
    const std::string what = "The accounts can't be used: " + error.context;
    switch (error.code) {
    case ErrorCode::Malformed: return what + "; put back a copy of the file, or move it away to begin with none.";
    case ErrorCode::Unsupported: return what + "; start that version of gvpn-server, or move the file away.";
    case ErrorCode::LimitExceeded: return what + "; make room and start again.";
    default: return what + ".";
    }
}

std::string adminSocketSentence(const Error& error)
{
    const std::string what = "The socket for gvpn-server's other commands can't be made: " + error.context;
    if (error.code == ErrorCode::AlreadyExists)
        return what + "; a server runs with this state directory, so stop it or name another one with --state-dir.";
    return what + ".";
}

}  // namespace

std::string sentence(StartStep step, const Error& error)
{
    switch (step) {
    case StartStep::ReadOptions: return error.context;
    case StartStep::CheckPrivileges:
        return std::string("gvpn-server is not allowed to set up the network; ") + HowToBeAllowed + ".";
    case StartStep::BecomeUser: return "--run-as can't be followed: " + error.context + ".";
    case StartStep::OpenAccounts: return accountsSentence(error);
    case StartStep::OpenAdminSocket: return adminSocketSentence(error);
    case StartStep::PrepareStateDir:
        return "The state directory can't be used: " + error.context + "; name another one with --state-dir.";
    case StartStep::LoadState:
        return "What the server remembers can't be used: " + error.context + "; mend the file or move it away.";
    case StartStep::LoadKey:
        return "The server's key can't be used: " + error.context
               + "; put back a copy of it, or move it away to get a new one (clients then need a new link).";
    case StartStep::ReadNetwork: return "This computer's network can't be read: " + error.context + ".";
    case StartStep::ChooseNetworks: return error.context + ".";
    case StartStep::Listen: return listenSentence(error);
    case StartStep::OpenTun: return tunSentence(error);
    case StartStep::ConfigureNetwork: return configureSentence(error);
    case StartStep::StartDataThread: return "The server can't start: " + error.context + ".";
    case StartStep::Serve: return "The tunnel interface is gone: " + error.context + "; start the server again.";
    case StartStep::CleanUp:
        return "Not everything could be cleaned up: " + error.context
               + (error.code == ErrorCode::PermissionDenied ? std::string("; ") + HowToBeAllowed + "." : ".");
    case StartStep::Stop:
        return "Not everything could be put back: " + error.context + "; run: sudo gvpn-server cleanup.";
    }
    return error.context;
}

int exitStatus(StartStep step, const Error& error)
{
    if (step == StartStep::ReadOptions || step == StartStep::ChooseNetworks)
        return program::toInt(program::ExitStatus::Usage);
    if (step == StartStep::OpenTun && error.code == ErrorCode::InvalidArgument)
        return program::toInt(program::ExitStatus::Usage);
    if (error.code == ErrorCode::PermissionDenied)
        return program::toInt(program::ExitStatus::NotPermitted);
    return program::toInt(program::ExitStatus::Failure);
}

}  // namespace gvpn::server
