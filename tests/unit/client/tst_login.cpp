#include "witness.h"

#include "client/sentences.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::client;
using namespace gvpn::test;
using namespace std::chrono_literals;
using protocol::LoginMethod;

namespace {

using Methods = std::vector<LoginMethod>;

SharedSecret secret(std::string_view text)
{
    return SharedSecret(SecretBytes(asBytes(text)));
}

ConnectionOptions withPassword(const Scene& scene)
{
    ConnectionOptions options = scene.options();
    options.user = "anna";
    options.credentials.deviceName = "laptop";
    options.credentials.password = {"anna", secret("correct horse")};
    return options;
}

ConnectionOptions withInvite(const Scene& scene)
{
    ConnectionOptions options = scene.options();
    options.credentials.deviceName = "laptop";
    options.credentials.invite = secret("0123456789abcdef");
    return options;
}

void takePasswords(Scene& scene)
{
    scene.script.loginMethods = {LoginMethod::Device, LoginMethod::Password};
}

}  // namespace

class TestLogin : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void sendsUserPasswordAndDevice();
    void usesTheDeviceKeyAfterAGoodPassword();
    void triesAWrongPasswordOnce();
    void sendsAPasswordOnceThoughItsAnswerGotLost();
    void saysThatThePasswordsAnswerGotLost();
    void forgetsThePasswordWhenThePersonStopsMeanwhile();
    void sendsThePasswordAgainToAServerThatWasBusy();
    void keepsAPasswordThatWasNotSent();
    void sendsNoSecretThatTheServerDoesNotAskFor();
    void saysThatAPasswordCouldHelp();
    void keepsTheInviteUntilItIsRedeemed();
    void keepsTheInviteWhenTheServerAsksForNothing();
    void forgetsNothingOfARefusedInvite();
    void showsANoticeOnce();
    void showsFewNoticesOfOneConnection();
};

void TestLogin::sendsUserPasswordAndDevice()
{
    Scene scene;
    takePasswords(scene);
    Watched watched(scene, withPassword(scene));
    watched.connection.connectToServer({});
    scene.advance(0s);
    QVERIFY(watched.stateAs<Connected>() != nullptr);
    const auto& login = scene.server().login;
    QVERIFY(login.has_value());
    QCOMPARE(login->method, LoginMethod::Password);
    QCOMPARE(login->user, std::string("anna"));
    QCOMPARE(login->deviceName, std::string("laptop"));
    QVERIFY(login->secret == secret("correct horse"));
    QCOMPARE(watched.methods, Methods{LoginMethod::Password});
}

void TestLogin::usesTheDeviceKeyAfterAGoodPassword()
{
    Scene scene;
    takePasswords(scene);
    Watched watched(scene, withPassword(scene));
    watched.connection.connectToServer({});
    scene.advance(40s);
    scene.link().reset();
    scene.advance(1s);
    QVERIFY(watched.stateAs<Connected>() != nullptr);
    QCOMPARE(scene.loginMethods(), (Methods{LoginMethod::Password, LoginMethod::Device}));
    QCOMPARE(watched.methods, (Methods{LoginMethod::Password, LoginMethod::Device}));
}

void TestLogin::triesAWrongPasswordOnce()
{
    Scene scene;
    takePasswords(scene);
    scene.script.loginAnswer = LoginAnswer::Refuse;
    Watched watched(scene, withPassword(scene));
    watched.connection.connectToServer({});
    scene.advance(60s);
    const auto* disconnected = watched.stateAs<Disconnected>();
    QVERIFY(disconnected != nullptr && disconnected->fault.has_value());
    QCOMPARE(disconnected->fault->error.code, ErrorCode::LoginRefused);
    QCOMPARE(disconnected->fault->sentLogin, std::optional(LoginMethod::Password));
    QVERIFY(watched.methods.empty());
    // Nor when the person connects again without giving another one.
    watched.connection.connectToServer({});
    scene.advance(60s);
    QCOMPARE(scene.loginMethods(), (Methods{LoginMethod::Password, LoginMethod::Device}));
}

void TestLogin::sendsAPasswordOnceThoughItsAnswerGotLost()
{
    Scene scene;
    takePasswords(scene);
    scene.script.loginAnswer = LoginAnswer::Silence;
    Watched watched(scene, withPassword(scene));
    watched.connection.connectToServer({});
    scene.advance(0s);
    scene.link().reset();
    scene.settle();
    QVERIFY(watched.stateAs<Waiting>() != nullptr);
    // It was right, and the server knows the device now.
    scene.script.loginAnswer = LoginAnswer::Accept;
    scene.advance(2s);
    QVERIFY(watched.stateAs<Connected>() != nullptr);
    QCOMPARE(scene.loginMethods(), (Methods{LoginMethod::Password, LoginMethod::Device}));
}

