// Threads that run what they are given, in order, from one bounded queue: for the server's database and password
// hashes, for the client's files. Nothing of Qt, so that ThreadSanitizer can watch it.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace gvpn::program {

class TaskThreads {
public:
    struct Config {
        unsigned threads = 1;
        std::size_t maxWaiting = SIZE_MAX;  // tasks that have not begun
        int niceness = 0;                   // 0 to 19, of these threads alone (setpriority(2))
    };
    explicit TaskThreads(const Config& config);
    /// As stop().
    ~TaskThreads();
    TaskThreads(const TaskThreads&) = delete;
    TaskThreads& operator=(const TaskThreads&) = delete;

    /// From any thread. False: the queue is full, or stopped; the task is not taken.
    [[nodiscard]] bool post(std::function<void()> task);
    /// What waits is dropped, what runs is waited for. Not from one of the tasks.
    void stop();

private:
    void run(int niceness);

    std::size_t m_maxWaiting;
    std::mutex m_mutex;
    std::condition_variable m_hasWork;
    std::deque<std::function<void()>> m_tasks;
    bool m_isStopping = false;
    std::vector<std::thread> m_threads;
};

}  // namespace gvpn::program
