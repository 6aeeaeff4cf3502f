// The log category of this layer. Any thread.
#pragma once

#include <QLoggingCategory>

namespace gvpn::accounts {

Q_DECLARE_LOGGING_CATEGORY(logAccounts)

}  // namespace gvpn::accounts