void TestLogin::saysThatThePasswordsAnswerGotLost()
{
    Scene scene;
    takePasswords(scene);
    scene.script.loginAnswer = LoginAnswer::Silence;
    Watched watched(scene, withPassword(scene));
    watched.connection.connectToServer({});
    scene.advance(0s);
    scene.link().reset();
    scene.settle();
    // A further failure on the way changes nothing about it.
    scene.connectError = {ErrorCode::Unreachable, "refused"};
    scene.advance(2s);
    scene.connectError.reset();
    scene.script.loginAnswer = LoginAnswer::Refuse;
    scene.advance(60s);
    const auto* disconnected = watched.stateAs<Disconnected>();
    QVERIFY(disconnected != nullptr && disconnected->fault.has_value());
    QCOMPARE(disconnected->fault->error.code, ErrorCode::LoginRefused);
    QCOMPARE(disconnected->fault->sentLogin, std::optional(LoginMethod::Device));
    QCOMPARE(disconnected->fault->missingPassword, MissingPassword::AnswerLost);
    QCOMPARE(scene.loginMethods(), (Methods{LoginMethod::Password, LoginMethod::Device}));
}

void TestLogin::forgetsThePasswordWhenThePersonStopsMeanwhile()
{
    Scene scene;
    takePasswords(scene);
    scene.script.loginAnswer = LoginAnswer::Silence;
    Watched watched(scene, withPassword(scene));
    watched.connection.connectToServer({});
    scene.advance(0s);
    QCOMPARE(scene.loginMethods(), Methods{LoginMethod::Password});
    watched.connection.disconnectFromServer();
    scene.settle();
    watched.connection.connectToServer({});
    scene.advance(0s);
    QCOMPARE(scene.loginMethods(), (Methods{LoginMethod::Password, LoginMethod::Device}));
}

void TestLogin::sendsThePasswordAgainToAServerThatWasBusy()
{
    Scene scene;
    takePasswords(scene);
    scene.script.loginAnswer = LoginAnswer::Busy;
    Watched watched(scene, withPassword(scene));
    watched.connection.connectToServer({});
    scene.advance(0s);
    const auto* waiting = watched.stateAs<Waiting>();
    QVERIFY(waiting != nullptr);
    QVERIFY(waiting->reason.isServerBusy);
    QCOMPARE(waiting->reason.stage, Stage::Login);
    scene.advance(1s);
    scene.script.loginAnswer = LoginAnswer::Accept;
    scene.advance(4s);
    QVERIFY(watched.stateAs<Connected>() != nullptr);
    QCOMPARE(scene.loginMethods(), (Methods{LoginMethod::Password, LoginMethod::Password, LoginMethod::Password}));
}

void TestLogin::keepsAPasswordThatWasNotSent()
{
    Scene scene;
    takePasswords(scene);
    scene.script.speaksTls = false;
    Watched watched(scene, withPassword(scene));
    watched.connection.connectToServer({});
    scene.advance(10s);
    QVERIFY(watched.stateAs<Waiting>() != nullptr);
    QCOMPARE(watched.stateAs<Waiting>()->reason.missingPassword, MissingPassword::No);
    scene.script.speaksTls = true;
    scene.advance(2s);
    QVERIFY(watched.stateAs<Connected>() != nullptr);
    QCOMPARE(scene.loginMethods(), Methods{LoginMethod::Password});
}

void TestLogin::sendsNoSecretThatTheServerDoesNotAskFor()
{
    Scene scene;
    ConnectionOptions options = withPassword(scene);
    options.credentials.invite = secret("0123456789abcdef");
    Watched watched(scene, options);
    watched.connection.connectToServer({});
    scene.advance(0s);
    QVERIFY(watched.stateAs<Connected>() != nullptr);
    QCOMPARE(scene.server().login->method, LoginMethod::None);
    QVERIFY(scene.server().login->secret.isEmpty());
    QVERIFY(scene.server().login->user.empty());
}

