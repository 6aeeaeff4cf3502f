// How polkit is asked about a program on the system bus, and what its answer means: the helper asks before it acts, the
// client to say beforehand what would come of it. Pure but for Qt's type registry; any thread.
#pragma once

#include "base/result.h"

#include <QDBusMessage>

namespace gvpn::bus {

struct PolkitQuestion {
    QString busName;  // whom it is about
    QString action;
    bool mayAskPerson = false;  // for a password
    QString cancellationId{};   // empty: it can't be cancelled
};

/// Authority.CheckAuthorization.
[[nodiscard]] QDBusMessage checkAuthorization(const PolkitQuestion& question);
/// Authority.CancelCheckAuthorization: the dialog goes.
[[nodiscard]] QDBusMessage cancelAuthorization(const QString& cancellationId);
/// Nobody has said anything in all the time that there was.
[[nodiscard]] bool isUnanswered(const QDBusMessage& reply);
/// What a reply of CheckAuthorization means. PermissionDenied with a cause of bus/contract.h: everything but a clear
/// yes. mayAskPerson: as in the question; where nobody was asked for anything, silence is polkit's own.
[[nodiscard]] Result<void> judgePolkitReply(const QDBusMessage& reply, bool mayAskPerson = true);

}  // namespace gvpn::bus
