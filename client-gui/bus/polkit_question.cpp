#include "bus/polkit_question.h"

#include "bus/contract.h"

#include <QDBusArgument>
#include <QDBusError>
#include <QDBusMetaType>
#include <QVariantMap>

namespace gvpn::bus {

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

QDBusMessage callTo(const QString& method)
{
    return QDBusMessage::createMethodCall(Service, Path, Interface, method);
}

Failure denied(std::string_view cause)
{
    return fail(ErrorCode::PermissionDenied, std::string(cause));
}

}  // namespace

QDBusMessage checkAuthorization(const PolkitQuestion& question)
{
    qDBusRegisterMetaType<Subject>();
    qDBusRegisterMetaType<TextMap>();
    QDBusMessage call = callTo(QStringLiteral("CheckAuthorization"));
    const Subject subject{QStringLiteral("system-bus-name"), {{QStringLiteral("name"), question.busName}}};
    call.setArguments({QVariant::fromValue(subject), question.action, QVariant::fromValue(TextMap()),
                       question.mayAskPerson ? AllowUserInteraction : 0U, question.cancellationId});
    return call;
}

QDBusMessage cancelAuthorization(const QString& cancellationId)
{
    QDBusMessage call = callTo(QStringLiteral("CancelCheckAuthorization"));
    call.setArguments({cancellationId});
    return call;
}

bool isUnanswered(const QDBusMessage& reply)
{
    return reply.type() == QDBusMessage::ErrorMessage && QDBusError(reply).type() == QDBusError::NoReply;
}

Result<void> judgePolkitReply(const QDBusMessage& reply, bool mayAskPerson)
{
    if (mayAskPerson && isUnanswered(reply))
        return denied(DismissedCause);
    if (reply.type() != QDBusMessage::ReplyMessage || reply.signature() != ReplySignature)
        return denied(NoPolkitCause);
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
        return denied(NoAgentCause);
    return denied(details.contains(QStringLiteral("polkit.dismissed")) ? DismissedCause : DeniedCause);
}

}  // namespace gvpn::bus
