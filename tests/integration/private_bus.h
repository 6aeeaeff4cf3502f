// A system bus of the test's own, and a systemd-resolved that records what it is asked and answers as it is told.
#pragma once

#include <QDBusArgument>
#include <QDBusConnection>
#include <QDBusMessage>
#include <QDBusVirtualObject>
#include <QFile>
#include <QProcess>
#include <QStandardPaths>
#include <QTemporaryDir>

#include <functional>

namespace gvpn::test {

class PrivateBus {
public:
    [[nodiscard]] static bool isPossible()
    {
        return !QStandardPaths::findExecutable(QStringLiteral("dbus-daemon")).isEmpty();
    }

    /// False: it does not start. Programs' "system bus" is this one from now on; only for the first in a process.
    [[nodiscard]] bool start()
    {
        QFile config(m_dir.filePath(QStringLiteral("bus.conf")));
        if (!config.open(QIODevice::WriteOnly))
            return false;
        config.write("<busconfig><type>system</type><listen>" + address() + "</listen><auth>EXTERNAL</auth>"
                     + "<policy context=\"default\"><allow user=\"*\"/><allow own=\"*\"/>"
                       "<allow send_destination=\"*\"/><allow receive_sender=\"*\"/></policy></busconfig>");
        config.close();
        qputenv("DBUS_SYSTEM_BUS_ADDRESS", address());
        m_daemon.setProcessChannelMode(QProcess::ForwardedErrorChannel);
        m_daemon.start(QStringLiteral("dbus-daemon"), {QStringLiteral("--nofork"), QStringLiteral("--print-address"),
                                                       QStringLiteral("--config-file=") + config.fileName()});
        return m_daemon.waitForReadyRead(10'000);
    }
    void stop()
    {
        m_daemon.kill();
        m_daemon.waitForFinished(10'000);
        QFile::remove(socket());
    }
    [[nodiscard]] QString socket() const { return m_dir.filePath(QStringLiteral("bus")); }
    [[nodiscard]] QByteArray address() const { return "unix:path=" + socket().toUtf8(); }

    ~PrivateBus() { stop(); }

private:
    QTemporaryDir m_dir;
    QProcess m_daemon;
};

class FakeResolved final : public QDBusVirtualObject {
public:
    /// Returns the answer, or an invalid message for none at all.
    using Answer = std::function<QDBusMessage(const QDBusMessage& call)>;

    explicit FakeResolved(const PrivateBus& bus)
        : m_bus(QDBusConnection::connectToBus(QString::fromUtf8(bus.address()), Name))
    {
        m_bus.registerVirtualObject(QStringLiteral("/org/freedesktop/resolve1"), this);
    }
    ~FakeResolved() override { QDBusConnection::disconnectFromBus(Name); }

    bool appear() { return m_bus.registerService(QStringLiteral("org.freedesktop.resolve1")); }
    bool vanish() { return m_bus.unregisterService(QStringLiteral("org.freedesktop.resolve1")); }

    QString introspect(const QString& /*path*/) const override { return {}; }
    bool handleMessage(const QDBusMessage& message, const QDBusConnection& connection) override
    {
        if (message.interface() != u"org.freedesktop.resolve1.Manager")
            return false;
        calls.append(message.member() + message.signature() + QLatin1Char(' ') + textOf(message.arguments()));
        const QDBusMessage reply = answer ? answer(message) : message.createReply();
        if (reply.type() != QDBusMessage::InvalidMessage && message.isReplyRequired())
            connection.send(reply);
        return true;
    }

    QStringList calls;  // "SetLinkDNSia(iay) 7 2:ac110035"
    Answer answer;      // none: success

private:
    static QString textOf(const QVariantList& arguments)
    {
        QStringList words;
        for (const QVariant& argument : arguments) {
            if (argument.userType() == qMetaTypeId<QDBusArgument>())
                words += elements(argument.value<QDBusArgument>());
            else
                words.append(argument.toString());
        }
        return words.join(QLatin1Char(' '));
    }
    /// Of a(iay) and a(sb).
    static QStringList elements(const QDBusArgument& list)
    {
        QStringList words;
        const bool isServers = list.currentSignature() == u"a(iay)";
        for (list.beginArray(); !list.atEnd();) {
            list.beginStructure();
            if (isServers) {
                int family = 0;
                QByteArray bytes;
                list >> family >> bytes;
                words.append(QStringLiteral("%1:%2").arg(family).arg(QString::fromLatin1(bytes.toHex())));
            } else {
                QString name;
                bool isOnlyForRouting = false;
                list >> name >> isOnlyForRouting;
                words.append((isOnlyForRouting ? QStringLiteral("~") : QString()) + name);
            }
            list.endStructure();
        }
        list.endArray();
        return words;
    }

    inline static const QString Name = QStringLiteral("fake-resolved");
    QDBusConnection m_bus;
};

}  // namespace gvpn::test
