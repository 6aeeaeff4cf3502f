#include "accounts/guess_ledger.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::accounts;
using namespace std::chrono_literals;

namespace {

const UnixTime Start{std::chrono::sys_days(std::chrono::year(2026) / 1 / 2)};

GuessDigest guess(unsigned number)
{
    GuessDigest digest{};
    writeBigEndian<std::uint32_t>(digest, 0, number);
    return digest;
}

Pin key(unsigned number)
{
    std::array<std::byte, Pin::SizeBytes> hash{};
    writeBigEndian<std::uint32_t>(hash, 0, number);
    return Pin(hash);
}

net::IpAddress address(const std::string& text)
{
    return net::IpAddress::parse(text).value();
}

GuessSource at(const std::string& from, const std::string& user = "anna", unsigned keyNumber = 1)
{
    return {address(from), false, key(keyNumber), user};
}

GuessSource shared(unsigned keyNumber, const std::string& user = "anna")
{
    return {address("127.0.0.1"), true, key(keyNumber), user};
}

/// Wrong guesses, each a different one, until the ledger bans; what it answered then.
struct Guesser {
    GuessLedger& ledger;
    unsigned next = 1;

    std::vector<Ban> guessOn(const GuessSource& source, UnixTime now, unsigned times)
    {
        std::vector<Ban> bans;
        for (unsigned i = 0; i < times; ++i) {
            const auto wrong = ledger.noteWrong(source, guess(next++), now);
            bans.insert(bans.end(), wrong.bans.begin(), wrong.bans.end());
        }
        return bans;
    }
};

}  // namespace

class TestGuessLedger : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void bansAfterSoManyGuesses_data();
    void bansAfterSoManyGuesses();
    void bansWhoGuessesSlowerThanTheClockTicks();
    void forgivesOnePointInItsTime();
    void standsStillWhenTheClockIsSetBack();
    void eachBanLastsLonger();
    void forgetsEarlierBansAfterADay();
    void countsTheSameGuessOnce();
    void remembersTheLastEightGuesses();
    void whatWasUnderWayWhenBannedCountsNoMore();
    void whomABanStops_data();
    void whomABanStops();
    void namesTheLongestOfSeveralBans();
    void countsAnIpv6NetworkAsOneSource();
    void oneUserBehindARelayDoesNotBanOthers();
    void newKeysForEachGuessAreBannedTogether();
    void spellingsOfANameCountTogether();
    void aRightPasswordForgivesTheUserOnly();
    void liftsByNameAndPlace_data();
    void liftsByNameAndPlace();
    void liftingForgivesThePoints();
    void restoresBans();
    void saysOnceThatABanStops();
    void neverGrowsBeyondItsBound();
    void forgetsTheLongestSilentFirst();
    void neverForgetsTheSharedAccount();
};

void TestGuessLedger::bansAfterSoManyGuesses_data()
{
    QTest::addColumn<bool>("isShared");
    QTest::addColumn<QString>("user");
    QTest::addColumn<unsigned>("guesses");
    QTest::newRow("a user at an address") << false << "anna" << 5U;
    QTest::newRow("nobody in particular at an address") << false << "" << 20U;
    QTest::newRow("a user with a key") << true << "anna" << 5U;
    QTest::newRow("nobody in particular with a key") << true << "" << 5U;
}

void TestGuessLedger::bansAfterSoManyGuesses()
{
    QFETCH(bool, isShared);
    QFETCH(QString, user);
    QFETCH(unsigned, guesses);
    GuessLedger ledger({});
    Guesser guesser{ledger};
    const GuessSource source = isShared ? shared(1, user.toStdString()) : at("198.51.100.7", user.toStdString());
    QVERIFY(guesser.guessOn(source, Start, guesses - 1).empty());
    QVERIFY(!ledger.findBan(source, Start));
    const auto bans = guesser.guessOn(source, Start, 1);
    QCOMPARE(bans.size(), std::size_t{1});
    QCOMPARE(QString::fromStdString(bans[0].user), user);
    QCOMPARE(bans[0].address.has_value(), !isShared);
    QCOMPARE(bans[0].key.has_value(), isShared);
    QVERIFY(!bans[0].isShared);
    QVERIFY(bans[0].until == Start + 60s);
    QCOMPARE(bans[0].count, 1U);
    QVERIFY(ledger.findBan(source, Start) == bans[0]);
    QVERIFY(ledger.findBan(source, Start + 59s));
    QVERIFY(!ledger.findBan(source, Start + 60s));
    QVERIFY(ledger.bans(Start) == bans);
    QVERIFY(ledger.bans(Start + 60s).empty());
}

