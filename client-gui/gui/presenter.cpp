#include "gui/presenter.h"

#include "client/sentences.h"
#include "gui/units.h"

#include <QCoreApplication>
#include <QStringList>
#include <QSysInfo>

#include <algorithm>
#include <array>

namespace gvpn::gui {

namespace {

using client::Connected;
using client::Connecting;
using client::Disconnected;
using client::Disconnecting;
using client::ProfileEntry;
using client::Stage;
using client::Waiting;

struct Tr {
    Q_DECLARE_TR_FUNCTIONS(Presenter)
};

QString serverText(const ProfileEntry& entry)
{
    return QString::fromStdString(entry.profile.server.toString());
}

QString fromView(std::string_view text)
{
    return QString::fromUtf8(text.data(), qsizetype(text.size()));
}

QString addressesText(const client::ConnectionInfo& info)
{
    QStringList texts;
    for (const auto& address : info.addresses)
        texts.append(QString::fromStdString(address.address.toString()));
    return texts.join(QStringLiteral(", "));
}

std::chrono::seconds connectedFor(const ProfileEntry& entry, const QDateTime& now)
{
    return std::chrono::seconds(entry.connectedSince ? entry.connectedSince->secsTo(now) : 0);
}

const client::Fault* faultOf(const ProfileEntry& entry)
{
    if (const auto* disconnected = std::get_if<Disconnected>(&entry.state))
        return disconnected->fault ? &*disconnected->fault : nullptr;
    if (const auto* waiting = std::get_if<Waiting>(&entry.state))
        return &waiting->reason;
    return nullptr;
}

int secondsLeft(const ProfileEntry& entry, const Waiting& waiting, const QDateTime& now)
{
    Duration left = waiting.delay;
    if (entry.retryAt && now.isValid())
        left = std::min(left, Duration(now.msecsTo(*entry.retryAt)));
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(left).count();
    return static_cast<int>(std::clamp<std::chrono::seconds::rep>(seconds, 1, 86'400));
}

Presentation presentDisconnected(const ProfileEntry& entry, const Disconnected& state)
{
    Presentation shown{.phase = Phase::Disconnected,
                       .headline = Tr::tr("Not connected"),
                       .detail = Tr::tr("Click Connect to reach the network behind %1.").arg(serverText(entry)),
                       .action = Action::Connect,
                       .button = Tr::tr("&Connect")};
    if (entry.isPreparing)
        return {.phase = Phase::Connecting,
                .headline = Tr::tr("Connecting"),
                .detail = Tr::tr("Getting ready …"),
                .action = Action::Disconnect,
                .button = Tr::tr("Cance&l")};
    if (entry.refusal) {
        shown.phase = Phase::Trouble;
        shown.headline = Tr::tr("Could not connect");
        shown.detail = *entry.refusal;
        shown.hasDetailsToCopy = true;
    } else if (state.fault) {
        shown.phase = Phase::Trouble;
        shown.headline = state.fault->wasUp ? Tr::tr("The connection ended") : Tr::tr("Could not connect");
        shown.detail = client::sentenceFor(*state.fault, entry.profile.server, client::Audience::Window);
        shown.hasDetailsToCopy = true;
    }
    return shown;
}

Presentation presentWaiting(const ProfileEntry& entry, const Waiting& state, const QDateTime& now)
{
    return {.phase = Phase::Trouble,
            .headline = Tr::tr("Waiting: next try in %n second(s)", nullptr, secondsLeft(entry, state, now)),
            .detail = client::sentenceFor(state.reason, entry.profile.server, client::Audience::Window),
            .action = Action::Disconnect,
            .button = Tr::tr("&Stop trying"),
            .hasDetailsToCopy = true};
}

Presentation presentConnected(const ProfileEntry& entry, const Connected& state)
{
    const auto& routes = state.info.routes;
    return {.phase = Phase::Connected,
            .headline = Tr::tr("Connected"),
            .detail = routes.empty() ? Tr::tr("You are connected to %1.").arg(serverText(entry))
                                     : Tr::tr("You can reach: %1").arg(routesText(routes)),
            .action = Action::Disconnect,
            .button = Tr::tr("&Disconnect"),
            .hasDetailsToCopy = true};
}

/// What only who helps wants to know.
std::vector<Fact> technicalFacts(const client::Traffic& traffic)
{
    QStringList drops;
    for (const client::DroppedPackets& dropped : traffic.drops)
        drops.append(QStringLiteral("%1 %2").arg(fromView(dropped.reason)).arg(dropped.count));
    std::vector<Fact> all;
    all.push_back({Tr::tr("Dropped packets"), drops.isEmpty() ? Tr::tr("none") : drops.join(QStringLiteral(", "))});
    if (!traffic.congestion.empty())
        all.push_back({Tr::tr("Congestion control"), QString::fromStdString(traffic.congestion)});
    return all;
}

QStringList linesOf(const std::vector<Fact>& facts)
{
    QStringList lines;
    for (const Fact& fact : facts)
        lines.append(Tr::tr("%1: %2").arg(fact.label, fact.value));
    return lines;
}

}  // namespace

int stageCount()
{
    return static_cast<int>(Stage::Probe) + 1;
}

QString stageText(Stage stage)
{
    switch (stage) {
    case Stage::Resolve: return Tr::tr("Looking up the server's name …");
    case Stage::Tcp: return Tr::tr("Reaching the server …");
    case Stage::Tls: return Tr::tr("Checking the server's identity …");
    case Stage::Login: return Tr::tr("Logging in …");
    case Stage::Address: return Tr::tr("Getting an address …");
    case Stage::Tun: return Tr::tr("Opening the tunnel …");
    case Stage::Routes: return Tr::tr("Setting up the way to the network …");
    case Stage::Dns: return Tr::tr("Setting up names …");
    case Stage::Probe: return Tr::tr("Trying the tunnel …");
    }
    return {};
}

Phase phaseOf(const ProfileEntry& entry)
{
    if (const auto* disconnected = std::get_if<Disconnected>(&entry.state)) {
        if (entry.isPreparing)
            return Phase::Connecting;
        return disconnected->fault || entry.refusal ? Phase::Trouble : Phase::Disconnected;
    }
    if (std::holds_alternative<Connected>(entry.state))
        return Phase::Connected;
    return std::holds_alternative<Waiting>(entry.state) ? Phase::Trouble : Phase::Connecting;
}

QString phaseText(Phase phase)
{
    switch (phase) {
    case Phase::Disconnected: return Tr::tr("Not connected");
    case Phase::Connecting: return Tr::tr("Connecting");
    case Phase::Connected: return Tr::tr("Connected");
    case Phase::Trouble: return Tr::tr("Needs attention");
    }
    return {};
}

Phase overallPhase(std::span<const ProfileEntry> entries)
{
    for (const Phase phase : {Phase::Connecting, Phase::Trouble, Phase::Connected}) {
        if (std::ranges::any_of(entries, [phase](const ProfileEntry& one) { return phaseOf(one) == phase; }))
            return phase;
    }
    return Phase::Disconnected;
}

bool isUp(const ProfileEntry& entry)
{
    return !std::holds_alternative<Disconnected>(entry.state);
}

bool isCountingDown(const ProfileEntry& entry)
{
    return std::holds_alternative<Waiting>(entry.state);
}

QString nameOf(const ProfileEntry& entry)
{
    return QString::fromStdString(entry.profile.name);
}

Presentation present(const ProfileEntry& entry, const QDateTime& now)
{
    if (const auto* state = std::get_if<Disconnected>(&entry.state))
        return presentDisconnected(entry, *state);
    if (const auto* state = std::get_if<Waiting>(&entry.state))
        return presentWaiting(entry, *state, now);
    if (const auto* state = std::get_if<Connected>(&entry.state))
        return presentConnected(entry, *state);
    if (const auto* state = std::get_if<Connecting>(&entry.state))
        return {.phase = Phase::Connecting,
                .headline = state->history.wasConnected ? Tr::tr("Reconnecting") : Tr::tr("Connecting"),
                .detail = stageText(state->stage),
                .action = Action::Disconnect,
                .button = Tr::tr("Cance&l"),
                .stage = static_cast<int>(state->stage) + 1};
    return {.phase = Phase::Connecting,
            .headline = Tr::tr("Disconnecting"),
            .detail = Tr::tr("Putting your network back as it was …"),
            .action = Action::None,
            .button = Tr::tr("&Disconnect")};
}

QString shortStatus(const ProfileEntry& entry, const QDateTime& now)
{
    if (std::holds_alternative<Disconnecting>(entry.state))
        return Tr::tr("Disconnecting");
    if (const auto* waiting = std::get_if<Waiting>(&entry.state))
        return Tr::tr("Next try in %n second(s)", nullptr, secondsLeft(entry, *waiting, now));
    if (std::holds_alternative<Disconnected>(entry.state) && phaseOf(entry) == Phase::Trouble)
        return Tr::tr("Could not connect");
    return phaseText(phaseOf(entry));
}

QString menuText(const ProfileEntry& entry)
{
    const QString name = nameOf(entry).replace(QLatin1Char('&'), QStringLiteral("&&"));
    const Presentation shown = present(entry);
    if (shown.action == Action::None)
        return Tr::tr("%1: disconnecting").arg(name);
    if (shown.action == Action::Connect)
        return shown.hasDetailsToCopy ? Tr::tr("Connect %1 (could not connect)").arg(name)
                                      : Tr::tr("Connect %1").arg(name);
    switch (shown.phase) {
    case Phase::Connected: return Tr::tr("Disconnect %1 (connected)").arg(name);
    case Phase::Trouble: return Tr::tr("Disconnect %1 (waiting)").arg(name);
    default: return Tr::tr("Disconnect %1 (connecting)").arg(name);
    }
}

std::vector<Fact> facts(const ProfileEntry& entry, const QDateTime& now)
{
    const auto* state = std::get_if<Connected>(&entry.state);
    if (state == nullptr)
        return {};
    std::vector<Fact> all{{Tr::tr("Your address"), addressesText(state->info)}, {Tr::tr("Server"), serverText(entry)}};
    if (!state->info.routes.empty())
        all.push_back({Tr::tr("Networks"), routesText(state->info.routes)});
    if (entry.connectedSince)
        all.push_back({Tr::tr("Connected for"), durationText(connectedFor(entry, now))});
    if (const QString roundTrip = roundTripText(entry.traffic.roundTrip); !roundTrip.isEmpty())
        all.push_back({Tr::tr("Round trip"), roundTrip});
    all.push_back({Tr::tr("Sent"), bytesText(entry.traffic.bytesUp)});
    all.push_back({Tr::tr("Received"), bytesText(entry.traffic.bytesDown)});
    return all;
}

QString trayToolTip(std::span<const ProfileEntry> entries, const QDateTime& now)
{
    QStringList lines;
    for (const ProfileEntry& entry : entries) {
        if (const auto* state = std::get_if<Connected>(&entry.state))
            lines.append(Tr::tr("%1: connected as %2 for %3")
                             .arg(nameOf(entry), addressesText(state->info), durationText(connectedFor(entry, now))));
        else if (phaseOf(entry) != Phase::Disconnected)
            lines.append(Tr::tr("%1: %2").arg(nameOf(entry), shortStatus(entry, now)));
    }
    return lines.isEmpty() ? Tr::tr("gvpn: not connected") : plain(lines.join(QLatin1Char('\n')));
}

QString detailsToCopy(const ProfileEntry& entry, const QDateTime& now, const QString& version)
{
    const Presentation shown = present(entry);
    if (!shown.hasDetailsToCopy)
        return {};
    QStringList lines{Tr::tr("Profile: %1").arg(nameOf(entry))};
    if (shown.phase == Phase::Connected)
        lines += linesOf(facts(entry, now)) + linesOf(technicalFacts(entry.traffic));
    else
        lines +=
            QStringList{Tr::tr("Server: %1").arg(serverText(entry)), Tr::tr("What happened: %1").arg(shown.detail)};
    if (const client::Fault* fault = faultOf(entry))
        lines.append(Tr::tr("Stage: %1, code: %2")
                         .arg(fromView(client::stageName(fault->stage)), fromView(errorCodeName(fault->error.code))));
    lines.append(Tr::tr("Time: %1").arg(now.toString(Qt::ISODate)));
    lines.append(Tr::tr("Program: gvpn %1 on %2").arg(version, QSysInfo::prettyProductName()));
    for (const QString& remark : entry.remarks)
        lines.append(Tr::tr("Remark: %1").arg(remark));
    return lines.join(QLatin1Char('\n'));
}

QString logText(const ProfileEntry& entry)
{
    // In the order of client::State.
    constexpr std::array<const char*, std::variant_size_v<client::State>> Names{
        "disconnected", "connecting", "connected", "waiting", "disconnecting"};
    QString line = QStringLiteral("%1 profile=%2").arg(QLatin1String(Names[entry.state.index()]), nameOf(entry));
    if (const auto* state = std::get_if<Connecting>(&entry.state))
        line += QStringLiteral(" stage=%1").arg(fromView(client::stageName(state->stage)));
    if (const client::Fault* fault = faultOf(entry))
        line += QStringLiteral(" stage=%1 code=%2 reason=%3")
                    .arg(fromView(client::stageName(fault->stage)), fromView(errorCodeName(fault->error.code)),
                         fromView(fault->error.context));
    if (entry.refusal)
        line += QStringLiteral(" refusal=%1").arg(*entry.refusal);
    return line;
}

QString routesText(const std::vector<net::Prefix>& routes)
{
    QStringList texts;
    for (const net::Prefix& route : routes)
        texts.append(QString::fromStdString(route.toString()));
    return texts.join(QStringLiteral(", "));
}

}  // namespace gvpn::gui
