#include "accounts/accounts.h"
#include "gate_scene.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::accounts;
using namespace gvpn::accounts::test;
using namespace std::chrono_literals;

namespace {

constexpr const char* Invite = "0123456789abcdef";

/// The accounts in a directory of their own. What comes from their thread is waited for.
class Office {
public:
    explicit Office(const HashCost& cost = CheapHash)
        : hashCost(cost)
    {
        auto opened = open();
        if (!opened)
            qFatal("%s", opened.error().context.c_str());
        accounts = std::move(*opened);
    }
    [[nodiscard]] Result<std::unique_ptr<Accounts>> open()
    {
        GatekeeperConfig gatekeeper;
        gatekeeper.hashCost = hashCost;
        return Accounts::open({path(), [this] { return UnixTime(std::chrono::seconds(now.load())); }, gatekeeper});
    }
    [[nodiscard]] std::string path() const { return m_directory.filePath(QStringLiteral("gvpn.db")).toStdString(); }

    LoginVerdict judge(LoginQuestion question)
    {
        auto answer = std::make_shared<std::promise<LoginVerdict>>();
        auto verdict = answer->get_future();
        accounts->judge(std::move(question), [answer](const LoginVerdict& given) { answer->set_value(given); });
        return verdict.get();
    }
    template <typename Task>
    auto run(Task task)
    {
        using Value = std::invoke_result_t<Task, AccountStore&, Gatekeeper&>;
        auto done = std::make_shared<std::promise<Value>>();
        auto result = done->get_future();
        accounts->run(
            [task, done](AccountStore& store, Gatekeeper& gatekeeper) { done->set_value(task(store, gatekeeper)); });
        return result.get();
    }

    HashCost hashCost;
    std::atomic<std::int64_t> now = 1767312000;
    std::unique_ptr<Accounts> accounts;

private:
    QTemporaryDir m_directory{directoryTemplate()};
};

/// Keeps the accounts' thread busy until it is let go.
class Hold {
public:
    explicit Hold(Accounts& accounts, std::shared_ptr<std::promise<void>> end = std::make_shared<std::promise<void>>())
        : m_end(std::move(end))
    {
        auto begun = std::make_shared<std::promise<void>>();
        auto isBegun = begun->get_future();
        accounts.run([begun, isEnded = m_end->get_future().share()](AccountStore&, Gatekeeper&) {
            begun->set_value();
            isEnded.wait_for(30s);
        });
        isBegun.wait();
    }
    void letGo() { m_end->set_value(); }

private:
    std::shared_ptr<std::promise<void>> m_end;
};

}  // namespace

class TestAccounts : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init();
    void makesTheDatabase();
    void saysWhyItCanNotOpen();
    void answersFromItsOwnThread();
    void keepsTheOrderOfQuestionsAndTasks();
    void enrolsByInviteAndByPassword();
    void isBusyWhenTooMuchWaits();
    void dropsWhatWaitsWhenItGoes();
    void goesWhileHashesAreMade();
    void tidiesUpHourly();
};

void TestAccounts::init()
{
    // SQLite through Qt in a thread that isn't Qt's has to work without a word of warning.
    QTest::failOnWarning(QRegularExpression(QStringLiteral(".*")));
}

void TestAccounts::makesTheDatabase()
{
    Office office;
    QVERIFY(QFile::exists(QString::fromStdString(office.path())));
    office.accounts.reset();
    QVERIFY(office.open());
    QVERIFY(QSqlDatabase::connectionNames().isEmpty());
}

void TestAccounts::saysWhyItCanNotOpen()
{
    Office office;
    office.accounts.reset();
    QVERIFY(QFile::remove(QString::fromStdString(office.path())));
    QVERIFY(QDir().mkdir(QString::fromStdString(office.path())));
    const auto opened = office.open();
    QVERIFY(!opened);
    QVERIFY(!opened.error().context.empty());
}

void TestAccounts::answersFromItsOwnThread()
{
    Office office;
    const auto own = office.run([](AccountStore&, Gatekeeper&) { return std::this_thread::get_id(); });
    QVERIFY(own != std::this_thread::get_id());
    std::promise<std::thread::id> answered;
    office.accounts->judge(byDevice({}),
                           [&answered](const LoginVerdict&) { answered.set_value(std::this_thread::get_id()); });
    QVERIFY(answered.get_future().get() == own);
    std::promise<std::thread::id> hashed;
    office.accounts->judge(byPassword({}, "anna", "wrong"),
                           [&hashed](const LoginVerdict&) { hashed.set_value(std::this_thread::get_id()); });
    QVERIFY(hashed.get_future().get() == own);
}

void TestAccounts::keepsTheOrderOfQuestionsAndTasks()
{
    Office office;
    office.accounts->run([](AccountStore& store, Gatekeeper&) {
        require(store.addInvite(secret(Invite), "anna", std::chrono::hours(1)));
    });
    std::promise<LoginVerdict> first;
    std::promise<LoginVerdict> second;
    office.accounts->judge(byInvite({}, Invite), [&first](const LoginVerdict& verdict) { first.set_value(verdict); });
    office.accounts->run([](AccountStore& store, Gatekeeper&) { (void)require(store.setEnabled("anna", false)); });
    office.accounts->judge(byDevice({}), [&second](const LoginVerdict& verdict) { second.set_value(verdict); });
    QCOMPARE(text(first.get_future().get()), QStringLiteral("anna/laptop"));
    QCOMPARE(text(second.get_future().get()), QStringLiteral("refused: the user of this device is disabled"));
}

