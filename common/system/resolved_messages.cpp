#include "system/resolved_messages.h"

#include <QDBusArgument>
#include <QDBusMetaType>

#include <algorithm>
#include <array>

#include <sys/socket.h>

namespace gvpn::system {

/// (iay): an address family and the address's bytes.
struct ResolvedServer {
    int family = AF_UNSPEC;
    QByteArray bytes;
};

/// (sb): a domain, and whether it is only for choosing a server, not for completing single words.
struct ResolvedDomain {
    QString name;
    bool isOnlyForRouting = false;
};

QDBusArgument& operator<<(QDBusArgument& out, const ResolvedServer& server)
{
    out.beginStructure();
    out << server.family << server.bytes;
    out.endStructure();
    return out;
}

const QDBusArgument& operator>>(const QDBusArgument& in, ResolvedServer& server)
{
    in.beginStructure();
    in >> server.family >> server.bytes;
    in.endStructure();
    return in;
}

QDBusArgument& operator<<(QDBusArgument& out, const ResolvedDomain& domain)
{
    out.beginStructure();
    out << domain.name << domain.isOnlyForRouting;
    out.endStructure();
    return out;
}

const QDBusArgument& operator>>(const QDBusArgument& in, ResolvedDomain& domain)
{
    in.beginStructure();
    in >> domain.name >> domain.isOnlyForRouting;
    in.endStructure();
    return in;
}

namespace {

QDBusMessage call(const QString& method, unsigned linkIndex)
{
    QDBusMessage message = QDBusMessage::createMethodCall(QStringLiteral("org.freedesktop.resolve1"),
                                                          QStringLiteral("/org/freedesktop/resolve1"),
                                                          QStringLiteral("org.freedesktop.resolve1.Manager"), method);
    // Where it doesn't run, names are resolved by others; to start it would change nothing for the better.
    message.setAutoStartService(false);
    message << static_cast<int>(linkIndex);
    return message;
}

ResolvedServer toResolved(const net::IpAddress& address)
{
    const auto bytes = address.bytes();
    return {address.isIPv4() ? AF_INET : AF_INET6,
            QByteArray(reinterpret_cast<const char*>(bytes.data()), static_cast<qsizetype>(bytes.size()))};
}

ErrorCode codeOf(const QDBusError& error)
{
    if (error.name() == QLatin1String("org.freedesktop.DBus.Error.InteractiveAuthorizationRequired"))
        return ErrorCode::PermissionDenied;
    switch (error.type()) {
    case QDBusError::AccessDenied: return ErrorCode::PermissionDenied;
    case QDBusError::NoReply:
    case QDBusError::Timeout:
    case QDBusError::TimedOut: return ErrorCode::TimedOut;
    case QDBusError::UnknownMethod: return ErrorCode::Unsupported;
    default: return saysNoSuchLink(error) ? ErrorCode::NotFound : ErrorCode::SystemFailure;
    }
}

}  // namespace

QDBusMessage revertLink(unsigned linkIndex)
{
    return call(QStringLiteral("RevertLink"), linkIndex);
}

QDBusMessage setLinkDefaultRoute(unsigned linkIndex, bool isDefault)
{
    return call(QStringLiteral("SetLinkDefaultRoute"), linkIndex) << isDefault;
}

QDBusMessage setLinkDomains(unsigned linkIndex, const std::vector<std::string>& domains, bool takesAllNames)
{
    qDBusRegisterMetaType<ResolvedDomain>();
    qDBusRegisterMetaType<QList<ResolvedDomain>>();
    QList<ResolvedDomain> list;
    for (const std::string& domain : domains)
        list.append({QString::fromStdString(domain), false});
    if (takesAllNames)
        list.append({QStringLiteral("."), true});
    return call(QStringLiteral("SetLinkDomains"), linkIndex) << QVariant::fromValue(list);
}

QDBusMessage setLinkDns(unsigned linkIndex, const std::vector<net::IpAddress>& servers)
{
    qDBusRegisterMetaType<ResolvedServer>();
    qDBusRegisterMetaType<QList<ResolvedServer>>();
    QList<ResolvedServer> list;
    for (const net::IpAddress& server : servers)
        list.append(toResolved(server));
    return call(QStringLiteral("SetLinkDNS"), linkIndex) << QVariant::fromValue(list);
}

bool saysNoService(const QDBusError& error)
{
    constexpr std::array Absences = {QDBusError::ServiceUnknown, QDBusError::NoServer, QDBusError::Disconnected};
    return std::ranges::find(Absences, error.type()) != Absences.end()
           || error.name() == QLatin1String("org.freedesktop.DBus.Error.NameHasNoOwner");
}

bool saysNoSuchLink(const QDBusError& error)
{
    return error.name() == QLatin1String("org.freedesktop.resolve1.NoSuchLink");
}

Error errorOf(const QDBusError& error)
{
    return {codeOf(error), "systemd-resolved refused: " + error.message().toStdString()};
}

}  // namespace gvpn::system
