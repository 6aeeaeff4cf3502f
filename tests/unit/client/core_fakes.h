// The edges of the client's core, faked: a keyring that does what a test says, an engine that is driven by hand, and
// work that is done at once.
#pragma once

#include "client/background_work.h"
#include "client/engine.h"
#include "client/secret_store.h"

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

namespace gvpn::test {

inline SharedSecret secretOf(std::string_view text)
{
    return SharedSecret(SecretBytes(asBytes(text)));
}

/// Answers at once, unless it waits for ever as one does that shows its prompt to nobody.
class FakeKeyring final : public client::SecretStore {
public:
    void read(const std::string& key, ReadDone done) override
    {
        calls.push_back("read " + key);
        const auto found = secrets.find(key);
        if (waits)
            lateAnswers.push_back([done] { done(secretOf("late")); });
        else if (error)
            done(fail(*error));
        else if (found == secrets.end())
            done(fail(ErrorCode::NotFound, "not there"));
        else
            done(found->second);
    }
    void write(const std::string& key, const SharedSecret& secret, Done done) override
    {
        calls.push_back("write " + key);
        if (meanwhile)
            meanwhile();
        if (waits) {
            lateAnswers.push_back([done] { done({}); });
            return;
        }
        if (!error)
            secrets.insert_or_assign(key, secret);
        done(outcome());
    }
    void remove(const std::string& key, Done done) override
    {
        calls.push_back("remove " + key);
        if (waits)
            lateAnswers.push_back([done] { done({}); });
        else if (!error && secrets.erase(key) == 0)
            done(fail(ErrorCode::NotFound, "not there"));
        else
            done(outcome());
    }

    void look(Done done) override
    {
        ++looks;
        if (meanwhile)
            meanwhile();
        if (hangs)
            lateAnswers.push_back([done] { done({}); });
        else
            done(locked ? Result<void>(fail(*locked)) : outcome());
    }

    std::map<std::string, SharedSecret> secrets;
    std::optional<Error> error;
    std::optional<Error> locked;  // what look() says of it
    bool hangs = false;           // even when it is only looked at
    int looks = 0;
    bool waits = false;
    std::function<void()> meanwhile;  // while it is looked at, or written to
    std::vector<std::function<void()>> lateAnswers;
    std::vector<std::string> calls;

private:
    [[nodiscard]] Result<void> outcome() const { return error ? Result<void>(fail(*error)) : Result<void>(); }
};

class InlineWork final : public client::BackgroundWork {
private:
    void post(std::function<void()> task) override { task(); }
};

/// Notes what it is asked for; the test says what happens.
class FakeEngine final : public client::Engine {
public:
    struct Opened {
        client::ConnectionId id;
        client::ConnectionRequest request;
    };
    void open(client::ConnectionId id, const client::ConnectionRequest& request) override
    {
        opened.push_back({id, request});
    }
    void retry(client::ConnectionId id) override { retried.push_back(id); }
    void close(client::ConnectionId id) override { closed.push_back(id); }
    void closeAll(std::function<void()> done) override
    {
        ++closeAllCount;
        done();
    }

    /// Of the last one that was opened.
    [[nodiscard]] client::ConnectionId id() const { return opened.back().id; }
    [[nodiscard]] const client::ConnectionRequest& request() const { return opened.back().request; }
    void say(const client::State& state) { Q_EMIT stateChanged(id(), state); }
    void sayRemark(const QString& sentence) { Q_EMIT remarked(id(), sentence); }
    void sayTraffic(const client::Traffic& traffic) { Q_EMIT trafficChanged(id(), traffic); }
    void sayLoggedIn(const Pin& pin, protocol::LoginMethod method) { Q_EMIT loggedIn(id(), pin, method); }

    std::vector<Opened> opened;
    std::vector<client::ConnectionId> retried;
    std::vector<client::ConnectionId> closed;
    int closeAllCount = 0;
};

}  // namespace gvpn::test