void TestAccounts::enrolsByInviteAndByPassword()
{
    Office office;
    office.accounts->run([hash = GateScene::hash("right")](AccountStore& store, Gatekeeper&) {
        (void)require(store.addUser("anna", hash));
        require(store.addInvite(secret(Invite), "anna", std::chrono::hours(1)));
    });
    QCOMPARE(text(office.judge(byPassword({.key = 1}, "anna", "wrong"))), WrongText);
    const auto first = office.judge(byPassword({.key = 1}, "anna", "right"));
    const auto second = office.judge(byInvite({.key = 2}, Invite));
    QVERIFY(first && second && first->userId == second->userId && first->deviceId != second->deviceId);
    office.accounts.reset();
    office.accounts = require(office.open());
    QVERIFY(office.judge(byDevice({.key = 1})) == first);
    QVERIFY(office.judge(byDevice({.key = 2})) == second);
}

void TestAccounts::isBusyWhenTooMuchWaits()
{
    constexpr int Most = 1024;
    Office office;
    Hold hold(*office.accounts);
    int answered = 0;
    std::promise<void> all;
    for (int i = 0; i < Most; ++i) {
        office.accounts->judge(byDevice({}), [&answered, &all](const LoginVerdict&) {
            if (++answered == Most)
                all.set_value();
        });
    }
    std::optional<LoginVerdict> refused;
    office.accounts->judge(byDevice({}), [&refused](const LoginVerdict& verdict) { refused = verdict; });
    QVERIFY(refused);
    QCOMPARE(text(*refused), BusyText);
    // The administrator is not turned away.
    std::promise<void> ran;
    office.accounts->run([&ran](AccountStore&, Gatekeeper&) { ran.set_value(); });
    hold.letGo();
    ran.get_future().wait();
    all.get_future().wait();
    QCOMPARE(text(office.judge(byDevice({}))), UnknownKeyText);
}

void TestAccounts::dropsWhatWaitsWhenItGoes()
{
    Office office({3, std::size_t{8} * 1024 * 1024});
    const auto end = std::make_shared<std::promise<void>>();
    // More passwords than are hashed in a moment. The last of them is dropped when the end begins, and lets the
    // accounts' thread go on to what waits there.
    std::shared_ptr<void> dropped(nullptr, [end](void*) { end->set_value(); });
    for (unsigned i = 0; i < 50; ++i)
        office.accounts->judge(byPassword({.from = "198.51.100." + std::to_string(i)}, "anna", "wrong"),
                               [held = i == 49 ? std::exchange(dropped, nullptr) : nullptr](const LoginVerdict&) {});
    const Hold hold(*office.accounts, end);
    std::atomic<bool> isAnswered = false;
    std::atomic<bool> hasRun = false;
    office.accounts->judge(byDevice({}), [&isAnswered](const LoginVerdict&) { isAnswered = true; });
    office.accounts->run([&hasRun](AccountStore&, Gatekeeper&) { hasRun = true; });
    office.accounts.reset();
    QVERIFY(!isAnswered);
    QVERIFY(!hasRun);
}

void TestAccounts::goesWhileHashesAreMade()
{
    for (int round = 0; round < 5; ++round) {
        Office office;
        std::atomic<int> answers = 0;
        for (unsigned i = 0; i < 20; ++i)
            office.accounts->judge(byPassword({.from = "198.51.100." + std::to_string(i)}, "anna", "wrong"),
                                   [&answers](const LoginVerdict&) { ++answers; });
        office.accounts.reset();
        const int atTheEnd = answers;
        QVERIFY(atTheEnd <= 20);
        QCOMPARE(answers.load(), atTheEnd);
        QVERIFY(office.open());
    }
}

void TestAccounts::tidiesUpHourly()
{
    Office office;
    office.run([&office](AccountStore& store, Gatekeeper&) {
        const UnixTime until{std::chrono::seconds(office.now + 60)};
        require(store.saveBan({"anna", address("198.51.100.7"), {}, false, until, 1}));
        return true;
    });
    const auto rows = [&office] {
        int count = 0;
        {
            QSqlDatabase other = QSqlDatabase::addDatabase(QStringLiteral("QSQLITE"), QStringLiteral("other"));
            other.setDatabaseName(QString::fromStdString(office.path()));
            QSqlQuery query(other.open() ? other : QSqlDatabase());
            if (query.exec(QStringLiteral("SELECT count(*) FROM bans")) && query.next())
                count = query.value(0).toInt();
        }
        QSqlDatabase::removeDatabase(QStringLiteral("other"));
        return count;
    };
    office.now += 3599;
    (void)office.judge(byDevice({}));
    QCOMPARE(rows(), 1);
    office.now += 1;
    (void)office.judge(byDevice({}));
    QCOMPARE(rows(), 0);
}

QTEST_GUILESS_MAIN(TestAccounts)
#include "tst_accounts.moc"
