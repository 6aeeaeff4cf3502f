#include "accounts/account_store.h"
#include "accounts/database.h"
#include "scratch_store.h"

namespace gvpn::accounts {

class AccountDevicesTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void findsDevicesByTheirKey();
    void listsDevicesInTheirOrder();
    void saysThatThereIsNoSuchDevice();
    void notesLogins();
    void comesBackToItsAddresses();
    void takesAddressesFromOthers();
    void givesTheLeastRecentLeaseFirst();
    void leavesRevokedDevicesOut();
    void remembersBansUntilTheyExpire();
    void replacesTheBanOfTheSameSource();
    void removesTheBanOfOneSource_data();
    void removesTheBanOfOneSource();
    void givesTheNewestEntriesFirst();
    void keepsTextsAsTheyAre();
    void cutsTextsThatAreTooLong();
    void keepsABoundedTrail();
    void forgetsOldEntries();

private:
    std::unique_ptr<ScratchStore> m_scratch;
    std::unique_ptr<AccountStore> m_store;

    Device enrol(unsigned key)
    {
        return m_store
            ->enrolByPassword("anna", "$hash",
                              {.key = keyOf(key), .deviceName = "device " + std::to_string(key), .from = {}})
            .value();
    }

private Q_SLOTS:
    void init()
    {
        m_scratch = std::make_unique<ScratchStore>();
        m_store = m_scratch->openSurely();
        VERIFY_DONE(m_store->addUser("anna", "$hash"));
    }
    void cleanup()
    {
        m_store.reset();
        m_scratch.reset();
    }
};

namespace {

using Lease = AccountStore::Lease;

}  // namespace

void AccountDevicesTest::findsDevicesByTheirKey()
{
    const Device one = enrol(1);
    enrol(2);
    QCOMPARE(m_store->findDevice(keyOf(1)).value(), std::optional(one));
    QVERIFY(!m_store->findDevice(keyOf(3))->has_value());
    QVERIFY(!m_store->findDevice(Pin())->has_value());
}

void AccountDevicesTest::listsDevicesInTheirOrder()
{
    QVERIFY(m_store->devices()->empty());
    Device two = enrol(2);
    const Device one = enrol(1);
    VERIFY_DONE(m_store->saveLeases(two.id, {address("10.86.0.2"), address("fd00::2")}));
    two.addresses = {address("10.86.0.2"), address("fd00::2")};
    QCOMPARE(m_store->devices(), (std::vector{two, one}));
}

void AccountDevicesTest::saysThatThereIsNoSuchDevice()
{
    const DeviceId missing = enrol(1).id + 1;
    VERIFY_FAILS(m_store->revokeDevice(missing), ErrorCode::NotFound);
    VERIFY_FAILS(m_store->revokeDevice(-1), ErrorCode::NotFound);
    VERIFY_FAILS(m_store->noteLogin(missing, "192.0.2.1"), ErrorCode::NotFound);
    VERIFY_FAILS(m_store->saveLeases(missing, {address("10.86.0.2")}), ErrorCode::NotFound);
    QVERIFY(m_store->leases()->empty());
}

void AccountDevicesTest::notesLogins()
{
    const Device device = enrol(1);
    m_scratch->now += std::chrono::minutes(5);
    VERIFY_DONE(m_store->noteLogin(device.id, "[2001:db8::1]:4000"));
    const auto seen = m_store->findDevice(keyOf(1)).value();
    QVERIFY(seen->lastSeenAt == m_scratch->now);
    QCOMPARE(seen->lastFrom, std::string("[2001:db8::1]:4000"));
    VERIFY_DONE(m_store->noteLogin(device.id, std::string(300, 'x')));
    QCOMPARE(m_store->findDevice(keyOf(1)).value()->lastFrom, std::string(256, 'x'));
}

void AccountDevicesTest::comesBackToItsAddresses()
{
    const Device device = enrol(1);
    VERIFY_DONE(m_store->saveLeases(device.id, {address("10.86.0.2"), address("fd00::2")}));
    VERIFY_DONE(m_store->saveLeases(device.id, {address("10.86.0.3"), address("fd00::2")}));
    QCOMPARE(m_store->leases(), (std::vector<Lease>{{keyOf(1), address("10.86.0.3")}, {keyOf(1), address("fd00::2")}}));
    VERIFY_DONE(m_store->saveLeases(device.id, {}));
    QVERIFY(m_store->leases()->empty());
}

