// The keyring as a desktop has it: gnome-keyring on a session bus of its own (the test is started by dbus-run-session).
#include "client/guarded_secrets.h"
#include "client/keychain_store.h"
#include "client/qt_edges.h"

#include <QProcess>
#include <QStandardPaths>
#include <QtTest>

using namespace gvpn;
using namespace gvpn::client;

namespace {

SharedSecret secretOf(std::string_view text)
{
    return SharedSecret(SecretBytes(asBytes(text)));
}

/// Calls the keyring's service, whatever it answers.
bool callService(const QString& method, const QStringList& arguments)
{
    return QProcess::execute(QStringLiteral("gdbus"),
                             QStringList{QStringLiteral("call"), QStringLiteral("--session"),
                                         QStringLiteral("--timeout=5"), QStringLiteral("-d"),
                                         QStringLiteral("org.freedesktop.secrets"), QStringLiteral("-o"),
                                         QStringLiteral("/org/freedesktop/secrets"), QStringLiteral("-m"), method}
                                 + arguments)
           == 0;
}

template <typename T>
class Answer {
public:
    [[nodiscard]] std::function<void(const Result<T>&)> taker()
    {
        return [this](const Result<T>& result) { m_result = result; };
    }
    [[nodiscard]] bool isThere() const { return m_result.has_value(); }
    [[nodiscard]] const Result<T>& operator*() const { return *m_result; }

private:
    std::optional<Result<T>> m_result;
};

}  // namespace

class TestKeychainStore : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void keepsAndForgetsSecrets();
    void refusesWhenItIsLocked();
    void cleanupTestCase();

private:
    QProcess m_daemon;
    std::unique_ptr<KeychainStore> m_keychain;
};

void TestKeychainStore::initTestCase()
{
    for (const char* program : {"gnome-keyring-daemon", "gdbus"}) {
        if (QStandardPaths::findExecutable(QLatin1String(program)).isEmpty())
            QSKIP(program);
    }
    if (qEnvironmentVariableIsEmpty("DBUS_SESSION_BUS_ADDRESS"))
        QSKIP("no session bus: start it with dbus-run-session");
    // A prompt would wait for a person.
    QVERIFY(qEnvironmentVariableIsEmpty("DISPLAY") && qEnvironmentVariableIsEmpty("WAYLAND_DISPLAY"));
    m_daemon.start(QStringLiteral("gnome-keyring-daemon"), {QStringLiteral("--foreground"), QStringLiteral("--unlock"),
                                                            QStringLiteral("--components=secrets")});
    m_daemon.write("\n");
    QVERIFY(m_daemon.waitForBytesWritten());
    m_daemon.closeWriteChannel();
    // Else the bus would start another one, locked.
    QCOMPARE(QProcess::execute(QStringLiteral("gdbus"),
                               {QStringLiteral("wait"), QStringLiteral("--session"), QStringLiteral("--timeout=10"),
                                QStringLiteral("org.freedesktop.secrets")}),
             0);
    m_keychain = std::make_unique<KeychainStore>();
}

void TestKeychainStore::keepsAndForgetsSecrets()
{
    GuardedSecrets store({*m_keychain, makeQtTimer});
    const std::string key = passwordKey(Pin(), "anna");
    Answer<void> written;
    store.write(key, secretOf("horse \"1\""), written.taker());
    QTRY_VERIFY(written.isThere() && (*written).has_value());
    Answer<SharedSecret> read;
    store.read(key, read.taker());
    QTRY_VERIFY(read.isThere());
    QVERIFY2(*read, *read ? "" : (*read).error().context.c_str());
    QVERIFY(**read == secretOf("horse \"1\""));
    Answer<void> removed;
    store.remove(key, removed.taker());
    QTRY_VERIFY(removed.isThere() && (*removed).has_value());
    Answer<SharedSecret> again;
    store.read(key, again.taker());
    QTRY_VERIFY(again.isThere());
    QCOMPARE((*again).error().code, ErrorCode::NotFound);
}

void TestKeychainStore::refusesWhenItIsLocked()
{
    KeychainStore& store = *m_keychain;
    Answer<void> open;
    store.look(open.taker());
    QTRY_VERIFY(open.isThere() && (*open).has_value());
    Answer<void> written;
    store.write("password/x", secretOf("horse"), written.taker());
    QTRY_VERIFY(written.isThere() && (*written).has_value());
    QVERIFY(callService(QStringLiteral("org.freedesktop.Secret.Service.Lock"),
                        {QStringLiteral("['/org/freedesktop/secrets/collection/login']")}));
    Answer<void> looked;
    store.look(looked.taker());
    QTRY_VERIFY(looked.isThere());
    QCOMPARE((*looked).error().code, ErrorCode::PermissionDenied);
    Answer<SharedSecret> read;
    store.read("password/x", read.taker());
    QTRY_VERIFY(read.isThere());
    QCOMPARE((*read).error().code, ErrorCode::NotFound);
    Answer<void> refused;
    store.write("password/x", secretOf("new"), refused.taker());
    QTRY_VERIFY(refused.isThere());
    QCOMPARE((*refused).error().code, ErrorCode::PermissionDenied);
}

void TestKeychainStore::cleanupTestCase()
{
    m_daemon.terminate();
    QTRY_COMPARE(m_daemon.state(), QProcess::NotRunning);
}

QTEST_GUILESS_MAIN(TestKeychainStore)
#include "tst_keychain_store.moc"
