// Over a line of its own in place of the session bus, with a keyring at its other end.
#include "client/secret_service.h"

#include <QDBusObjectPath>
#include <QDBusServer>
#include <QtTest>

#include <optional>

using namespace gvpn;
using namespace gvpn::client;

namespace {

class FakeService : public QObject {
    Q_OBJECT
    Q_CLASSINFO("D-Bus Interface", "org.freedesktop.Secret.Service")
public:
    QString collection = QStringLiteral("/org/freedesktop/secrets/collection/login");

public Q_SLOTS:
    [[nodiscard]] QDBusObjectPath ReadAlias(const QString& name) const
    {
        return QDBusObjectPath(name == QLatin1String("default") ? collection : QStringLiteral("/"));
    }
};

class FakeCollection : public QObject {
    Q_OBJECT
    Q_CLASSINFO("D-Bus Interface", "org.freedesktop.Secret.Collection")
    Q_PROPERTY(bool Locked MEMBER isLocked)
public:
    bool isLocked = false;
};

}  // namespace

class TestSecretService : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void cleanup() { QDBusConnection::disconnectFromPeer(QStringLiteral("keyring")); }
    void saysWhetherAPersonWouldBeAsked_data();
    void saysWhetherAPersonWouldBeAsked();
    void missesAService();
    void missesABus();

private:
    [[nodiscard]] std::optional<Result<void>> look(const QDBusConnection& bus);

    std::unique_ptr<QDBusServer> m_server;
    std::unique_ptr<FakeService> m_service;
    std::unique_ptr<FakeCollection> m_collection;
    bool m_hasService = true;
};

void TestSecretService::init()
{
    m_hasService = true;
    m_service = std::make_unique<FakeService>();
    m_collection = std::make_unique<FakeCollection>();
    m_server = std::make_unique<QDBusServer>(QStringLiteral("unix:tmpdir=/tmp"));
    connect(m_server.get(), &QDBusServer::newConnection, this, [this](QDBusConnection line) {
        if (!m_hasService)
            return;
        line.registerObject(QStringLiteral("/org/freedesktop/secrets"), m_service.get(),
                            QDBusConnection::ExportAllSlots);
        line.registerObject(QStringLiteral("/org/freedesktop/secrets/collection/login"), m_collection.get(),
                            QDBusConnection::ExportAllProperties);
    });
}

std::optional<Result<void>> TestSecretService::look(const QDBusConnection& bus)
{
    std::optional<Result<void>> answer;
    lookAtSecretService(bus, *this, [&answer](const Result<void>& result) { answer = result; });
    static_cast<void>(QTest::qWaitFor([&answer] { return answer.has_value(); }));
    return answer;
}

void TestSecretService::saysWhetherAPersonWouldBeAsked_data()
{
    QTest::addColumn<QString>("collection");
    QTest::addColumn<bool>("isLocked");
    QTest::addColumn<std::optional<ErrorCode>>("error");
    const QString login = QStringLiteral("/org/freedesktop/secrets/collection/login");
    QTest::newRow("open") << login << false << std::optional<ErrorCode>();
    QTest::newRow("locked") << login << true << std::optional(ErrorCode::PermissionDenied);
    QTest::newRow("none yet") << QStringLiteral("/") << false << std::optional(ErrorCode::Unsupported);
    QTest::newRow("one that is gone") << QStringLiteral("/gone") << false << std::optional(ErrorCode::Unsupported);
}

void TestSecretService::saysWhetherAPersonWouldBeAsked()
{
    QFETCH(QString, collection);
    m_service->collection = collection;
    QFETCH(bool, isLocked);
    m_collection->isLocked = isLocked;
    const auto answer = look(QDBusConnection::connectToPeer(m_server->address(), QStringLiteral("keyring")));
    QVERIFY(answer.has_value());
    QTEST((*answer ? std::nullopt : std::optional(answer->error().code)), "error");
}

void TestSecretService::missesAService()
{
    m_hasService = false;
    const auto answer = look(QDBusConnection::connectToPeer(m_server->address(), QStringLiteral("keyring")));
    QVERIFY(answer.has_value());
    QCOMPARE(answer->error().code, ErrorCode::Unsupported);
}

void TestSecretService::missesABus()
{
    const auto answer = look(QDBusConnection(QStringLiteral("there is none")));
    QVERIFY(answer.has_value());
    QCOMPARE(answer->error().code, ErrorCode::Unsupported);
}

QTEST_GUILESS_MAIN(TestSecretService)
#include "tst_secret_service.moc"
