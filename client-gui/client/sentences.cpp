#include "client/sentences.h"

#include "base/text.h"
#include "bus/contract.h"
#include "client/helper_client.h"
#include "protocol/v1_conversation.h"

#include <QCoreApplication>
#include <QRegularExpression>
#include <QStringList>

namespace gvpn::client {

namespace {

struct Tr {
    Q_DECLARE_TR_FUNCTIONS(gvpn::client)
};

QString fromText(const std::string& text)
{
    return QString::fromStdString(escapeForDisplay(text));
}

bool isV1(const Fault& fault)
{
    return fault.wireProtocol == WireProtocol::V1;
}

/// The reference protocol has no code for it, only this text.
bool isHeldByAnother(const Fault& fault)
{
    return fault.error.context == protocol::v1::AddressTakenMessage;
}

QString whatFailed(const Fault& fault, const QString& server)
{
    if (fault.wasUp && fault.stage != Stage::Tun)
        return Tr::tr("The connection to %1 was lost").arg(server);
    if (isV1(fault) && fault.stage == Stage::Login)
        return Tr::tr("Could not begin to speak v1 with %1").arg(server);
    switch (fault.stage) {
    case Stage::Resolve: return Tr::tr("Could not find the server %1").arg(server);
    case Stage::Tcp: return Tr::tr("Could not reach %1").arg(server);
    case Stage::Tls: return Tr::tr("Could not make a secure connection to %1").arg(server);
    case Stage::Login: return Tr::tr("Could not log in to %1").arg(server);
    case Stage::Address: return Tr::tr("Could not get a tunnel address from %1").arg(server);
    case Stage::Tun: return Tr::tr("Could not use a tunnel interface for %1").arg(server);
    case Stage::Routes: return Tr::tr("Could not set up addresses and routes for %1").arg(server);
    case Stage::Dns: return Tr::tr("Could not set up name resolution for %1").arg(server);
    case Stage::Probe: return Tr::tr("Packets don't come through the tunnel to %1").arg(server);
    }
    return {};
}

QString why(const Fault& fault)
{
    const QString presented = fault.presentedPin ? QString::fromStdString(fault.presentedPin->toString()) : QString();
    if (fault.error.code == ErrorCode::IdentityMismatch && fault.presentedPin && fault.expectedPin)
        return Tr::tr("it showed the key %1, but the trusted one is %2")
            .arg(presented, QString::fromStdString(fault.expectedPin->toString()));
    if (fault.error.code == ErrorCode::IdentityUnknown && fault.presentedPin)
        return Tr::tr("its key %1 is not known here").arg(presented);
    if (isV1(fault) && fault.error.code == ErrorCode::AddressRefused && fault.stage == Stage::Address)
        return (isHeldByAnother(fault) ? Tr::tr("another client holds the address (%1)") : Tr::tr("it was refused: %1"))
            .arg(fromText(fault.error.context));
    return fault.error.context.empty() ? Tr::tr("no reason is known") : fromText(fault.error.context);
}

QString adviceOnReaching(const Fault& fault)
{
    if (fault.stage == Stage::Tun)
        return Tr::tr("look at the system's log for gvpn-helper");
    if (fault.wasUp)
        return Tr::tr("check this computer's network and that gvpn-server is still running");
    switch (fault.stage) {
    case Stage::Resolve: return Tr::tr("check the name and this computer's network");
    case Stage::Tcp: return Tr::tr("check that gvpn-server is running and that its port is forwarded to it");
    case Stage::Probe: return Tr::tr("look at the firewall of the server and at other VPN programs on this computer");
    default: return Tr::tr("check that gvpn-server answers on this port, and look at its log");
    }
}

/// Empty: it is nothing that the helper says.
QString adviceOnHelper(const std::string& cause, bool isWindow)
{
    if (cause == NoBusCause || cause == NoHelperCause)
        return isWindow ? Tr::tr("install gvpn-helper") : Tr::tr("install gvpn-helper, or run it with sudo");
    if (cause == bus::NoAgentCause)
        return isWindow ? Tr::tr("connect from a session at this computer's own screen")
                        : Tr::tr("connect from a session at this computer's own screen, or run it with sudo");
    if (cause == bus::DismissedCause)
        return Tr::tr("connect again and type an administrator's password");
    if (cause == bus::DeniedCause)
        return isWindow ? Tr::tr("ask this computer's administrator")
                        : Tr::tr("ask this computer's administrator, or run it with sudo");
    if (cause == bus::NoPolkitCause)
        return isWindow ? Tr::tr("install polkit") : Tr::tr("install polkit, or run it with sudo");
    return {};
}

QString adviceOnPermission(const Fault& fault, bool isWindow)
{
    if (const QString advice = adviceOnHelper(fault.error.context, isWindow); !advice.isEmpty())
        return advice;
    switch (fault.stage) {
    case Stage::Resolve:
    case Stage::Tcp: return Tr::tr("look at the firewalls of this computer and on the way");
    case Stage::Tun:
    case Stage::Routes:
    case Stage::Dns:
        return isWindow
                   ? Tr::tr("make sure that gvpn-helper is installed, or ask this computer's administrator")
                   : Tr::tr("run it with sudo, or allow it once with: sudo setcap cap_net_admin+ep on the program");
    default: return Tr::tr("correct the owner and the permissions of what is named here");
    }
}

QString adviceOnCollision(Stage stage, bool isWindow)
{
    switch (stage) {
    case Stage::Tun:
        if (isWindow)
            break;
        return Tr::tr("choose another name with --tun, or none to get a free one");
    case Stage::Routes:
        return Tr::tr("leave or remove on this computer what is in the way, or ask the server's administrator for "
                      "another tunnel network");
    default: break;
    }
    return Tr::tr("remove what is in the way and connect again");
}

QString adviceOnAddress(const Fault& fault, bool isWindow)
{
    if (fault.stage == Stage::Routes)
        return isWindow ? Tr::tr("if the server's administrator confirms it, name this network in the profile")
                        : Tr::tr("if the server's administrator confirms it, name this network with --accept-routes");
    if (isWindow)
        return Tr::tr("ask the server's administrator");
    if (!isV1(fault))
        return Tr::tr("choose another address with --cidr, or leave the choice to the server");
    return isHeldByAnother(fault) ? Tr::tr(
               "choose another address with --cidr, or end the other client (gvpn-server forgets one that died "
               "within 30 s)")
                                  : Tr::tr("choose with --cidr a free address of the server's tunnel network");
}

/// Empty: the same as in v2.
QString adviceOnV1(const Fault& fault)
{
    switch (fault.error.code) {
    case ErrorCode::Unsupported:
    case ErrorCode::ProtocolViolation:
        if (fault.stage != Stage::Login)
            return {};
        return Tr::tr("start gvpn-server with --allow-v1 --login none, or leave out --v1 here");
    case ErrorCode::VersionMismatch:
        return Tr::tr("bring both ends to version 1 of the protocol, or leave out --v1 if it is gvpn-server's port");
    case ErrorCode::TimedOut:
    case ErrorCode::Closed:
        return Tr::tr("check that a server that speaks v1 answers on this port (gvpn-server with --allow-v1), and look "
                      "at its log");
    default: return {};
    }
}

QString adviceOnMissing(const Fault& fault)
{
    if (fault.stage <= Stage::Tcp)
        return adviceOnReaching(fault);
    return fault.stage == Stage::Tun ? Tr::tr("put it back (for the device: load the kernel module tun)")
                                     : Tr::tr("put back what is missing and connect again");
}

QString adviceOnLogin(const Fault& fault, bool isWindow)
{
    if (fault.sentLogin == protocol::LoginMethod::Password)
        return Tr::tr("check the user name and the password, or ask the server's administrator");
    if (fault.sentLogin == protocol::LoginMethod::Invite)
        return Tr::tr("ask the server's administrator, who can make a new link");
    // Windows ask for it themselves, where it helps.
    switch (isWindow ? MissingPassword::No : fault.missingPassword) {
    case MissingPassword::AnswerLost:
        return Tr::tr("the password was sent once, but the connection broke before its answer came: connect again and "
                      "give the password again");
    case MissingPassword::NotGiven:
        return Tr::tr("give the user's password (--user NAME asks for it on a terminal, --password-stdin reads it), or "
                      "ask the server's administrator, who can make an invite link for this computer");
    case MissingPassword::No:
        return Tr::tr("ask the server's administrator, who can make an invite link for this computer");
    }
    return {};
}

QString whatToDo(const Fault& fault, bool isWindow)
{
    if (fault.isServerBusy)
        return Tr::tr("try again in a minute");
    if (isV1(fault) && (fault.stage == Stage::Login || fault.stage == Stage::Address)) {
        if (const QString advice = adviceOnV1(fault); !advice.isEmpty())
            return advice;
    }
    switch (fault.error.code) {
    case ErrorCode::IdentityMismatch:
        return Tr::tr("somebody may be pretending to be the server; if its administrator says that it has a new key, "
                      "only a new link from the administrator helps");
    case ErrorCode::IdentityUnknown:
        if (isWindow)
            return Tr::tr("compare it with what the server shows, then give it to the profile as its fingerprint");
        return Tr::tr("compare it with what the server shows, then connect with --pin and that key, or with "
                      "--trust-on-first-use");
    case ErrorCode::LoginRefused: return adviceOnLogin(fault, isWindow);
    case ErrorCode::AddressRefused: return adviceOnAddress(fault, isWindow);
    case ErrorCode::VersionMismatch: return Tr::tr("bring gvpn to the same version on both ends");
    case ErrorCode::ProtocolViolation:
    case ErrorCode::TlsFailure:
    case ErrorCode::LimitExceeded:
        if (fault.stage == Stage::Tun)
            return Tr::tr("disconnect one of them first");
        return Tr::tr("check that this port is gvpn-server's and that both ends have the same version");
    case ErrorCode::PermissionDenied: return adviceOnPermission(fault, isWindow);
    case ErrorCode::AlreadyExists: return adviceOnCollision(fault.stage, isWindow);
    case ErrorCode::Replaced: return Tr::tr("look for another program that connects with this computer's key");
    case ErrorCode::Kicked: return Tr::tr("ask the server's administrator before you connect again");
    case ErrorCode::PeerStopping: return Tr::tr("connect again when the server is back");
    case ErrorCode::NotFound: return adviceOnMissing(fault);
    case ErrorCode::InvalidArgument:
    case ErrorCode::Malformed: return Tr::tr("correct or remove what is named here");
    case ErrorCode::Unsupported: return Tr::tr("do without it on this system");
    case ErrorCode::SystemFailure: return Tr::tr("look at the system's log");
    case ErrorCode::AddressInUse: return Tr::tr("end the program that uses it");
    case ErrorCode::Unreachable:
    case ErrorCode::TimedOut:
    case ErrorCode::Closed: return adviceOnReaching(fault);
    }
    return {};
}

QString quoted(const std::string& name)
{
    return QLatin1Char('"') + fromText(name) + QLatin1Char('"');
}

/// To be typed as it is shown. Names have no control characters; of a directory's, nobody would type what is shown.
QString quotedForShell(const std::string& word)
{
    static const QRegularExpression Plain(QStringLiteral("^[A-Za-z0-9_./:@][A-Za-z0-9_./:@+-]*$"));
    QString text = fromText(word);
    if (Plain.match(text).hasMatch())
        return text;
    return QLatin1Char('\'') + text.replace(QLatin1Char('\''), QStringLiteral("'\\''")) + QLatin1Char('\'');
}

QString commandOn(QString command, const std::string& profile, const std::string& stateDir)
{
    command += quotedForShell(profile);
    if (!stateDir.empty())
        command += QStringLiteral(" --state-dir ") + quotedForShell(stateDir);
    return command;
}

}  // namespace

QString sentenceFor(const Fault& fault, const net::HostPort& server, Audience audience)
{
    return Tr::tr("%1 (stage %2): %3; %4.")
        .arg(whatFailed(fault, QString::fromStdString(server.toString())),
             QString::fromStdString(std::string(stageName(fault.stage))), why(fault), adviceFor(fault, audience));
}

QString adviceFor(const Fault& fault, Audience audience)
{
    return whatToDo(fault, audience == Audience::Window);
}

QString sentenceFor(const SkippedRoute& skipped, Audience audience)
{
    const bool isWindow = audience == Audience::Window;
    const QString route = QString::fromStdString(skipped.route.toString());
    const QString detail = fromText(skipped.detail);
    switch (skipped.reason) {
    case SkipReason::NeverRouted:
        return Tr::tr("The route %1 is not used: no tunnel may take this network.").arg(route);
    case SkipReason::NotWanted:
        return (isWindow ? Tr::tr("The route %1 is not used: the profile leaves it out.")
                         : Tr::tr("The route %1 is not used: --accept-routes leaves it out."))
            .arg(route);
    case SkipReason::Public:
        return (isWindow
                    ? Tr::tr("The route %1 is not used: it is a public network; name it in the profile to use it.")
                    : Tr::tr(
                        "The route %1 is not used: it is a public network; name it with --accept-routes %1 to use it."))
            .arg(route);
    case SkipReason::LocalNetwork:
        return Tr::tr("The route %1 is not used: this computer is on %2 itself; machines in there answer from here.")
            .arg(route, detail);
    case SkipReason::HoldsGateway:
        return Tr::tr("The route %1 is not used: it holds this computer's default gateway %2.").arg(route, detail);
    case SkipReason::HoldsResolver:
        return Tr::tr("The route %1 is not used: it holds this computer's name server %2.").arg(route, detail);
    case SkipReason::HoldsServer:
        return Tr::tr("The route %1 is not used: it holds the server's own address %2.").arg(route, detail);
    case SkipReason::AlreadyRouted:
        return Tr::tr("The route %1 is not used: this computer has that route already, through %2.").arg(route, detail);
    }
    return {};
}

QString sentenceFor(const SkippedDns& skipped, Audience audience)
{
    const QString what = fromText(skipped.what);
    switch (skipped.reason) {
    case DnsSkipReason::NotThroughTunnel:
        return Tr::tr("The resolver %1 of the server is not used: no accepted route leads to it, so it would be asked "
                      "outside of the tunnel.")
            .arg(what);
    case DnsSkipReason::SharedDomain:
        if (audience == Audience::Window)
            return Tr::tr("Names of %1 are not resolved at the office: this domain is not one office's alone; add it "
                          "to the profile's domains to have them asked there.")
                .arg(what);
        return Tr::tr("Names of %1 are not resolved at the office: this domain is not one office's alone; name it with "
                      "--accept-domain %1 to have them asked there.")
            .arg(what);
    case DnsSkipReason::NoDomain:
        return Tr::tr("The resolvers %1 of the server are not used: it names no domain to ask them for; its "
                      "administrator can, with --dns-domain.")
            .arg(what);
    case DnsSkipReason::NoService:
        return Tr::tr("Names of %1 are not resolved at the office: not set: no systemd-resolved; use addresses there, "
                      "or install and start systemd-resolved.")
            .arg(what);
    case DnsSkipReason::Failed:
        return Tr::tr("Names of %1 are not resolved at the office: not set: %2; use addresses there.")
            .arg(what, fromText(skipped.detail));
    }
    return {};
}

QString sentenceForRefusedCongestion(const tunnel::CongestionStatus& status)
{
    return Tr::tr("The congestion control that was asked for can't be had: %1; the connection goes on with %2.")
        .arg(fromText(status.reason), fromText(status.algorithm));
}

QString sentenceForFailedUndo(const Error& error)
{
    return Tr::tr("Not everything could be put back as it was: %1; look at the routes and interfaces of this computer.")
        .arg(fromText(error.context));
}

QString sentenceForContradiction(const net::HostPort& server, const Pin& remembered, const Pin& given)
{
    return Tr::tr("Did not connect to %1 (stage tls): the key that was given is %2, but the one trusted before is %3; "
                  "if the server has a new key, only a new link from its administrator helps: connect with that.")
        .arg(QString::fromStdString(server.toString()), QString::fromStdString(given.toString()),
             QString::fromStdString(remembered.toString()));
}

QString sentenceForContradiction(const Profile& profile, const Pin& trusted, const std::string& stateDir)
{
    const QString server = QString::fromStdString(profile.server.toString());
    return Tr::tr("Did not connect to %1 (stage tls): the profile %2 names the key %3, but the one trusted for %1 is "
                  "%4; if the server has a new key, only a new link from its administrator helps: connect with that; "
                  "else remove the profile with: %5")
        .arg(server, quoted(profile.name), QString::fromStdString(profile.pin.value_or(Pin()).toString()),
             QString::fromStdString(trusted.toString()),
             commandOn(QStringLiteral("gvpn-client profile remove "), profile.name, stateDir));
}

QString sentenceForNewKey(const net::HostPort& server, const Pin& remembered, const Pin& given)
{
    return Tr::tr(
               "The link names the key %1 for %2, in place of %3, which was trusted before; it is remembered when the "
               "server has let this computer in.")
        .arg(QString::fromStdString(given.toString()), QString::fromStdString(server.toString()),
             QString::fromStdString(remembered.toString()));
}

QString sentenceForNotice(const std::string& text)
{
    return Tr::tr("The server says: %1").arg(fromText(text));
}

QString sentenceForRemembered(const std::string& profile, const std::string& stateDir)
{
    return Tr::tr("Remembered as the profile %1; connect again with: %2")
        .arg(fromText(profile), commandOn(QStringLiteral("gvpn-client --profile "), profile, stateDir));
}

QString sentenceForUnknownProfile(const std::string& name, const std::vector<std::string>& known)
{
    if (known.empty())
        return Tr::tr("There is no profile %1, and no other one: connect with a link first.").arg(quoted(name));
    QStringList names;
    for (const std::string& one : known)
        names.append(quoted(one));
    return Tr::tr("There is no profile %1: choose one of %2.").arg(quoted(name), names.join(QStringLiteral(", ")));
}

QString sentenceForProfile(const Error& error, Audience audience)
{
    switch (error.code) {
    case ErrorCode::Unsupported:
        return Tr::tr("Could not use a profile: %1; bring this program to that version.").arg(fromText(error.context));
    case ErrorCode::NotFound:
        if (audience == Audience::Window)
            return Tr::tr("Could not use the profiles: %1; correct what is named here.").arg(fromText(error.context));
        return Tr::tr("Could not use the profiles: %1; name another place with --state-dir.")
            .arg(fromText(error.context));
    case ErrorCode::PermissionDenied:
        return Tr::tr("Could not use a profile: %1; correct its owner and its permissions.")
            .arg(fromText(error.context));
    default:
        return Tr::tr("Could not use a profile: %1; mend or remove what is named here.").arg(fromText(error.context));
    }
}

QString sentenceFor(const FieldError& error)
{
    switch (error.fault) {
    case FieldFault::Missing: return Tr::tr("Something has to be given here.");
    case FieldFault::TooLong:
        return Tr::tr("This is too long: at most %n byte(s) fit.", nullptr, static_cast<int>(error.maxBytes));
    case FieldFault::Character: return Tr::tr("This has a character that can't be shown.");
    case FieldFault::BlankAtEdge: return Tr::tr("This begins or ends with a blank.");
    case FieldFault::NotAHost: return Tr::tr("This is neither a host name nor an IP address.");
    case FieldFault::HasPort: return Tr::tr("The port has a field of its own.");
    case FieldFault::NotAPort: return Tr::tr("A port is a number from 1 to 65535.");
    case FieldFault::NotAPin: return Tr::tr("A key has 43 letters, digits, - and _: copy all of it.");
    case FieldFault::NotANetwork:
        return Tr::tr("%1 is no network: write it like 192.168.1.0/24.").arg(fromText(error.part.toStdString()));
    case FieldFault::HostBits:
        return Tr::tr("%1 is a single computer: its network is %2.")
            .arg(fromText(error.part.toStdString()), error.meant);
    case FieldFault::NeverRouted:
        return Tr::tr("%1 is a network that no tunnel may take.").arg(fromText(error.part.toStdString()));
    case FieldFault::MixedNone: return Tr::tr("Write either none, or the networks that you want.");
    case FieldFault::TooManyRoutes:
        return Tr::tr("These are too many: fewer than %n network(s) fit.", nullptr, int(MaxProfileRoutes));
    case FieldFault::NotADomain:
        return Tr::tr("%1 is no domain: write it like office.example.").arg(fromText(error.part.toStdString()));
    case FieldFault::TooManyDomains:
        return Tr::tr("These are too many: at most %n domain(s) fit.", nullptr, int(MaxProfileDomains));
    }
    return {};
}

QString sentenceForLock(const std::string& profile, const Error& error)
{
    if (error.code == ErrorCode::AlreadyExists)
        return Tr::tr("The profile %1 is connected by %2 already: disconnect it there first.")
            .arg(quoted(profile), fromText(error.context));
    return Tr::tr("Could not make sure that nothing else connects the profile %1: %2; correct what is named here.")
        .arg(quoted(profile), fromText(error.context));
}

QString sentenceForKeyring(const Error& error)
{
    if (error.code == ErrorCode::Unsupported)
        return Tr::tr("There is no keyring to be had (%1): passwords are not remembered and will be asked for.")
            .arg(fromText(error.context));
    return Tr::tr("The keyring is locked or does not answer (%1): passwords are not remembered and will be asked for.")
        .arg(fromText(error.context));
}

QString sentenceForKeyInKeyring(const std::string& profile, const Error& error)
{
    return Tr::tr("Did not connect: this computer's key for the profile %1 is in the keyring, which does not give it "
                  "(%2); unlock the keyring and connect again, or ask the server's administrator for a new link if it "
                  "is gone.")
        .arg(quoted(profile), fromText(error.context));
}

QString sentenceForForgottenPassword(const Error& error)
{
    return Tr::tr("The password could not be kept in the keyring: %1; it will be asked for again.")
        .arg(fromText(error.context));
}

QString sentenceForMoreRoutes(const std::string& profile, const std::vector<net::Prefix>& routes)
{
    return Tr::tr("The server of the profile %1 now also gives access to %2; if you did not expect that, ask its "
                  "administrator.")
        .arg(quoted(profile), QString::fromStdString(net::joinPrefixes(routes)));
}

QString sentenceForLeftOut(const std::vector<net::Prefix>& networks)
{
    return Tr::tr("Left out of the imported profile, since they are public networks: %1; add those that you want.")
        .arg(QString::fromStdString(net::joinPrefixes(networks)));
}

QString sentenceForForgottenServer(const Error& error)
{
    return Tr::tr("The server's key could not be remembered: %1.").arg(fromText(error.context));
}

QString sentenceForOtherKey(const Profile& profile, const Pin& trusted, const std::string& holder)
{
    if (!holder.empty())
        return Tr::tr("Did not connect to %1: the profile names the key %2, but the one trusted for this server is %3, "
                      "which the profile %4 has; if the server's administrator says that it has a new key, delete that "
                      "profile and connect again.")
            .arg(QString::fromStdString(profile.server.toString()),
                 QString::fromStdString(profile.pin.value_or(Pin()).toString()),
                 QString::fromStdString(trusted.toString()), quoted(holder));
    return Tr::tr("Did not connect to %1: the profile names the key %2, but the one trusted for this server is %3; if "
                  "the server has a new key, only a new link from its administrator helps.")
        .arg(QString::fromStdString(profile.server.toString()),
             QString::fromStdString(profile.pin.value_or(Pin()).toString()),
             QString::fromStdString(trusted.toString()));
}

QString sentenceForStateDir(const std::string& directory, const Error& error, Audience audience)
{
    QString cause = fromText(error.context);
    if (directory.empty())
        return Tr::tr("Could not choose a state directory: %1; name one with --state-dir.").arg(cause);
    const QString name = fromText(directory);
    if (const QString prefix = name + QStringLiteral(": "); cause.startsWith(prefix))
        cause.remove(0, prefix.size());
    const bool isAboutContent = error.code == ErrorCode::Malformed || error.code == ErrorCode::LimitExceeded
                                || error.code == ErrorCode::InvalidArgument;
    const QString advice =
        isAboutContent ? Tr::tr("mend or remove what is named here") : Tr::tr("correct its permissions");
    if (audience == Audience::Window)
        return Tr::tr("Could not use the state directory %1: %2; %3.").arg(name, cause, advice);
    return Tr::tr("Could not use the state directory %1: %2; %3 or choose another with --state-dir.")
        .arg(name, cause, advice);
}

QString sentenceForNameWithHelper(const std::string& interfaceName)
{
    return Tr::tr("--tun %1: without root rights gvpn-helper opens the interface and chooses its name; leave --tun "
                  "out, or run it with sudo.")
        .arg(fromText(interfaceName));
}

QString sentenceForTakenName(const std::string& interfaceName)
{
    return Tr::tr("--tun %1: an interface of that name exists; choose another name, or none to get a free one.")
        .arg(fromText(interfaceName));
}

QString warningForV1(const net::HostPort& server)
{
    return Tr::tr("WARNING: --v1 is on: nothing is encrypted or authenticated. Everybody on the way to %1 can read and "
                  "change what is sent, and the server may be anybody.")
        .arg(QString::fromStdString(server.toString()));
}

}  // namespace gvpn::client
