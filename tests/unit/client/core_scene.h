// A LocalCore over fakes, and all that it said.
#pragma once

#include "client/local_core.h"
#include "core_fakes.h"
#include "profile_samples.h"
#include "scene.h"

#include "program/identity_store.h"

#include <QStringList>
#include <QtTest>

namespace gvpn::test {

inline const QDateTime CoreNow = QDateTime::fromString(QStringLiteral("2026-03-01T10:00:00Z"), Qt::ISODate);

/// For a scene: its keyring is open.
inline const std::optional<Error> WorkingKeyring;

class CoreScene {
public:
    explicit CoreScene(std::optional<Error> keyringError = Error{ErrorCode::Unsupported, "none"})
    {
        keyring.error = std::move(keyringError);
        using client::ClientCore;
        QObject::connect(&core, &ClientCore::ready, &core, [this] { isReady = true; });
        QObject::connect(&core, &ClientCore::passwordNeeded, &core,
                         [this](const client::PasswordQuestion& question) { questions.push_back(question); });
        QObject::connect(&core, &ClientCore::trustNeeded, &core,
                         [this](const std::string&, const Pin& pin) { presented.push_back(pin); });
        QObject::connect(&core, &ClientCore::routesNamed, &core,
                         [this](const client::NewRoutes& routes) { named.push_back(routes); });
        QObject::connect(&core, &ClientCore::keyringUnavailable, &core,
                         [this](const QString& sentence) { keyringSentences.append(sentence); });
        QObject::connect(&core, &ClientCore::trafficChanged, &core, [this] { ++trafficCount; });
    }

    static void settle()
    {
        for (int i = 0; i < 30; ++i)
            QCoreApplication::sendPostedEvents();
    }
    void start(bool connectsAtStart = false)
    {
        core.start(connectsAtStart);
        settle();
    }
    /// Before start().
    void store(const client::Profile& profile) const
    {
        if (!place.store().add(profile))
            qFatal("could not store a profile");
    }
    /// The device key of pinOf(7), in its file.
    [[nodiscard]] Pin makeDeviceKey() const
    {
        QDir().mkpath(stateDir.filePath(QStringLiteral("devices")));
        return program::loadOrCreateIdentity(client::deviceKeyFile(state(), pinOf(7)))->pin();
    }
    void connectProfile(const std::string& name = "Office")
    {
        core.connectProfile(name);
        settle();
    }
    void say(const client::State& state)
    {
        engine.say(state);
        settle();
    }
    void sayRefused(std::optional<protocol::LoginMethod> sent, bool takesPasswords = true)
    {
        say(client::Disconnected{client::Fault{.stage = client::Stage::Login,
                                               .error = {ErrorCode::LoginRefused, "no"},
                                               .sentLogin = sent,
                                               .takesPasswords = takesPasswords}});
    }
    void sayLoggedIn(protocol::LoginMethod method)
    {
        engine.sayLoggedIn(pinOf(7), method);
        settle();
    }
    void sayConnected(std::vector<net::Prefix> routes = {})
    {
        say(client::Connected{
            .intent = {},
            .history = {},
            .info = {.addresses = {}, .gateways = {}, .routes = std::move(routes), .interfaceName = "gvpn0"}});
    }
    /// The system tells of a change that another program has made, and the core looks.
    [[nodiscard]] bool seeChange()
    {
        const bool isTold = QTest::qWaitFor([this] { return timers.running() > 0; });
        timers.advance(client::ProfileWatchDelay, settle);
        return isTold;
    }
    [[nodiscard]] client::ClientCore::ProfileDone noteProfile()
    {
        return [this](const Result<client::Profile>& profile) { profiles.push_back(profile); };
    }
    [[nodiscard]] client::ClientCore::Done note()
    {
        return [this](const Result<void>& result) { results.push_back(result); };
    }
    [[nodiscard]] const client::ProfileEntry& entry(const std::string& name = "Office") const
    {
        return *core.find(name);
    }
    [[nodiscard]] std::string state() const { return stateDir.path().toStdString(); }
    [[nodiscard]] client::Profile stored(const std::string& name = "Office") const
    {
        return place.store().find(name).value();
    }

    QTemporaryDir stateDir;
    StorePlace place;
    ManualTime time;
    ManualTimers timers{time};
    FakeKeyring keyring;
    FakeEngine engine;
    client::LocalCore core{{.engine = engine,
                            .keyring = keyring,
                            .work = std::make_unique<InlineWork>(),
                            .makeTimer = [this] { return timers.make(); },
                            .now = [] { return CoreNow; },
                            .store = place.store(),
                            .stateDir = state(),
                            .program = "test",
                            .software = "test 1",
                            .deviceName = "laptop"}};
    bool isReady = false;
    std::vector<client::PasswordQuestion> questions;
    std::vector<Pin> presented;
    std::vector<client::NewRoutes> named;
    QStringList keyringSentences;
    int trafficCount = 0;
    std::vector<Result<client::Profile>> profiles;
    std::vector<Result<void>> results;
};

}  // namespace gvpn::test
