#include "accounts/account_store.h"
#include "scratch_store.h"

#include <atomic>
#include <latch>
#include <thread>

namespace gvpn::accounts {

class AccountRaceTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void redeemsAnInviteOnce();
    void addsAUserOnce();
    void makesTheTablesOnce();
    void keepsTheFileWhole();
};

namespace {

constexpr int Rounds = 20;

/// Calls work(store, number) in two threads, each with a connection of its own, as often as there are rounds; all start
/// a round at once.
template <typename Work>
void race(const ScratchStore& scratch, const Work& work)
{
    std::vector<std::unique_ptr<std::latch>> starts;
    for (int i = 0; i < Rounds; ++i)
        starts.push_back(std::make_unique<std::latch>(2));
    const auto run = [&](unsigned number) {
        const auto store = scratch.open();
        for (int round = 0; round < Rounds; ++round) {
            starts[static_cast<std::size_t>(round)]->arrive_and_wait();
            if (store)
                work(**store, number, round);
        }
    };
    std::thread other(run, 1U);
    run(0U);
    other.join();
}

}  // namespace

void AccountRaceTest::redeemsAnInviteOnce()
{
    const ScratchStore scratch;
    const auto store = scratch.openSurely();
    for (int round = 0; round < Rounds; ++round)
        VERIFY_DONE(store->addInvite(secretOf("secret" + std::to_string(round)), "", std::chrono::hours(1)));
    std::array<std::atomic<int>, Rounds> wins{};
    std::array<std::atomic<int>, Rounds> refusals{};
    race(scratch, [&](AccountStore& mine, unsigned number, int round) {
        const unsigned key = static_cast<unsigned>(round) * 2 + number;
        const auto enrolled = mine.redeemInvite(secretOf("secret" + std::to_string(round)),
                                                {.key = keyOf(key), .deviceName = "laptop", .from = {}});
        auto& count = enrolled ? wins : refusals;
        if (enrolled || enrolled.error().code == ErrorCode::LoginRefused)
            ++count[static_cast<std::size_t>(round)];
    });
    for (std::size_t round = 0; round < Rounds; ++round) {
        QCOMPARE(wins[round].load(), 1);
        QCOMPARE(refusals[round].load(), 1);
    }
    QCOMPARE(store->devices()->size(), std::size_t{Rounds});
    QCOMPARE(store->users()->size(), std::size_t{Rounds});
}

void AccountRaceTest::addsAUserOnce()
{
    const ScratchStore scratch;
    std::atomic<int> added{0};
    std::atomic<int> refused{0};
    race(scratch, [&](AccountStore& mine, unsigned, int round) {
        const auto user = mine.addUser("user " + std::to_string(round), "");
        if (user)
            ++added;
        else if (user.error().code == ErrorCode::AlreadyExists)
            ++refused;
    });
    QCOMPARE(added.load(), Rounds);
    QCOMPARE(refused.load(), Rounds);
    QCOMPARE(scratch.openSurely()->users()->size(), std::size_t{Rounds});
}

void AccountRaceTest::makesTheTablesOnce()
{
    for (int round = 0; round < 8; ++round) {
        const ScratchStore scratch;
        std::latch start(2);
        std::array<std::string, 2> faults;
        const auto run = [&](unsigned number) {
            start.arrive_and_wait();
            const auto store = scratch.open();
            const auto user = store ? (*store)->addUser("user " + std::to_string(number), "") : fail(store.error());
            if (!user)
                faults[number] = user.error().context;
        };
        std::thread other(run, 1U);
        run(0U);
        other.join();
        for (const std::string& fault : faults)
            QVERIFY2(fault.empty(), fault.c_str());
        QCOMPARE(scratch.openSurely()->users()->size(), 2U);
    }
}

void AccountRaceTest::keepsTheFileWhole()
{
    // Each closes the file, which moves the log into it, while the other looks at it.
    const ScratchStore scratch;
    (void)scratch.openSurely();
    std::atomic<int> faults{0};
    const auto run = [&](unsigned number) {
        for (int i = 0; i < Rounds; ++i) {
            const auto store = scratch.open(false);
            if (!store || !(*store)->addUser(std::to_string(number) + '-' + std::to_string(i), ""))
                ++faults;
        }
    };
    std::thread other(run, 1U);
    run(0U);
    other.join();
    QCOMPARE(faults.load(), 0);
    QCOMPARE(scratch.openSurely()->users()->size(), std::size_t{2 * Rounds});
}

}  // namespace gvpn::accounts

QTEST_GUILESS_MAIN(gvpn::accounts::AccountRaceTest)
#include "tst_account_race.moc"
