#include "helper/polkit_authority.h"

#include "bus/contract.h"
#include "helper/logging.h"

#include <QDBusArgument>
#include <QDBusError>
#include <QDBusMessage>
#include <QDBusMetaType>

namespace gvpn::helper {

namespace {

constexpr QLatin1String Service{"org.freedesktop.PolicyKit1"};
constexpr QLatin1String Path{"/org/freedesktop/PolicyKit1/Authority"};
constexpr QLatin1String Interface{"org.freedesktop.PolicyKit1.Authority"};
constexpr QLatin1String ReplySignature{"(bba{ss})"};
constexpr uint AllowUserInteraction = 1;

using TextMap = QMap<QString, QString>;

/// (sa{sv})
struct Subject {
    QString kind;
    QVariantMap details;
};

QDBusArgument& operator<<(QDBusArgument& out, const Subject& value)
{
    out.beginStructure();
    out << value.kind << value.details;
    out.endStructure();
    return out;
}

const QDBusArgument& operator>>(const QDBusArgument& in, Subject& value)
{
    in.beginStructure();
    in >> value.kind >> value.details;
    in.endStructure();
    return in;
}

QString cancellationId(Authority::Question question)
{
    return QStringLiteral("gvpn-helper-%1").arg(question);
}

QDBusMessage callTo(const QString& method)
{
    return QDBusMessage::createMethodCall(Service, Path, Interface, method);
}

/// Nobody has said anything in all the time that there was.
bool isUnanswered(const QDBusMessage& reply)
{
    return reply.type() == QDBusMessage::ErrorMessage && QDBusError(reply).type() == QDBusError::NoReply;
}

Failure denied(std::string_view cause)
{
    return fail(ErrorCode::PermissionDenied, std::string(cause));
}

}  // namespace

Result<void> judgePolkitReply(const QDBusMessage& reply)
{
    if (isUnanswered(reply))
        return denied(bus::DismissedCause);
    if (reply.type() != QDBusMessage::ReplyMessage || reply.signature() != ReplySignature)
        return denied(bus::NoPolkitCause);
    bool isAuthorized = false;
    bool isChallenge = false;
    TextMap details;
    const auto argument = reply.arguments().constFirst().value<QDBusArgument>();
    argument.beginStructure();
    argument >> isAuthorized >> isChallenge >> details;
    argument.endStructure();
    if (isAuthorized)
        return {};
    if (isChallenge)
        return denied(bus::NoAgentCause);
    return denied(details.contains(QStringLiteral("polkit.dismissed")) ? bus::DismissedCause : bus::DeniedCause);
}

PolkitAuthority::PolkitAuthority(const QDBusConnection& bus, std::chrono::milliseconds patience)
    : m_bus(bus)
    , m_patience(patience)
{
    qDBusRegisterMetaType<Subject>();
    qDBusRegisterMetaType<TextMap>();
}

PolkitAuthority::~PolkitAuthority() = default;

Authority::Question PolkitAuthority::ask(const std::string& busName, const QString& action, Answer answer)
{
    const Question question = ++m_last;
    QDBusMessage call = callTo(QStringLiteral("CheckAuthorization"));
    const Subject subject{QStringLiteral("system-bus-name"),
                          {{QStringLiteral("name"), QString::fromStdString(busName)}}};
    call.setArguments({QVariant::fromValue(subject), action, QVariant::fromValue(TextMap()), AllowUserInteraction,
                       cancellationId(question)});
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
    QDBusMessage call = callTo(QStringLiteral("CancelCheckAuthorization"));
    call.setArguments({cancellationId(question)});
    m_bus.send(call);
}

void PolkitAuthority::onFinished(Question question, const QDBusPendingCall& call)
{
    const auto entry = m_pending.extract(question);
    if (entry.empty())
        return;
    entry.mapped().watcher.release()->deleteLater();
    const QDBusMessage reply = call.reply();
    if (isUnanswered(reply))
        sendCancellation(question);
    else if (call.isError())
        qCWarning(logHelper).noquote() << "polkit gives no answer" << QLatin1String("error=") + call.error().name();
    entry.mapped().answer(judgePolkitReply(reply));
}

}  // namespace gvpn::helper
