#include "program/task_threads.h"

#include <QtTest>

#include <atomic>
#include <future>
#include <memory>
#include <utility>

#include <sys/resource.h>

using gvpn::program::TaskThreads;

namespace {

/// A task that has begun and goes on until it is let go.
class Gate {
public:
    [[nodiscard]] std::function<void()> task()
    {
        return [this] {
            m_begun.set_value();
            m_leave.get_future().wait();
        };
    }
    void awaitBegin() { m_begun.get_future().wait(); }
    void open() { m_leave.set_value(); }

private:
    std::promise<void> m_begun;
    std::promise<void> m_leave;
};

}  // namespace

class TestTaskThreads : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void runsTasksInOrder();
    void runsAsManyAtOnceAsThereAreThreads();
    void refusesWhatDoesNotFitTheQueue();
    void tasksThatBeganDoNotWaitInTheQueue();
    void stoppingDropsWhatWaitsAndAwaitsWhatRuns();
    void takesNothingAfterStop();
    void aDroppedTaskMayPost();
    void isAsNiceAsAskedInItsOwnThreadsOnly();
    void everyTaskOfManyThreadsRunsOnce();
};

void TestTaskThreads::runsTasksInOrder()
{
    std::vector<int> order;
    std::promise<void> done;
    TaskThreads threads({.threads = 1});
    for (int i = 0; i < 100; ++i)
        QVERIFY(threads.post([&order, i] { order.push_back(i); }));
    QVERIFY(threads.post([&done] { done.set_value(); }));
    done.get_future().wait();
    QCOMPARE(order.size(), std::size_t{100});
    QVERIFY(std::is_sorted(order.begin(), order.end()));
}

void TestTaskThreads::runsAsManyAtOnceAsThereAreThreads()
{
    Gate first;
    Gate second;
    TaskThreads threads({.threads = 2});
    QVERIFY(threads.post(first.task()));
    QVERIFY(threads.post(second.task()));
    // With a single thread this would wait for ever.
    first.awaitBegin();
    second.awaitBegin();
    first.open();
    second.open();
}

void TestTaskThreads::refusesWhatDoesNotFitTheQueue()
{
    Gate gate;
    std::atomic<int> ran = 0;
    std::promise<void> done;
    TaskThreads threads({.threads = 1, .maxWaiting = 2});
    QVERIFY(threads.post(gate.task()));
    gate.awaitBegin();
    QVERIFY(threads.post([&ran] { ++ran; }));
    QVERIFY(threads.post([&ran, &done] {
        ++ran;
        done.set_value();
    }));
    QVERIFY(!threads.post([&ran] { ++ran; }));
    gate.open();
    done.get_future().wait();
    threads.stop();
    QCOMPARE(ran.load(), 2);
}

void TestTaskThreads::tasksThatBeganDoNotWaitInTheQueue()
{
    Gate gate;
    TaskThreads threads({.threads = 1, .maxWaiting = 1});
    QVERIFY(threads.post(gate.task()));
    gate.awaitBegin();
    QVERIFY(threads.post([] {}));
    QVERIFY(!threads.post([] {}));
    gate.open();
}

void TestTaskThreads::stoppingDropsWhatWaitsAndAwaitsWhatRuns()
{
    Gate gate;
    std::atomic<bool> isFinished = false;
    std::atomic<bool> hasRun = false;
    auto held = std::make_shared<int>(1);
    const std::weak_ptr<int> watched = held;
    TaskThreads threads({.threads = 1});
    QVERIFY(threads.post([task = gate.task(), &isFinished] {
        task();
        isFinished = true;
    }));
    gate.awaitBegin();
    QVERIFY(threads.post([&hasRun, held = std::exchange(held, nullptr)] { hasRun = true; }));
    std::thread stopper([&threads] { threads.stop(); });
    // stop() lets go of what waits before it waits for what runs.
    while (!watched.expired())
        std::this_thread::yield();
    QVERIFY(!isFinished);
    gate.open();
    stopper.join();
    QVERIFY(isFinished);
    QVERIFY(!hasRun);
}

void TestTaskThreads::takesNothingAfterStop()
{
    TaskThreads threads({.threads = 2});
    threads.stop();
    bool hasRun = false;
    QVERIFY(!threads.post([&hasRun] { hasRun = true; }));
    threads.stop();
    QVERIFY(!hasRun);
}

void TestTaskThreads::aDroppedTaskMayPost()
{
    struct PostsWhenGone {
        TaskThreads* threads;
        std::promise<bool>* wasTaken;
        ~PostsWhenGone()
        {
            wasTaken->set_value(threads->post([] {}));
        }
    };
    Gate gate;
    std::promise<bool> wasTaken;
    TaskThreads threads({.threads = 1});
    QVERIFY(threads.post(gate.task()));
    gate.awaitBegin();
    auto last = std::make_unique<PostsWhenGone>();
    last->threads = &threads;
    last->wasTaken = &wasTaken;
    QVERIFY(threads.post([last = std::shared_ptr<PostsWhenGone>(std::move(last))] {}));
    std::thread stopper([&threads] { threads.stop(); });
    // With the lock held while tasks are dropped this would wait for ever.
    QVERIFY(!wasTaken.get_future().get());
    gate.open();
    stopper.join();
}

void TestTaskThreads::isAsNiceAsAskedInItsOwnThreadsOnly()
{
    const int before = ::getpriority(PRIO_PROCESS, 0);
    std::promise<int> niceness;
    TaskThreads threads({.threads = 1, .niceness = 19});
    QVERIFY(threads.post([&niceness] { niceness.set_value(::getpriority(PRIO_PROCESS, 0)); }));
    QCOMPARE(niceness.get_future().get(), 19);
    QCOMPARE(::getpriority(PRIO_PROCESS, 0), before);
}

void TestTaskThreads::everyTaskOfManyThreadsRunsOnce()
{
    static constexpr int Posters = 4;
    static constexpr int Each = 500;
    std::atomic<int> ran = 0;
    std::promise<void> done;
    TaskThreads threads({.threads = 3});
    std::vector<std::thread> posters;
    posters.reserve(Posters);
    std::atomic<int> refused = 0;
    for (int i = 0; i < Posters; ++i) {
        posters.emplace_back([&] {
            for (int k = 0; k < Each; ++k) {
                const bool isTaken = threads.post([&ran, &done] {
                    if (++ran == Posters * Each)
                        done.set_value();
                });
                refused += isTaken ? 0 : 1;
            }
        });
    }
    for (std::thread& poster : posters)
        poster.join();
    QCOMPARE(refused.load(), 0);
    done.get_future().wait();
    threads.stop();
    QCOMPARE(ran.load(), Posters * Each);
}

QTEST_APPLESS_MAIN(TestTaskThreads)
#include "tst_task_threads.moc"
