// Work that waits for the disk, away from the thread that asks for it; the result comes back there. Used by the
// client's core. The owner's thread needs a Qt event loop. Implementations: ThreadedWork; one that works at once, in
// tests.
#pragma once

#include "program/task_threads.h"

#include <QObject>

#include <functional>
#include <memory>

namespace gvpn::client {

class BackgroundWork {
public:
    virtual ~BackgroundWork() = default;

    /// One piece after the other. done comes later, in the thread that made this object, unless that is gone by then.
    template <typename T>
    void run(std::function<T()> work, std::function<void(T& result)> done)
    {
        post([this, work = std::move(work), done = std::move(done)] {
            const auto result = std::make_shared<T>(work());
            QMetaObject::invokeMethod(
                &m_home, [done, result] { done(*result); }, Qt::QueuedConnection);
        });
    }

protected:
    /// When the object is destroyed no task runs any more.
    virtual void post(std::function<void()> task) = 0;

private:
    QObject m_home;
};

class ThreadedWork final : public BackgroundWork {
private:
    void post(std::function<void()> task) override { static_cast<void>(m_thread.post(std::move(task))); }

    program::TaskThreads m_thread{{.threads = 1}};
};

}  // namespace gvpn::client
