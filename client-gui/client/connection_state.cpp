#include "client/connection_state.h"

#include "client/retry_policy.h"

namespace gvpn::client {

namespace {

Step stay(const State& state)
{
    return {state, {}};
}

Step begin(const Intent& intent, const History& history)
{
    return {Connecting{intent, history, Stage::Resolve}, {StartAttempt{history.learnedPin}}};
}

/// The attempt or connection has failed: the end, or a pause of `delay`.
Step afterFailure(const Intent& intent, const History& history, const Fault& fault, Duration delay)
{
    if (intent.isOnce || isFinal(fault, history.wasConnected))
        return {Disconnecting{fault, std::nullopt}, {AbandonAttempt{}, TearDown{}}};
    return {Waiting{intent, history, delay, fault}, {AbandonAttempt{}, StartRetryTimer{delay}}};
}

Step on(const Disconnected& /*state*/, const ConnectRequested& event)
{
    return begin(event.intent, {});
}

Step on(const Connecting& state, const StageReached& event)
{
    // The attempt after a first handshake that only learned the server's key goes through the first stages again;
    // for the person it is the same attempt.
    Connecting next = state;
    if (event.stage > state.stage)
        next.stage = event.stage;
    return stay(next);
}

Step on(const Connecting& state, const AttemptSucceeded& event)
{
    History history = state.history;
    history.wasConnected = true;
    return {Connected{state.intent, history, event.info}, {}};
}

Step on(const Connecting& state, const AttemptFailed& event)
{
    const Fault& fault = event.fault;
    if (fault.error.code == ErrorCode::IdentityUnknown && fault.presentedPin && state.intent.trustsOnFirstUse) {
        Connecting next = state;
        next.history.learnedPin = fault.presentedPin;
        return {next, {AbandonAttempt{}, StartAttempt{fault.presentedPin}}};
    }
    History history = state.history;
    const Duration delay = retryDelay(history.failures++, event.roll);
    return afterFailure(state.intent, history, fault, delay);
}

Step on(const Connecting& /*state*/, const DisconnectRequested& /*event*/)
{
    return {Disconnecting{}, {AbandonAttempt{}, TearDown{}}};
}

Step on(const Connected& state, const LinkLost& event)
{
    History history = state.history;
    if (event.connectedFor >= GoodConnection) {
        history.failures = 0;
        return afterFailure(state.intent, history, event.fault, firstRetryDelay(event.roll));
    }
    // A connection that breaks soon each time must not be tried each second for ever.
    const Duration delay =
        history.failures == 0 ? firstRetryDelay(event.roll) : retryDelay(history.failures, event.roll);
    ++history.failures;
    return afterFailure(state.intent, history, event.fault, delay);
}

Step on(const Connected& /*state*/, const DisconnectRequested& /*event*/)
{
    return {Disconnecting{}, {AbandonAttempt{}, TearDown{}}};
}

Step on(const Waiting& state, const RetryDue& /*event*/)
{
    return begin(state.intent, state.history);
}

Step on(const Waiting& state, const ConnectRequested& event)
{
    Step next = begin(event.intent, state.history);
    next.commands.insert(next.commands.begin(), CancelRetryTimer{});
    return next;
}

Step on(const Waiting& /*state*/, const DisconnectRequested& /*event*/)
{
    return {Disconnecting{}, {CancelRetryTimer{}, TearDown{}}};
}

Step on(const Disconnecting& state, const ConnectRequested& event)
{
    return {Disconnecting{state.fault, event.intent}, {}};
}

Step on(const Disconnecting& state, const DisconnectRequested& /*event*/)
{
    return {Disconnecting{state.fault, std::nullopt}, {}};
}

Step on(const Disconnecting& state, const TornDown& /*event*/)
{
    return state.next ? begin(*state.next, {}) : Step{Disconnected{state.fault}, {}};
}

template <typename S, typename E>
Step on(const S& state, const E& /*event*/)
{
    return stay(state);
}

}  // namespace

Step step(const State& state, const Event& event)
{
    return std::visit([](const auto& s, const auto& e) { return on(s, e); }, state, event);
}

}  // namespace gvpn::client
