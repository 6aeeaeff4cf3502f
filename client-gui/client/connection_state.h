// The client's state machine as a pure function: a state and an event in, the next state and what is to be done out.
// Connection carries the commands out; the test walks through every pair of state and event.
#pragma once

#include "base/clock.h"
#include "client/fault.h"
#include "net/prefix.h"
#include "system/dns_configurator.h"

#include <string>
#include <variant>
#include <vector>

namespace gvpn::client {

/// What a person asked for.
struct Intent {
    bool isOnce = false;  // the first failure is the end
    bool trustsOnFirstUse = false;
    [[nodiscard]] bool operator==(const Intent&) const = default;
};

/// What this run knows from its earlier attempts.
struct History {
    unsigned failures = 0;          // since the last good connection
    bool wasConnected = false;      // at least once
    std::optional<Pin> learnedPin;  // trusted on first use
    [[nodiscard]] bool operator==(const History&) const = default;
};

/// An established connection, for people and for --json.
struct ConnectionInfo {
    std::vector<net::InterfaceAddress> addresses;
    std::vector<net::IpAddress> gateways;
    std::vector<net::Prefix> routes;  // those that were accepted
    std::string interfaceName;
    system::DnsConfig dns{};  // what is in force
    [[nodiscard]] bool operator==(const ConnectionInfo&) const = default;
};

/// Waits for a person.
struct Disconnected {
    std::optional<Fault> fault;  // none: as asked
    [[nodiscard]] bool operator==(const Disconnected&) const = default;
};
/// Waits for the attempt.
struct Connecting {
    Intent intent;
    History history;
    Stage stage = Stage::Resolve;
    [[nodiscard]] bool operator==(const Connecting&) const = default;
};
/// Waits for the connection to break or for a person.
struct Connected {
    Intent intent;
    History history;
    ConnectionInfo info;
    [[nodiscard]] bool operator==(const Connected&) const = default;
};
/// Waits for the retry timer. What an earlier connection has set up stays.
struct Waiting {
    Intent intent;
    History history;
    Duration delay{0};
    Fault reason;
    [[nodiscard]] bool operator==(const Waiting&) const = default;
};
/// Waits until the network is as it was before.
struct Disconnecting {
    std::optional<Fault> fault;
    std::optional<Intent> next;  // a person asked for a connection meanwhile
    [[nodiscard]] bool operator==(const Disconnecting&) const = default;
};

using State = std::variant<Disconnected, Connecting, Connected, Waiting, Disconnecting>;

struct ConnectRequested {
    Intent intent;
};
struct StageReached {
    Stage stage = Stage::Resolve;
};
struct AttemptSucceeded {
    ConnectionInfo info;
};
struct AttemptFailed {
    Fault fault;
    double roll = 0;  // 0 <= roll < 1, random: spreads the retries
};
struct LinkLost {
    Fault fault;
    Duration connectedFor{0};
    double roll = 0;
};
struct RetryDue {};
struct DisconnectRequested {};
struct TornDown {};

using Event = std::variant<ConnectRequested, StageReached, AttemptSucceeded, AttemptFailed, LinkLost, RetryDue,
                           DisconnectRequested, TornDown>;

struct StartAttempt {
    std::optional<Pin> learnedPin;  // in place of the one that was configured
    [[nodiscard]] bool operator==(const StartAttempt&) const = default;
};
/// Says goodbye if there is somebody to say it to.
struct AbandonAttempt {
    [[nodiscard]] bool operator==(const AbandonAttempt&) const = default;
};
struct StartRetryTimer {
    Duration delay{0};
    [[nodiscard]] bool operator==(const StartRetryTimer&) const = default;
};
struct CancelRetryTimer {
    [[nodiscard]] bool operator==(const CancelRetryTimer&) const = default;
};
/// Routes, addresses and the TUN; TornDown follows.
struct TearDown {
    [[nodiscard]] bool operator==(const TearDown&) const = default;
};

using Command = std::variant<StartAttempt, AbandonAttempt, StartRetryTimer, CancelRetryTimer, TearDown>;

struct Step {
    State state;
    std::vector<Command> commands;  // in order
};

/// An event that means nothing in a state (a late one, mostly) leaves it as it is and yields no command.
[[nodiscard]] Step step(const State& state, const Event& event);

}  // namespace gvpn::client
