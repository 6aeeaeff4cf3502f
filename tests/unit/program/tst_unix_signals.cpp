#include "program/unix_signals.h"

#include <QSignalSpy>
#include <QtTest>

#include <array>

#include <unistd.h>

namespace gvpn::program {

class UnixSignalsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void tellsTheMainLoop_data();
    void tellsTheMainLoop();
    void tellsOfEachSignalInOrder();
    void survivesAWriteThatNobodyReads();
    void mayBeDeletedInItsSlot();
    void existsOnce();
    void putsTheFormerActionsBack();
};

void UnixSignalsTest::tellsTheMainLoop_data()
{
    QTest::addColumn<int>("number");
    QTest::newRow("SIGINT") << SIGINT;
    QTest::newRow("SIGTERM") << SIGTERM;
    QTest::newRow("SIGHUP") << SIGHUP;
}

void UnixSignalsTest::tellsTheMainLoop()
{
    QFETCH(int, number);
    const auto signalsOfUnix = UnixSignals::create();
    QVERIFY(signalsOfUnix.has_value());
    QSignalSpy spy(signalsOfUnix->get(), &UnixSignals::signalled);
    QCOMPARE(::raise(number), 0);
    QCOMPARE(spy.count(), 0);
    QTRY_COMPARE(spy.count(), 1);
    QCOMPARE(spy.at(0).at(0).toInt(), number);
}

void UnixSignalsTest::tellsOfEachSignalInOrder()
{
    const auto signalsOfUnix = UnixSignals::create();
    QVERIFY(signalsOfUnix.has_value());
    QSignalSpy spy(signalsOfUnix->get(), &UnixSignals::signalled);
    const std::array<int, 4> numbers = {SIGHUP, SIGTERM, SIGHUP, SIGINT};
    for (const int number : numbers)
        ::raise(number);
    QTRY_COMPARE(spy.count(), 4);
    for (std::size_t i = 0; i < numbers.size(); ++i)
        QCOMPARE(spy.at(static_cast<qsizetype>(i)).at(0).toInt(), numbers[i]);
}

void UnixSignalsTest::survivesAWriteThatNobodyReads()
{
    const auto signalsOfUnix = UnixSignals::create();
    QVERIFY(signalsOfUnix.has_value());
    std::array<int, 2> ends{};
    QCOMPARE(::pipe(ends.data()), 0);
    ::close(ends[0]);
    QCOMPARE(::write(ends[1], "x", 1), ssize_t{-1});
    QCOMPARE(errno, EPIPE);
    ::close(ends[1]);
}

void UnixSignalsTest::mayBeDeletedInItsSlot()
{
    auto signalsOfUnix = UnixSignals::create();
    QVERIFY(signalsOfUnix.has_value());
    std::unique_ptr<UnixSignals> owned = std::move(*signalsOfUnix);
    connect(owned.get(), &UnixSignals::signalled, this, [&owned] { owned.reset(); });
    ::raise(SIGHUP);
    QTRY_VERIFY(!owned);
}

void UnixSignalsTest::existsOnce()
{
    {
        const auto first = UnixSignals::create();
        QVERIFY(first.has_value());
        QCOMPARE(UnixSignals::create().error().code, ErrorCode::AlreadyExists);
    }
    QVERIFY(UnixSignals::create().has_value());
}

void UnixSignalsTest::putsTheFormerActionsBack()
{
    const std::array<int, 4> numbers = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
    std::array<struct sigaction, 4> before{};
    for (std::size_t i = 0; i < numbers.size(); ++i)
        QCOMPARE(::sigaction(numbers[i], nullptr, &before[i]), 0);
    QVERIFY(UnixSignals::create().has_value());
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        struct sigaction after {};
        QCOMPARE(::sigaction(numbers[i], nullptr, &after), 0);
        QVERIFY(after.sa_handler == before[i].sa_handler);
    }
}

}  // namespace gvpn::program

QTEST_GUILESS_MAIN(gvpn::program::UnixSignalsTest)
#include "tst_unix_signals.moc"
