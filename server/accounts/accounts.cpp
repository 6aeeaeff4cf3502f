#include "accounts/accounts.h"

#include "accounts/logging.h"

#include <future>

namespace gvpn::accounts {

namespace {

// Two hashes at once are 20 passwords a second and 128 MB; whoever waits behind 64 has his answer within 4 s.
constexpr program::TaskThreads::Config Hashers{.threads = 2, .maxWaiting = 64, .niceness = 19};
constexpr std::chrono::hours TidyEvery{1};

}  // namespace

Accounts::Accounts(Config config)
    : m_config(std::move(config))
    , m_hashers(Hashers)
    , m_thread({.threads = 1})
{}

Result<std::unique_ptr<Accounts>> Accounts::open(Config config)
{
    std::unique_ptr<Accounts> accounts(new Accounts(std::move(config)));
    // A database connection belongs to the thread that opened it. The only wait for it, before anything is served.
    auto opened = std::make_shared<std::promise<Result<void>>>();
    auto result = opened->get_future();
    accounts->post([&accounts = *accounts, opened] { opened->set_value(accounts.openStore()); });
    if (const auto isOpen = result.get(); !isOpen)
        return fail(isOpen.error());
    return accounts;
}

Accounts::~Accounts()
{
    m_isClosing = true;
    m_hashers.stop();
    auto closed = std::make_shared<std::promise<void>>();
    auto result = closed->get_future();
    // Not by post(): what waits in front of it goes by without doing anything.
    const bool isPosted = m_thread.post([this, closed] {
        m_gatekeeper.reset();
        m_store.reset();
        closed->set_value();
    });
    if (isPosted)
        result.wait();
    m_thread.stop();
}

Result<void> Accounts::openStore()
{
    auto store = AccountStore::open(m_config.databasePath, m_config.time, true);
    if (!store)
        return fail(store.error());
    m_store = std::move(*store);
    tidyUp();
    m_gatekeeper = std::make_unique<Gatekeeper>(
        *m_store, m_hashers, [this](std::function<void()> task) { post(std::move(task)); }, m_config.time,
        m_config.gatekeeper);
    return {};
}

void Accounts::judge(LoginQuestion question, std::function<void(const LoginVerdict&)> answer)
{
    if (m_waiting.fetch_add(1) >= MaxWaiting) {
        --m_waiting;
        answer(tl::unexpected(
            LoginRefusal{protocol::GoodbyeCode::ServerBusy, "the server is busy; try again in a moment", true}));
        return;
    }
    post([this, question = std::move(question), answer = std::move(answer)]() mutable {
        --m_waiting;
        tidyUp();
        m_gatekeeper->judge(std::move(question), answer);
    });
}

void Accounts::run(std::function<void(AccountStore& store, Gatekeeper& gatekeeper)> task)
{
    post([this, task = std::move(task)] {
        tidyUp();
        task(*m_store, *m_gatekeeper);
    });
}

/// Hourly, when something happens: an idle server's old entries harm nobody.
void Accounts::tidyUp()
{
    const UnixTime now = m_config.time();
    if (now - m_tidiedAt < TidyEvery)
        return;
    m_tidiedAt = now;
    if (const auto done = m_store->tidyUp(); !done)
        qCWarning(logAccounts, "what has expired could not be deleted: %s", done.error().context.c_str());
}

/// The queue has no bound of its own: logins have theirs, hashes too, and the rest is the administrator's.
void Accounts::post(std::function<void()> task)
{
    (void)m_thread.post([this, task = std::move(task)] {
        if (!m_isClosing)
            task();
    });
}

}  // namespace gvpn::accounts