void AccountDevicesTest::takesAddressesFromOthers()
{
    const Device one = enrol(1);
    const Device two = enrol(2);
    VERIFY_DONE(m_store->saveLeases(one.id, {address("10.86.0.2"), address("fd00::2")}));
    VERIFY_DONE(m_store->saveLeases(two.id, {address("10.86.0.2")}));
    QCOMPARE(m_store->leases(), (std::vector<Lease>{{keyOf(1), address("fd00::2")}, {keyOf(2), address("10.86.0.2")}}));
}

void AccountDevicesTest::givesTheLeastRecentLeaseFirst()
{
    const Device one = enrol(1);
    const Device two = enrol(2);
    VERIFY_DONE(m_store->saveLeases(one.id, {address("10.86.0.2")}));
    VERIFY_DONE(m_store->saveLeases(two.id, {address("10.86.0.3")}));
    VERIFY_DONE(m_store->saveLeases(one.id, {address("10.86.0.2")}));
    QCOMPARE(m_store->leases(),
             (std::vector<Lease>{{keyOf(2), address("10.86.0.3")}, {keyOf(1), address("10.86.0.2")}}));
}

void AccountDevicesTest::leavesRevokedDevicesOut()
{
    const Device one = enrol(1);
    VERIFY_DONE(m_store->saveLeases(one.id, {address("10.86.0.2")}));
    VERIFY_DONE(m_store->revokeDevice(one.id));
    QVERIFY(m_store->leases()->empty());
    QVERIFY(m_store->findDevice(keyOf(1)).value()->isRevoked);
    QCOMPARE(m_store->findUser("anna")->devices, 0U);
    VERIFY_DONE(m_store->revokeDevice(one.id));
}

void AccountDevicesTest::remembersBansUntilTheyExpire()
{
    const UnixTime soon = m_scratch->now + std::chrono::seconds(60);
    const UnixTime later = m_scratch->now + std::chrono::seconds(120);
    const std::vector<Ban> bans = {
        {.user = "a'nna\n", .address = address("192.0.2.1"), .key = {}, .until = soon, .count = 3},
        {.user = {}, .address = address("2001:db8::"), .key = {}, .until = later},
        {.user = "anna", .address = {}, .key = keyOf(1), .until = later + std::chrono::seconds(1)},
        {.user = {}, .address = {}, .key = {}, .isShared = true, .until = later + std::chrono::seconds(2)},
    };
    for (const Ban& ban : bans)
        VERIFY_DONE(m_store->saveBan(ban));
    QCOMPARE(m_store->bans(), bans);
    m_scratch->now = soon - std::chrono::seconds(1);
    QCOMPARE(m_store->bans(), bans);
    m_scratch->now = soon;
    const std::vector<Ban> rest(bans.begin() + 1, bans.end());
    QCOMPARE(m_store->bans(), rest);
    VERIFY_DONE(m_store->tidyUp());
    QCOMPARE(m_store->bans(), rest);
    // What was tidied up is gone, not just left out.
    m_scratch->now -= std::chrono::seconds(60);
    QCOMPARE(m_store->bans(), rest);
}

void AccountDevicesTest::replacesTheBanOfTheSameSource()
{
    Ban ban{
        .user = "anna", .address = address("192.0.2.1"), .key = {}, .until = m_scratch->now + std::chrono::hours(1)};
    VERIFY_DONE(m_store->saveBan(ban));
    ban.until += std::chrono::hours(1);
    ban.count = 2;
    VERIFY_DONE(m_store->saveBan(ban));
    QCOMPARE(m_store->bans(), std::vector{ban});
}

void AccountDevicesTest::removesTheBanOfOneSource_data()
{
    QTest::addColumn<int>("which");
    for (int i = 0; i < 5; ++i)
        QTest::addRow("%d", i) << i;
}