void TestLogin::saysThatAPasswordCouldHelp()
{
    Scene scene;
    takePasswords(scene);
    scene.script.loginAnswer = LoginAnswer::Refuse;
    ConnectionOptions options = scene.options();
    options.user = "anna";
    Watched watched(scene, options);
    watched.connection.connectToServer({});
    scene.advance(60s);
    const auto* disconnected = watched.stateAs<Disconnected>();
    QVERIFY(disconnected != nullptr && disconnected->fault.has_value());
    QCOMPARE(disconnected->fault->missingPassword, MissingPassword::NotGiven);
    QVERIFY(sentenceFor(*disconnected->fault, options.server).contains(QStringLiteral("--password-stdin")));
}

void TestLogin::keepsTheInviteUntilItIsRedeemed()
{
    Scene scene;
    scene.script.loginMethods = {LoginMethod::Device, LoginMethod::Invite};
    scene.script.loginAnswer = LoginAnswer::Silence;
    Watched watched(scene, withInvite(scene));
    watched.connection.connectToServer({});
    scene.advance(0s);
    scene.link().reset();
    scene.settle();
    scene.script.loginAnswer = LoginAnswer::Busy;
    scene.advance(2s);
    scene.script.loginAnswer = LoginAnswer::Accept;
    scene.advance(4s);
    QVERIFY(watched.stateAs<Connected>() != nullptr);
    QVERIFY(scene.server().login->secret == secret("0123456789abcdef"));
    scene.advance(40s);
    scene.link().reset();
    scene.advance(1s);
    QVERIFY(watched.stateAs<Connected>() != nullptr);
    QCOMPARE(scene.loginMethods(),
             (Methods{LoginMethod::Invite, LoginMethod::Invite, LoginMethod::Invite, LoginMethod::Device}));
    QCOMPARE(watched.methods, (Methods{LoginMethod::Invite, LoginMethod::Device}));
}

void TestLogin::keepsTheInviteWhenTheServerAsksForNothing()
{
    Scene scene;
    Watched watched(scene, withInvite(scene));
    watched.connection.connectToServer({});
    scene.advance(40s);
    scene.script.loginMethods = {LoginMethod::Device, LoginMethod::Invite};
    scene.link().reset();
    scene.advance(1s);
    QVERIFY(watched.stateAs<Connected>() != nullptr);
    QCOMPARE(scene.loginMethods(), (Methods{LoginMethod::None, LoginMethod::Invite}));
}

void TestLogin::forgetsNothingOfARefusedInvite()
{
    Scene scene;
    scene.script.loginMethods = {LoginMethod::Device, LoginMethod::Invite};
    scene.script.loginAnswer = LoginAnswer::Refuse;
    Watched watched(scene, withInvite(scene));
    watched.connection.connectToServer({});
    scene.advance(60s);
    const auto* disconnected = watched.stateAs<Disconnected>();
    QVERIFY(disconnected != nullptr && disconnected->fault.has_value());
    QCOMPARE(disconnected->fault->sentLogin, std::optional(LoginMethod::Invite));
    QCOMPARE(scene.connections(), std::size_t{1});
    scene.script.loginAnswer = LoginAnswer::Accept;
    watched.connection.connectToServer({});
    scene.advance(0s);
    QVERIFY(watched.stateAs<Connected>() != nullptr);
    QCOMPARE(scene.loginMethods(), (Methods{LoginMethod::Invite, LoginMethod::Invite}));
    QVERIFY(scene.server().login->secret == secret("0123456789abcdef"));
}

void TestLogin::showsANoticeOnce()
{
    Scene scene;
    Watched watched(scene, scene.options());
    watched.connection.connectToServer({});
    scene.advance(0s);
    for (const char* text : {"Your key is used twice.", "Your key is used twice.", "Goodbye soon."})
        scene.server().notify(text);
    scene.settle();
    QCOMPARE(watched.notices, (std::vector<std::string>{"Your key is used twice.", "Goodbye soon."}));
    scene.advance(40s);
    scene.link().reset();
    scene.advance(1s);
    scene.server().notify("Your key is used twice.");
    scene.settle();
    QCOMPARE(watched.notices.size(), std::size_t{2});
}

void TestLogin::showsFewNoticesOfOneConnection()
{
    Scene scene;
    Watched watched(scene, scene.options());
    watched.connection.connectToServer({});
    scene.advance(0s);
    for (int i = 0; i < 20; ++i)
        scene.server().notify("notice " + std::to_string(i));
    scene.settle();
    QVERIFY(watched.stateAs<Connected>() != nullptr);
    QCOMPARE(watched.notices.size(), std::size_t{MaxNotices});
}

QTEST_GUILESS_MAIN(TestLogin)
#include "tst_login.moc"
