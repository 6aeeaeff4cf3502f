// What a doctor has found out, as values, and how people and programs read it: `gvpn-server doctor`, `gvpn-client
// doctor`. Pure.
#pragma once

#include "program/exit_status.h"

#include <QByteArray>
#include <QJsonObject>
#include <QString>

#include <vector>

namespace gvpn::program {

enum class Verdict {
    Good,
    Note,     // works, but a person should know
    Trouble,  // stands between a client and the LAN
    Skipped,  // could not be looked at, and why
};

struct Check {
    QString name;  // stable, lower case, for programs: "port", "forwarding"
    Verdict verdict = Verdict::Good;
    QString sentence;  // what was found; from outside, so it is escaped when it is printed
    QString remedy;    // what to do, a sentence; empty: nothing
};

class Checkup {
public:
    void add(Check check) { m_checks.push_back(std::move(check)); }
    [[nodiscard]] const std::vector<Check>& checks() const { return m_checks; }

    /// The first trouble in the order of the checks, since later ones mostly follow from it. None: nullptr.
    [[nodiscard]] const Check* cause() const;
    /// Success (also with notes) or Failure.
    [[nodiscard]] ExitStatus status() const;

    /// The first line is the answer, then one line a check:
    ///
    ///   Trouble: The port 51005 is held by another program. Stop that program, or choose another port.
    ///   good     tun         /dev/net/tun can be opened.
    ///   trouble  port        …
    [[nodiscard]] QByteArray text() const;
    /// {"event":"doctor","healthy":false,"check":"port","reason":"…","remedy":"…"}, then
    /// {"event":"check","check":"port","verdict":"good|note|trouble|skipped","reason":"…","remedy":"…"} for each.
    [[nodiscard]] std::vector<QJsonObject> json() const;

private:
    std::vector<Check> m_checks;
};

}  // namespace gvpn::program
