#include "server/admin_desk.h"

#include <QDateTime>
#include <QJsonArray>
#include <QLoggingCategory>
#include <QTimeZone>

#include <algorithm>

namespace gvpn::server {

namespace {

Q_LOGGING_CATEGORY(lcAdmin, "gvpn.admin")

QString text(const std::string& value)
{
    return QString::fromStdString(value);
}

QString isoTime(accounts::UnixTime time)
{
    return QDateTime::fromSecsSinceEpoch(time.time_since_epoch().count(), QTimeZone::utc()).toString(Qt::ISODate);
}

/// As Hub::end() has it, of a name or an address.
bool matches(const SessionMatch& match, const ClientInfo& client)
{
    if (match.address) {
        return std::ranges::any_of(client.addresses, [&match](const net::InterfaceAddress& address) {
            return address.address == *match.address;
        });
    }
    return match.name == (client.account ? client.account->userName : client.claims.deviceName);
}

}  // namespace

QJsonObject statusOf(const ClientInfo& client, TimePoint now, accounts::UnixTime wallNow)
{
    const auto age = std::chrono::duration_cast<std::chrono::seconds>(now - client.connectedAt);
    QJsonObject json{
        {QStringLiteral("id"), static_cast<qint64>(client.id)},
        {QStringLiteral("user"), client.account ? text(client.account->userName) : QString()},
        {QStringLiteral("device"), text(client.account ? client.account->deviceName : client.claims.deviceName)},
        {QStringLiteral("protocol"), client.isV1 ? QStringLiteral("v1") : QStringLiteral("v2")},
        {QStringLiteral("software"), text(client.claims.software)},
        {QStringLiteral("from"), text(client.peer.toString())},
        {QStringLiteral("since"), isoTime(wallNow - age)},
        {QStringLiteral("bytes_from_client"), static_cast<qint64>(client.counters.bytesToTun)},
        {QStringLiteral("bytes_to_client"), static_cast<qint64>(client.counters.bytesFromTun)},
        {QStringLiteral("congestion"), QJsonObject{{QStringLiteral("algorithm"), text(client.congestion.algorithm)},
                                                   {QStringLiteral("reason"), text(client.congestion.reason)}}}};
    if (client.account)
        json.insert(QStringLiteral("device_id"), static_cast<qint64>(client.account->deviceId));
    QJsonArray addresses;
    for (const net::InterfaceAddress& address : client.addresses)
        addresses.append(text(address.address.toString()));
    json.insert(QStringLiteral("addresses"), addresses);
    return json;
}

AdminDesk::AdminDesk(Parts parts, QObject* parent)
    : QObject(parent)
    , m_parts(std::move(parts))
{}

void AdminDesk::setThreads(accounts::Accounts* accounts, DataThread* dataThread)
{
    m_accounts = accounts;
    m_dataThread = dataThread;
}

void AdminDesk::carryOut(const admin::Command& command, Answer answer)
{
    if (m_accounts == nullptr || m_dataThread == nullptr)
        answer(fail(ErrorCode::PeerStopping, "the server is starting or stopping; try again in a moment"));
    else if (std::holds_alternative<admin::ShowStatus>(command))
        showStatus(std::move(answer));
    else if (const auto* who = std::get_if<admin::Kick>(&command))
        kick(*who, std::move(answer));
    else
        execute(command, std::move(answer));
}

void AdminDesk::showStatus(Answer answer)
{
    m_dataThread->listClients([this, answer = std::move(answer)](std::vector<ClientInfo> clients) {
        later([this, answer, clients = std::move(clients)] {
            QJsonArray lines;
            for (const ClientInfo& client : clients)
                lines.append(statusOf(client, Clock::now(), m_parts.time()));
            answer(QJsonObject{{QStringLiteral("clients"), lines}, {QStringLiteral("server"), m_description}});
        });
    });
}

void AdminDesk::kick(const admin::Kick& command, Answer answer)
{
    SessionMatch match;
    if (const auto address = net::IpAddress::parse(command.addressOrName))
        match.address = *address;
    else
        match.name = command.addressOrName;
    m_dataThread->listClients([this, match, command, answer = std::move(answer)](std::vector<ClientInfo> clients) {
        std::erase_if(clients, [&match](const ClientInfo& client) { return !matches(match, client); });
        later([this, match, command, answer, clients = std::move(clients)] {
            finishKick(match, command, clients, answer);
        });
    });
}

void AdminDesk::finishKick(const SessionMatch& match, const admin::Kick& command,
                           const std::vector<ClientInfo>& clients, const Answer& answer)
{
    if (m_dataThread == nullptr) {
        answer(fail(ErrorCode::PeerStopping, "the server is stopping, which ends all sessions"));
        return;
    }
    QJsonArray lines;
    for (const ClientInfo& client : clients)
        lines.append(statusOf(client, Clock::now(), m_parts.time()));
    const auto done = [this, command, lines, answer](std::size_t count) {
        later([this, command, lines, answer, count] {
            if (count == 0) {
                answer(fail(ErrorCode::NotFound,
                            "nobody with the name or tunnel address \"" + command.addressOrName + "\" is connected"));
                return;
            }
            noteKick(command);
            answer(QJsonObject{{QStringLiteral("clients"), lines}});
        });
    };
    m_dataThread->end(match, "the administrator has disconnected you", done);
}

void AdminDesk::noteKick(const admin::Kick& command)
{
    if (m_accounts == nullptr)
        return;
    m_accounts->run([command](accounts::AccountStore& store, accounts::Gatekeeper&) {
        accounts::AuditEntry entry;
        entry.event = "kicked";
        entry.detail = command.addressOrName;
        if (const auto written = store.audit(entry); !written)
            qCWarning(lcAdmin).noquote() << "not in the trail:" << text(written.error().context);
    });
}

void AdminDesk::execute(const admin::Command& command, Answer answer)
{
    const auto task = [this, command, answer = std::move(answer), link = m_parts.link,
                       time = m_parts.time](accounts::AccountStore& store, accounts::Gatekeeper& gatekeeper) {
        const admin::ExecutorParts parts{store, &gatekeeper, time,
                                         [&link]() -> Result<admin::LinkParts> { return link; }};
        auto outcome = admin::execute(command, parts);
        later([this, command, answer, outcome = std::move(outcome)] {
            endSessions(outcome.ended);
            const auto taken = outcome.reply ? takePublicAddress(command) : Result<void>();
            if (taken)
                answer(outcome.reply);
            else
                answer(fail(taken.error()));
        });
    };
    m_accounts->run(task);
}

Result<void> AdminDesk::takePublicAddress(const admin::Command& command)
{
    const auto* invite = std::get_if<admin::MakeInvite>(&command);
    if (invite == nullptr || !invite->publicAddress)
        return {};
    if (auto remembered = m_parts.rememberPublicAddress(*invite->publicAddress); !remembered)
        return remembered;
    m_parts.link.server.host = invite->publicAddress->host;
    if (invite->publicAddress->port != 0)
        m_parts.link.server.port = invite->publicAddress->port;
    m_parts.link.isPrivate = false;
    return {};
}

void AdminDesk::endSessions(const std::vector<admin::SessionSelector>& selectors)
{
    for (const admin::SessionSelector& selector : selectors) {
        if (m_dataThread != nullptr)
            m_dataThread->end({.user = selector.user, .device = selector.device}, selector.text, [](std::size_t) {});
    }
}

void AdminDesk::recheckSessions()
{
    if (m_accounts == nullptr || m_dataThread == nullptr)
        return;
    m_dataThread->listClients([this](std::vector<ClientInfo> clients) {
        later([this, clients = std::move(clients)] {
            if (m_accounts == nullptr)
                return;
            m_accounts->run([this, clients](accounts::AccountStore& store, accounts::Gatekeeper&) {
                std::vector<admin::SessionSelector> gone;
                for (const ClientInfo& client : clients) {
                    if (!client.account)
                        continue;
                    const auto device = store.findDevice(*client.claims.device);
                    // A database that can't be read ends nobody's session.
                    if (!device || (*device && !(*device)->isRevoked && (*device)->isUserEnabled))
                        continue;
                    gone.push_back({.device = client.account->deviceId,
                                    .text = "the administrator has taken this device or its user away"});
                }
                later([this, gone] { endSessions(gone); });
            });
        });
    });
}

void AdminDesk::later(std::function<void()> task)
{
    QMetaObject::invokeMethod(this, std::move(task), Qt::QueuedConnection);
}

}  // namespace gvpn::server
