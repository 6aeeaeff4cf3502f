// PolkitAuthority on a bus of its own with a polkit that the test plays. No root; skipped without dbus-daemon.
#include "private_bus.h"

#include "bus/contract.h"
#include "helper/polkit_authority.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::test;
using helper::PolkitAuthority;

namespace {

constexpr int SoonMs = 2'000;
constexpr std::chrono::milliseconds ShortPatience{300};
const QString Service = QStringLiteral("org.freedesktop.PolicyKit1");

/// Writes down what it is asked, and says nothing unless the test lets it.
class SilentPolkit final : public QDBusVirtualObject {
public:
    explicit SilentPolkit(const PrivateBus& bus)
        : m_bus(QDBusConnection::connectToBus(QString::fromUtf8(bus.address()), Name))
    {
        m_bus.registerVirtualObject(QStringLiteral("/org/freedesktop/PolicyKit1/Authority"), this);
        m_bus.registerService(Service);
    }
    ~SilentPolkit() override { QDBusConnection::disconnectFromBus(Name); }

    QString introspect(const QString& /*path*/) const override { return {}; }
    bool handleMessage(const QDBusMessage& message, const QDBusConnection& connection) override
    {
        calls.append(message.member() + QLatin1Char(' ') + message.arguments().constLast().toString());
        if (isFailing)
            connection.send(message.createErrorReply(QDBusError::Failed, QStringLiteral("broken")));
        return true;
    }

    QStringList calls;  // "CheckAuthorization ID"
    bool isFailing = false;

private:
    inline static const QString Name = QStringLiteral("silent-polkit");
    QDBusConnection m_bus;
};

}  // namespace

class TestPolkitAuthority : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void takesAQuestionBackThatNobodyAnswers();
    void takesACancelledQuestionBack();
    void saysWhenPolkitFails();

private:
    PrivateBus m_bus;
};

void TestPolkitAuthority::initTestCase()
{
    if (!PrivateBus::isPossible())
        QSKIP("dbus-daemon is not installed");
    QVERIFY(m_bus.start());
}

void TestPolkitAuthority::takesAQuestionBackThatNobodyAnswers()
{
    SilentPolkit polkit(m_bus);
    PolkitAuthority authority(QDBusConnection::systemBus(), ShortPatience);
    std::optional<Result<void>> answer;
    static_cast<void>(
        authority.ask(":1.99", bus::ConnectAction, [&](const Result<void>& result) { answer.emplace(result); }));
    QTRY_VERIFY_WITH_TIMEOUT(answer.has_value(), SoonMs);
    QCOMPARE(answer->error(), (Error{ErrorCode::PermissionDenied, std::string(bus::DismissedCause)}));
    QTRY_COMPARE_WITH_TIMEOUT(polkit.calls.size(), 2, SoonMs);
    const QString id = polkit.calls.at(0).section(QLatin1Char(' '), 1);
    QVERIFY(!id.isEmpty());
    QCOMPARE(polkit.calls, (QStringList{QStringLiteral("CheckAuthorization ") + id,
                                        QStringLiteral("CancelCheckAuthorization ") + id}));
}

void TestPolkitAuthority::takesACancelledQuestionBack()
{
    SilentPolkit polkit(m_bus);
    PolkitAuthority authority(QDBusConnection::systemBus());
    int answers = 0;
    const auto question = authority.ask(":1.99", bus::WideAction, [&](const Result<void>&) { ++answers; });
    QTRY_COMPARE_WITH_TIMEOUT(polkit.calls.size(), 1, SoonMs);
    authority.cancel(question);
    QTRY_COMPARE_WITH_TIMEOUT(polkit.calls.size(), 2, SoonMs);
    QVERIFY(polkit.calls.at(1).startsWith(QLatin1String("CancelCheckAuthorization ")));
    QCOMPARE(answers, 0);
}

void TestPolkitAuthority::saysWhenPolkitFails()
{
    SilentPolkit polkit(m_bus);
    polkit.isFailing = true;
    PolkitAuthority authority(QDBusConnection::systemBus());
    std::optional<Result<void>> answer;
    static_cast<void>(
        authority.ask(":1.99", bus::ConnectAction, [&](const Result<void>& result) { answer.emplace(result); }));
    QTRY_VERIFY_WITH_TIMEOUT(answer.has_value(), SoonMs);
    QCOMPARE(answer->error(), (Error{ErrorCode::PermissionDenied, std::string(bus::NoPolkitCause)}));
    QCOMPARE(polkit.calls.size(), 1);
}

QTEST_GUILESS_MAIN(TestPolkitAuthority)
#include "tst_polkit_authority.moc"
