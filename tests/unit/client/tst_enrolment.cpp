#include "client/enrolment.h"
#include "profile_samples.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::client;
using namespace gvpn::test;
using protocol::LoginMethod;

namespace {

constexpr const char* Now = "2026-02-01T00:00:00Z";

Invitation invitation()
{
    return {.server = {"office.example.com", 443},
            .pin = pinOf(7),
            .invite = inviteSecret(),
            .user = "anna",
            .label = "Office",
            .acceptRoutes = {false, {net::Prefix::parse("10.0.0.0/8").value()}},
            .acceptDomains = {"lan"}};
}

Result<Profile> enrolAt(const StorePlace& place, const Invitation& what)
{
    return enrol(
        what, place.store(), [](const Pin&) { return tls::Identity::generate(); }, Now);
}

}  // namespace

class TestEnrolment : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void makesTheKeyBeforeTheProfile();
    void writesNoProfileWithoutAKey();
    void writesAPendingProfile();
    void usesTheProfileThatIsThere();
    void givesANewInviteToAProfileWithout();
    void keepsAnInviteThatWaits();
    void replacesAnInviteForWhoGaveItHimself();
    void leavesAProfileWithAnotherKeyAlone();
    void namesAProfileAfterTheHost();
    void dropsTheInviteAfterALogin_data();
    void dropsTheInviteAfterALogin();
    void keepsANewerInvite();
    void doesNotBringBackARemovedProfile();
    void givesAProfileTheKeyThatItHadNot();
    void leavesAnotherServersProfileAlone();
    void notesNewNetworks();
};

void TestEnrolment::makesTheKeyBeforeTheProfile()
{
    const StorePlace place;
    std::vector<Pin> asked;
    const auto profile = enrol(
        invitation(), place.store(),
        [&](const Pin& server) {
            asked.push_back(server);
            return place.store().list()->profiles.empty() ? tls::Identity::generate()
                                                          : fail(ErrorCode::AlreadyExists, "too late");
        },
        Now);
    QVERIFY(profile.has_value());
    QCOMPARE(asked, std::vector{pinOf(7)});
}

void TestEnrolment::writesNoProfileWithoutAKey()
{
    const StorePlace place;
    const auto noKey = [](const Pin&) -> Result<tls::Identity> {
        return fail(ErrorCode::SystemFailure, "the disk is full");
    };
    QCOMPARE(enrol(invitation(), place.store(), noKey, Now).error().context, std::string("the disk is full"));
    QVERIFY(place.store().list()->profiles.empty());
}

void TestEnrolment::writesAPendingProfile()
{
    const StorePlace place;
    const auto profile = enrolAt(place, invitation());
    QVERIFY(profile.has_value());
    const auto stored = place.store().find("Office");
    QVERIFY(stored.has_value() && *stored == *profile);
    QVERIFY(stored->isPending() && *stored->invite == inviteSecret());
    QCOMPARE(stored->user, std::string("anna"));
    QCOMPARE(stored->created, std::string(Now));
    QVERIFY(stored->acceptRoutes == invitation().acceptRoutes);
    QVERIFY(stored->usesDns && stored->acceptDomains == invitation().acceptDomains);
}

void TestEnrolment::usesTheProfileThatIsThere()
{
    const StorePlace place;
    Profile known = profileNamed("My office");
    known.user = "bert";
    QVERIFY(place.store().add(known).has_value());
    Invitation plain = invitation();
    plain.invite.reset();
    plain.server.host = "OFFICE.example.com";
    QVERIFY(enrolAt(place, plain) == known);
    QCOMPARE(place.store().list()->profiles, std::vector{known});
}

void TestEnrolment::keepsAnInviteThatWaits()
{
    const StorePlace place;
    Profile known = profileNamed("My office");
    known.invite = inviteSecret("ffffffffffffffff");
    known.deviceKeyPlace = DeviceKeyPlace::Keyring;
    QVERIFY(place.store().add(known).has_value());
    const auto added = enrolAt(place, invitation());
    QCOMPARE(added->name, std::string("Office"));
    QVERIFY(*added->invite == inviteSecret());
    // They have one key.
    QVERIFY(added->deviceKeyPlace == DeviceKeyPlace::Keyring);
    QVERIFY(place.store().find("My office") == known);
    // The same links again.
    QVERIFY(enrolAt(place, invitation()) == added);
    QCOMPARE(place.store().list()->profiles.size(), std::size_t{2});
}

void TestEnrolment::replacesAnInviteForWhoGaveItHimself()
{
    const StorePlace place;
    Profile known = profileNamed("My office");
    known.invite = inviteSecret("ffffffffffffffff");
    QVERIFY(place.store().add(known).has_value());
    Invitation given = invitation();
    given.replacesInvite = true;
    const auto profile = enrolAt(place, given);
    known.invite = inviteSecret();
    QVERIFY(profile == known);
    QCOMPARE(place.store().list()->profiles, std::vector{known});
}

