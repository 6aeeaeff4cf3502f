// An engine in a thread of its own, so that windows and packets never wait for each other. Lives in the thread that
// makes it; every call and every signal crosses over as a queued one with values.
#pragma once

#include "client/engine.h"

#include <QThread>

#include <memory>

namespace gvpn::client {

class EngineThread final : public Engine {
    Q_OBJECT
public:
    /// Called once, in the new thread, where the engine lives and is destroyed.
    using MakeEngine = std::function<std::unique_ptr<Engine>()>;
    explicit EngineThread(MakeEngine makeEngine);
    /// Destroys the engine and waits for it; after closeAll() that takes no time.
    ~EngineThread() override;

    void open(ConnectionId id, const ConnectionRequest& request) override;
    void retry(ConnectionId id) override;
    void close(ConnectionId id) override;
    void closeAll(std::function<void()> done) override;

private:
    template <typename Call>
    void inside(Call call);

    std::unique_ptr<Engine> m_engine;  // touched in m_thread only
    QObject m_inside;                  // lives in m_thread
    QThread m_thread;
};

}  // namespace gvpn::client
