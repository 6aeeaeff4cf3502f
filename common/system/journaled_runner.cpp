#include "system/journaled_runner.h"

#include "system/logging.h"

namespace gvpn::system {

namespace {

bool mustBeRecorded(const Operation& operation)
{
    const auto* table = std::get_if<LoadTable>(&operation);
    return (table && !table->mayStayBehind) || std::holds_alternative<AddDockerRules>(operation);
}

}  // namespace

JournaledRunner::JournaledRunner(OperationRunner& runner, Journal journal)
    : m_runner(runner)
    , m_journal(std::move(journal))
{}

void JournaledRunner::perform(const Operation& operation, Done done)
{
    const auto added = m_journal.add(operation);
    if (!added && mustBeRecorded(operation)) {
        done(fail(added.error()));
        return;
    }
    if (!added)
        qCDebug(logSystem) << "not recorded:" << added.error().context.c_str();
    const bool isNew = added.value_or(false);
    m_runner.perform(owned(operation), [this, alive = std::weak_ptr(m_alive), operation, isNew,
                                        done = std::move(done)](Result<void> result) {
        // After a time-out it may have been done all the same.
        if (!result && result.error().code != ErrorCode::TimedOut && isNew && !alive.expired())
            forget(operation);
        if (result && isNew && !alive.expired())
            takeOver(operation);
        done(std::move(result));
    });
}

void JournaledRunner::undo(const Operation& operation, Done done)
{
    m_runner.undo(owned(operation),
                  [this, alive = std::weak_ptr(m_alive), operation, done = std::move(done)](Result<void> result) {
                      if (result && !alive.expired())
                          forget(operation);
                      done(std::move(result));
                  });
}

Operation JournaledRunner::owned(Operation operation) const
{
    if (auto* table = std::get_if<LoadTable>(&operation))
        table->owner = m_journal.holder().token;
    else if (auto* rules = std::get_if<AddDockerRules>(&operation))
        rules->owner = m_journal.holder().token;
    return operation;
}

void JournaledRunner::takeOver(const Operation& operation)
{
    if (auto taken = m_journal.takeOver(operation); !taken)
        qCWarning(logSystem) << "can't take over a record:" << taken.error().context.c_str();
}

void JournaledRunner::forget(const Operation& operation)
{
    if (auto removed = m_journal.remove(operation); !removed)
        qCWarning(logSystem) << "can't take back a record:" << removed.error().context.c_str();
}

}  // namespace gvpn::system
