// SIGINT, SIGTERM and SIGHUP as a Qt signal of the main loop. While it lives, SIGPIPE is ignored. One per process; the
// thread of the main loop. Children that are started meanwhile get the default actions.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"

#include <QObject>
#include <QSocketNotifier>

#include <array>
#include <memory>

#include <csignal>

namespace gvpn::program {

class UnixSignals : public QObject {
    Q_OBJECT
public:
    /// AlreadyExists: there is one.
    [[nodiscard]] static Result<std::unique_ptr<UnixSignals>> create();
    /// Puts the former actions back.
    ~UnixSignals() override;

Q_SIGNALS:
    void signalled(int number);

private:
    static constexpr std::array<int, 4> Numbers = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};

    UnixSignals(UniqueFd readEnd, UniqueFd writeEnd);
    void onReadable();

    UniqueFd m_readEnd;
    UniqueFd m_writeEnd;
    QSocketNotifier m_notifier;
    std::array<struct sigaction, Numbers.size()> m_former{};
};

}  // namespace gvpn::program
