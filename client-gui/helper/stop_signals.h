// SIGTERM, SIGINT and SIGHUP as a Qt signal. They are blocked from hold() on, before any thread starts. One a process;
// main thread. (The programs that may see layer "program" have UnixSignals.)
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"

#include <QObject>
#include <QSocketNotifier>

#include <memory>

namespace gvpn::helper {

class StopSignals : public QObject {
    Q_OBJECT
public:
    [[nodiscard]] static Result<std::unique_ptr<StopSignals>> hold();

Q_SIGNALS:
    void stopAsked();

private:
    explicit StopSignals(UniqueFd descriptor);

    UniqueFd m_descriptor;
    QSocketNotifier m_notifier;
};

}  // namespace gvpn::helper
