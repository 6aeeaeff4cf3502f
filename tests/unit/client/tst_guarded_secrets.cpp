#include "client/guarded_secrets.h"
#include "core_fakes.h"
#include "scene.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::client;
using namespace gvpn::test;

namespace {

void settle()
{
    for (int i = 0; i < 20; ++i)
        QCoreApplication::sendPostedEvents();
}

/// A guard before a keyring, and what it answered.
struct Guarded {
    enum class Since { PersonAsked, ProgramStarted };
    explicit Guarded(Since since = Since::PersonAsked)
    {
        if (since == Since::PersonAsked)
            guard.reopen();
    }
    void read(const std::string& key)
    {
        guard.read(key, [this](const Result<SharedSecret>& result) {
            answers.push_back(result ? std::string(asText(result->view()))
                                     : std::string(errorCodeName(result.error().code)));
        });
    }
    void write(const std::string& key)
    {
        guard.write(key, secretOf("new"), [this](const Result<void>& result) { note(result); });
    }
    void remove(const std::string& key)
    {
        guard.remove(key, [this](const Result<void>& result) { note(result); });
    }
    void note(const Result<void>& result)
    {
        answers.push_back(result ? std::string("done") : std::string(errorCodeName(result.error().code)));
    }

    ManualTime time;
    ManualTimers timers{time};
    FakeKeyring keyring;
    GuardedSecrets guard{{keyring, [this] { return timers.make(); }}};
    std::vector<std::string> answers;
};

using Answers = std::vector<std::string>;

}  // namespace

class TestGuardedSecrets : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void readsAndWrites();
    void answersLater();
    void asksOneThingAtATime();
    void closesAfterTheFirstFailure_data();
    void closesAfterTheFirstFailure();
    void givesUpAKeyringThatDoesNotAnswer();
    void ignoresWhatComesTooLate();
    void asksAgainWhenAPersonDoes();
    void takesAMissingSecretForRemoved();
    void answersNobodyWhoIsGone();
    void usesAnOpenKeyringByItself();
    void asksNobodyByItself();
    void waitsAShortTimeByItself();
    void asksNobodyWhenItOnlyLooks();
};

void TestGuardedSecrets::readsAndWrites()
{
    Guarded scene;
    scene.keyring.secrets.emplace("a", secretOf("old"));
    scene.read("a");
    scene.write("a");
    scene.read("a");
    scene.remove("a");
    settle();
    QCOMPARE(scene.answers, (Answers{"old", "done", "new", "done"}));
    QVERIFY(scene.keyring.secrets.empty() && !scene.guard.closedBy());
    QCOMPARE(scene.timers.running(), std::size_t{0});
}

void TestGuardedSecrets::answersLater()
{
    Guarded scene;
    scene.keyring.error = Error{ErrorCode::Unsupported, "none"};
    scene.read("a");
    scene.guard.reopen();
    QVERIFY(scene.answers.empty());
    settle();
    scene.read("b");
    QCOMPARE(scene.answers, Answers{"unsupported"});
    settle();
    QCOMPARE(scene.answers, (Answers{"unsupported", "unsupported"}));
}

void TestGuardedSecrets::asksOneThingAtATime()
{
    Guarded scene;
    scene.keyring.waits = true;
    scene.read("a");
    scene.read("b");
    settle();
    QCOMPARE(scene.keyring.calls, Answers{"read a"});
    scene.keyring.waits = false;
    scene.keyring.lateAnswers.front()();
    settle();
    QCOMPARE(scene.keyring.calls, (Answers{"read a", "read b"}));
}

void TestGuardedSecrets::closesAfterTheFirstFailure_data()
{
    QTest::addColumn<ErrorCode>("code");
    QTest::newRow("missing or locked") << ErrorCode::NotFound;
    QTest::newRow("locked") << ErrorCode::PermissionDenied;
    QTest::newRow("no keyring") << ErrorCode::Unsupported;
}

void TestGuardedSecrets::closesAfterTheFirstFailure()
{
    QFETCH(ErrorCode, code);
    Guarded scene;
    scene.keyring.error = Error{code, "why"};
    scene.read("a");
    scene.read("b");
    scene.write("c");
    settle();
    const std::string name(errorCodeName(code));
    QCOMPARE(scene.answers, (Answers{name, name, name}));
    QCOMPARE(scene.keyring.calls, Answers{"read a"});
    QVERIFY(scene.guard.closedBy() == Error(code, "why"));
}

