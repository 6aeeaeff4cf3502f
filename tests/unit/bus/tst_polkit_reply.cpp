#include "bus/polkit_question.h"

#include "bus/contract.h"

#include <QtTest>

using namespace gvpn;

class TestPolkitReply : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void whatIsNoAnswerIsANo_data();
    void whatIsNoAnswerIsANo();
    void whatNobodyHasAnsweredIsDismissed();
};

void TestPolkitReply::whatIsNoAnswerIsANo_data()
{
    QTest::addColumn<QDBusMessage>("reply");
    const QDBusMessage call = QDBusMessage::createMethodCall(QStringLiteral("a.b"), QStringLiteral("/"),
                                                             QStringLiteral("a.b"), QStringLiteral("C"));
    QTest::newRow("nothing") << QDBusMessage();
    QTest::newRow("an error") << QDBusMessage::createError(QDBusError::ServiceUnknown, QStringLiteral("no polkit"));
    QTest::newRow("an empty reply") << call.createReply();
    QTest::newRow("true, but not in a struct") << call.createReply(true);
    QTest::newRow("text") << call.createReply(QStringLiteral("yes"));
}

void TestPolkitReply::whatIsNoAnswerIsANo()
{
    QFETCH(const QDBusMessage, reply);
    const auto judged = bus::judgePolkitReply(reply);
    QVERIFY(!judged.has_value());
    QCOMPARE(judged.error().code, ErrorCode::PermissionDenied);
    QCOMPARE(judged.error().context, std::string(bus::NoPolkitCause));
}

/// Not a reason to tell anybody to install polkit.
void TestPolkitReply::whatNobodyHasAnsweredIsDismissed()
{
    const auto reply = QDBusMessage::createError(QDBusError::NoReply, QStringLiteral("did not receive a reply"));
    const auto judged = bus::judgePolkitReply(reply);
    QCOMPARE(judged.error().code, ErrorCode::PermissionDenied);
    QCOMPARE(judged.error().context, std::string(bus::DismissedCause));
    // Unless nobody was asked for anything.
    QCOMPARE(bus::judgePolkitReply(reply, false).error().context, std::string(bus::NoPolkitCause));
}

QTEST_GUILESS_MAIN(TestPolkitReply)
#include "tst_polkit_reply.moc"
