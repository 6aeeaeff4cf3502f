#include "client/engine_thread.h"

#include <utility>

namespace gvpn::client {

template <typename Call>
void EngineThread::inside(Call call)
{
    QMetaObject::invokeMethod(&m_inside, std::move(call), Qt::QueuedConnection);
}

EngineThread::EngineThread(MakeEngine makeEngine)
{
    m_inside.moveToThread(&m_thread);
    m_thread.setObjectName(QStringLiteral("engine"));
    m_thread.start();
    inside([this, makeEngine = std::move(makeEngine)] {
        m_engine = makeEngine();
        // We live in another thread than the engine: these are queued.
        connect(m_engine.get(), &Engine::stateChanged, this, &Engine::stateChanged);
        connect(m_engine.get(), &Engine::loggedIn, this, &Engine::loggedIn);
        connect(m_engine.get(), &Engine::remarked, this, &Engine::remarked);
        connect(m_engine.get(), &Engine::trafficChanged, this, &Engine::trafficChanged);
    });
}

EngineThread::~EngineThread()
{
    // What was asked for before is done first.
    inside([this] {
        m_engine.reset();
        m_thread.quit();
    });
    m_thread.wait();
}

void EngineThread::open(ConnectionId id, const ConnectionRequest& request)
{
    inside([this, id, request] { m_engine->open(id, request); });
}

void EngineThread::retry(ConnectionId id)
{
    inside([this, id] { m_engine->retry(id); });
}

void EngineThread::close(ConnectionId id)
{
    inside([this, id] { m_engine->close(id); });
}

void EngineThread::closeAll(std::function<void()> done)
{
    inside([this, done = std::move(done)] {
        m_engine->closeAll([this, done] { QMetaObject::invokeMethod(this, done, Qt::QueuedConnection); });
    });
}

}  // namespace gvpn::client
