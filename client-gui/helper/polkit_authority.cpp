#include "helper/polkit_authority.h"

#include "bus/polkit_question.h"
#include "helper/logging.h"

#include <QDBusError>
#include <QDBusMessage>

namespace gvpn::helper {

namespace {

QString cancellationId(Authority::Question question)
{
    return QStringLiteral("gvpn-helper-%1").arg(question);
}

}  // namespace

PolkitAuthority::PolkitAuthority(const QDBusConnection& bus, std::chrono::milliseconds patience)
    : m_bus(bus)
    , m_patience(patience)
{}

PolkitAuthority::~PolkitAuthority() = default;

Authority::Question PolkitAuthority::ask(const std::string& busName, const QString& action, Answer answer)
{
    const Question question = ++m_last;
    const QDBusMessage call = bus::checkAuthorization({.busName = QString::fromStdString(busName),
                                                       .action = action,
                                                       .mayAskPerson = true,
                                                       .cancellationId = cancellationId(question)});
    const QDBusPendingCall pending = m_bus.asyncCall(call, static_cast<int>(m_patience.count()));
    auto watcher = std::make_unique<QDBusPendingCallWatcher>(pending);
    connect(watcher.get(), &QDBusPendingCallWatcher::finished, this,
            [this, question](QDBusPendingCallWatcher* finished) { onFinished(question, *finished); });
    m_pending.emplace(question, Pending{std::move(watcher), std::move(answer)});
    return question;
}

void PolkitAuthority::cancel(Question question)
{
    const auto entry = m_pending.extract(question);
    if (entry.empty())
        return;
    entry.mapped().watcher.release()->deleteLater();
    sendCancellation(question);
}

void PolkitAuthority::sendCancellation(Question question)
{
    m_bus.send(bus::cancelAuthorization(cancellationId(question)));
}

void PolkitAuthority::onFinished(Question question, const QDBusPendingCall& call)
{
    const auto entry = m_pending.extract(question);
    if (entry.empty())
        return;
    entry.mapped().watcher.release()->deleteLater();
    const QDBusMessage reply = call.reply();
    if (bus::isUnanswered(reply))
        sendCancellation(question);
    else if (call.isError())
        qCWarning(logHelper).noquote() << "polkit gives no answer" << QLatin1String("error=") + call.error().name();
    entry.mapped().answer(bus::judgePolkitReply(reply));
}

}  // namespace gvpn::helper