void TestGuessLedger::bansWhoGuessesSlowerThanTheClockTicks()
{
    GuessLedger ledger({});
    Guesser guesser{ledger};
    for (int i = 0; i < 4; ++i)
        QVERIFY(guesser.guessOn(at("198.51.100.7"), Start + i * 20s, 1).empty());
    QCOMPARE(guesser.guessOn(at("198.51.100.7"), Start + 80s, 1).size(), std::size_t{1});
}

void TestGuessLedger::forgivesOnePointInItsTime()
{
    GuessLedger ledger({});
    Guesser guesser{ledger};
    // One guess in two minutes goes on for ever.
    for (int i = 0; i < 1000; ++i)
        QVERIFY(guesser.guessOn(at("198.51.100.7"), Start + i * 120s, 1).empty());
    // Four at once leave room for one more two minutes later, not for two.
    const UnixTime later = Start + 1000 * 120s + 24h;
    QVERIFY(guesser.guessOn(at("198.51.100.7"), later, 4).empty());
    QVERIFY(guesser.guessOn(at("198.51.100.7"), later + 120s, 1).empty());
    QCOMPARE(guesser.guessOn(at("198.51.100.7"), later + 120s, 1).size(), std::size_t{1});
}

void TestGuessLedger::standsStillWhenTheClockIsSetBack()
{
    GuessLedger ledger({});
    Guesser guesser{ledger};
    QVERIFY(guesser.guessOn(at("198.51.100.7"), Start, 4).empty());
    QCOMPARE(guesser.guessOn(at("198.51.100.7"), Start - 1h, 1).size(), std::size_t{1});
}

void TestGuessLedger::eachBanLastsLonger()
{
    GuessLedger ledger({});
    Guesser guesser{ledger};
    UnixTime now = Start;
    unsigned count = 0;
    for (const std::chrono::seconds length : {60s, 120s, 240s, 480s, 960s, 1920s, 3600s, 3600s, 3600s}) {
        const auto bans = guesser.guessOn(at("198.51.100.7"), now, 5);
        QCOMPARE(bans.size(), std::size_t{1});
        QCOMPARE((bans[0].until - now).count(), length.count());
        QCOMPARE(bans[0].count, ++count);
        now = bans[0].until + 3600s;
    }
}

void TestGuessLedger::forgetsEarlierBansAfterADay()
{
    GuessLedger ledger({});
    Guesser guesser{ledger};
    QCOMPARE(guesser.guessOn(at("198.51.100.7"), Start, 5).size(), std::size_t{1});
    const auto remembered = guesser.guessOn(at("198.51.100.7"), Start + 60s + 24h, 5);
    QCOMPARE(remembered.size(), std::size_t{1});
    QCOMPARE(remembered[0].count, 2U);
    const auto forgotten = guesser.guessOn(at("198.51.100.7"), remembered[0].until + 24h + 1s, 5);
    QCOMPARE(forgotten.size(), std::size_t{1});
    QCOMPARE(forgotten[0].count, 1U);
}

