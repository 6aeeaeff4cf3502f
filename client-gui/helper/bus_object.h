// The helper's object on the bus: calls in, answers out, and which callers are still there. Every argument is checked
// before it is used. Event loop thread.
#pragma once

#include "helper/lease_keeper.h"

#include <QDBusConnection>
#include <QDBusMessage>
#include <QDBusVirtualObject>

namespace gvpn::helper {

class BusObject final : public QDBusVirtualObject {
    Q_OBJECT
public:
    /// keeper outlives it.
    BusObject(const QDBusConnection& bus, LeaseKeeper& keeper);

    [[nodiscard]] QString introspect(const QString& path) const override;
    bool handleMessage(const QDBusMessage& message, const QDBusConnection& connection) override;

Q_SIGNALS:
    /// Somebody wants something: there is no reason to end now.
    void called();
    /// A program that had this unique name is gone.
    void leftBus(const QString& name);

private:
    void handleCall(const QDBusMessage& message);
    void handleProperties(const QDBusMessage& message);
    void handleOpen(const QDBusMessage& message);
    void handleApply(const QDBusMessage& message);
    void handleNames(const QDBusMessage& message);
    void handleCongestion(const QDBusMessage& message);
    /// Asks the bus who the caller is. then: only if it is still there.
    void withCaller(const QDBusMessage& message, std::function<void(const Caller&)> then);
    void answer(const QDBusMessage& message, const Result<void>& result);
    void answer(const QDBusMessage& message, Result<HandedTun> result);
    void refuse(const QDBusMessage& message, const Error& error);

private Q_SLOTS:
    void onOwnerChanged(const QString& name, const QString& before, const QString& after);

private:
    QDBusConnection m_bus;
    LeaseKeeper& m_keeper;
};

}  // namespace gvpn::helper
