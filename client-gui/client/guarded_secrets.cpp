#include "client/guarded_secrets.h"

#include <QPointer>

#include <utility>

namespace gvpn::client {

GuardedSecrets::GuardedSecrets(const Parts& parts)
    : m_store(parts.store)
    , m_deadline(parts.makeTimer())
{}

template <typename T>
void GuardedSecrets::enqueue(std::function<void(ResultDone<T>)> start, ResultDone<T> done, bool asksNobody)
{
    const auto run = [this, start = std::move(start), done](std::uint64_t ticket) {
        start([this, guard = QPointer<QObject>(&m_context), ticket, done](const Result<T>& result) {
            if (!guard || !finish(ticket))
                return;
            if (!result)
                m_closedBy = result.error();
            runNextLater();
            done(result);
        });
    };
    m_waiting.push_back({run, [done](const Error& error) { done(fail(error)); }, asksNobody});
    runNextLater();
}

void GuardedSecrets::read(const std::string& key, ReadDone done)
{
    enqueue<SharedSecret>([this, key](ReadDone answered) { m_store.read(key, std::move(answered)); }, std::move(done));
}

void GuardedSecrets::write(const std::string& key, const SharedSecret& secret, Done done)
{
    enqueue<void>([this, key, secret](Done answered) { m_store.write(key, secret, std::move(answered)); },
                  std::move(done));
}

void GuardedSecrets::remove(const std::string& key, Done done)
{
    const auto start = [this, key](const Done& answered) {
        m_store.remove(key, [answered](const Result<void>& result) {
            const bool isGone = !result && result.error().code == ErrorCode::NotFound;
            answered(isGone ? Result<void>() : result);
        });
    };
    enqueue<void>(start, std::move(done));
}

void GuardedSecrets::look(Done done)
{
    enqueue<void>([this](Done answered) { m_store.look(std::move(answered)); }, std::move(done), true);
}

void GuardedSecrets::runNextLater()
{
    QMetaObject::invokeMethod(
        &m_context, [this] { runNext(); }, Qt::QueuedConnection);
}

void GuardedSecrets::runNext()
{
    if (m_running != 0 || m_waiting.empty())
        return;
    const Job job = std::move(m_waiting.front());
    m_waiting.pop_front();
    if (m_closedBy) {
        runNextLater();
        job.refuse(*m_closedBy);
        return;
    }
    m_running = ++m_lastTicket;
    m_refuseRunning = job.refuse;
    const bool mayAsk = m_mayAsk && !job.asksNobody;
    m_deadline->start(mayAsk ? KeyringDeadline : QuietKeyringDeadline, [this] { onDeadline(); });
    if (mayAsk || job.asksNobody)
        job.run(m_running);
    else
        runIfOpen(job);
}

void GuardedSecrets::runIfOpen(const Job& job)
{
    m_store.look([this, guard = QPointer<QObject>(&m_context), ticket = m_running, job](const Result<void>& isOpen) {
        if (!guard || ticket != m_running)
            return;
        if (isOpen) {
            job.run(ticket);
            return;
        }
        static_cast<void>(finish(ticket));
        m_closedBy = isOpen.error();
        runNextLater();
        job.refuse(isOpen.error());
    });
}

bool GuardedSecrets::finish(std::uint64_t ticket)
{
    if (ticket != m_running)
        return false;
    m_running = 0;
    m_refuseRunning = nullptr;
    m_deadline->stop();
    return true;
}

void GuardedSecrets::onDeadline()
{
    const auto refuse = std::exchange(m_refuseRunning, nullptr);
    m_running = 0;
    m_closedBy = Error{ErrorCode::TimedOut, "the keyring did not answer in time"};
    runNextLater();
    refuse(*m_closedBy);
}

}  // namespace gvpn::client
