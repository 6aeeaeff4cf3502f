// The DnsConfigurator that speaks with systemd-resolved over the system bus; the caller needs to be root there. Used by
// the composition roots of the command-line client and the helper. Qt event loop thread; never waits.
#pragma once

#include "system/dns_configurator.h"

#include <QDBusConnection>
#include <QDBusMessage>
#include <QObject>
#include <QTimer>

#include <chrono>
#include <optional>

namespace gvpn::system {

class ResolvedDns final : public QObject, public DnsConfigurator {
public:
    /// For all of an apply or a clear, connecting to the bus included.
    static constexpr std::chrono::milliseconds Deadline{3'000};

    /// Connects to the bus when there is something to say.
    ResolvedDns();
    /// Without clear() what was set stays until the link ends.
    ~ResolvedDns() override;

    void apply(unsigned linkIndex, const DnsConfig& config, Done done) override;
    void clear(Cleared done) override;

private:
    struct Goal {
        unsigned linkIndex = 0;
        DnsConfig config;
        [[nodiscard]] bool operator==(const Goal&) const = default;
    };
    /// Calls that are made one after the other, and who hears of the end.
    struct Work {
        std::vector<QDBusMessage> calls;
        std::size_t next = 0;
        std::optional<Error> lastFailure;  // of a call that is tried again
        Done done;
    };

    void begin(std::vector<QDBusMessage> calls, Done done);
    void connectBus();
    void onBusTried();
    void callNext();
    void onReply(const QDBusMessage& reply);
    void tryAgainSoon(const QDBusError& error);
    void onDeadline();
    void finish(const Result<DnsOutcome>& result);
    void abandon();
    void onApplied(const Goal& goal, const Result<DnsOutcome>& result);

    QString m_busName;  // of our own connection, inside this process
    std::optional<QDBusConnection> m_bus;
    bool m_isConnecting = false;
    std::optional<Work> m_work;
    unsigned m_serial = 0;  // of the work: answers to an earlier one are not heard
    QTimer m_deadline;
    std::optional<unsigned> m_touched;  // the link that something may be set for
    std::optional<Goal> m_inForce;
};

}  // namespace gvpn::system