void TestGuessLedger::countsTheSameGuessOnce()
{
    GuessLedger ledger({});
    QVERIFY(ledger.noteWrong(at("198.51.100.7"), guess(1), Start).isCounted);
    for (int i = 0; i < 100; ++i) {
        const auto again = ledger.noteWrong(at("198.51.100.7"), guess(1), Start);
        QVERIFY(!again.isCounted);
        QVERIFY(again.bans.empty());
    }
    Guesser guesser{ledger, 2};
    QVERIFY(guesser.guessOn(at("198.51.100.7"), Start, 3).empty());
    QCOMPARE(guesser.guessOn(at("198.51.100.7"), Start, 1).size(), std::size_t{1});
    // From somewhere else it is another guess.
    QVERIFY(ledger.noteWrong(at("198.51.100.8"), guess(1), Start).isCounted);
}

void TestGuessLedger::remembersTheLastEightGuesses()
{
    GuessLedger ledger({.userPoints = 1000, .addressPoints = 1000});
    for (unsigned i = 1; i <= 8; ++i)
        QVERIFY(ledger.noteWrong(at("198.51.100.7"), guess(i), Start).isCounted);
    for (unsigned i = 1; i <= 8; ++i)
        QVERIFY(!ledger.noteWrong(at("198.51.100.7"), guess(i), Start).isCounted);
    QVERIFY(ledger.noteWrong(at("198.51.100.7"), guess(9), Start).isCounted);
    QVERIFY(ledger.noteWrong(at("198.51.100.7"), guess(1), Start).isCounted);
}

void TestGuessLedger::whatWasUnderWayWhenBannedCountsNoMore()
{
    GuessLedger ledger({});
    Guesser guesser{ledger};
    QCOMPARE(guesser.guessOn(at("198.51.100.7"), Start, 5).size(), std::size_t{1});
    QVERIFY(!ledger.noteWrong(at("198.51.100.7"), guess(99), Start + 1s).isCounted);
    QVERIFY(guesser.guessOn(at("198.51.100.7"), Start + 1s, 100).empty());
    QVERIFY(ledger.findBan(at("198.51.100.7"), Start)->until == Start + 60s);
}

void TestGuessLedger::whomABanStops_data()
{
    QTest::addColumn<int>("ban");
    QTest::addColumn<int>("who");
    QTest::addColumn<bool>("isStopped");
    enum Source { Anna, AnnaElsewhere, Bert, NobodyThere, AnnaKey1, AnnaKey2, BertKey1, NobodyKey1 };
    QTest::newRow("user at address: himself") << int(Anna) << int(Anna) << true;
    QTest::newRow("user at address: elsewhere") << int(Anna) << int(AnnaElsewhere) << false;
    QTest::newRow("user at address: another user") << int(Anna) << int(Bert) << false;
    QTest::newRow("user at address: invites") << int(Anna) << int(NobodyThere) << false;
    QTest::newRow("user at address: behind a relay") << int(Anna) << int(AnnaKey1) << false;
    QTest::newRow("address: invites") << int(NobodyThere) << int(NobodyThere) << true;
    QTest::newRow("address: every user") << int(NobodyThere) << int(Anna) << true;
    QTest::newRow("address: elsewhere") << int(NobodyThere) << int(AnnaElsewhere) << false;
    QTest::newRow("user with key: himself") << int(AnnaKey1) << int(AnnaKey1) << true;
    QTest::newRow("user with key: another key") << int(AnnaKey1) << int(AnnaKey2) << false;
    QTest::newRow("user with key: another user") << int(AnnaKey1) << int(BertKey1) << false;
    QTest::newRow("user with key: unshared") << int(AnnaKey1) << int(Anna) << false;
    QTest::newRow("key: every user") << int(NobodyKey1) << int(BertKey1) << true;
    QTest::newRow("key: another key") << int(NobodyKey1) << int(AnnaKey2) << false;
}

void TestGuessLedger::whomABanStops()
{
    QFETCH(int, ban);
    QFETCH(int, who);
    QFETCH(bool, isStopped);
    const std::array<GuessSource, 8> sources{at("198.51.100.7"),     at("198.51.100.8"), at("198.51.100.7", "bert"),
                                             at("198.51.100.7", ""), shared(1),          shared(2),
                                             shared(1, "bert"),      shared(1, "")};
    GuessLedger ledger({});
    Guesser guesser{ledger};
    const auto bans = guesser.guessOn(sources[static_cast<std::size_t>(ban)], Start, 20);
    QCOMPARE(bans.size(), std::size_t{1});
    QCOMPARE(ledger.findBan(sources[static_cast<std::size_t>(who)], Start).has_value(), isStopped);
}

