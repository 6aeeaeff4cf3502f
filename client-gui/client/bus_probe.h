// Asks this computer's buses whether gvpn would work: the helper, polkit (nobody is asked for a password),
// systemd-resolved and what it has for a tunnel's link, the desktop's tray. Starts no program but the helper and
// polkit. Qt event loop; one use; done comes once, within BusLimit.
#pragma once

#include "client/doctor_facts.h"
#include "client/edges.h"
#include "client/helper_client.h"

#include <QDBusConnection>
#include <QObject>

#include <functional>
#include <optional>

namespace gvpn::client {

inline constexpr Duration BusLimit{8'000};

class BusProbe : public QObject {
    Q_OBJECT
public:
    struct Plan {
        bool asksHelper = false;   // the program has no rights of its own
        bool hasDesktop = false;   // a screen and a session bus are named in the environment
        unsigned tunnelIndex = 0;  // of the living tunnel's link; 0: none
    };
    using Done = std::function<void(const ComputerFacts& facts)>;

    BusProbe(const Plan& plan, std::unique_ptr<Timer> timer, Done done);
    ~BusProbe() override;
    void start();

private:
    using Answered = std::function<void(const QDBusMessage& reply)>;
    void connectTo(QDBusConnection::BusType type, void (BusProbe::*connected)(const QDBusConnection& bus));
    void call(const QDBusConnection& bus, const QDBusMessage& message, Answered answered);
    void onSystemBus(const QDBusConnection& bus);
    void onSessionBus(const QDBusConnection& bus);
    void onHelperChecked(const Result<void>& result);
    void askPolkit(const QDBusConnection& bus);
    void askForDomains(const QDBusConnection& bus, const QString& link);
    void begin() { ++m_open; }
    void end();
    void finish();

    Plan m_plan;
    std::unique_ptr<Timer> m_timer;
    Done m_done;
    ComputerFacts m_facts;
    HelperClient m_helper;
    std::optional<Result<void>> m_helperAnswer;
    bool m_hasPolkitAnswer = false;
    QString m_systemBus;  // its name in this process, once connected
    unsigned m_open = 0;  // questions without an answer
    bool m_isOver = false;
};

}  // namespace gvpn::client
