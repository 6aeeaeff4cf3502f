#include "client/connection.h"

#include <utility>

namespace gvpn::client {

namespace {

constexpr std::size_t MaxReportedNotices = 64;  // then all may be said again

}  // namespace

void Connection::LaterDeleter::operator()(Attempt* attempt) const
{
    attempt->disconnect();
    attempt->leave();
    attempt->deleteLater();
}

Connection::Connection(ConnectionOptions options, const Edges& edges, QObject* parent)
    : QObject(parent)
    , m_options(std::move(options))
    , m_edges(edges)
    , m_context(edges.time)
    , m_network(edges)
    , m_retryTimer(edges.makeTimer())
{}

Connection::~Connection()
{
    // Here nobody stands in a callback of the attempts, and what they borrow from us goes with us.
    if (Attempt* attempt = m_attempt.release(); attempt != nullptr) {
        attempt->disconnect();
        attempt->leave();
        delete attempt;
    }
    for (const QPointer<Attempt>& attempt : m_abandoned)
        delete attempt.data();
}

void Connection::connectToServer(const Intent& intent)
{
    post(ConnectRequested{intent});
}

void Connection::disconnectFromServer()
{
    post(DisconnectRequested{});
}

void Connection::loseNetwork(const Error& error)
{
    if (m_attempt)
        m_attempt->loseNetwork(error);
    m_network.clear([](const Result<void>& /*result*/) {});
}

/// One event after the other: what a command or a listener causes waits until the step before it is done.
void Connection::post(Event event)
{
    m_events.push_back(std::move(event));
    if (std::exchange(m_isStepping, true))
        return;
    while (!m_events.empty()) {
        Step next = step(m_state, m_events.front());
        m_events.pop_front();
        const bool hasChanged = next.state != m_state;
        m_state = std::move(next.state);
        for (const Command& command : next.commands)
            std::visit([this](const auto& c) { perform(c); }, command);
        if (hasChanged)
            Q_EMIT stateChanged(m_state);
    }
    m_isStepping = false;
}

void Connection::perform(const StartAttempt& command)
{
    if (command.learnedPin)
        m_options.pin = command.learnedPin;
    m_attempt.reset(new Attempt({m_options, m_lastAddresses}, m_edges, m_context, m_network, m_counters));
    listenTo(*m_attempt);
    m_attempt->start();
}

void Connection::perform(const AbandonAttempt& /*command*/)
{
    settlePassword();
    std::erase_if(m_abandoned, [](const QPointer<Attempt>& attempt) { return attempt.isNull(); });
    m_abandoned.emplace_back(m_attempt.get());
    m_attempt.reset();
}

void Connection::settlePassword()
{
    if (!m_attempt)
        return;
    const PasswordFate fate = m_attempt->passwordFate();
    if (fate == PasswordFate::NotSent)
        return;
    m_options.credentials.password.reset();
    m_isPasswordAnswerLost = fate == PasswordFate::Unanswered;
}

void Connection::perform(const StartRetryTimer& command)
{
    m_retryTimer->start(command.delay, [this] { post(RetryDue{}); });
}

void Connection::perform(const CancelRetryTimer& /*command*/)
{
    m_retryTimer->stop();
}

void Connection::perform(const TearDown& /*command*/)
{
    m_network.clear([this](const Result<void>& result) {
        if (!result)
            Q_EMIT undoFailed(result.error());
        post(TornDown{});
    });
}

/// The attempt's signals come from deep inside of its callbacks, where its parts must not be torn down; and they must
/// not overtake each other. So all of them are taken in the next turn of the event loop.
void Connection::listenTo(Attempt& attempt)
{
    const auto later = [this, current = &attempt](auto handler) {
        return [this, current, handler](const auto& value) {
            QMetaObject::invokeMethod(
                current,
                [this, current, handler, value] {
                    if (m_attempt.get() == current)
                        (this->*handler)(value);
                },
                Qt::QueuedConnection);
        };
    };
    connect(&attempt, &Attempt::stageReached, this, later(&Connection::onStage));
    connect(&attempt, &Attempt::loggedIn, this, later(&Connection::onLoggedIn));
    connect(&attempt, &Attempt::noticeReceived, this, later(&Connection::onNotice));
    connect(&attempt, &Attempt::routesSkipped, this, later(&Connection::onRoutesSkipped));
    connect(&attempt, &Attempt::dnsSkipped, this, later(&Connection::onDnsSkipped));
    connect(&attempt, &Attempt::congestionChanged, this, later(&Connection::onCongestionChanged));
    connect(&attempt, &Attempt::succeeded, this, later(&Connection::onSucceeded));
    connect(&attempt, &Attempt::failed, this, later(&Connection::onFailed));
}

void Connection::onStage(Stage stage)
{
    post(StageReached{stage});
}

void Connection::onLoggedIn(protocol::LoginMethod method)
{
    m_options.credentials.password.reset();
    m_isPasswordAnswerLost = false;
    // A server that asks for nothing has not redeemed the invite.
    if (method != protocol::LoginMethod::None)
        m_options.credentials.invite.reset();
    if (m_options.pin)
        Q_EMIT loggedIn(*m_options.pin, method);
}

void Connection::onNotice(const std::string& text)
{
    if (m_reportedNotices.size() >= MaxReportedNotices)
        m_reportedNotices.clear();
    if (m_reportedNotices.insert(text).second)
        Q_EMIT noticeReceived(text);
}

void Connection::onSucceeded(const ConnectionInfo& info)
{
    m_lastAddresses = info.addresses;
    m_connectedSince = m_edges.time.now();
    post(AttemptSucceeded{info});
}

void Connection::onFailed(const Fault& failure)
{
    Fault fault = failure;
    if (m_isPasswordAnswerLost)
        fault.missingPassword = MissingPassword::AnswerLost;
    else if (!m_options.user.empty() && !m_options.credentials.password)
        fault.missingPassword = MissingPassword::NotGiven;
    if (!fault.wasUp) {
        post(AttemptFailed{fault, m_edges.roll()});
        return;
    }
    const auto connectedFor = std::chrono::duration_cast<Duration>(m_edges.time.now() - m_connectedSince);
    post(LinkLost{fault, connectedFor, m_edges.roll()});
}

void Connection::onRoutesSkipped(const std::vector<SkippedRoute>& skipped)
{
    std::vector<SkippedRoute> fresh;
    for (const SkippedRoute& route : skipped) {
        if (m_reportedRoutes.insert(route.route).second)
            fresh.push_back(route);
    }
    if (!fresh.empty())
        Q_EMIT routesSkipped(fresh);
}

void Connection::onCongestionChanged(const tunnel::CongestionStatus& status)
{
    if (!status.isRefused || !std::exchange(m_hasReportedRefusal, true))
        Q_EMIT congestionChanged(status);
}

void Connection::onDnsSkipped(const std::vector<SkippedDns>& skipped)
{
    std::vector<SkippedDns> fresh;
    for (const SkippedDns& one : skipped) {
        if (m_reportedDns.insert(one).second)
            fresh.push_back(one);
    }
    if (!fresh.empty())
        Q_EMIT dnsSkipped(fresh);
}

}  // namespace gvpn::client
