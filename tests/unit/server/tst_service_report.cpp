#include "server/service_report.h"

#include "support/notify_end.h"

#include <QTemporaryDir>
#include <QtTest>

#include <thread>

using namespace gvpn;
using namespace gvpn::server;
using namespace std::chrono_literals;

namespace {

constexpr std::uint16_t Port = 51005;

/// Pings are kept here until the test answers them.
struct Scene {
    explicit Scene(Duration statusEvery = 0ms, std::optional<std::chrono::milliseconds> watchdog = {})
        : path(directory.filePath(QStringLiteral("notify")).toStdString())
        , manager(path)
        , report(program::ServiceNotifier(path, watchdog), statusEvery)
    {}

    void begin()
    {
        report.begin(Port, [this](std::function<void()> pong) { pongs.push_back(std::move(pong)); });
    }
    void connect(unsigned clients)
    {
        for (unsigned i = 0; i < clients; ++i)
            report.count(ClientConnected{});
    }
    /// All that came until this is told, and fails without.
    [[nodiscard]] QList<QByteArray> heardUntil(const QByteArray& last)
    {
        QList<QByteArray> all;
        const bool isThere = QTest::qWaitFor([&] {
            all += manager.heard();
            return all.contains(last);
        });
        return isThere ? all : QList<QByteArray>{"never: " + last};
    }

    QTemporaryDir directory;
    std::string path;
    test::NotifyEnd manager;
    std::vector<std::function<void()>> pongs;
    ServiceReport report;
};

}  // namespace

class TestServiceReport : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void isReadyWhenItIsTold();
    void countsClients();
    void tellsACrowdOnce();
    void tellsOfAReload();
    void isAliveWhilePingsAreAnswered();
    void isNotAliveWhileAPingIsUnanswered();
    void takesAnAnswerFromAnotherThread();
    void staysAliveWhileItStops();
    void tellsNothingOfAServerThatIsNotReady();
};

void TestServiceReport::isReadyWhenItIsTold()
{
    Scene scene;
    QVERIFY(scene.manager.heard().isEmpty());
    scene.begin();
    QCOMPARE(scene.manager.heard(), QList<QByteArray>{"READY=1\nSTATUS=no clients, port 51005"});
}

void TestServiceReport::countsClients()
{
    Scene scene;
    scene.begin();
    scene.connect(1);
    QVERIFY(scene.heardUntil("STATUS=1 client, port 51005").size() > 1);
    scene.connect(2);
    QVERIFY(!scene.heardUntil("STATUS=3 clients, port 51005").first().startsWith("never"));
    scene.report.count(ConnectionRefused{});
    for (int i = 0; i < 3; ++i)
        scene.report.count(ClientDisconnected{});
    QVERIFY(!scene.heardUntil("STATUS=no clients, port 51005").first().startsWith("never"));
}

void TestServiceReport::tellsACrowdOnce()
{
    Scene scene(50ms);
    scene.begin();
    scene.connect(200);
    const QList<QByteArray> expected = {"READY=1\nSTATUS=no clients, port 51005", "STATUS=200 clients, port 51005"};
    QCOMPARE(scene.heardUntil(expected.last()), expected);
}

void TestServiceReport::tellsOfAReload()
{
    Scene scene;
    scene.begin();
    static_cast<void>(scene.manager.heard());
    {
        const ServiceReport::Reload reload(scene.report, TimePoint(5s));
        QCOMPARE(scene.manager.heard(), QList<QByteArray>{"RELOADING=1\nMONOTONIC_USEC=5000000"});
    }
    QCOMPARE(scene.manager.heard(), QList<QByteArray>{"READY=1\nSTATUS=no clients, port 51005"});
}

void TestServiceReport::isAliveWhilePingsAreAnswered()
{
    Scene scene(0ms, 1ms);
    scene.begin();
    for (std::size_t i = 0; i < 3; ++i) {
        QTRY_COMPARE(scene.pongs.size(), i + 1);
        static_cast<void>(scene.manager.heard());
        scene.pongs.back()();
        QVERIFY(scene.heardUntil("WATCHDOG=1").contains("WATCHDOG=1"));
    }
}

void TestServiceReport::isNotAliveWhileAPingIsUnanswered()
{
    Scene scene(0ms, 1ms);
    scene.begin();
    QTRY_COMPARE(scene.pongs.size(), std::size_t{1});
    QTest::qWait(20);
    QCOMPARE(scene.pongs.size(), std::size_t{1});
    QVERIFY(!scene.manager.heard().contains("WATCHDOG=1"));
    scene.pongs.front()();
    QVERIFY(scene.heardUntil("WATCHDOG=1").contains("WATCHDOG=1"));
}

void TestServiceReport::takesAnAnswerFromAnotherThread()
{
    Scene scene(0ms, 1ms);
    scene.begin();
    QTRY_COMPARE(scene.pongs.size(), std::size_t{1});
    std::thread(scene.pongs.front()).join();
    QVERIFY(!scene.manager.heard().contains("WATCHDOG=1"));
    QVERIFY(scene.heardUntil("WATCHDOG=1").contains("WATCHDOG=1"));
}

void TestServiceReport::staysAliveWhileItStops()
{
    Scene scene(0ms, 1ms);
    scene.begin();
    QTRY_COMPARE(scene.pongs.size(), std::size_t{1});
    scene.connect(1);
    scene.report.stopping();
    static_cast<void>(scene.heardUntil("STOPPING=1"));
    // The data thread has ended, and nobody answers its last ping.
    QVERIFY(scene.heardUntil("WATCHDOG=1").contains("WATCHDOG=1"));
    scene.report.count(ClientDisconnected{});
    const ServiceReport::Reload reload(scene.report, TimePoint(5s));
    const QList<QByteArray> heard = scene.manager.heard();
    QVERIFY(std::ranges::all_of(heard, [](const QByteArray& message) { return message == "WATCHDOG=1"; }));
}

void TestServiceReport::tellsNothingOfAServerThatIsNotReady()
{
    Scene scene;
    scene.connect(1);
    {
        const ServiceReport::Reload reload(scene.report, TimePoint(5s));
    }
    QVERIFY(scene.manager.heard().isEmpty());
    scene.report.stopping();
    QCOMPARE(scene.manager.heard(), QList<QByteArray>{"STOPPING=1"});
}

QTEST_GUILESS_MAIN(TestServiceReport)
#include "tst_service_report.moc"
