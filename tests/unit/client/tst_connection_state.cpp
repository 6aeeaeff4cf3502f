#include "client/connection_state.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::client;
using namespace std::chrono_literals;

namespace {

const Intent Patient{};
const Intent Once{.isOnce = true};
const Intent Trusting{.trustsOnFirstUse = true};
const Pin ServerPin{std::array<std::byte, Pin::SizeBytes>{std::byte{1}}};

Fault fault(ErrorCode code, Stage stage = Stage::Tcp)
{
    return {.stage = stage, .error = {code, "why"}};
}

Fault unknownServer()
{
    Fault result = fault(ErrorCode::IdentityUnknown, Stage::Tls);
    result.presentedPin = ServerPin;
    return result;
}

const Fault Refused = fault(ErrorCode::Unreachable);
const Fault Final = fault(ErrorCode::LoginRefused, Stage::Login);
const Fault Lost = fault(ErrorCode::Closed, Stage::Probe);

History history(unsigned failures, bool wasConnected = false)
{
    return {.failures = failures, .wasConnected = wasConnected, .learnedPin = std::nullopt};
}

ConnectionInfo info()
{
    ConnectionInfo result;
    result.interfaceName = "gvpn0";
    return result;
}

const std::vector<Command> GiveUp{AbandonAttempt{}, TearDown{}};

std::vector<Command> pause(Duration delay)
{
    return {AbandonAttempt{}, StartRetryTimer{delay}};
}

}  // namespace

class TestConnectionState : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void everyPair_data();
    void everyPair();
    void remembersWhatItHasLearned();

private:
    static void rowsOfDisconnected();
    static void rowsOfConnecting();
    static void rowsOfConnected();
    static void rowsOfWaiting();
    static void rowsOfDisconnecting();
};

namespace {

void row(const char* name, const State& state, const Event& event, const State& next,
         const std::vector<Command>& commands = {})
{
    QTest::newRow(name) << state << event << next << commands;
}

/// An event that means nothing there.
void idle(const char* name, const State& state, const Event& event)
{
    row(name, state, event, state);
}

}  // namespace

void TestConnectionState::everyPair_data()
{
    QTest::addColumn<State>("state");
    QTest::addColumn<Event>("event");
    QTest::addColumn<State>("next");
    QTest::addColumn<std::vector<Command>>("commands");
    rowsOfDisconnected();
    rowsOfConnecting();
    rowsOfConnected();
    rowsOfWaiting();
    rowsOfDisconnecting();
}

void TestConnectionState::rowsOfDisconnected()
{
    const State state = Disconnected{Final};
    row("disconnected, connect", state, ConnectRequested{Once}, Connecting{Once, {}, Stage::Resolve}, {StartAttempt{}});
    idle("disconnected, stage", state, StageReached{Stage::Tls});
    idle("disconnected, success", state, AttemptSucceeded{info()});
    idle("disconnected, failure", state, AttemptFailed{Refused, 0.5});
    idle("disconnected, loss", state, LinkLost{Lost, 60s, 0.5});
    idle("disconnected, retry", state, RetryDue{});
    idle("disconnected, disconnect", state, DisconnectRequested{});
    idle("disconnected, torn down", state, TornDown{});
}

void TestConnectionState::rowsOfConnecting()
{
    const State state = Connecting{Patient, history(2), Stage::Tls};
    idle("connecting, connect", state, ConnectRequested{Once});
    row("connecting, next stage", state, StageReached{Stage::Login}, Connecting{Patient, history(2), Stage::Login});
    idle("connecting, earlier stage", state, StageReached{Stage::Tcp});
    row("connecting, success", state, AttemptSucceeded{info()}, Connected{Patient, history(2, true), info()});
    row("connecting, failure", state, AttemptFailed{Refused, 0.5}, Waiting{Patient, history(3), 4s, Refused},
        pause(4s));
    row("connecting, final failure", state, AttemptFailed{Final, 0.5}, Disconnecting{Final, std::nullopt}, GiveUp);
    row("connecting once, failure", Connecting{Once, {}, Stage::Tcp}, AttemptFailed{Refused, 0.5},
        Disconnecting{Refused, std::nullopt}, GiveUp);
    row("connecting, unknown server", state, AttemptFailed{unknownServer(), 0.5},
        Disconnecting{unknownServer(), std::nullopt}, GiveUp);
    History learned;
    learned.learnedPin = ServerPin;
    row("connecting with trust, unknown server", Connecting{Trusting, {}, Stage::Tls},
        AttemptFailed{unknownServer(), 0.5}, Connecting{Trusting, learned, Stage::Tls},
        {AbandonAttempt{}, StartAttempt{ServerPin}});
    // An address may be held by our own lost connection, but not before there was one.
    const Fault taken = fault(ErrorCode::AddressRefused, Stage::Address);
    row("connecting, address refused", state, AttemptFailed{taken, 0.5}, Disconnecting{taken, std::nullopt}, GiveUp);
    row("connecting again, address refused", Connecting{Patient, history(0, true), Stage::Address},
        AttemptFailed{taken, 0.5}, Waiting{Patient, history(1, true), 1s, taken}, pause(1s));
    idle("connecting, loss", state, LinkLost{Lost, 60s, 0.5});
    idle("connecting, retry", state, RetryDue{});
    row("connecting, disconnect", state, DisconnectRequested{}, Disconnecting{}, GiveUp);
    idle("connecting, torn down", state, TornDown{});
}

