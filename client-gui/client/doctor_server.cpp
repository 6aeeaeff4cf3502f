#include "client/doctor_checks.h"
#include "client/sentences.h"

#include <QStringList>

#include <algorithm>

namespace gvpn::client {

namespace {

QString serverText(const TargetFacts& target)
{
    return QString::fromStdString(target.server.toString());
}

QString milliseconds(Duration time)
{
    return QStringLiteral("%1 ms").arg(time.count());
}

/// What was not come to because of what is said of an earlier check; nullopt: it was.
std::optional<Check> skippedBefore(const char* name, const TargetFacts& target, Stage stage)
{
    const auto& fault = target.probe.fault;
    if (!fault || fault->stage >= stage)
        return std::nullopt;
    return skippedCheck(name, QStringLiteral("Not looked at: a check before it has to pass first."));
}

bool failedAt(const TargetFacts& target, Stage stage)
{
    return target.probe.fault && target.probe.fault->stage == stage;
}

QString faultText(const TargetFacts& target)
{
    return sentenceFor(*target.probe.fault, target.server);
}

QString words(const PortFact& port)
{
    const QString address = QString::fromStdString(port.address.toString());
    switch (port.answer) {
    case PortAnswer::Open: return QStringLiteral("%1 after %2").arg(address, milliseconds(port.time));
    case PortAnswer::Silent: return QStringLiteral("%1 does not answer").arg(address);
    case PortAnswer::Refused:
    case PortAnswer::Unreachable:
    case PortAnswer::Forbidden: break;
    }
    return QStringLiteral("%1: %2").arg(address, doctorText(port.reason));
}

/// What the kind of silence says of its cause.
QString adviceOnPort(const std::vector<PortFact>& ports)
{
    const auto has = [&ports](PortAnswer answer) {
        return std::ranges::any_of(ports, [answer](const PortFact& port) { return port.answer == answer; });
    };
    if (has(PortAnswer::Refused))
        return QStringLiteral("A computer answers there, but no program listens on this port: it is not the office's "
                              "computer, gvpn-server does not run, or it has another port.");
    if (has(PortAnswer::Silent))
        return QStringLiteral("Nothing answers at all: a firewall or router drops the connection, the port is not "
                              "forwarded, or the address is an old one of the office.");
    if (has(PortAnswer::Forbidden))
        return QStringLiteral("A firewall of this computer or on the way forbids it.");
    return QStringLiteral("There is no way to this address: look at this computer's connection to the Internet.");
}

bool isProtocolFault(const Fault& fault)
{
    return fault.error.code == ErrorCode::VersionMismatch || fault.error.code == ErrorCode::ProtocolViolation
           || fault.error.code == ErrorCode::Unsupported;
}

QString whyNoLogin(const TargetFacts& target)
{
    switch (*target.noLogin) {
    case NoLogin::TunnelIsUp:
        if (target.tunnel && !target.tunnel->isConnected)
            return QStringLiteral("Not tried: %1 has the profile, but no connection to the server now.")
                .arg(doctorText(target.tunnel->holder));
        return QStringLiteral("The server has let this computer in already: %1.")
            .arg(target.tunnel && !target.tunnel->holder.empty()
                     ? QStringLiteral("%1 is connected").arg(doctorText(target.tunnel->holder))
                     : QStringLiteral("a program here is connected to it"));
    case NoLogin::MayBeUp:
        return QStringLiteral("Not tried: %1 is up, and logging in would end it if it leads to this server, by an "
                              "address of earlier.")
            .arg(doctorText(target.noLoginReason));
    case NoLogin::NoDeviceKey:
        return QStringLiteral("Not tried: this computer has no key for this server yet; the first connection makes "
                              "it.");
    case NoLogin::Pending:
        return QStringLiteral("Not tried: the invite has not been redeemed yet; connecting once redeems it.");
    case NoLogin::KeyUnusable:
        return QStringLiteral("This computer's key for the server can't be used: %1.")
            .arg(doctorText(target.noLoginReason));
    case NoLogin::KeyWithheld: return QStringLiteral("Not tried: this computer's key is in the keyring.");
    case NoLogin::NotTrusted:
        return QStringLiteral("Not tried: it is not clear which key of the server is the right one.");
    case NoLogin::NoProfileLock:
        return QStringLiteral("Not tried: it can't be made sure that nothing else connects: %1.")
            .arg(doctorText(target.noLoginReason));
    }
    return {};
}

QString joined(const std::vector<net::InterfaceAddress>& addresses)
{
    QStringList texts;
    for (const net::InterfaceAddress& address : addresses)
        texts.append(QString::fromStdString(address.toString()));
    return texts.join(QStringLiteral(", "));
}

Check checkLivingAddress(const DoctorFacts& facts)
{
    constexpr const char* Name = "address";
    const TunnelFacts& tunnel = *facts.target->tunnel;
    const system::InterfaceInfo* const found =
        facts.network ? facts.network->findInterface(tunnel.interfaceName) : nullptr;
    if (found == nullptr)
        return noteCheck(Name, QStringLiteral("A program is connected or about to, but has no tunnel interface (yet)."),
                         QStringLiteral("Look at what it says."));
    if (!found->isUp || found->addresses.empty())
        return noteCheck(Name, QStringLiteral("%1 has no address (yet).").arg(doctorText(found->name)),
                         QStringLiteral("Look at what the program says that is connected."));
    return goodCheck(Name, QStringLiteral("%1 has %2.").arg(doctorText(found->name), joined(found->addresses)));
}

}  // namespace

Check checkName(const TargetFacts& target)
{
    constexpr const char* Name = "name";
    if (failedAt(target, Stage::Resolve))
        return troubleCheck(Name, faultText(target));
    QStringList addresses;
    for (const net::IpAddress& address : target.probe.addresses)
        addresses.append(QString::fromStdString(address.toString()));
    const QString host = doctorText(target.server.host);
    if (addresses == QStringList(host))
        return goodCheck(Name, QStringLiteral("The server is given by its address %1.").arg(host));
    return goodCheck(Name, QStringLiteral("%1 is %2 (found in %3).")
                               .arg(host, addresses.join(QStringLiteral(", ")), milliseconds(target.probe.lookupTime)));
}

Check checkPort(const TargetFacts& target)
{
    constexpr const char* Name = "port";
    if (auto skipped = skippedBefore(Name, target, Stage::Tcp))
        return *skipped;
    if (failedAt(target, Stage::Tcp))
        return troubleCheck(Name, faultText(target), adviceOnPort(target.probe.ports));
    QStringList open;
    QStringList others;
    for (const PortFact& port : target.probe.ports)
        (port.answer == PortAnswer::Open ? open : others).append(words(port));
    const QString sentence =
        QStringLiteral("Port %1 answers: %2.").arg(target.server.port).arg(open.join(QStringLiteral(", ")));
    if (others.isEmpty())
        return goodCheck(Name, sentence);
    return noteCheck(Name,
                     sentence + QStringLiteral(" Not all of the name's addresses do: %1.").arg(others.join(u"; ")),
                     QStringLiteral("Connecting works, but tries those in vain: the office may take them out of the "
                                    "name's addresses."));
}

Check checkTls(const DoctorFacts& facts)
{
    constexpr const char* Name = "tls";
    const TargetFacts& target = *facts.target;
    if (target.wireProtocol == WireProtocol::V1)
        return noteCheck(Name, warningForV1(target.server));
    if (target.knownKeys)
        return troubleCheck(Name,
                            sentenceForStateDir(facts.stateDir.empty() ? std::string("of this user") : facts.stateDir,
                                                *target.knownKeys));
    if (target.trusted && target.pin && !target.isByLink)
        return troubleCheck(Name, sentenceForContradiction(target.server, *target.trusted, *target.pin));
    if (auto skipped = skippedBefore(Name, target, Stage::Tls))
        return *skipped;
    if (failedAt(target, Stage::Tls)) {
        const bool isUnknown = target.probe.fault->error.code == ErrorCode::IdentityUnknown;
        return isUnknown ? noteCheck(Name, faultText(target)) : troubleCheck(Name, faultText(target));
    }
    if (target.trusted && target.pin)
        return noteCheck(Name, sentenceForNewKey(target.server, *target.trusted, *target.pin));
    return goodCheck(Name, QStringLiteral("The server shows the trusted key %1.")
                               .arg(QString::fromStdString(target.pin.value_or(Pin()).toString())));
}

Check checkProtocol(const TargetFacts& target)
{
    constexpr const char* Name = "protocol";
    if (auto skipped = skippedBefore(Name, target, Stage::Login))
        return *skipped;
    if (target.noLogin)
        return skippedCheck(Name, QStringLiteral("Not looked at: both ends name their versions when one logs in."));
    if (failedAt(target, Stage::Login) && isProtocolFault(*target.probe.fault))
        return troubleCheck(Name, faultText(target));
    return goodCheck(Name, target.wireProtocol == WireProtocol::V1
                               ? QStringLiteral("%1 speaks v1.").arg(serverText(target))
                               : QStringLiteral("%1 speaks this program's version.").arg(serverText(target)));
}

Check checkLogin(const TargetFacts& target)
{
    constexpr const char* Name = "login";
    if (target.noLogin == NoLogin::KeyUnusable)
        return troubleCheck(Name, whyNoLogin(target),
                            QStringLiteral("Correct what is named here, or ask the server's administrator for a new "
                                           "link."));
    if (auto skipped = skippedBefore(Name, target, Stage::Login))
        return *skipped;
    if (target.noLogin == NoLogin::TunnelIsUp && target.tunnel && target.tunnel->isConnected)
        return goodCheck(Name, whyNoLogin(target));
    if (target.noLogin == NoLogin::TunnelIsUp)
        return noteCheck(Name, whyNoLogin(target), QStringLiteral("Look at what it says, or end it and look again."));
    if (target.noLogin == NoLogin::KeyWithheld)
        return skippedCheck(Name, whyNoLogin(target));
    if (target.noLogin)
        return noteCheck(Name, whyNoLogin(target));
    if (failedAt(target, Stage::Login))
        return isProtocolFault(*target.probe.fault)
                   ? skippedCheck(Name, QStringLiteral("Not looked at: a check before it has to pass first."))
                   : troubleCheck(Name, faultText(target));
    return goodCheck(Name, target.wireProtocol == WireProtocol::V1
                               ? QStringLiteral("v1 asks nobody who he is.")
                               : QStringLiteral("The server lets this computer in."));
}

Check checkAddress(const DoctorFacts& facts)
{
    constexpr const char* Name = "address";
    const TargetFacts& target = *facts.target;
    if (target.tunnel)
        return checkLivingAddress(facts);
    if (auto skipped = skippedBefore(Name, target, Stage::Address))
        return *skipped;
    if (failedAt(target, Stage::Address))
        return troubleCheck(Name, faultText(target));
    if (!target.probe.settings || !target.probe.peer || !facts.network)
        return skippedCheck(Name, QStringLiteral("Not looked at: the server gives it to one who logs in."));
    const RouteSurroundings surroundings{*facts.network, *target.probe.peer, {}};
    const net::TunnelSettings& settings = *target.probe.settings;
    if (const auto possible = checkTunnelNetworks(settings, target.acceptRoutes, target.wanted, surroundings);
        !possible)
        return troubleCheck(
            Name,
            sentenceFor(Fault{.stage = Stage::Routes, .error = possible.error(), .wireProtocol = target.wireProtocol},
                        target.server));
    return goodCheck(Name, QStringLiteral("The server gives %1.").arg(joined(settings.addresses)));
}

}  // namespace gvpn::client