void AccountDevicesTest::removesTheBanOfOneSource()
{
    QFETCH(int, which);
    const UnixTime until = m_scratch->now + std::chrono::hours(1);
    std::vector<Ban> bans = {
        {.user = {}, .address = address("192.0.2.1"), .key = {}, .until = until},
        {.user = "anna", .address = address("192.0.2.1"), .key = {}, .until = until},
        {.user = "anna", .address = {}, .key = keyOf(1), .until = until},
        {.user = "anna", .address = {}, .key = keyOf(2), .until = until},
        {.user = {}, .address = {}, .key = {}, .isShared = true, .until = until},
    };
    for (const Ban& ban : bans)
        VERIFY_DONE(m_store->saveBan(ban));
    const auto position = bans.begin() + which;
    VERIFY_DONE(m_store->removeBan(
        {.user = position->user, .address = position->address, .key = position->key, .isShared = position->isShared}));
    bans.erase(position);
    const auto left = m_store->bans();
    VERIFY_DONE(left);
    QCOMPARE(left->size(), bans.size());
    for (const Ban& ban : bans)
        QVERIFY(std::ranges::find(*left, ban) != left->end());
}

void AccountDevicesTest::givesTheNewestEntriesFirst()
{
    QVERIFY(m_store->auditTrail(10)->empty());
    for (const char* event : {"one", "two", "three"}) {
        VERIFY_DONE(m_store->audit({.at = {}, .event = event, .user = {}, .device = {}, .from = {}, .detail = {}}));
        m_scratch->now += std::chrono::seconds(1);
    }
    const auto trail = m_store->auditTrail(2);
    VERIFY_DONE(trail);
    QCOMPARE(trail->size(), 2U);
    QCOMPARE(trail->at(0).event, std::string("three"));
    QCOMPARE(trail->at(0).at, m_scratch->now - std::chrono::seconds(1));
    QCOMPARE(trail->at(1).event, std::string("two"));
    QCOMPARE(m_store->auditTrail(SIZE_MAX)->size(), 3U);
    QVERIFY(m_store->auditTrail(0)->empty());
}

void AccountDevicesTest::keepsTextsAsTheyAre()
{
    const AuditEntry entry{m_scratch->now, "login-refused", "a'\n\x1B[2J", "<b>%n\xE2\x80\xAE", "192.0.2.1", "\"?1"};
    VERIFY_DONE(m_store->audit(entry));
    QCOMPARE(m_store->auditTrail(1), std::vector{entry});
}

void AccountDevicesTest::cutsTextsThatAreTooLong()
{
    const std::string fitting(255, 'x');
    const std::string longText = fitting + "é and more";
    VERIFY_DONE(m_store->audit({{}, longText, longText, longText, longText, longText}));
    const std::string cut(255, 'x');
    QCOMPARE(m_store->auditTrail(1), (std::vector{AuditEntry{m_scratch->now, cut, cut, cut, cut, cut}}));
}

void AccountDevicesTest::keepsABoundedTrail()
{
    const auto database = Database::open(m_scratch->path(), Access::Write);
    VERIFY_DONE(database);
    VERIFY_DONE((*database)->run("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
                                 " INSERT INTO audit (at, event, user, device, source, detail)"
                                 " SELECT 0, 'entry ' || i, '', '', '', '' FROM n",
                                 {numberValue(MaxAuditEntries)}));
    VERIFY_DONE(m_store->audit({{}, "newest", {}, {}, {}, {}}));
    const auto trail = m_store->auditTrail(SIZE_MAX);
    VERIFY_DONE(trail);
    QCOMPARE(trail->size(), MaxAuditEntries);
    QCOMPARE(trail->front().event, std::string("newest"));
    QCOMPARE(trail->back().event, std::string("entry 2"));
    QCOMPARE((*database)->query("SELECT count(*) FROM audit")->front().front().toULongLong(), MaxAuditEntries);
}

void AccountDevicesTest::forgetsOldEntries()
{
    VERIFY_DONE(m_store->audit({{}, "old", {}, {}, {}, {}}));
    m_scratch->now += std::chrono::seconds(1);
    VERIFY_DONE(m_store->audit({{}, "young", {}, {}, {}, {}}));
    m_scratch->now += std::chrono::days(180);
    VERIFY_DONE(m_store->tidyUp());
    const auto trail = m_store->auditTrail(10);
    VERIFY_DONE(trail);
    QCOMPARE(trail->size(), 1U);
    QCOMPARE(trail->front().event, std::string("young"));
}

}  // namespace gvpn::accounts

QTEST_GUILESS_MAIN(gvpn::accounts::AccountDevicesTest)
#include "tst_account_devices.moc"