void TestGuardedSecrets::givesUpAKeyringThatDoesNotAnswer()
{
    Guarded scene;
    scene.keyring.waits = true;
    scene.read("a");
    scene.write("b");
    settle();
    scene.timers.advance(KeyringDeadline - Duration(1), settle);
    QVERIFY(scene.answers.empty());
    scene.timers.advance(Duration(1), settle);
    QCOMPARE(scene.answers, (Answers{"timed-out", "timed-out"}));
    QCOMPARE(scene.keyring.calls, Answers{"read a"});
}

void TestGuardedSecrets::ignoresWhatComesTooLate()
{
    Guarded scene;
    scene.keyring.waits = true;
    scene.read("a");
    settle();
    scene.timers.advance(KeyringDeadline, settle);
    scene.guard.reopen();
    scene.read("b");
    settle();
    scene.keyring.lateAnswers.at(0)();
    settle();
    QCOMPARE(scene.answers, Answers{"timed-out"});
    scene.keyring.lateAnswers.at(1)();
    QCOMPARE(scene.answers, (Answers{"timed-out", "late"}));
}

void TestGuardedSecrets::asksAgainWhenAPersonDoes()
{
    Guarded scene;
    scene.keyring.error = Error{ErrorCode::PermissionDenied, "locked"};
    scene.read("a");
    settle();
    scene.keyring.error.reset();
    scene.keyring.secrets.emplace("a", secretOf("old"));
    scene.read("a");
    settle();
    scene.guard.reopen();
    scene.read("a");
    settle();
    QCOMPARE(scene.answers, (Answers{"permission-denied", "permission-denied", "old"}));
}

void TestGuardedSecrets::takesAMissingSecretForRemoved()
{
    Guarded scene;
    scene.remove("a");
    settle();
    QCOMPARE(scene.answers, Answers{"done"});
    QVERIFY(!scene.guard.closedBy());
}

void TestGuardedSecrets::answersNobodyWhoIsGone()
{
    FakeKeyring keyring;
    keyring.waits = true;
    ManualTime time;
    ManualTimers timers{time};
    int answers = 0;
    {
        GuardedSecrets guard({keyring, [&timers] { return timers.make(); }});
        guard.read("a", [&answers](const Result<SharedSecret>&) { ++answers; });
        settle();
    }
    keyring.lateAnswers.front()();
    settle();
    QCOMPARE(answers, 0);
}

void TestGuardedSecrets::usesAnOpenKeyringByItself()
{
    Guarded scene(Guarded::Since::ProgramStarted);
    scene.keyring.secrets.emplace("a", secretOf("old"));
    scene.read("a");
    scene.write("b");
    settle();
    QCOMPARE(scene.answers, (Answers{"old", "done"}));
    QCOMPARE(scene.timers.running(), std::size_t{0});
}

void TestGuardedSecrets::asksNobodyByItself()
{
    Guarded scene(Guarded::Since::ProgramStarted);
    scene.keyring.locked = Error{ErrorCode::PermissionDenied, "locked"};
    scene.keyring.secrets.emplace("a", secretOf("old"));
    scene.read("a");
    scene.read("a");
    settle();
    QCOMPARE(scene.answers, (Answers{"permission-denied", "permission-denied"}));
    QVERIFY(scene.keyring.calls.empty());
    QCOMPARE(scene.keyring.looks, 1);
    QVERIFY(scene.guard.closedBy() == scene.keyring.locked);
    scene.guard.reopen();
    scene.read("a");
    settle();
    QCOMPARE(scene.answers.back(), std::string("old"));
}

void TestGuardedSecrets::waitsAShortTimeByItself()
{
    Guarded scene(Guarded::Since::ProgramStarted);
    scene.keyring.hangs = true;
    scene.read("a");
    settle();
    scene.timers.advance(QuietKeyringDeadline - Duration(1), settle);
    QVERIFY(scene.answers.empty());
    scene.timers.advance(Duration(1), settle);
    QCOMPARE(scene.answers, Answers{"timed-out"});
    scene.keyring.lateAnswers.front()();
    settle();
    QVERIFY(scene.keyring.calls.empty());
    QCOMPARE(scene.answers, Answers{"timed-out"});
}

void TestGuardedSecrets::asksNobodyWhenItOnlyLooks()
{
    Guarded scene;
    scene.keyring.hangs = true;
    scene.guard.look([&scene](const Result<void>& result) { scene.note(result); });
    settle();
    scene.timers.advance(QuietKeyringDeadline, settle);
    QCOMPARE(scene.answers, Answers{"timed-out"});
    scene.keyring.hangs = false;
    scene.guard.reopen();
    scene.guard.look([&scene](const Result<void>& result) { scene.note(result); });
    settle();
    QCOMPARE(scene.answers, (Answers{"timed-out", "done"}));
    QVERIFY(scene.keyring.calls.empty());
}

QTEST_GUILESS_MAIN(TestGuardedSecrets)
#include "tst_guarded_secrets.moc"
