// Wires a server together: reads, checks, opens, announces, serves, undoes. The composition root of gvpn-server beside
// main.cpp; main thread.
#pragma once

#include "program/json_lines.h"
#include "server/listener.h"
#include "server/sentences.h"
#include "server/server_events.h"
#include "server/server_options.h"
#include "server/server_state.h"
#include "system/network_configurator.h"

#include <QObject>

#include <memory>
#include <optional>

#include <unistd.h>

namespace gvpn::server {

class ServerApplication : public QObject {
    Q_OBJECT
public:
    explicit ServerApplication(ServerOptions options, QObject* parent = nullptr);
    ~ServerApplication() override;

    /// From inside the event loop. Ends with finished().
    void start();
    /// SIGINT, SIGTERM: tells the clients, undoes every change. finished() follows.
    void stop();

Q_SIGNALS:
    void finished(int exitStatus);

private:
    /// What the steps of the start leave for the next.
    struct Plan {
        std::string stateDir;
        ServerState state;
        std::vector<net::Prefix> lanNetworks;
        std::vector<net::Prefix> pools;
        std::optional<net::Prefix> v1Bypass;
        std::vector<net::Prefix> sharedSources;
        std::optional<tls::TlsContext> tlsContext;
        Pin pin;
        std::unique_ptr<tun::TunDevice> device;
        std::string publicHost;
        bool isPrivateLink = false;
    };

    [[nodiscard]] bool prepareState();
    [[nodiscard]] bool loadKey();
    [[nodiscard]] bool chooseNetworks();
    [[nodiscard]] bool listen();
    [[nodiscard]] bool openTun();
    void configureNetwork();
    void onNetworkConfigured(const Result<void>& result);
    [[nodiscard]] HubConfig hubConfig() const;
    [[nodiscard]] bool masquerades() const;
    void announce(const std::string& interfaceName);
    void onDataEvent(const DataEvent& event);
    void print(const QJsonObject& json, const QString& text);
    /// Says the sentence, undoes what was done, ends. False, so that steps can return it.
    bool giveUp(StartStep step, const Error& error);
    void undoNetwork();
    void onNetworkCleared(const Result<void>& result);

    ServerOptions m_options;
    Plan m_plan;
    std::unique_ptr<Listener> m_listener;
    std::unique_ptr<system::NetworkConfigurator> m_configurator;
    std::unique_ptr<DataThread> m_dataThread;
    program::JsonLines m_output{STDOUT_FILENO};
    bool m_isOutputLost = false;
    int m_exitStatus = 0;
    bool m_isStopping = false;
};

}  // namespace gvpn::server
