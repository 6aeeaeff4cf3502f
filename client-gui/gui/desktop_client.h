// The real client behind the windows: engine, keyring, profiles, settings, log. Made by main(). GUI thread.
#pragma once

#include "client/engine_thread.h"
#include "client/keychain_store.h"
#include "client/local_core.h"
#include "client/log_book.h"
#include "client/settings.h"

#include <memory>

namespace gvpn::gui {

class DesktopClient {
public:
    /// NotFound: no home directory. Others: the state directory can't be used.
    [[nodiscard]] static Result<std::unique_ptr<DesktopClient>> create(const QString& version);

    [[nodiscard]] client::ClientCore& core() { return *m_core; }
    [[nodiscard]] const client::SettingsPlaces& settingsPlaces() const { return m_settingsPlaces; }

private:
    DesktopClient(client::SettingsPlaces places, client::ProfileStore store, std::string stateDir,
                  const QString& version);

    client::SettingsPlaces m_settingsPlaces;
    client::EngineThread m_engine;
    client::KeychainStore m_keyring;
    std::unique_ptr<client::LocalCore> m_core;
};

}  // namespace gvpn::gui
