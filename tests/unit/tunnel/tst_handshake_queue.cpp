#include "tunnel/handshake_queue.h"

#include <QtTest>

#include <algorithm>
#include <deque>
#include <functional>
#include <string>

using namespace gvpn;
using namespace std::chrono_literals;
using tunnel::HandshakeBudget;
using tunnel::HandshakePace;
using tunnel::HandshakeQueue;

namespace {

constexpr HandshakePace Pace{.restFactor = 2, .calm = 10ms, .stepsPerTurn = 4, .longestStep = 5ms};
constexpr TimePoint Start{1h};

/// Takes a while when it has its turn, and writes its name down.
struct Visitor final : HandshakeQueue::Waiter {
    Visitor(std::string nameGiven, std::string& logGiven, ManualTime& stopwatchGiven)
        : name(std::move(nameGiven))
        , log(logGiven)
        , stopwatch(stopwatchGiven)
    {}

    std::string name;
    std::string& log;
    ManualTime& stopwatch;
    Duration takes{1};
    std::function<void()> onTurn;

    void handshakeTurn() override
    {
        log += name;
        stopwatch.advance(takes);
        if (onTurn)
            onTurn();
    }
};

struct Scene {
    ManualTime stopwatch;
    HandshakeQueue queue;
    int wakeUps = 0;
    std::string log;
    std::deque<Visitor> visitors;

    explicit Scene(const HandshakePace& pace = Pace)
    {
        queue.pace(pace, stopwatch, [this] { ++wakeUps; });
    }
    Visitor& add(const std::string& name, bool hasBegun = false)
    {
        Visitor& visitor = visitors.emplace_back(name, log, stopwatch);
        queue.enter(visitor, hasBegun);
        return visitor;
    }
};

}  // namespace

class TestHandshakeQueue : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void whileNothingFlowsTheStepsOfATurnAreBounded();
    void whilePacketsFlowAStepIsFollowedByARest_data();
    void whilePacketsFlowAStepIsFollowedByARest();
    void theRestEndsWhenThePacketsDo();
    void restsAddUp();
    void leavesMostOfTheTimeToThePackets();
    void aQueueThatIsNotPacedMakesNobodyWait();
    void turnsComeInOrder();
    void whoHasBegunComesFirst();
    void thoseWhoHaveBegunDoNotKeepNewcomersOut();
    void whoLeavesHasNoTurn();
    void awaitsTheDeadlineOnlyWhileSomebodyWaits();
    void wakesWhenTheFirstOneComes();
    void nobodyStarvesWhilePacketsFlow();
    void aTurnMayChangeTheQueue();
};

void TestHandshakeQueue::whileNothingFlowsTheStepsOfATurnAreBounded()
{
    HandshakeBudget budget(Pace);
    for (unsigned step = 0; step < Pace.stepsPerTurn; ++step) {
        QVERIFY(budget.isOpen(Start));
        budget.spend(Start, 3ms);
    }
    QVERIFY(!budget.isOpen(Start));
    QVERIFY(budget.opensAt() <= Start);  // the next turn, whenever it begins
    QVERIFY(budget.isOpen(Start + 1ms));
}

void TestHandshakeQueue::whilePacketsFlowAStepIsFollowedByARest_data()
{
    QTest::addColumn<int>("costMicroseconds");
    QTest::addColumn<int>("opensAfterMicroseconds");
    QTest::newRow("nothing") << 0 << 0;
    QTest::newRow("short") << 100 << 300;
    QTest::newRow("usual") << 1000 << 3000;
    QTest::newRow("the longest") << 3333 << 9999;
    QTest::newRow("until the packets end") << 5000 << 10000;
}

void TestHandshakeQueue::whilePacketsFlowAStepIsFollowedByARest()
{
    QFETCH(int, costMicroseconds);
    QFETCH(int, opensAfterMicroseconds);
    HandshakeBudget budget(Pace);
    budget.notePackets(Start);
    QVERIFY(budget.isOpen(Start));
    budget.spend(Start, std::chrono::microseconds(costMicroseconds));
    const TimePoint opens = Start + std::chrono::microseconds(opensAfterMicroseconds);
    QVERIFY(budget.opensAt() == opens);
    QVERIFY(budget.isOpen(opens));
    if (opens > Start)
        QVERIFY(!budget.isOpen(opens - 1us));
}

void TestHandshakeQueue::theRestEndsWhenThePacketsDo()
{
    HandshakeBudget budget(Pace);
    budget.notePackets(Start);
    budget.spend(Start, 5ms);
    QVERIFY(!budget.isOpen(Start + 9ms));
    QVERIFY(budget.isOpen(Start + 10ms));
    budget.notePackets(Start + 8ms);
    QVERIFY(!budget.isOpen(Start + 14ms));
    QVERIFY(budget.isOpen(Start + 15ms));  // it is over anyway
}

void TestHandshakeQueue::restsAddUp()
{
    HandshakeBudget budget(Pace);
    budget.notePackets(Start);
    budget.spend(Start, 1ms);
    budget.spend(Start, 1ms);
    QVERIFY(budget.opensAt() == Start + 6ms);
    // A step that was interrupted for a second counts as the longest one.
    HandshakeBudget interrupted(Pace);
    interrupted.notePackets(Start + 1s);
    interrupted.spend(Start + 1s, 1s);
    interrupted.notePackets(Start + 1s + 9ms);
    QVERIFY(interrupted.opensAt() == Start + 1s + 15ms);
}