void TestGuessLedger::namesTheLongestOfSeveralBans()
{
    GuessLedger ledger({});
    ledger.restore({"anna", address("198.51.100.7"), {}, false, Start + 60s, 1});
    ledger.restore({"", address("198.51.100.7"), {}, false, Start + 90s, 1});
    QVERIFY(ledger.findBan(at("198.51.100.7"), Start)->until == Start + 90s);
    ledger.restore({"anna", address("198.51.100.7"), {}, false, Start + 120s, 2});
    QVERIFY(ledger.findBan(at("198.51.100.7"), Start)->until == Start + 120s);
}

void TestGuessLedger::countsAnIpv6NetworkAsOneSource()
{
    GuessLedger ledger({});
    Guesser guesser{ledger};
    QVERIFY(guesser.guessOn(at("2001:db8:1:2::1"), Start, 3).empty());
    QVERIFY(guesser.guessOn(at("2001:db8:1:3::1"), Start, 3).empty());
    const auto bans = guesser.guessOn(at("2001:db8:1:2:ffff::9"), Start, 2);
    QCOMPARE(bans.size(), std::size_t{1});
    QVERIFY(bans[0].address == address("2001:db8:1:2::"));
    QVERIFY(ledger.findBan(at("2001:db8:1:2:8000::"), Start));
    QVERIFY(!ledger.findBan(at("2001:db8:1:3::1"), Start));
}

void TestGuessLedger::oneUserBehindARelayDoesNotBanOthers()
{
    GuessLedger ledger({});
    Guesser guesser{ledger};
    // For a day, as fast as the bans allow.
    for (UnixTime now = Start; now < Start + 24h; now += 30s) {
        if (!ledger.findBan(shared(1), now))
            (void)guesser.guessOn(shared(1), now, 50);
        QVERIFY(!ledger.findBan(shared(2, "bert"), now));
        QVERIFY(!ledger.findBan(shared(2, ""), now));
    }
}

void TestGuessLedger::newKeysForEachGuessAreBannedTogether()
{
    GuessLedger ledger({});
    Guesser guesser{ledger};
    for (unsigned i = 1; i < 100; ++i)
        QVERIFY(guesser.guessOn(shared(i), Start, 1).empty());
    const auto bans = guesser.guessOn(shared(100), Start, 1);
    QCOMPARE(bans.size(), std::size_t{1});
    QVERIFY(bans[0].isShared);
    QVERIFY(!bans[0].key && !bans[0].address && bans[0].user.empty());
    QVERIFY(ledger.findBan(shared(500, "bert"), Start));
    QVERIFY(ledger.findBan(shared(500, ""), Start));
    QVERIFY(!ledger.findBan(at("198.51.100.7"), Start));
    QVERIFY(!ledger.findBan(shared(500), Start + 60s));
}

void TestGuessLedger::spellingsOfANameCountTogether()
{
    GuessLedger ledger({});
    Guesser guesser{ledger};
    for (const char* name : {"anna", "Anna", "ANNA", "aNNa"})
        QVERIFY(guesser.guessOn(at("198.51.100.7", name), Start, 1).empty());
    QCOMPARE(guesser.guessOn(at("198.51.100.7", "annA"), Start, 1).size(), std::size_t{1});
    QVERIFY(ledger.findBan(at("198.51.100.7", "AnnA"), Start));
}

