// Whether the desktop's Secret Service would give and take secrets without asking the person for anything. Used by
// KeychainStore. The caller's thread, which needs a Qt event loop; nothing waits.
#pragma once

#include "base/result.h"

#include <QDBusConnection>
#include <QObject>

#include <functional>

namespace gvpn::client {

/// done comes once, from inside of the call or later, unless context is gone by then. PermissionDenied: its default
/// collection is locked. Unsupported: nobody offers the service, or there is no such collection yet.
void lookAtSecretService(const QDBusConnection& bus, QObject& context, std::function<void(const Result<void>&)> done);

}  // namespace gvpn::client