void TestEnrolment::givesANewInviteToAProfileWithout()
{
    const StorePlace place;
    Profile known = profileNamed("My office");
    known.user = "bert";
    QVERIFY(place.store().add(known).has_value());
    const auto profile = enrolAt(place, invitation());
    known.invite = inviteSecret();
    QVERIFY(profile == known);
    QCOMPARE(place.store().list()->profiles, std::vector{known});
}

void TestEnrolment::leavesAProfileWithAnotherKeyAlone()
{
    const StorePlace place;
    Profile known = profileNamed("Office");
    known.pin = pinOf(1);
    QVERIFY(place.store().add(known).has_value());
    QCOMPARE(enrolAt(place, invitation())->name, std::string("Office (2)"));
    QVERIFY(place.store().find("Office") == known);
    QVERIFY(place.store().find("Office (2)")->pin == pinOf(7));
}

void TestEnrolment::namesAProfileAfterTheHost()
{
    const StorePlace place;
    Invitation unnamed = invitation();
    unnamed.label.clear();
    QCOMPARE(enrolAt(place, unnamed)->name, std::string("office.example.com"));
}

void TestEnrolment::dropsTheInviteAfterALogin_data()
{
    QTest::addColumn<LoginMethod>("method");
    QTest::addColumn<bool>("isPending");
    QTest::newRow("invite") << LoginMethod::Invite << false;
    QTest::newRow("device") << LoginMethod::Device << false;
    QTest::newRow("password") << LoginMethod::Password << false;
    QTest::newRow("none") << LoginMethod::None << true;
}

void TestEnrolment::dropsTheInviteAfterALogin()
{
    QFETCH(LoginMethod, method);
    QFETCH(bool, isPending);
    const StorePlace place;
    const auto profile = enrolAt(place, invitation());
    const auto noted = noteLogin(*profile, place.store(), method, pinOf(7));
    QVERIFY(noted.has_value());
    QCOMPARE(noted->isPending(), isPending);
    Profile expected = *profile;
    if (!isPending)
        expected.invite.reset();
    QVERIFY(place.store().find("Office") == expected);
}

void TestEnrolment::keepsANewerInvite()
{
    const StorePlace place;
    const auto profile = enrolAt(place, invitation());
    Invitation newer = invitation();
    newer.invite = inviteSecret("ffffffffffffffff");
    Profile changed = *profile;
    changed.invite = newer.invite;
    QVERIFY(place.store().save(changed).has_value());
    QVERIFY(noteLogin(*profile, place.store(), LoginMethod::Invite, pinOf(7)).has_value());
    QVERIFY(*place.store().find("Office")->invite == inviteSecret("ffffffffffffffff"));
}

void TestEnrolment::doesNotBringBackARemovedProfile()
{
    const StorePlace place;
    const auto profile = enrolAt(place, invitation());
    QVERIFY(place.store().remove("Office").has_value());
    QCOMPARE(noteLogin(*profile, place.store(), LoginMethod::Invite, pinOf(7)).error().code, ErrorCode::NotFound);
    QVERIFY(place.store().list()->profiles.empty());
}

void TestEnrolment::givesAProfileTheKeyThatItHadNot()
{
    const StorePlace place;
    Profile profile = profileNamed("Office");
    profile.pin.reset();
    QVERIFY(place.store().add(profile).has_value());
    const auto noted = noteLogin(profile, place.store(), LoginMethod::None, pinOf(3));
    profile.pin = pinOf(3);
    QVERIFY(noted == profile);
    QVERIFY(place.store().find("Office") == profile);
}

void TestEnrolment::leavesAnotherServersProfileAlone()
{
    const StorePlace place;
    Profile used = profileNamed("Office");
    used.pin.reset();
    Profile stored = used;
    stored.server.host = "elsewhere.example.com";
    QVERIFY(place.store().add(stored).has_value());
    QVERIFY(noteLogin(used, place.store(), LoginMethod::None, pinOf(3)) == stored);
    QVERIFY(place.store().find("Office") == stored);
}

void TestEnrolment::notesNewNetworks()
{
    const StorePlace place;
    const auto office = net::Prefix::parse("10.0.0.0/8").value();
    const auto lab = net::Prefix::parse("192.168.1.0/24").value();
    const Profile used = profileNamed("Office");
    QCOMPARE(noteRoutes(used, place.store(), {office}).error().code, ErrorCode::NotFound);
    QVERIFY(place.store().add(used).has_value());
    QCOMPARE(noteRoutes(used, place.store(), {office})->knownRoutes, std::vector{office});
    // What another program has noted meanwhile stays.
    QCOMPARE(noteRoutes(used, place.store(), {lab})->knownRoutes, (std::vector{office, lab}));
    QCOMPARE(place.store().find("Office")->knownRoutes, (std::vector{office, lab}));
    Profile other = used;
    other.pin = pinOf(8);
    other.knownRoutes = {lab};
    QVERIFY(place.store().save(other).has_value());
    QCOMPARE(noteRoutes(used, place.store(), {office})->knownRoutes, std::vector{lab});
}

QTEST_APPLESS_MAIN(TestEnrolment)
#include "tst_enrolment.moc"
