#include "program/service_notifier.h"

#include "scratch_directory.h"
#include "support/notify_end.h"

#include <QtTest>

#include <optional>

#include <unistd.h>

using namespace std::chrono_literals;
using gvpn::test::NotifyEnd;

namespace gvpn::program {

class ServiceNotifierTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void cleanup();
    void tellsEachStateInItsOwnDatagram_data();
    void tellsEachStateInItsOwnDatagram();
    void isSilentWhereNobodyListens_data();
    void isSilentWhereNobodyListens();
    void survivesAManagerThatGoesAway();
    void tellsAFullManagerLater();
    void dropsWhatIsOutdated();
    void takesItsVariablesFromChildren();
    void isWatchedHalfAsLongAsTheVariableSays_data();
    void isWatchedHalfAsLongAsTheVariableSays();

private:
    /// More than the socket's queue holds.
    static void fill(ServiceNotifier& notifier)
    {
        for (int i = 0; i < 1000; ++i)
            notifier.alive();
    }
    /// An abstract name is the whole machine's, and tests run side by side.
    static QByteArray abstractName() { return "@gvpn-test-" + QByteArray::number(::getpid()); }

    ScratchDirectory m_directory;
};

void ServiceNotifierTest::cleanup()
{
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"})
        qunsetenv(name);
}

void ServiceNotifierTest::tellsEachStateInItsOwnDatagram_data()
{
    QTest::addColumn<QByteArray>("path");
    QTest::newRow("path") << QByteArray::fromStdString(m_directory.path("notify"));
    QTest::newRow("abstract") << abstractName();
}

void ServiceNotifierTest::tellsEachStateInItsOwnDatagram()
{
    QFETCH(QByteArray, path);
    const NotifyEnd manager(path.toStdString());
    ServiceNotifier notifier(path.toStdString(), {});
    QVERIFY(notifier.isHeard());
    notifier.ready("no clients, port 51005");
    notifier.status("1 client, port 51005");
    notifier.reloading(1234567us);
    notifier.alive();
    notifier.stopping();
    const QList<QByteArray> expected = {"READY=1\nSTATUS=no clients, port 51005", "STATUS=1 client, port 51005",
                                        "RELOADING=1\nMONOTONIC_USEC=1234567", "WATCHDOG=1", "STOPPING=1"};
    QCOMPARE(manager.heard(), expected);
}

void ServiceNotifierTest::isSilentWhereNobodyListens_data()
{
    QTest::addColumn<QByteArray>("path");
    QTest::newRow("nothing") << QByteArray();
    QTest::newRow("no file") << QByteArray::fromStdString(m_directory.path("nobody"));
    QTest::newRow("nobody's abstract name") << abstractName() + "-nobody";
    QTest::newRow("no socket") << QByteArray("/dev/null");
    QTest::newRow("relative") << QByteArray("notify");
    QTest::newRow("only a slash") << QByteArray("/");
    QTest::newRow("only an at sign") << QByteArray("@");
    QTest::newRow("too long") << QByteArray("/") + QByteArray(200, 'x');
    QTest::newRow("as long as the address, without its end") << QByteArray("/") + QByteArray(107, 'x');
    QTest::newRow("another kind of address") << QByteArray("vsock:2:1234");
    QTest::newRow("bytes") << QByteArray("\xff\x01\x80");
}

void ServiceNotifierTest::isSilentWhereNobodyListens()
{
    QFETCH(QByteArray, path);
    ServiceNotifier notifier(path.toStdString(), 1s);
    QVERIFY(!notifier.isHeard());
    notifier.ready("no clients");
    notifier.alive();
}

void ServiceNotifierTest::survivesAManagerThatGoesAway()
{
    const std::string path = m_directory.path("short");
    std::optional<NotifyEnd> manager(path);
    ServiceNotifier notifier(path, {});
    QVERIFY(notifier.isHeard());
    manager.reset();
    notifier.alive();
    const NotifyEnd idle(m_directory.path("idle"));
    ServiceNotifier flood(m_directory.path("idle"), {});
    fill(flood);
    QVERIFY(!idle.heard().isEmpty());
}

