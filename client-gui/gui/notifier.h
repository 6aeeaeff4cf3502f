// Shows notices through org.freedesktop.Notifications on the session bus, with a tray or without one; a profile's next
// one takes the place of its last. Used by Application. GUI thread; nothing waits for the bus.
#pragma once

#include "gui/notices.h"

#include <QDBusConnection>
#include <QObject>

#include <deque>
#include <functional>
#include <map>

class QDBusMessage;

namespace gvpn::gui {

class Notifier : public QObject {
    Q_OBJECT
public:
    explicit Notifier(const QDBusConnection& bus, QObject* parent = nullptr);

    /// about: whose news it is.
    void show(const std::string& about, const Notice& notice);

Q_SIGNALS:
    /// The person wants to see more.
    void clicked();
    /// Nobody on the bus shows it.
    void refused(const gvpn::gui::Notice& notice);

private Q_SLOTS:
    /// Of the bus, which connects by name.
    void onAction(uint id, const QString& action);

private:
    struct Item {
        std::string about;
        Notice notice;
    };
    void next();
    void send(const Item& item, const QStringList& capabilities);
    void call(const QString& method, const QVariantList& arguments,
              std::function<void(const QDBusMessage& reply)> answered);
    void refuse(const Notice& notice);

    QDBusConnection m_bus;
    std::deque<Item> m_waiting;  // one after the other: only the answer has the id that the next one replaces
    bool m_isBusy = false;
    std::map<std::string, uint> m_ids;
};

}  // namespace gvpn::gui
