#include "system/resolved_dns.h"

#include "system/logging.h"
#include "system/resolved_messages.h"

#include <QDBusPendingCallWatcher>
#include <QThread>

#include <utility>

namespace gvpn::system {

namespace {

/// It hears of a new link from the kernel, as everybody does: perhaps a moment after us.
constexpr std::chrono::milliseconds NewLinkPause{50};

}  // namespace

ResolvedDns::ResolvedDns()
    : m_busName(QStringLiteral("gvpn-resolved-%1").arg(reinterpret_cast<quintptr>(this), 0, 16))
{
    m_deadline.setSingleShot(true);
    connect(&m_deadline, &QTimer::timeout, this, &ResolvedDns::onDeadline);
}

ResolvedDns::~ResolvedDns()
{
    m_bus.reset();
    QDBusConnection::disconnectFromBus(m_busName);
}

void ResolvedDns::apply(unsigned linkIndex, const DnsConfig& config, Done done)
{
    if (config.isEmpty()) {
        clear([done = std::move(done)](const Result<void>& cleared) {
            done(cleared.map([] { return DnsOutcome::InForce; }));
        });
        return;
    }
    abandon();
    const Goal goal{linkIndex, config};
    if (m_inForce == goal) {
        done(DnsOutcome::InForce);
        return;
    }
    // In this order, so that at no time other names than those of the domains are asked at the office.
    std::vector<QDBusMessage> calls{setLinkDefaultRoute(linkIndex, config.takesAllNames),
                                    setLinkDomains(linkIndex, config.domains, config.takesAllNames),
                                    setLinkDns(linkIndex, config.servers)};
    if (m_touched && *m_touched != linkIndex)
        calls.insert(calls.begin(), revertLink(*m_touched));
    m_inForce.reset();
    m_touched = linkIndex;
    begin(std::move(calls), [this, goal, done = std::move(done)](const Result<DnsOutcome>& result) {
        onApplied(goal, result);
        done(result);
    });
}

void ResolvedDns::onApplied(const Goal& goal, const Result<DnsOutcome>& result)
{
    if (result && *result == DnsOutcome::InForce) {
        m_inForce = goal;
        return;
    }
    m_touched.reset();
    // The bus keeps the order: whatever comes later finds the link as it was before.
    if (!result && m_bus)
        m_bus->send(revertLink(goal.linkIndex));
}

void ResolvedDns::clear(Cleared done)
{
    abandon();
    m_inForce.reset();
    const auto link = std::exchange(m_touched, std::nullopt);
    if (!link) {
        done({});
        return;
    }
    begin({revertLink(*link)}, [done = std::move(done)](const Result<DnsOutcome>& result) {
        if (!result)
            qCWarning(logSystem).noquote()
                << "resolvers are taken back only with their link:" << QString::fromStdString(result.error().context);
        done(result.map([](DnsOutcome) {}));
    });
}

void ResolvedDns::begin(std::vector<QDBusMessage> calls, Done done)
{
    m_work = Work{std::move(calls), 0, std::nullopt, std::move(done)};
    m_deadline.start(Deadline);
    if (m_bus && m_bus->isConnected())
        callNext();
    else
        connectBus();
}

/// Connecting waits for the bus's greeting, so a thread does it that nobody waits for.
void ResolvedDns::connectBus()
{
    if (std::exchange(m_isConnecting, true))
        return;
    m_bus.reset();
    QDBusConnection::disconnectFromBus(m_busName);
    QThread* thread =
        QThread::create([name = m_busName] { QDBusConnection::connectToBus(QDBusConnection::SystemBus, name); });
    connect(thread, &QThread::finished, thread, &QObject::deleteLater);
    connect(thread, &QThread::finished, this, &ResolvedDns::onBusTried);
    thread->start();
}

void ResolvedDns::onBusTried()
{
    m_isConnecting = false;
    const QDBusConnection bus(m_busName);
    if (bus.isConnected())
        m_bus = bus;
    if (!m_work)
        return;
    if (m_bus)
        callNext();
    else
        finish(DnsOutcome::NoService);
}

void ResolvedDns::callNext()
{
    if (m_work->next == m_work->calls.size()) {
        finish(DnsOutcome::InForce);
        return;
    }
    const QDBusPendingCall call = m_bus->asyncCall(m_work->calls[m_work->next], static_cast<int>(Deadline.count()));
    auto* watcher = new QDBusPendingCallWatcher(call, this);
    connect(watcher, &QDBusPendingCallWatcher::finished, this, [this, watcher, serial = m_serial] {
        watcher->deleteLater();
        if (serial == m_serial && m_work)
            onReply(watcher->reply());
    });
}

void ResolvedDns::onReply(const QDBusMessage& reply)
{
    const QDBusError error(reply);
    const bool isReverted = saysNoSuchLink(error) && m_work->calls[m_work->next].member() == u"RevertLink";
    if (!error.isValid() || isReverted) {
        ++m_work->next;
        callNext();
    } else if (saysNoService(error)) {
        finish(DnsOutcome::NoService);
    } else if (saysNoSuchLink(error)) {
        tryAgainSoon(error);
    } else {
        finish(fail(errorOf(error)));
    }
}

void ResolvedDns::tryAgainSoon(const QDBusError& error)
{
    m_work->lastFailure = errorOf(error);
    QTimer::singleShot(NewLinkPause, this, [this, serial = m_serial] {
        if (serial == m_serial && m_work && m_bus)
            callNext();
    });
}

void ResolvedDns::onDeadline()
{
    const std::string who = m_isConnecting ? "the system bus" : "systemd-resolved";
    finish(fail(m_work->lastFailure.value_or(Error{ErrorCode::TimedOut, who + " does not answer"})));
}

void ResolvedDns::finish(const Result<DnsOutcome>& result)
{
    ++m_serial;
    m_deadline.stop();
    const Done done = std::move(m_work->done);
    m_work.reset();
    done(result);
}

void ResolvedDns::abandon()
{
    if (m_work)
        finish(fail(ErrorCode::Closed, "other settings took its place"));
}

}  // namespace gvpn::system
