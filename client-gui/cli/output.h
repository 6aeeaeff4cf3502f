// What gvpn-client says: states on standard output, as JSON lines or as lines for people; warnings and the one sentence
// of a failure on standard error. Main thread.
#pragma once

#include "client/connection_state.h"
#include "net/endpoint.h"
#include "program/exit_status.h"
#include "program/json_lines.h"
#include "tunnel/line_watch.h"

#include <QJsonObject>
#include <QString>

#include <optional>
#include <unistd.h>

namespace gvpn::cli {

/// A line of --json. None: the state is nobody's business outside.
[[nodiscard]] std::optional<QJsonObject> jsonFor(const client::State& state, const net::HostPort& server);
/// The same for people; empty: nothing to say.
[[nodiscard]] QString lineFor(const client::State& state, const net::HostPort& server);
[[nodiscard]] program::ExitStatus exitStatusFor(const client::Fault& fault);

class Output {
public:
    Output(bool isJson, net::HostPort server)
        : m_isJson(isJson)
        , m_server(std::move(server))
    {}

    /// Whose sentences these are; until it is known they name an empty one.
    void setServer(net::HostPort server) { m_server = std::move(server); }
    /// What was said last is not said again; nor is an attempt's failure, until something else has happened.
    void state(const client::State& state);
    /// The end before there was a connection to speak of: "disconnected" with this sentence.
    void failure(ErrorCode code, const QString& text);
    /// Under which name the server is remembered: an event, and the sentence for people.
    void profile(const std::string& name, bool isPending, const QString& text);
    /// Only --json has a line for it.
    void congestion(const tunnel::CongestionStatus& status);
    /// A whole sentence.
    void sentence(const QString& text);

private:
    void failedAttempt(const client::Fault& fault);
    void writeJson(const QJsonObject& line);

    bool m_isJson;
    net::HostPort m_server;
    program::JsonLines m_json{STDOUT_FILENO};
    QJsonObject m_lastJson;
    QString m_lastLine;
    QString m_lastFailure;
};

}  // namespace gvpn::cli