void TestConnectionState::rowsOfConnected()
{
    const State state = Connected{Patient, history(2, true), info()};
    idle("connected, connect", state, ConnectRequested{Once});
    idle("connected, stage", state, StageReached{Stage::Tls});
    idle("connected, success", state, AttemptSucceeded{info()});
    idle("connected, failure", state, AttemptFailed{Refused, 0.5});
    row("connected, loss after 30 s", state, LinkLost{Lost, 30s, 0.5}, Waiting{Patient, history(0, true), 500ms, Lost},
        pause(500ms));
    row("connected, loss soon after failures", state, LinkLost{Lost, 29'999ms, 0.5},
        Waiting{Patient, history(3, true), 4s, Lost}, pause(4s));
    row("connected, first loss soon", Connected{Patient, history(0, true), info()}, LinkLost{Lost, 1s, 0.5},
        Waiting{Patient, history(1, true), 500ms, Lost}, pause(500ms));
    row("connected once, loss", Connected{Once, history(0, true), info()}, LinkLost{Lost, 60s, 0.5},
        Disconnecting{Lost, std::nullopt}, GiveUp);
    const Fault kicked = fault(ErrorCode::Kicked, Stage::Probe);
    row("connected, kicked", state, LinkLost{kicked, 60s, 0.5}, Disconnecting{kicked, std::nullopt}, GiveUp);
    idle("connected, retry", state, RetryDue{});
    row("connected, disconnect", state, DisconnectRequested{}, Disconnecting{}, GiveUp);
    idle("connected, torn down", state, TornDown{});
}

void TestConnectionState::rowsOfWaiting()
{
    const State state = Waiting{Patient, history(2), 4s, Refused};
    row("waiting, connect", state, ConnectRequested{Once}, Connecting{Once, history(2), Stage::Resolve},
        {CancelRetryTimer{}, StartAttempt{}});
    idle("waiting, stage", state, StageReached{Stage::Tls});
    idle("waiting, success", state, AttemptSucceeded{info()});
    idle("waiting, failure", state, AttemptFailed{Refused, 0.5});
    idle("waiting, loss", state, LinkLost{Lost, 60s, 0.5});
    row("waiting, retry", state, RetryDue{}, Connecting{Patient, history(2), Stage::Resolve}, {StartAttempt{}});
    row("waiting, disconnect", state, DisconnectRequested{}, Disconnecting{}, {CancelRetryTimer{}, TearDown{}});
    idle("waiting, torn down", state, TornDown{});
}

void TestConnectionState::rowsOfDisconnecting()
{
    const State state = Disconnecting{Final, std::nullopt};
    const State withNext = Disconnecting{Final, Once};
    row("disconnecting, connect", state, ConnectRequested{Once}, withNext);
    idle("disconnecting, stage", state, StageReached{Stage::Tls});
    idle("disconnecting, success", state, AttemptSucceeded{info()});
    idle("disconnecting, failure", state, AttemptFailed{Refused, 0.5});
    idle("disconnecting, loss", state, LinkLost{Lost, 60s, 0.5});
    idle("disconnecting, retry", state, RetryDue{});
    idle("disconnecting, disconnect", state, DisconnectRequested{});
    row("disconnecting, disconnect after connect", withNext, DisconnectRequested{}, state);
    row("disconnecting, torn down", state, TornDown{}, Disconnected{Final});
    row("disconnecting, torn down after connect", withNext, TornDown{}, Connecting{Once, {}, Stage::Resolve},
        {StartAttempt{}});
}

void TestConnectionState::everyPair()
{
    QFETCH(State, state);
    QFETCH(Event, event);
    const Step result = step(state, event);
    QTEST(result.state, "next");
    QTEST(result.commands, "commands");
}

void TestConnectionState::remembersWhatItHasLearned()
{
    History learned = history(1, true);
    learned.learnedPin = ServerPin;
    const Step result = step(Waiting{Trusting, learned, 1s, Refused}, RetryDue{});
    QCOMPARE(result.commands, (std::vector<Command>{StartAttempt{ServerPin}}));
}

QTEST_APPLESS_MAIN(TestConnectionState)
#include "tst_connection_state.moc"
