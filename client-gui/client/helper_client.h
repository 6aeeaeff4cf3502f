// The way to gvpn-helper for a program without rights: a TUN from it, this computer's network set by it, and the news
// when it is gone. One lease, on a bus connection of its own: giving that up gives everything up. The thread that makes
// it; needs a Qt event loop. Nothing waits for the bus or the helper.
#pragma once

#include "base/unique_fd.h"
#include "bus/settings_argument.h"
#include "system/dns_configurator.h"

#include <QDBusConnection>
#include <QDBusPendingCallWatcher>
#include <QDBusServiceWatcher>
#include <QObject>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace gvpn::client {

// Causes of PermissionDenied beside those of bus/contract.h.
inline constexpr std::string_view NoBusCause =
    "it takes root rights or gvpn-helper, and there is no system bus to reach that";
inline constexpr std::string_view NoHelperCause = "it takes root rights or gvpn-helper, which is not installed";

/// For what a person may be asked first; the helper gives up before.
inline constexpr std::chrono::milliseconds PersonDeadline = std::chrono::minutes(6);
/// For everything else. A helper that is started needs some tens of milliseconds.
inline constexpr std::chrono::milliseconds HelperDeadline = std::chrono::seconds(5);

class HelperClient : public QObject {
    Q_OBJECT
public:
    using Done = std::function<void(const Result<void>&)>;
    using Opened = std::function<void(Result<UniqueFd>)>;
    using Named = std::function<void(const Result<system::DnsOutcome>&)>;

    explicit HelperClient(QObject* parent = nullptr);
    /// What it has is undone by the helper.
    ~HelperClient() override;

    // Each answer comes once, from inside of the call or later; none after this object. One open or check at a time.

    /// Whether there is a helper that speaks our contract. PermissionDenied: NoBusCause or NoHelperCause.
    void check(const Done& done);
    /// A TUN under a name of the helper's choice. PermissionDenied, LimitExceeded, ….
    void open(bool usesOffloads, const Opened& opened);
    void apply(const bus::TunnelRequest& request, const Done& done);
    /// In place of those of an earlier call. An empty request, and a failure, leave nothing set.
    void setNames(const bus::NamesRequest& request, const Named& named);
    /// Undoes all. What waits is answered with Closed, but an open never. Succeeds when there is nothing to close.
    void close(Done done);
    void setCongestionControl(UniqueFd socket, const std::string& name, const Done& done);

Q_SIGNALS:
    /// The helper has ended, or the bus: what it had set up is no more to be relied on. Not after close().
    void lost(const gvpn::Error& error);

private:
    struct Lease {
        QString helper;  // its own bus name: another helper under the common name doesn't know us
        uint id = 0;
    };
    struct Call {
        std::unique_ptr<QDBusPendingCallWatcher> watcher;
        std::function<void(const QDBusMessage&)> answered;
        Done givenUp;  // in place of it, with Closed; none: nobody is told
    };

    void withBus(std::function<void()> then, Done failed);
    void onBusConnected(const QString& name, const std::function<void()>& then, const Done& failed);
    void send(const QDBusMessage& message, std::chrono::milliseconds deadline, Call call);
    void callLease(const QString& method, const QVariantList& arguments, std::chrono::milliseconds deadline,
                   const Done& done);
    void onChecked(const QDBusMessage& reply, const Done& done);
    void onOpened(const QDBusMessage& reply, const Opened& opened);
    void giveUpCalls(const char* why);
    void leaveBus();
    [[nodiscard]] Error errorOf(const QDBusMessage& reply) const;

private Q_SLOTS:
    void onHelperGone();

private:
    QString m_connectionName;  // empty: there is none
    unsigned m_connections = 0;
    bool m_isConnected = false;  // false with a name: a thread is about to
    std::unique_ptr<QDBusServiceWatcher> m_watcher;
    std::optional<Lease> m_lease;
    std::map<unsigned, Call> m_calls;
    unsigned m_lastCall = 0;
    std::vector<Done> m_closing;
};

}  // namespace gvpn::client
