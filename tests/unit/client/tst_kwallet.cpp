// Over a line of its own in place of the session bus, with a wallet at its other end.
#include "client/kwallet.h"

#include <QDBusServer>
#include <QtTest>

#include <optional>

using namespace gvpn;
using namespace gvpn::client;

namespace {

class FakeWallet : public QObject {
    Q_OBJECT
    Q_CLASSINFO("D-Bus Interface", "org.kde.KWallet")
public:
    QString open;

public Q_SLOTS:
    [[nodiscard]] QString networkWallet() const { return QStringLiteral("kdewallet"); }
    [[nodiscard]] bool isOpen(const QString& name) const { return name == open; }
};

/// Which names its wallet by a number.
class StrangeWallet : public QObject {
    Q_OBJECT
    Q_CLASSINFO("D-Bus Interface", "org.kde.KWallet")
public Q_SLOTS:
    [[nodiscard]] int networkWallet() const { return 5; }
};

}  // namespace

class TestKWallet : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void cleanup() { QDBusConnection::disconnectFromPeer(QStringLiteral("wallet")); }
    void saysWhetherAPersonWouldBeAsked_data();
    void saysWhetherAPersonWouldBeAsked();
    void missesABus();

private:
    [[nodiscard]] std::optional<Result<void>> look(const QDBusConnection& bus);
};

std::optional<Result<void>> TestKWallet::look(const QDBusConnection& bus)
{
    std::optional<Result<void>> answer;
    lookAtKWallet(bus, *this, [&answer](const Result<void>& result) { answer = result; });
    static_cast<void>(QTest::qWaitFor([&answer] { return answer.has_value(); }));
    return answer;
}

void TestKWallet::saysWhetherAPersonWouldBeAsked_data()
{
    QTest::addColumn<QString>("daemon");
    QTest::addColumn<QString>("open");
    QTest::addColumn<std::optional<ErrorCode>>("error");
    const QString wallet = QStringLiteral("wallet");
    QTest::newRow("open") << wallet << QStringLiteral("kdewallet") << std::optional<ErrorCode>();
    QTest::newRow("closed") << wallet << QString() << std::optional(ErrorCode::PermissionDenied);
    QTest::newRow("another one is open") << wallet << QStringLiteral("x") << std::optional(ErrorCode::PermissionDenied);
    QTest::newRow("no daemon") << QString() << QString() << std::optional(ErrorCode::Unsupported);
    QTest::newRow("a strange one") << QStringLiteral("strange") << QString() << std::optional(ErrorCode::Unsupported);
}

void TestKWallet::saysWhetherAPersonWouldBeAsked()
{
    QFETCH(QString, daemon);
    QFETCH(QString, open);
    FakeWallet wallet;
    StrangeWallet strange;
    wallet.open = open;
    QDBusServer server(QStringLiteral("unix:tmpdir=/tmp"));
    connect(&server, &QDBusServer::newConnection, this, [&](QDBusConnection line) {
        QObject* const object = daemon == u"wallet" ? static_cast<QObject*>(&wallet) : &strange;
        if (!daemon.isEmpty())
            line.registerObject(QStringLiteral("/modules/kwalletd5"), object, QDBusConnection::ExportAllSlots);
    });
    const auto answer = look(QDBusConnection::connectToPeer(server.address(), QStringLiteral("wallet")));
    QVERIFY(answer.has_value());
    QTEST((*answer ? std::nullopt : std::optional(answer->error().code)), "error");
}

void TestKWallet::missesABus()
{
    const auto answer = look(QDBusConnection(QStringLiteral("there is none")));
    QVERIFY(answer.has_value());
    QCOMPARE(answer->error().code, ErrorCode::Unsupported);
}

QTEST_GUILESS_MAIN(TestKWallet)
#include "tst_kwallet.moc"
