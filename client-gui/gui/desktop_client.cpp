#include "gui/desktop_client.h"

#include "client/engine_room.h"
#include "client/qt_edges.h"
#include "client/system_source.h"
#include "program/state_dir.h"

#include <QRandomGenerator>
#include <QSysInfo>

#include <algorithm>

namespace gvpn::gui {

namespace {

/// The command line's: both know the same servers and have the same keys.
constexpr const char* StateOwnerName = "gvpn-client";
constexpr const char* DevicesDir = "/devices";

decltype(client::CoreParts::instance) randomInstance()
{
    decltype(client::CoreParts::instance) instance{};
    std::ranges::generate(instance, [] { return static_cast<std::byte>(QRandomGenerator::system()->bounded(256)); });
    return instance;
}

Result<std::string> prepareStateDir()
{
    auto stateDir = program::defaultStateDir(StateOwnerName, program::StateOwner::current());
    if (!stateDir)
        return stateDir;
    for (const std::string& directory : {*stateDir, *stateDir + DevicesDir}) {
        if (const auto made = program::makeStateDir(directory); !made)
            return fail(made.error());
    }
    return stateDir;
}

}  // namespace

Result<std::unique_ptr<DesktopClient>> DesktopClient::create(const QString& version)
{
    const auto home = client::ConfigHome::current();
    auto places = client::SettingsPlaces::in(home);
    if (!places)
        return fail(places.error());
    auto profiles = client::defaultProfileDirectory(home);
    if (!profiles)
        return fail(profiles.error());
    auto stateDir = prepareStateDir();
    if (!stateDir)
        return fail(stateDir.error());
    return std::unique_ptr<DesktopClient>(new DesktopClient(
        std::move(*places), client::ProfileStore(std::move(*profiles)), std::move(*stateDir), version));
}

DesktopClient::DesktopClient(client::SettingsPlaces places, client::ProfileStore store, std::string stateDir,
                             const QString& version)
    : m_settingsPlaces(std::move(places))
    , m_engine([] { return std::make_unique<client::EngineRoom>(client::makeSystemSource()); })
    , m_core(std::make_unique<client::LocalCore>(
          client::CoreParts{.engine = m_engine,
                            .keyring = m_keyring,
                            .work = std::make_unique<client::ThreadedWork>(),
                            .makeTimer = client::makeQtTimer,
                            .now = QDateTime::currentDateTimeUtc,
                            .store = std::move(store),
                            .stateDir = std::move(stateDir),
                            .program = "gvpn-gui",
                            .software = QStringLiteral("gvpn-gui %1").arg(version).toStdString(),
                            .deviceName = QSysInfo::machineHostName().toStdString(),
                            .instance = randomInstance()}))
{}

}  // namespace gvpn::gui
