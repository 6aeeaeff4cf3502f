#include "helper/logging.h"

#include "base/text.h"

#include <unistd.h>

namespace gvpn::helper {

Q_LOGGING_CATEGORY(logHelper, "gvpn.helper")

namespace {

void handleMessage(QtMsgType /*type*/, const QMessageLogContext& context, const QString& message)
{
    const std::string category(context.category != nullptr ? context.category : "default");
    const std::string line = "gvpn-helper: " + category + ": " + escapeForDisplay(message.toStdString()) + '\n';
    // When nobody takes it there is nobody to tell.
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace

void installLogSink()
{
    QLoggingCategory::setFilterRules(QStringLiteral("gvpn.*.debug=false"));
    qInstallMessageHandler(handleMessage);
}

}  // namespace gvpn::helper
