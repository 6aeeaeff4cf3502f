// What `gvpn-client doctor` looks at before it judges: plain values, gathered by ServerProbe, BusProbe and the program,
// judged by client/doctor.h. Any thread.
#pragma once

#include "base/clock.h"
#include "client/fault.h"
#include "client/route_policy.h"
#include "net/endpoint.h"
#include "net/tunnel_settings.h"
#include "system/network_snapshot.h"

#include <optional>
#include <string>
#include <vector>

namespace gvpn::client {

/// One below it makes the tunnel slow, and IPv6 impossible on the way (RFC 8200, section 5).
inline constexpr unsigned SmallestGoodMtu = net::MinMtu;

/// What the profiles, or what was given in place of one, have to say.
struct ProfileFacts {
    std::string asked;  // --profile
    std::string used;   // the profile; empty: none, a server or link was given, or nobody has chosen
    bool isPending = false;
    std::optional<Error> failure;    // of the one that was asked for, or of the place of all
    std::vector<std::string> known;  // to choose from
    std::vector<Error> unusable;     // each names its file
};

/// What the profile has in the keyring.
struct KeyringFacts {
    bool isNeeded = false;
    std::optional<Error> deviceKey;  // it should be there, and can't be had
    std::optional<Error> password;   // the same
};

/// Why nobody logged in.
enum class NoLogin {
    TunnelIsUp,    // logging in would take its session over
    MayBeUp,       // a tunnel's interface is up, of which it isn't known whose it is
    NoDeviceKey,   // nothing has connected to this server yet
    Pending,       // an invite must be redeemed first
    KeyUnusable,   // its file can't be read, or is none
    KeyWithheld,   // the keyring doesn't give it
    NotTrusted,    // it is not clear which key of the server is the right one
    NoProfileLock  // it can't be made sure that nothing else connects
};

/// How one address answered a connection to the server's port.
enum class PortAnswer { Open, Refused, Silent, Unreachable, Forbidden };
struct PortFact {
    net::IpAddress address;
    PortAnswer answer = PortAnswer::Silent;
    Duration time{0};
    std::string reason{};  // of those that are not open
};

/// How far it came with the server.
struct ServerFacts {
    std::vector<net::IpAddress> addresses;
    Duration lookupTime{0};
    std::vector<PortFact> ports;
    std::optional<net::IpAddress> peer;           // the one that was spoken with
    unsigned pathMtu = 0;                         // 0: not known
    std::optional<net::TunnelSettings> settings;  // what the server gave
    std::optional<Fault> fault;                   // where it ended against the plan
};

/// Another program on this computer that has the profile, or a connection to the same server.
struct TunnelFacts {
    bool isConnected = false;      // over TCP
    std::string holder;            // "gvpn-client (process 12)"; empty: not known
    std::string interfaceName;     // empty: none was found
    std::vector<net::Prefix> lan;  // the office's networks, as far as they are known
};

struct TargetFacts {
    net::HostPort server;
    WireProtocol wireProtocol = WireProtocol::V2;
    std::optional<Pin> pin;          // whom we expect
    std::optional<Pin> trusted;      // another key, which is trusted for this server
    bool isByLink = false;           // whose key replaces the trusted one
    std::optional<Error> knownKeys;  // the file of trusted keys can't be used
    std::optional<NoLogin> noLogin;
    std::string noLoginReason;  // MayBeUp (the interface), KeyUnusable, NoProfileLock
    AcceptRoutes acceptRoutes;
    std::vector<net::InterfaceAddress> wanted;
    bool usesDns = true;
    std::vector<std::string> acceptDomains;
    ServerFacts probe;
    std::optional<TunnelFacts> tunnel;
};

enum class TrayFact { NoDesktop, None, Shown };

/// What the buses and the system say of this computer.
struct ComputerFacts {
    bool hasRights = false;                  // it can open a TUN by itself
    std::optional<Error> tunDevice;          // with rights: /dev/net/tun can't be opened
    std::optional<Error> helper;             // without: it isn't there
    std::optional<Error> polkit;             // without: it would not allow it, or not without a password
    bool hasResolved = false;                // systemd-resolved, running or started on demand
    std::vector<std::string> tunnelDomains;  // asked through the living tunnel
    TrayFact tray = TrayFact::NoDesktop;
};

struct DoctorFacts {
    std::string stateDir;  // --state-dir; empty: the default
    ProfileFacts profile;
    KeyringFacts keyring;
    std::optional<TargetFacts> target;  // none: only this computer was looked at
    Result<system::NetworkSnapshot> network = system::NetworkSnapshot{};
    ComputerFacts computer;
};

}  // namespace gvpn::client
