#include "client/bus_probe.h"

#include "bus/contract.h"
#include "bus/polkit_question.h"

#include <QDBusArgument>
#include <QDBusError>
#include <QDBusMessage>
#include <QDBusObjectPath>
#include <QDBusPendingCallWatcher>
#include <QDBusVariant>
#include <QPointer>
#include <QThread>

#include <utility>

namespace gvpn::client {

namespace {

constexpr int CallLimitMs = 5'000;
constexpr qsizetype MaxDomains = 64;  // what comes from a bus is bounded
constexpr QLatin1String Properties{"org.freedesktop.DBus.Properties"};
constexpr QLatin1String Resolved{"org.freedesktop.resolve1"};
constexpr QLatin1String TrayWatcher{"org.kde.StatusNotifierWatcher"};

QDBusMessage getProperty(const QString& service, const QString& path, const QString& interface, const QString& name)
{
    QDBusMessage message = QDBusMessage::createMethodCall(service, path, Properties, QStringLiteral("Get"));
    message.setArguments({interface, name});
    message.setAutoStartService(false);
    return message;
}

QVariant valueOf(const QDBusMessage& reply)
{
    if (reply.type() != QDBusMessage::ReplyMessage || reply.signature() != QLatin1String("v"))
        return {};
    return reply.arguments().constFirst().value<QDBusVariant>().variant();
}

/// a(sb), as the Domains of a link are.
std::vector<std::string> domainsOf(const QVariant& value)
{
    std::vector<std::string> domains;
    if (!value.canConvert<QDBusArgument>())
        return domains;
    const auto list = value.value<QDBusArgument>();
    if (list.currentSignature() != QLatin1String("a(sb)"))
        return domains;
    list.beginArray();
    while (!list.atEnd() && qsizetype(domains.size()) < MaxDomains) {
        QString name;
        bool isOnlyForRouting = false;
        list.beginStructure();
        list >> name >> isOnlyForRouting;
        list.endStructure();
        domains.push_back(name.toStdString());
    }
    return domains;
}

}  // namespace

BusProbe::BusProbe(const Plan& plan, std::unique_ptr<Timer> timer, Done done)
    : m_plan(plan)
    , m_timer(std::move(timer))
    , m_done(std::move(done))
{
    m_facts.hasRights = !plan.asksHelper;
    m_facts.tray = plan.hasDesktop ? TrayFact::None : TrayFact::NoDesktop;
}

BusProbe::~BusProbe() = default;

void BusProbe::start()
{
    m_timer->start(BusLimit, [this] { finish(); });
    begin();
    connectTo(QDBusConnection::SystemBus, &BusProbe::onSystemBus);
    if (m_plan.hasDesktop)
        connectTo(QDBusConnection::SessionBus, &BusProbe::onSessionBus);
    if (m_plan.asksHelper) {
        begin();
        m_helper.check([this](const Result<void>& result) { onHelperChecked(result); });
    }
    end();
}

/// In a thread of its own: connecting waits for the bus's greeting.
void BusProbe::connectTo(QDBusConnection::BusType type, void (BusProbe::*connected)(const QDBusConnection& bus))
{
    begin();
    const QString name =
        QStringLiteral("gvpn-probe-%1-%2").arg(reinterpret_cast<quintptr>(this), 0, 16).arg(static_cast<int>(type));
    QThread* const thread =
        QThread::create([type, name] { static_cast<void>(QDBusConnection::connectToBus(type, name)); });
    connect(thread, &QThread::finished, thread, [guard = QPointer(this), name, connected] {
        if (!guard || guard->m_isOver)
            return;
        const QDBusConnection bus(name);
        if (bus.isConnected())
            (guard.data()->*connected)(bus);
        guard->end();
    });
    connect(thread, &QThread::finished, thread, &QObject::deleteLater);
    thread->start();
}

void BusProbe::call(const QDBusConnection& bus, const QDBusMessage& message, Answered answered)
{
    begin();
    auto* watcher = new QDBusPendingCallWatcher(bus.asyncCall(message, CallLimitMs), this);
    connect(watcher, &QDBusPendingCallWatcher::finished, this,
            [this, answered = std::move(answered)](QDBusPendingCallWatcher* finished) {
                finished->deleteLater();
                if (m_isOver)
                    return;
                answered(finished->reply());
                end();
            });
}

void BusProbe::onSystemBus(const QDBusConnection& bus)
{
    m_systemBus = bus.name();
    if (m_helperAnswer && m_helperAnswer->has_value())
        askPolkit(bus);
    QDBusMessage names =
        QDBusMessage::createMethodCall(QStringLiteral("org.freedesktop.DBus"), QStringLiteral("/org/freedesktop/DBus"),
                                       QStringLiteral("org.freedesktop.DBus"), QStringLiteral("NameHasOwner"));
    names.setArguments({QString(Resolved)});
    call(bus, names, [this](const QDBusMessage& reply) {
        m_facts.hasResolved = reply.type() == QDBusMessage::ReplyMessage && reply.arguments().value(0).toBool();
    });
    if (m_plan.tunnelIndex == 0)
        return;
    QDBusMessage link =
        QDBusMessage::createMethodCall(Resolved, QStringLiteral("/org/freedesktop/resolve1"),
                                       QStringLiteral("org.freedesktop.resolve1.Manager"), QStringLiteral("GetLink"));
    link.setArguments({static_cast<int>(m_plan.tunnelIndex)});
    link.setAutoStartService(false);
    call(bus, link, [this, bus](const QDBusMessage& reply) {
        if (reply.type() == QDBusMessage::ReplyMessage && reply.signature() == QLatin1String("o"))
            askForDomains(bus, reply.arguments().constFirst().value<QDBusObjectPath>().path());
    });
}

void BusProbe::askForDomains(const QDBusConnection& bus, const QString& link)
{
    call(bus, getProperty(Resolved, link, QStringLiteral("org.freedesktop.resolve1.Link"), QStringLiteral("Domains")),
         [this](const QDBusMessage& reply) { m_facts.tunnelDomains = domainsOf(valueOf(reply)); });
}

void BusProbe::onSessionBus(const QDBusConnection& bus)
{
    call(bus,
         getProperty(TrayWatcher, QStringLiteral("/StatusNotifierWatcher"), TrayWatcher,
                     QStringLiteral("IsStatusNotifierHostRegistered")),
         [this](const QDBusMessage& reply) {
             m_facts.tray = valueOf(reply).toBool() ? TrayFact::Shown : TrayFact::None;
         });
}

void BusProbe::onHelperChecked(const Result<void>& result)
{
    if (m_isOver)
        return;
    m_helperAnswer = result;
    if (!result)
        m_facts.helper = result.error();
    else if (!m_systemBus.isEmpty())
        askPolkit(QDBusConnection(m_systemBus));
    end();
}

/// What is asked of polkit is whether this program might connect, not to let it.
void BusProbe::askPolkit(const QDBusConnection& bus)
{
    const auto question = bus::checkAuthorization({.busName = bus.baseService(), .action = bus::ConnectAction});
    call(bus, question, [this](const QDBusMessage& reply) {
        m_hasPolkitAnswer = true;
        if (const auto judged = bus::judgePolkitReply(reply, false); !judged)
            m_facts.polkit = judged.error();
    });
}

void BusProbe::end()
{
    if (--m_open == 0)
        finish();
}

void BusProbe::finish()
{
    if (std::exchange(m_isOver, true))
        return;
    m_timer->stop();
    // The limit has passed, and of these silence means something.
    if (m_plan.asksHelper && !m_helperAnswer)
        m_facts.helper = Error{ErrorCode::TimedOut, "gvpn-helper does not answer"};
    else if (m_plan.asksHelper && *m_helperAnswer && !m_hasPolkitAnswer)
        m_facts.polkit = Error{ErrorCode::PermissionDenied, std::string(bus::NoPolkitCause)};
    QMetaObject::invokeMethod(
        this, [this] { m_done(m_facts); }, Qt::QueuedConnection);
}

}  // namespace gvpn::client
