#include "server/dns_advice.h"
#include "server/doctor_checks.h"
#include "server/doctor_sentences.h"

#include <algorithm>

namespace gvpn::server {

namespace {

using program::Check;

QString join(const std::vector<std::string>& parts)
{
    QStringList list;
    for (const std::string& part : parts)
        list.append(fromStd(part));
    return list.join(QStringLiteral(", "));
}

/// Where a router would have to forward the port to: what routers of offices know is IPv4.
std::optional<OwnAddress> ownAddress(const DoctorFacts& facts)
{
    if (const auto listening = net::IpAddress::parse(listenHost(facts)); listening && !listening->isUnspecified())
        return OwnAddress{*listening, !listening->isPrivate()};
    return facts.network ? chooseOwnAddress(*facts.network, facts.lanNetworks) : std::nullopt;
}

Check portOfNobody(const DoctorFacts& facts, const QString& name)
{
    if (facts.unit && facts.unit->isActive()) {
        return trouble(name,
                       QStringLiteral("%1 runs, but not with the state directory %2 on TCP port %3.")
                           .arg(fromStd(facts.unit->name), fromStd(facts.stateDir), QString::number(facts.port)),
                       QStringLiteral("Give this command the same --config, --state-dir and --address."));
    }
    // A unit that is there is how this computer starts it.
    const QString command = facts.unit ? QStringLiteral("systemctl start %1").arg(fromStd(facts.unit->name))
                                       : QStringLiteral("sudo gvpn-server");
    return trouble(name, QStringLiteral("gvpn-server does not run; nobody listens on TCP port %1.").arg(facts.port),
                   QStringLiteral("Start it: ") + command);
}

}  // namespace

Check checkPort(const DoctorFacts& facts)
{
    const QString name = QStringLiteral("port");
    if (facts.server) {
        const QString clients = facts.server->clients == 1 ? QStringLiteral("1 client")
                                                           : QStringLiteral("%1 clients").arg(facts.server->clients);
        return good(
            name,
            QStringLiteral("gvpn-server listens on TCP port %1 and has %2.").arg(facts.server->port).arg(clients));
    }
    const Error& error = facts.server.error();
    if (error.code == ErrorCode::PermissionDenied && !facts.isRoot)
        return skipped(name, QStringLiteral("Whether the server runs, only root and its own user may ask."));
    if (error.code == ErrorCode::PeerStopping)
        return trouble(name, sentenceOf(error.context), QStringLiteral("Run this again in a moment."));
    if (error.code != ErrorCode::Unreachable) {
        return trouble(name, sentenceOf("The server doesn't answer: " + error.context),
                       QStringLiteral("Restart it: systemctl restart gvpn-server"));
    }
    if (!facts.holder)
        return portOfNobody(facts, name);
    const PortHolder& holder = *facts.holder;
    const QString who =
        holder.process == 0
            ? QStringLiteral("another program")
            : QStringLiteral("%1 (process %2)").arg(fromStd(holder.program), QString::number(holder.process));
    const QString sentence = QStringLiteral("TCP port %1 is held by %2.").arg(QString::number(facts.port), who);
    if (holder.program == "gvpn-server") {
        return trouble(name, sentence,
                       QStringLiteral("Its state directory is not %1: name the right one with --state-dir.")
                           .arg(fromStd(facts.stateDir)));
    }
    return trouble(name, sentence, QStringLiteral("Stop that program, or choose another port with --address :PORT."));
}

Check checkReach(const DoctorFacts& facts)
{
    const QString name = QStringLiteral("reach");
    if (!facts.server)
        return skipped(name, QStringLiteral("Nobody can be reached while the server does not run."));
    std::vector<std::string> answering;
    for (const ReachFact& fact : facts.reached) {
        const QString where = fromStd(fact.address.toString());
        if (!fact.pin) {
            return trouble(
                name,
                QStringLiteral("The server can't be reached on %1: %2.").arg(where, fromStd(fact.pin.error().context)),
                QStringLiteral("Let TCP port %1 in through this computer's firewall, and check --address.")
                    .arg(facts.server->port));
        }
        if (*fact.pin != facts.server->pin) {
            return trouble(name,
                           QStringLiteral("On %1 answers another server, with the pin %2.")
                               .arg(where, fromStd(fact.pin->toString())),
                           QStringLiteral("Look for what redirects TCP port %1 on this computer: nft list ruleset")
                               .arg(facts.server->port));
        }
        answering.push_back(fact.address.toString());
    }
    if (answering.empty())
        return skipped(name, QStringLiteral("This computer has no address that clients could use."));
    return good(name, QStringLiteral("The server answers with its key on %1.").arg(join(answering)));
}

Check checkResolvers(const DoctorFacts& facts)
{
    const QString name = QStringLiteral("dns");
    if (facts.options.dnsServers.empty())
        return skipped(name, QStringLiteral("No resolver is given to clients (--dns)."));
    for (const ResolverFact& resolver : facts.resolvers) {
        if (!resolver.answer) {
            return trouble(name,
                           QStringLiteral("The resolver %1 of --dns does not answer: %2.")
                               .arg(fromStd(resolver.address.toString()), fromStd(resolver.answer.error().context)),
                           QStringLiteral("Start it, or correct --dns."));
        }
    }
    const auto advice = dnsAdvice(facts.options, facts.lanNetworks);
    if (!advice.empty())
        return note(name, sentenceOf(advice.front()));
    std::vector<std::string> names;
    for (const net::IpAddress& address : facts.options.dnsServers)
        names.push_back(address.toString());
    return good(name, QStringLiteral("The resolvers for clients answer: %1.").arg(join(names)));
}

Check checkName(const DoctorFacts& facts)
{
    const QString name = QStringLiteral("name");
    if (facts.publicHost.empty()) {
        const auto own = ownAddress(facts);
        if (own && own->isGlobal)
            return good(name, QStringLiteral("Links name this computer's own public address %1.")
                                  .arg(fromStd(own->address.toString())));
        return note(name, QStringLiteral("Links name an address that only this network reaches."),
                    QStringLiteral("Name the office's router: gvpn-server invite --public-address HOST"));
    }
    if (!facts.publicAddresses) {
        return trouble(name,
                       QStringLiteral("The public name %1 has no address: %2.")
                           .arg(fromStd(facts.publicHost), fromStd(facts.publicAddresses.error().context)),
                       QStringLiteral("Correct it: gvpn-server invite --public-address HOST"));
    }
    std::vector<std::string> addresses;
    for (const net::IpAddress& address : *facts.publicAddresses)
        addresses.push_back(address.toString());
    return good(name, QStringLiteral("Links name %1, which is %2.").arg(fromStd(facts.publicHost), join(addresses)));
}

Check checkRouter(const DoctorFacts& facts)
{
    const QString name = QStringLiteral("router");
    const auto own = ownAddress(facts);
    if (!own)
        return skipped(name, QStringLiteral("This computer has no address that a router could forward to."));
    const std::uint16_t port = facts.server ? facts.server->port : facts.port;
    if (own->isGlobal)
        return note(name, QStringLiteral("Whether TCP port %1 of %2 is let in from outside can't be seen from here.")
                              .arg(QString::number(port), fromStd(own->address.toString())));
    return note(name, QStringLiteral("Whether the router forwards the port can't be seen from here."),
                QStringLiteral("On the router, forward TCP %1 to %2.")
                    .arg(QString::number(port), fromStd(own->address.toString())));
}

}  // namespace gvpn::server
