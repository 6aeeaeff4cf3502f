// Wires gvpn-helper together: the real world, polkit, the object on the system bus, and when to end. The composition
// root beside main.cpp; main thread.
#pragma once

#include "helper/bus_object.h"
#include "helper/lease_keeper.h"
#include "helper/link_record.h"
#include "helper/polkit_authority.h"

#include <QObject>
#include <QTimer>

#include <chrono>
#include <memory>

namespace gvpn::helper {

/// Without a lease; the bus starts it again when it is called.
inline constexpr std::chrono::milliseconds IdleTime = std::chrono::seconds(30);

/// Its records. Not /run/gvpn, whose part for this network namespace may belong to the user of a server: the helper has
/// no right to enter it.
inline constexpr std::string_view RunDirectoryBase = "/run/gvpn-helper";

class HelperDaemon : public QObject {
    Q_OBJECT
public:
    HelperDaemon(const QDBusConnection& bus, system::RunDirectory directory, std::chrono::milliseconds idleTime);

    /// Puts back what a killed helper left, then takes the name. Ends with finished().
    void start();
    /// Undoes everything. finished() follows.
    void stop();

Q_SIGNALS:
    void finished(int exitStatus);

private:
    [[nodiscard]] World makeWorld() const;
    void takeName();
    void onNameAnswered(QDBusPendingCallWatcher& call);
    void watchIdleness();
    /// First the name goes: a call that comes later starts another helper, one that came before is answered.
    void leaveWhenIdle();
    void end(int exitStatus);

private Q_SLOTS:
    void onBusLost();

private:
    QDBusConnection m_bus;
    LinkRecord m_record;
    PolkitAuthority m_authority;
    LeaseKeeper m_keeper;
    BusObject m_object;
    QTimer m_idleTimer;
    bool m_isStopping = false;
};

}  // namespace gvpn::helper
