// The log category of this layer. Any thread.
#pragma once

#include <QLoggingCategory>

namespace gvpn::system {

Q_DECLARE_LOGGING_CATEGORY(logSystem)

}  // namespace gvpn::system
