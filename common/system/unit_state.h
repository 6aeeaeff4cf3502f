// How a unit of systemd is, asked over the system bus. Used by the server's doctor. Qt event loop thread; never waits.
#pragma once

#include "base/result.h"

#include <QDBusConnection>
#include <QObject>
#include <QTimer>
#include <QVariantMap>

#include <chrono>
#include <functional>
#include <optional>
#include <string>

namespace gvpn::system {

struct UnitState {
    std::string name;         // "gvpn-server.service"
    std::string activeState;  // "active", "failed", …
    std::string fileState;    // "enabled", "disabled", …; empty: it has no file
    unsigned restarts = 0;    // by systemd, since somebody started it

    [[nodiscard]] bool isActive() const { return activeState == "active" || activeState == "reloading"; }
};

/// From the properties of org.freedesktop.systemd1.Unit and .Service. NotFound: there is no such unit. Malformed.
[[nodiscard]] Result<UnitState> unitStateFrom(const std::string& name, const QVariantMap& unit,
                                              const QVariantMap& service);

class UnitStateReader : public QObject {
    Q_OBJECT
public:
    static constexpr std::chrono::milliseconds Deadline{2'000};
    using Done = std::function<void(Result<UnitState>)>;

    UnitStateReader();
    ~UnitStateReader() override;

    /// Once. NotFound also: no bus, or no systemd on it. TimedOut.
    void read(const std::string& unit, Done done);

private:
    void onBusTried();
    void call(const QString& path, const QString& interface, const QString& method, const QVariantList& arguments,
              std::function<void(const QVariant&)> next);
    void finish(Result<UnitState> result);

    QString m_busName;  // of our own connection, inside this process
    std::optional<QDBusConnection> m_bus;
    std::string m_unit;
    QTimer m_deadline;
    Done m_done;
};

}  // namespace gvpn::system
