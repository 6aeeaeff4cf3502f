// Attempts and connections in a Scene, with all that they said.
#pragma once

#include "scene.h"

#include "client/connection.h"

namespace gvpn::test {

/// An attempt and all that it said.
class Witness {
public:
    explicit Witness(Scene& scene, const client::ConnectionOptions& options)
        : context(scene.time)
        , network(scene.edges)
        , attempt(std::make_unique<client::Attempt>(client::AttemptInputs{options, {}}, scene.edges, context, network,
                                                    counters))
    {
        QObject::connect(attempt.get(), &client::Attempt::stageReached, attempt.get(),
                         [this](client::Stage stage) { stages.push_back(stage); });
        QObject::connect(attempt.get(), &client::Attempt::succeeded, attempt.get(),
                         [this](const client::ConnectionInfo& i) { info = i; });
        QObject::connect(attempt.get(), &client::Attempt::failed, attempt.get(), [this](const client::Fault& f) {
            ++failures;
            fault = f;
        });
        QObject::connect(attempt.get(), &client::Attempt::routesSkipped, attempt.get(),
                         [this](const std::vector<client::SkippedRoute>& s) { skipped = s; });
        QObject::connect(attempt.get(), &client::Attempt::dnsSkipped, attempt.get(),
                         [this](const std::vector<client::SkippedDns>& s) { skippedDns = s; });
        QObject::connect(attempt.get(), &client::Attempt::congestionChanged, attempt.get(),
                         [this](const tunnel::CongestionStatus& s) { congestion.push_back(s); });
    }
    ~Witness() { attempt.reset(); }

    tunnel::LinkContext context;
    tunnel::Counters counters;
    client::TunnelNetwork network;
    std::unique_ptr<client::Attempt> attempt;
    std::vector<client::Stage> stages;
    std::optional<client::ConnectionInfo> info;
    std::optional<client::Fault> fault;
    int failures = 0;
    std::vector<client::SkippedRoute> skipped;
    std::vector<client::SkippedDns> skippedDns;
    std::vector<tunnel::CongestionStatus> congestion;
};

/// A connection and the states that it has been in.
class Watched {
public:
    Watched(Scene& scene, const client::ConnectionOptions& options)
        : connection(options, scene.edges)
    {
        QObject::connect(&connection, &client::Connection::stateChanged, &connection,
                         [this](const client::State& state) { states.push_back(state); });
        QObject::connect(&connection, &client::Connection::loggedIn, &connection,
                         [this](const Pin& pin, protocol::LoginMethod method) {
                             loggedIn.push_back(pin);
                             methods.push_back(method);
                         });
        QObject::connect(&connection, &client::Connection::noticeReceived, &connection,
                         [this](const std::string& text) { notices.push_back(text); });
        QObject::connect(&connection, &client::Connection::routesSkipped, &connection,
                         [this](const std::vector<client::SkippedRoute>& routes) { skipped += routes.size(); });
        QObject::connect(&connection, &client::Connection::dnsSkipped, &connection,
                         [this](const std::vector<client::SkippedDns>& dns) { skippedDns += dns.size(); });
        QObject::connect(&connection, &client::Connection::undoFailed, &connection,
                         [this](const Error&) { ++undoFailures; });
        QObject::connect(&connection, &client::Connection::congestionChanged, &connection,
                         [this](const tunnel::CongestionStatus& s) { congestion.push_back(s); });
    }

    template <typename S>
    [[nodiscard]] const S* stateAs() const
    {
        return std::get_if<S>(&connection.state());
    }
    [[nodiscard]] std::vector<client::Stage> stages() const
    {
        std::vector<client::Stage> result;
        for (const client::State& state : states) {
            if (const auto* connecting = std::get_if<client::Connecting>(&state))
                result.push_back(connecting->stage);
        }
        return result;
    }

    std::vector<client::State> states;
    std::vector<Pin> loggedIn;
    std::vector<protocol::LoginMethod> methods;
    std::vector<std::string> notices;
    std::size_t skipped = 0;
    std::size_t skippedDns = 0;
    int undoFailures = 0;
    std::vector<tunnel::CongestionStatus> congestion;
    client::Connection connection;
};

}  // namespace gvpn::test
