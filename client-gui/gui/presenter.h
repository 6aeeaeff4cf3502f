// What is shown of a profile's state: icon, headline, detail, button, facts. Pure: entries and the time in, texts out.
// Used by the window, the tray, the list and the notifications.
#pragma once

#include "client/client_core.h"

#include <QDateTime>
#include <QString>

#include <span>
#include <vector>

namespace gvpn::gui {

/// What an icon tells, each by a shape of its own.
enum class Phase { Disconnected, Connecting, Connected, Trouble };

/// What the large button does.
enum class Action { Connect, Disconnect, None };

struct Presentation {
    Phase phase = Phase::Disconnected;
    QString headline;
    QString detail;  // one sentence, plain text
    Action action = Action::Connect;
    QString button;
    bool hasDetailsToCopy = false;
    int stage = 0;  // of stageCount while it connects; 0: it doesn't
};

struct Fact {
    QString label;
    QString value;        // plain text
    bool isCode = false;  // compared character by character
    [[nodiscard]] bool operator==(const Fact&) const = default;
};

[[nodiscard]] int stageCount();
/// "Looking up the server's name"
[[nodiscard]] QString stageText(client::Stage stage);
[[nodiscard]] Phase phaseOf(const client::ProfileEntry& entry);
[[nodiscard]] QString phaseText(Phase phase);
/// What needs attention first: connecting, then trouble, then connected.
[[nodiscard]] Phase overallPhase(std::span<const client::ProfileEntry> entries);
/// Is there something that quitting would end?
[[nodiscard]] bool isUp(const client::ProfileEntry& entry);
/// It counts the seconds until the next try.
[[nodiscard]] bool isCountingDown(const client::ProfileEntry& entry);

[[nodiscard]] QString nameOf(const client::ProfileEntry& entry);
/// now: for the seconds until the next try; none: those of the whole wait.
[[nodiscard]] Presentation present(const client::ProfileEntry& entry, const QDateTime& now = {});
/// A few words for the list and the menu. now: as above.
[[nodiscard]] QString shortStatus(const client::ProfileEntry& entry, const QDateTime& now = {});
/// "Connect Office": a menu entry, with & escaped.
[[nodiscard]] QString menuText(const client::ProfileEntry& entry);
/// Address, server, networks, time: while it is connected, else empty.
[[nodiscard]] std::vector<Fact> facts(const client::ProfileEntry& entry, const QDateTime& now);
/// One line for each profile that is not at rest; safe for panels that read markup.
[[nodiscard]] QString trayToolTip(std::span<const client::ProfileEntry> entries, const QDateTime& now);
/// For the person who helps: what failed and where, or how the connection is; and with which version. Empty: it is at
/// rest.
[[nodiscard]] QString detailsToCopy(const client::ProfileEntry& entry, const QDateTime& now, const QString& version);
/// For the log, in English: "waiting profile=Office stage=tcp code=unreachable reason=…".
[[nodiscard]] QString logText(const client::ProfileEntry& entry);
/// "172.17.0.0/16, 10.1.0.0/24"
[[nodiscard]] QString routesText(const std::vector<net::Prefix>& routes);

}  // namespace gvpn::gui
