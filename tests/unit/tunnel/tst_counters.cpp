#include "tunnel/counters.h"

#include <QtTest>

#include <set>
#include <string>

using namespace gvpn::tunnel;

class TestCounters : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void startAtZero();
    void countEachReasonByItself();
    void everyReasonHasANameOfItsOwn();
};

void TestCounters::startAtZero()
{
    const Counters counters;
    QCOMPARE(counters.droppedInAll(), std::uint64_t{0});
    QCOMPARE(counters.packetsToTun + counters.bytesToTun + counters.packetsFromTun + counters.bytesFromTun,
             std::uint64_t{0});
}

void TestCounters::countEachReasonByItself()
{
    Counters counters;
    for (std::size_t i = 0; i < DropReasonCount; ++i)
        counters.drop(static_cast<DropReason>(i), i + 1);
    counters.drop(DropReason::NotIp);
    for (std::size_t i = 0; i < DropReasonCount; ++i)
        QCOMPARE(counters.dropped(static_cast<DropReason>(i)), std::uint64_t{i == 0 ? 2 : i + 1});
    QCOMPARE(counters.droppedInAll(), std::uint64_t{DropReasonCount * (DropReasonCount + 1) / 2 + 1});
}

void TestCounters::everyReasonHasANameOfItsOwn()
{
    QCOMPARE(static_cast<std::size_t>(DropReason::NotReady) + 1, DropReasonCount);
    std::set<std::string> names;
    for (std::size_t i = 0; i < DropReasonCount; ++i)
        names.emplace(dropReasonName(static_cast<DropReason>(i)));
    QCOMPARE(names.size(), DropReasonCount);
    QVERIFY(!names.contains(std::string()));
    QCOMPARE(std::string(dropReasonName(DropReason::ForeignSource)), std::string("foreign-source"));
}

QTEST_APPLESS_MAIN(TestCounters)
#include "tst_counters.moc"
