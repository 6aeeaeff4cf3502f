// What the server's doctor has found on this computer, as values: gathered by DoctorApplication, judged by
// doctor_checks.h. Nothing here is a judgement yet.
#pragma once

#include "accounts/account.h"
#include "net/endpoint.h"
#include "server/network_choice.h"
#include "server/server_options.h"
#include "server/server_state.h"
#include "system/foreign_filters.h"
#include "system/network_config.h"
#include "system/unit_state.h"

#include <QJsonObject>

namespace gvpn::server {

struct FileFact {
    std::string path;
    bool isThere = false;
    unsigned mode = 0;  // permission bits
    unsigned owner = 0;
    std::string ownerName;
    accounts::UnixTime changed{};
};

/// What a running server says about itself: the "server" of `gvpn-server status`.
struct RunningServer {
    std::uint16_t port = 0;
    std::string listenHost;  // an address; empty: every one
    std::string interfaceName;
    std::vector<net::Prefix> pools;
    std::vector<net::Prefix> lanNetworks;
    bool masquerades = true;
    Pin pin;
    std::size_t clients = 0;
};
/// Malformed: an answer that no server of this version gives.
[[nodiscard]] Result<RunningServer> runningServerFrom(const QJsonObject& status);

/// The program that listens on the port.
struct PortHolder {
    std::string program;  // "nginx"; from outside
    int process = 0;      // 0: it is not known which
};

/// What an own address answered to a TLS hello.
struct ReachFact {
    net::Endpoint address;
    Result<Pin> pin;
};

struct ResolverFact {
    net::IpAddress address;
    Result<void> answer;
};

struct DoctorFacts {
    ServerOptions options;
    bool isRoot = false;
    bool mayChangeNetwork = false;

    std::string stateDir;
    FileFact directory;
    FileFact keyFile;
    FileFact databaseFile;
    Result<ServerState> memory;
    Result<Pin> key;
    Result<void> database;
    accounts::UnixTime now{};
    accounts::UnixTime built{};  // the day on which this program was
    Result<void> tun;            // whether the device for TUNs can be opened

    Result<RunningServer> server = fail(ErrorCode::Unreachable, "");  // Unreachable: none runs
    std::uint16_t port = 0;
    std::optional<PortHolder> holder;

    Result<system::NetworkSnapshot> network;
    std::vector<net::Prefix> lanNetworks;  // of the running server, else as it would choose
    std::vector<net::Prefix> pools;
    Result<bool> isTableLoaded = false;
    Result<std::vector<system::FilterObstacle>> obstacles;
    std::vector<ReachFact> reached;
    std::vector<ResolverFact> resolvers;

    Result<system::UnitState> unit;
    std::string publicHost;  // empty: none is configured
    Result<std::vector<net::IpAddress>> publicAddresses;
};

/// Where the server listens, or would: an address; empty: everywhere.
[[nodiscard]] const std::string& listenHost(const DoctorFacts& facts);

// These need a running server and its network.
/// What it has set up.
[[nodiscard]] system::NetworkConfig networkConfig(const DoctorFacts& facts);
/// What it needs of other packet filters; nothing: no interface leads to the LAN.
[[nodiscard]] std::optional<system::FilterQuestion> filterQuestion(const DoctorFacts& facts);
/// The own addresses that clients might come to.
[[nodiscard]] std::vector<net::IpAddress> addressesToReach(const DoctorFacts& facts);

}  // namespace gvpn::server
