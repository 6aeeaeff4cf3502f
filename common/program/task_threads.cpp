#include "program/task_threads.h"

#include <sys/resource.h>
#include <unistd.h>

#include <utility>

namespace gvpn::program {

TaskThreads::TaskThreads(const Config& config)
    : m_maxWaiting(config.maxWaiting)
{
    m_threads.reserve(config.threads);
    for (unsigned i = 0; i < config.threads; ++i)
        m_threads.emplace_back([this, niceness = config.niceness] { run(niceness); });
}

TaskThreads::~TaskThreads()
{
    stop();
}

bool TaskThreads::post(std::function<void()> task)
{
    {
        const std::lock_guard lock(m_mutex);
        if (m_isStopping || m_tasks.size() >= m_maxWaiting)
            return false;
        m_tasks.push_back(std::move(task));
    }
    m_hasWork.notify_one();
    return true;
}

void TaskThreads::stop()
{
    std::deque<std::function<void()>> dropped;  // outside of the lock: what a task holds may post when it goes
    {
        const std::lock_guard lock(m_mutex);
        m_isStopping = true;
        dropped.swap(m_tasks);
    }
    dropped.clear();
    m_hasWork.notify_all();
    for (std::thread& thread : m_threads)
        thread.join();
    m_threads.clear();
}

void TaskThreads::run(int niceness)
{
    // To Linux each thread is a process of its own here. Without the niceness the work is done all the same.
    if (niceness > 0)
        (void)::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), niceness);
    std::unique_lock lock(m_mutex);
    while (true) {
        m_hasWork.wait(lock, [this] { return m_isStopping || !m_tasks.empty(); });
        if (m_isStopping)
            return;
        std::function<void()> task = std::move(m_tasks.front());
        m_tasks.pop_front();
        lock.unlock();
        task();
        task = nullptr;  // what it holds goes before the lock comes back
        lock.lock();
    }
}

}  // namespace gvpn::program