void TestGuessLedger::aRightPasswordForgivesTheUserOnly()
{
    GuessLedger ledger({});
    Guesser guesser{ledger};
    // Four wrong ones and a right one, again and again: the user is fine, the address is banned after twenty.
    for (int i = 0; i < 4; ++i) {
        QVERIFY(guesser.guessOn(at("198.51.100.7"), Start, 4).empty());
        ledger.noteRight(at("198.51.100.7"));
    }
    // Nor does somebody's right one forgive another's, or what the address has guessed.
    QVERIFY(guesser.guessOn(at("198.51.100.7", "bert"), Start, 3).empty());
    ledger.noteRight(at("198.51.100.7"));
    ledger.noteRight(at("198.51.100.7", ""));
    const auto bans = guesser.guessOn(at("198.51.100.7", "bert"), Start, 1);
    QCOMPARE(bans.size(), std::size_t{1});
    QVERIFY(bans[0].user.empty());
    const auto own = guesser.guessOn(at("198.51.100.7", "bert"), Start, 1);
    QCOMPARE(own.size(), std::size_t{1});
    QCOMPARE(own[0].user, std::string("bert"));
}

void TestGuessLedger::liftsByNameAndPlace_data()
{
    QTest::addColumn<QString>("what");
    QTest::addColumn<int>("lifted");
    QTest::newRow("a name: wherever") << "anna" << 3;
    QTest::newRow("a name, spelled otherwise") << "ANNA" << 3;
    QTest::newRow("an address: whoever") << "198.51.100.7" << 2;
    QTest::newRow("an address of an IPv6 network") << "2001:db8:1:2::77" << 1;
    QTest::newRow("the shared sources") << "shared" << 1;
    QTest::newRow("a key") << QString::fromStdString(key(1).toString()) << 1;
    QTest::newRow("a foreign key") << QString::fromStdString(key(2).toString()) << 0;
    QTest::newRow("a foreign address") << "198.51.100.9" << 0;
    QTest::newRow("a foreign IPv6 network") << "2001:db8:1:3::77" << 0;
    QTest::newRow("a foreign name") << "bert" << 0;
    QTest::newRow("nothing") << "" << 0;
}

void TestGuessLedger::liftsByNameAndPlace()
{
    QFETCH(QString, what);
    QFETCH(int, lifted);
    GuessLedger ledger({});
    const UnixTime until = Start + 60s;
    ledger.restore({"anna", address("198.51.100.7"), {}, false, until, 1});
    ledger.restore({"", address("198.51.100.7"), {}, false, until, 1});
    ledger.restore({"anna", address("2001:db8:1:2::"), {}, false, until, 1});
    ledger.restore({"anna", {}, key(1), false, until, 1});
    ledger.restore({"", {}, {}, true, until, 1});
    ledger.restore({"anna", address("198.51.100.8"), {}, false, Start, 1});  // over
    QCOMPARE(ledger.bans(Start).size(), std::size_t{5});
    const auto bans = ledger.lift(what.toStdString(), Start);
    QCOMPARE(static_cast<int>(bans.size()), lifted);
    QCOMPARE(static_cast<int>(ledger.bans(Start).size()), 5 - lifted);
    QVERIFY(ledger.lift(what.toStdString(), Start).empty());
}

void TestGuessLedger::liftingForgivesThePoints()
{
    GuessLedger ledger({});
    Guesser guesser{ledger};
    QCOMPARE(guesser.guessOn(at("198.51.100.7"), Start, 5).size(), std::size_t{1});
    QCOMPARE(ledger.lift("anna", Start).size(), std::size_t{1});
    QVERIFY(!ledger.findBan(at("198.51.100.7"), Start));
    QVERIFY(guesser.guessOn(at("198.51.100.7"), Start, 4).empty());
    const auto bans = guesser.guessOn(at("198.51.100.7"), Start, 1);
    QCOMPARE(bans.size(), std::size_t{1});
    QCOMPARE(bans[0].count, 1U);
}

