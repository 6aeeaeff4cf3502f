#include "helper/helper_daemon.h"

#include "bus/contract.h"
#include "helper/congestion_switch.h"
#include "helper/logging.h"
#include "helper/own_networks.h"
#include "system/link_removal.h"
#include "system/linux_configurator.h"
#include "system/resolved_dns.h"
#include "tun/linux_tun.h"

#include <QDBusPendingReply>

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <net/if.h>

namespace gvpn::helper {

namespace {

constexpr QLatin1String Bus{"org.freedesktop.DBus"};
constexpr QLatin1String BusPath{"/org/freedesktop/DBus"};
constexpr uint DoNotQueue = 4;    // DBUS_NAME_FLAG_DO_NOT_QUEUE
constexpr uint PrimaryOwner = 1;  // DBUS_REQUEST_NAME_REPLY_PRIMARY_OWNER
constexpr uint AlreadyOwner = 4;  // DBUS_REQUEST_NAME_REPLY_ALREADY_OWNER

UniqueFd duplicate(int descriptor)
{
    constexpr int FirstNumber = 3;  // not one of the standard streams
    return UniqueFd(::fcntl(descriptor, F_DUPFD_CLOEXEC, FirstNumber));
}

/// The device object goes, the TUN stays: it has a descriptor of the caller's and one of ours.
Result<OpenedTun> openTun(bool usesOffloads)
{
    const auto device = tun::openLinuxTun({.name = {}, .usesOffloads = usesOffloads});
    if (!device)
        return fail(device.error());
    const int descriptor = (*device)->descriptor();
    OpenedTun opened{duplicate(descriptor), (*device)->name(), (*device)->index(), duplicate(descriptor)};
    if (!opened.descriptor.isValid() || !opened.held.isValid())
        return fail(errnoError("hand over " + opened.name, errno));
    return opened;
}

bool hasName(unsigned index, const std::string& name)
{
    std::array<char, IF_NAMESIZE> now{};
    return ::if_indextoname(index, now.data()) != nullptr && name == now.data();
}

Result<std::unique_ptr<system::NetworkConfigurator>> makeConfigurator()
{
    auto made = system::LinuxConfigurator::create(std::string(RunDirectoryBase));
    if (!made)
        return fail(made.error());
    return std::unique_ptr<system::NetworkConfigurator>(std::move(*made));
}

}  // namespace

HelperDaemon::HelperDaemon(const QDBusConnection& bus, system::RunDirectory directory,
                           std::chrono::milliseconds idleTime)
    : m_bus(bus)
    , m_record(std::move(directory))
    , m_authority(bus)
    , m_keeper(makeWorld(), m_authority)
    , m_object(bus, m_keeper)
{
    m_idleTimer.setSingleShot(true);
    m_idleTimer.setInterval(idleTime);
    connect(&m_idleTimer, &QTimer::timeout, this, &HelperDaemon::leaveWhenIdle);
    connect(&m_object, &BusObject::called, this, &HelperDaemon::watchIdleness);
    connect(&m_keeper, &LeaseKeeper::leasesChanged, this, &HelperDaemon::watchIdleness);
}

World HelperDaemon::makeWorld() const
{
    return {.openTun = openTun,
            .makeConfigurator = makeConfigurator,
            .makeDns = [] { return std::make_unique<system::ResolvedDns>(); },
            .takesOwnNetworks =
                [](const std::vector<net::Prefix>& networks, const std::vector<net::IpAddress>& tunnelServers) {
                    const auto snapshot = system::readNetworkSnapshot();
                    return !snapshot || takesOwnNetworks(networks, *snapshot, tunnelServers);
                },
            .deleteLink = system::removeTunLink,
            .hasName = hasName,
            .recordLinks = [this](const std::vector<unsigned>& indexes) { m_record.write(indexes); },
            .setCongestionControl =
                [](int socket, const std::string& name) {
                    return setCongestionControl(socket, name, availableCongestionControls());
                }};
}

void HelperDaemon::start()
{
    m_bus.connect(QString(), QStringLiteral("/org/freedesktop/DBus/Local"),
                  QStringLiteral("org.freedesktop.DBus.Local"), QStringLiteral("Disconnected"), this,
                  SLOT(onBusLost()));
    for (const unsigned index : m_record.takeLeftovers()) {
        if (const auto removed = system::removeTunLink(index); !removed)
            qCWarning(logHelper).noquote()
                << "can't delete a link of a killed helper:" << removed.error().context.c_str();
    }
    system::cleanUpLeftovers(std::string(RunDirectoryBase), [this](const auto& report) {
        if (!report)
            qCWarning(logHelper).noquote()
                << "can't look for what killed programs left:" << report.error().context.c_str();
        if (m_bus.registerVirtualObject(bus::ObjectPath, &m_object))
            takeName();
        else
            end(EXIT_FAILURE);
    });
}

void HelperDaemon::takeName()
{
    QDBusMessage call = QDBusMessage::createMethodCall(Bus, BusPath, Bus, QStringLiteral("RequestName"));
    call.setArguments({QString(bus::ServiceName), DoNotQueue});
    auto* watcher = new QDBusPendingCallWatcher(m_bus.asyncCall(call), this);
    connect(watcher, &QDBusPendingCallWatcher::finished, this, [this](QDBusPendingCallWatcher* finished) {
        finished->deleteLater();
        onNameAnswered(*finished);
    });
}

void HelperDaemon::onNameAnswered(QDBusPendingCallWatcher& call)
{
    const QDBusPendingReply<uint> reply = call;
    if (!reply.isError() && (reply.value() == PrimaryOwner || reply.value() == AlreadyOwner)) {
        watchIdleness();
        return;
    }
    qCWarning(logHelper).noquote() << "can't have the name on the bus:"
                                   << (reply.isError() ? reply.error().message()
                                                       : QStringLiteral("another helper runs"));
    if (m_keeper.isIdle())
        end(EXIT_FAILURE);
}

void HelperDaemon::watchIdleness()
{
    if (m_keeper.isIdle() && !m_isStopping)
        m_idleTimer.start();
    else
        m_idleTimer.stop();
}

void HelperDaemon::leaveWhenIdle()
{
    QDBusMessage call = QDBusMessage::createMethodCall(Bus, BusPath, Bus, QStringLiteral("ReleaseName"));
    call.setArguments({QString(bus::ServiceName)});
    auto* watcher = new QDBusPendingCallWatcher(m_bus.asyncCall(call), this);
    connect(watcher, &QDBusPendingCallWatcher::finished, this, [this](QDBusPendingCallWatcher* finished) {
        finished->deleteLater();
        // A call that came in between has started the timer again, or has a lease.
        const bool isWanted = m_idleTimer.isActive() || !m_keeper.isIdle();
        if (m_isStopping)
            return;
        if (isWanted)
            takeName();
        else
            end(EXIT_SUCCESS);
    });
}

void HelperDaemon::stop()
{
    if (std::exchange(m_isStopping, true))
        return;
    m_idleTimer.stop();
    m_keeper.stop([this] { end(EXIT_SUCCESS); });
}

void HelperDaemon::onBusLost()
{
    qCWarning(logHelper) << "the bus is gone";
    stop();
}

void HelperDaemon::end(int exitStatus)
{
    m_isStopping = true;
    m_idleTimer.stop();
    Q_EMIT finished(exitStatus);
}

}  // namespace gvpn::helper
