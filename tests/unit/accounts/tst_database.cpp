#include "accounts/account_store.h"
#include "accounts/database.h"
#include "scratch_store.h"

namespace gvpn::accounts {

class DatabaseTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void keepsValuesAsTheyAre();
    void undoesAllOfATransactionWhenTheDiskIsFull();
    void undoesWhatFailedHalfway();
    void saysSoWhenAnotherProgramHoldsIt();
};

void DatabaseTest::keepsValuesAsTheyAre()
{
    const ScratchStore scratch;
    scratch.put("");
    const auto database = Database::open(scratch.path(), Access::Write);
    VERIFY_DONE(database);
    const std::string text("a'\0\"\xC3\xA9", 6);
    const auto rows = (*database)->query("SELECT ?, ?, ?, ?, ?, typeof(?), typeof(?)",
                                         {textValue(text), textValue(""), blobValue(asBytes("\xFF")), blobValue({}),
                                          numberValue(INT64_MIN), textValue(""), blobValue({})});
    VERIFY_DONE(rows);
    const Row& row = rows->front();
    QCOMPARE(textOf(row[0]), text);
    QVERIFY(!row[1].isNull());
    QCOMPARE(std::string(asText(bytesOf(row[2]))), std::string("\xFF"));
    QVERIFY(!row[3].isNull());
    QCOMPARE(numberOf(row[4]), INT64_MIN);
    QCOMPARE(textOf(row[5]), std::string("text"));
    QCOMPARE(textOf(row[6]), std::string("blob"));
}

void DatabaseTest::undoesAllOfATransactionWhenTheDiskIsFull()
{
    const ScratchStore scratch;
    const auto store = scratch.openSurely();
    const auto database = Database::open(scratch.path(), Access::Write);
    VERIFY_DONE(database);
    VERIFY_DONE((*database)->query("PRAGMA max_page_count = 1"));  // as many as there are
    const auto filled = (*database)->transaction([&]() -> Result<void> {
        for (int i = 0; i < 10'000; ++i)
            if (auto done = (*database)->run("INSERT INTO users (name, password_hash, created_at) VALUES (?, ?, 0)",
                                             {numberValue(i).toString(), textValue("$hash")});
                !done)
                return fail(done.error());
        return {};
    });
    VERIFY_FAILS(filled, ErrorCode::LimitExceeded);
    QCOMPARE(filled.error().context, std::string("the disk is full"));
    QVERIFY(store->users()->empty());
    VERIFY_DONE(store->addUser("anna", ""));
}

void DatabaseTest::undoesWhatFailedHalfway()
{
    const ScratchStore scratch;
    const auto store = scratch.openSurely();
    const auto database = Database::open(scratch.path(), Access::Write);
    VERIFY_DONE(database);
    const auto half = (*database)->transaction([&]() -> Result<void> {
        if (auto done = (*database)->run("INSERT INTO users (name, password_hash, created_at) VALUES ('anna', '', 0)");
            !done)
            return fail(done.error());
        return fail(ErrorCode::LoginRefused, "enough");
    });
    VERIFY_FAILS(half, ErrorCode::LoginRefused);
    QVERIFY(store->users()->empty());
    VERIFY_FAILS((*database)->query("SELECT nonsense"), ErrorCode::SystemFailure);
    VERIFY_FAILS((*database)->run("INSERT INTO devices (user_id, name, key, enrolment, enrolled_at)"
                                  " VALUES (99, '', zeroblob(32), 0, 0)"),
                 ErrorCode::SystemFailure);
}

void DatabaseTest::saysSoWhenAnotherProgramHoldsIt()
{
    const ScratchStore scratch;
    const auto store = scratch.openSurely();
    const auto other = Database::open(scratch.path(), Access::Write);
    VERIFY_DONE(other);
    VERIFY_DONE((*other)->query("PRAGMA busy_timeout = 20"));
    VERIFY_DONE((*other)->query("BEGIN IMMEDIATE"));
    const auto third = Database::open(scratch.path(), Access::Write);
    VERIFY_DONE(third);
    VERIFY_DONE((*third)->query("PRAGMA busy_timeout = 20"));
    const auto held = (*third)->query("BEGIN IMMEDIATE");
    VERIFY_FAILS(held, ErrorCode::SystemFailure);
    QCOMPARE(held.error().context, std::string("another program holds the database"));
    // Readers wait for nobody.
    QVERIFY(store->users()->empty());
}

}  // namespace gvpn::accounts

QTEST_GUILESS_MAIN(gvpn::accounts::DatabaseTest)
#include "tst_database.moc"
