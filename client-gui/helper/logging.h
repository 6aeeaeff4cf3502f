// The helper's logging category, and where its lines go. Any thread.
#pragma once

#include <QLoggingCategory>

namespace gvpn::helper {

Q_DECLARE_LOGGING_CATEGORY(logHelper)

/// Standard error, which the bus hands to the system's log; one line a message, made safe to print.
void installLogSink();

}  // namespace gvpn::helper