void TestGuessLedger::restoresBans()
{
    GuessLedger first({});
    Guesser guesser{first};
    const auto bans = guesser.guessOn(at("198.51.100.7"), Start, 5);
    QCOMPARE(bans.size(), std::size_t{1});
    GuessLedger second({});
    second.restore(bans[0]);
    QVERIFY(second.bans(Start) == bans);
    QVERIFY(second.findBan(at("198.51.100.7"), Start) == bans[0]);
    QVERIFY(!second.findBan(at("198.51.100.7"), Start + 60s));
    Guesser later{second, 100};
    const auto next = later.guessOn(at("198.51.100.7"), Start + 60s, 5);
    QCOMPARE(next.size(), std::size_t{1});
    QCOMPARE((next[0].until - Start).count(), (60s + 120s).count());
}

void TestGuessLedger::saysOnceThatABanStops()
{
    GuessLedger ledger({});
    Guesser guesser{ledger};
    const auto first = guesser.guessOn(at("198.51.100.7"), Start, 5);
    QVERIFY(ledger.noteStopped(first.at(0)));
    QVERIFY(!ledger.noteStopped(first.at(0)));
    const auto second = guesser.guessOn(at("198.51.100.7"), Start + 60s, 5);
    QVERIFY(ledger.noteStopped(second.at(0)));
    QVERIFY(!ledger.noteStopped({"bert", address("198.51.100.7"), {}, false, Start, 1}));
}

void TestGuessLedger::neverGrowsBeyondItsBound()
{
    GuessLedger ledger({.userPoints = 2, .addressPoints = 3, .sharedPoints = 1000, .maxSources = 50});
    Guesser guesser{ledger};
    for (unsigned i = 0; i < 2000; ++i) {
        const auto from = net::IpAddress::fromIPv4(0xC6336400U + i % 300).toString();
        const UnixTime now = Start + std::chrono::seconds(i / 10);
        (void)guesser.guessOn(at(from, i % 3 == 0 ? "" : "anna"), now, 1 + i % 4);
        (void)guesser.guessOn(shared(i), now, i % 2);
        QVERIFY(ledger.sourceCount() <= 50);
    }
    QCOMPARE(ledger.sourceCount(), std::size_t{50});
}

void TestGuessLedger::forgetsTheLongestSilentFirst()
{
    GuessLedger ledger({.maxSources = 6});
    Guesser guesser{ledger};
    (void)guesser.guessOn(at("198.51.100.1"), Start, 5);  // banned for a minute; two entries
    (void)guesser.guessOn(at("198.51.100.2"), Start + 1s, 4);
    (void)guesser.guessOn(at("198.51.100.3"), Start + 2s, 4);
    QCOMPARE(ledger.sourceCount(), std::size_t{6});
    // Two more push out the address of the first and the user of the second, but no ban.
    (void)guesser.guessOn(at("198.51.100.4"), Start + 4s, 1);
    QCOMPARE(ledger.sourceCount(), std::size_t{6});
    QVERIFY(ledger.findBan(at("198.51.100.1"), Start + 4s));
    QCOMPARE(guesser.guessOn(at("198.51.100.3"), Start + 5s, 1).size(), std::size_t{1});
    // When the ban is over it is as old as any other.
    for (unsigned i = 5; i < 9; ++i)
        (void)guesser.guessOn(at("198.51.100." + std::to_string(i)), Start + 120s, 1);
    QVERIFY(ledger.bans(Start + 4s).empty());
}

void TestGuessLedger::neverForgetsTheSharedAccount()
{
    GuessLedger ledger({.sharedPoints = 3, .maxSources = 4});
    Guesser guesser{ledger};
    (void)guesser.guessOn(shared(1), Start, 1);
    (void)guesser.guessOn(shared(2), Start, 1);
    for (unsigned i = 1; i < 20; ++i)
        (void)guesser.guessOn(at("198.51.100." + std::to_string(i)), Start + 1s, 1);
    QCOMPARE(ledger.sourceCount(), std::size_t{4});
    const auto bans = guesser.guessOn(shared(3), Start + 2s, 1);
    QCOMPARE(bans.size(), std::size_t{1});
    QVERIFY(bans[0].isShared);
}

QTEST_APPLESS_MAIN(TestGuessLedger)
#include "tst_guess_ledger.moc"