void TestHandshakeQueue::leavesMostOfTheTimeToThePackets()
{
    // Turns of 0.1 ms with packets in each, and always somebody with a step of 0.5 ms.
    HandshakeBudget budget(Pace);
    TimePoint now = Start;
    Clock::duration spent{0};
    while (now < Start + 1s) {
        budget.notePackets(now);
        const TimePoint turn = now;
        now += 100us;
        while (budget.isOpen(turn)) {
            budget.spend(turn, 500us);
            spent += 500us;
            now += 500us;
        }
    }
    QVERIFY(spent > 250ms);
    QVERIFY(spent < 350ms);
}

void TestHandshakeQueue::aQueueThatIsNotPacedMakesNobodyWait()
{
    HandshakeQueue queue;
    queue.notePackets(Start);
    queue.run(Start);
    QVERIFY(!queue.isPaced());
    QVERIFY(queue.deadline() == Never);
}

void TestHandshakeQueue::turnsComeInOrder()
{
    Scene scene;
    for (const char* name : {"a", "b", "c", "d", "e", "f"})
        scene.add(name);
    scene.queue.run(Start);
    QCOMPARE(scene.log, std::string("abcd"));
    scene.queue.run(Start + 1us);
    QCOMPARE(scene.log, std::string("abcdef"));
}

void TestHandshakeQueue::whoHasBegunComesFirst()
{
    Scene scene;
    scene.add("a");
    scene.add("B", true);
    scene.add("c");
    scene.add("D", true);
    scene.queue.run(Start);
    QCOMPARE(scene.log, std::string("BDac"));
}

void TestHandshakeQueue::thoseWhoHaveBegunDoNotKeepNewcomersOut()
{
    Scene scene;
    // They send their handshakes byte by byte: each turn leads to the next one.
    for (const char* name : {"a", "b"}) {
        Visitor& visitor = scene.add(name, true);
        visitor.onTurn = [&scene, &visitor] { scene.queue.enter(visitor, true); };
    }
    scene.add("N");
    scene.add("M");
    for (int turn = 0; turn < 2; ++turn)
        scene.queue.run(Start + turn * 1ms);
    QCOMPARE(scene.log, std::string("abaNbabM"));
}

void TestHandshakeQueue::whoLeavesHasNoTurn()
{
    Scene scene;
    Visitor& first = scene.add("a");
    Visitor& begun = scene.add("B", true);
    scene.add("c");
    scene.queue.leave(first);
    scene.queue.leave(begun);
    scene.queue.leave(begun);
    scene.queue.run(Start);
    QCOMPARE(scene.log, std::string("c"));
}

void TestHandshakeQueue::awaitsTheDeadlineOnlyWhileSomebodyWaits()
{
    Scene scene;
    QVERIFY(scene.queue.deadline() == Never);
    scene.queue.notePackets(Start);
    scene.add("a");
    scene.add("b");
    QVERIFY(scene.queue.deadline() <= Start);
    scene.queue.run(Start);
    QCOMPARE(scene.log, std::string("a"));
    QVERIFY(scene.queue.deadline() == Start + 3ms);
    scene.queue.run(Start + 3ms);
    QCOMPARE(scene.log, std::string("ab"));
    QVERIFY(scene.queue.deadline() == Never);
}

void TestHandshakeQueue::wakesWhenTheFirstOneComes()
{
    Scene scene;
    scene.add("a");
    QCOMPARE(scene.wakeUps, 1);
    scene.add("b");
    QCOMPARE(scene.wakeUps, 1);
    scene.queue.run(Start);
    scene.add("c");
    QCOMPARE(scene.wakeUps, 2);
}

void TestHandshakeQueue::nobodyStarvesWhilePacketsFlow()
{
    Scene scene;
    // Each has five steps, as a login has.
    for (const char* name : {"a", "b", "c"}) {
        Visitor& visitor = scene.add(name);
        visitor.onTurn = [&scene, &visitor, left = 4]() mutable {
            if (left-- > 0)
                scene.queue.enter(visitor, true);
        };
    }
    for (int millisecond = 0; millisecond < 100; ++millisecond) {
        const TimePoint now = Start + std::chrono::milliseconds(millisecond);
        scene.queue.notePackets(now);
        scene.queue.run(now);
        QVERIFY(scene.log.size() <= std::size_t(millisecond / 3 + 1));
    }
    QCOMPARE(scene.log.size(), std::size_t{15});
    for (const char name : {'a', 'b', 'c'})
        QCOMPARE(std::ranges::count(scene.log, name), 5);
}

void TestHandshakeQueue::aTurnMayChangeTheQueue()
{
    Scene scene;
    Visitor& first = scene.add("a");
    Visitor& second = scene.add("b");
    scene.add("c");
    first.onTurn = [&] { scene.queue.leave(second); };
    scene.queue.run(Start);
    QCOMPARE(scene.log, std::string("ac"));
}

QTEST_APPLESS_MAIN(TestHandshakeQueue)
#include "tst_handshake_queue.moc"
