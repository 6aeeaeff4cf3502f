#include "client/engine_thread.h"

#include <QtTest>

#include <atomic>

using namespace gvpn;
using namespace gvpn::client;

namespace {

struct Notes {
    std::atomic<QThread*> destroyedIn = nullptr;
    std::atomic<int> calls = 0;
};

/// Says in which thread it was asked and destroyed.
class ThreadWitness final : public Engine {
public:
    explicit ThreadWitness(Notes& notes)
        : m_notes(notes)
    {}
    ~ThreadWitness() override { m_notes.destroyedIn = QThread::currentThread(); }
    void open(ConnectionId id, const ConnectionRequest& request) override
    {
        Q_EMIT remarked(id, QString::fromStdString(request.options.user));
        say(id, QStringLiteral("open"));
    }
    void retry(ConnectionId id) override { say(id, QStringLiteral("retry")); }
    void close(ConnectionId id) override { say(id, QStringLiteral("close")); }
    void closeAll(std::function<void()> done) override { done(); }

private:
    void say(ConnectionId id, const QString& what)
    {
        ++m_notes.calls;
        Q_EMIT remarked(id, QThread::currentThread() == thread() ? what : QStringLiteral("elsewhere"));
        Q_EMIT stateChanged(id, Disconnected{});
        Q_EMIT loggedIn(id, Pin(), protocol::LoginMethod::Device);
        Q_EMIT trafficChanged(id, Traffic{.bytesUp = 7});
    }
    Notes& m_notes;
};

}  // namespace

class TestEngineThread : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void asksAndHearsInOrder();
    void destroysTheEngineInItsThread();
    void doesWhatWasAskedBeforeItEnds();
};

void TestEngineThread::asksAndHearsInOrder()
{
    Notes notes;
    EngineThread engine([&notes] { return std::make_unique<ThreadWitness>(notes); });
    QStringList said;
    int states = 0;
    int logins = 0;
    std::uint64_t bytes = 0;
    connect(&engine, &Engine::remarked, this, [&said](ConnectionId id, const QString& sentence) {
        said.append(QStringLiteral("%1 %2").arg(id).arg(sentence));
    });
    connect(&engine, &Engine::stateChanged, this, [&states] { ++states; });
    connect(&engine, &Engine::loggedIn, this, [&logins] { ++logins; });
    connect(&engine, &Engine::trafficChanged, this,
            [&bytes](ConnectionId, const Traffic& traffic) { bytes += traffic.bytesUp; });
    ConnectionRequest request;
    request.options.user = "anna";
    engine.open(1, request);
    engine.retry(2);
    engine.close(3);
    bool isClosed = false;
    QThread* closedIn = nullptr;
    engine.closeAll([&] {
        isClosed = true;
        closedIn = QThread::currentThread();
    });
    QTRY_VERIFY(isClosed);
    QVERIFY(closedIn == QThread::currentThread());
    QCOMPARE(said, QStringList({QStringLiteral("1 anna"), QStringLiteral("1 open"), QStringLiteral("2 retry"),
                                QStringLiteral("3 close")}));
    QCOMPARE(states, 3);
    QCOMPARE(logins, 3);
    QCOMPARE(bytes, std::uint64_t{21});
}

void TestEngineThread::destroysTheEngineInItsThread()
{
    std::atomic<QThread*> madeIn = nullptr;
    Notes notes;
    {
        const EngineThread engine([&] {
            madeIn = QThread::currentThread();
            return std::make_unique<ThreadWitness>(notes);
        });
    }
    QVERIFY(madeIn != nullptr && madeIn != QThread::currentThread());
    QVERIFY(notes.destroyedIn == madeIn);
}

void TestEngineThread::doesWhatWasAskedBeforeItEnds()
{
    Notes notes;
    {
        EngineThread engine([&notes] { return std::make_unique<ThreadWitness>(notes); });
        for (ConnectionId id = 1; id <= 100; ++id)
            engine.close(id);
    }
    QCOMPARE(notes.calls, 100);
}

QTEST_GUILESS_MAIN(TestEngineThread)
#include "tst_engine_thread.moc"