void ServiceNotifierTest::tellsAFullManagerLater()
{
    const std::string path = m_directory.path("full");
    const NotifyEnd manager(path);
    ServiceNotifier notifier(path, {});
    fill(notifier);
    notifier.ready("no clients");
    notifier.alive();
    const QList<QByteArray> first = manager.heard();
    QVERIFY(!first.isEmpty() && first.count("WATCHDOG=1") == first.size());
    QList<QByteArray> later;
    QTRY_VERIFY(!(later += manager.heard()).isEmpty());
    QCOMPARE(later, QList<QByteArray>{"READY=1\nSTATUS=no clients"});
    fill(notifier);
    notifier.stopping();
    QVERIFY(!manager.heard().contains("STOPPING=1"));
    // The event loop has ended.
    {
        const ServiceNotifier last = std::move(notifier);
    }
    QCOMPARE(manager.heard(), QList<QByteArray>{"STOPPING=1"});
}

void ServiceNotifierTest::dropsWhatIsOutdated()
{
    const std::string path = m_directory.path("outdated");
    const NotifyEnd manager(path);
    ServiceNotifier notifier(path, {});
    fill(notifier);
    notifier.ready("no clients");
    notifier.status("1 client");
    notifier.status("2 clients");
    QVERIFY(!manager.heard().contains("STATUS=2 clients"));
    QList<QByteArray> heard;
    QTRY_VERIFY((heard += manager.heard()).size() == 2);
    QCOMPARE(heard, (QList<QByteArray>{"READY=1\nSTATUS=no clients", "STATUS=2 clients"}));
    fill(notifier);
    notifier.ready("no clients");
    notifier.reloading(7us);
    static_cast<void>(manager.heard());
    notifier.ready("still none");
    QCOMPARE(manager.heard(), (QList<QByteArray>{"RELOADING=1\nMONOTONIC_USEC=7", "READY=1\nSTATUS=still none"}));
}

void ServiceNotifierTest::takesItsVariablesFromChildren()
{
    const QByteArray path = abstractName() + "-child";
    const NotifyEnd manager(path.toStdString());
    qputenv("NOTIFY_SOCKET", path);
    qputenv("WATCHDOG_USEC", "3000000");
    qputenv("WATCHDOG_PID", QByteArray::number(::getpid()));
    ServiceNotifier notifier = ServiceNotifier::takeFromEnvironment();
    QVERIFY(notifier.isHeard());
    QCOMPARE(notifier.watchdog(), std::optional(1500ms));
    notifier.stopping();
    QCOMPARE(manager.heard(), QList<QByteArray>{"STOPPING=1"});
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"})
        QVERIFY2(!qEnvironmentVariableIsSet(name), name);
    QVERIFY(!ServiceNotifier::takeFromEnvironment().isHeard());
}

void ServiceNotifierTest::isWatchedHalfAsLongAsTheVariableSays_data()
{
    QTest::addColumn<QByteArray>("microseconds");
    QTest::addColumn<QByteArray>("process");
    QTest::addColumn<qint64>("interval");
    constexpr qint64 Never = -1;
    QTest::newRow("30 s") << QByteArray("30000000") << QByteArray() << qint64{15000};
    QTest::newRow("for us") << QByteArray("30000000") << QByteArray("42") << qint64{15000};
    QTest::newRow("for another process") << QByteArray("30000000") << QByteArray("43") << Never;
    QTest::newRow("for no process") << QByteArray("30000000") << QByteArray("x") << Never;
    QTest::newRow("the shortest") << QByteArray("2000") << QByteArray() << qint64{1};
    QTest::newRow("too short for a timer") << QByteArray("1999") << QByteArray() << Never;
    QTest::newRow("nothing") << QByteArray() << QByteArray() << Never;
    QTest::newRow("zero") << QByteArray("0") << QByteArray() << Never;
    QTest::newRow("negative") << QByteArray("-30000000") << QByteArray() << Never;
    QTest::newRow("a unit") << QByteArray("30s") << QByteArray() << Never;
    QTest::newRow("a space") << QByteArray(" 30000000") << QByteArray() << Never;
    QTest::newRow("a word") << QByteArray("infinity") << QByteArray() << Never;
    QTest::newRow("the largest number") << QByteArray("9223372036854775807") << QByteArray() << Never;
    QTest::newRow("beyond it") << QByteArray("18446744073709551615") << QByteArray() << Never;
}

void ServiceNotifierTest::isWatchedHalfAsLongAsTheVariableSays()
{
    QFETCH(QByteArray, microseconds);
    QFETCH(QByteArray, process);
    QFETCH(qint64, interval);
    const auto found = watchdogInterval(microseconds.toStdString(), process.toStdString(), "42");
    QCOMPARE(found ? qint64{found->count()} : -1, interval);
}

}  // namespace gvpn::program

QTEST_GUILESS_MAIN(gvpn::program::ServiceNotifierTest)
#include "tst_service_notifier.moc"
