// Whether KDE's wallet would give secrets without asking the person for anything. Used by KeychainStore. The caller's
// thread, which needs a Qt event loop; nothing waits, and no program is started.
#pragma once

#include "base/result.h"

#include <QDBusConnection>
#include <QObject>

#include <functional>

namespace gvpn::client {

/// done comes once, from inside of the call or later, unless context is gone by then. PermissionDenied: the wallet that
/// passwords are kept in is closed. Unsupported: kwalletd doesn't run.
void lookAtKWallet(const QDBusConnection& bus, QObject& context, std::function<void(const Result<void>&)> done);

}  // namespace gvpn::client
