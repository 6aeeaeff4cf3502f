#include "system/recording_runner.h"

namespace gvpn::system {

namespace {

Result<void> resultAt(const std::map<std::size_t, Error>& failures, std::size_t n)
{
    const auto failure = failures.find(n);
    if (failure == failures.end())
        return {};
    return fail(failure->second);
}

}  // namespace

void RecordingRunner::perform(const Operation& operation, Done done)
{
    answer(Call::Kind::Perform, operation, resultAt(m_performFailures, m_performs++), std::move(done));
}

void RecordingRunner::undo(const Operation& operation, Done done)
{
    answer(Call::Kind::Undo, operation, resultAt(m_undoFailures, m_undos++), std::move(done));
}

bool RecordingRunner::answerOne()
{
    if (m_held.empty())
        return false;
    const auto held = std::move(m_held.front());
    m_held.pop_front();
    held();
    return true;
}

std::vector<Operation> RecordingRunner::succeeded(Call::Kind kind) const
{
    std::vector<Operation> operations;
    for (const Call& call : m_calls) {
        if (call.kind == kind && call.hasSucceeded)
            operations.push_back(call.operation);
    }
    return operations;
}

void RecordingRunner::answer(Call::Kind kind, const Operation& operation, Result<void> result, Done done)
{
    m_calls.push_back({kind, operation, result.has_value()});
    if (m_holdsAnswers)
        m_held.emplace_back([result = std::move(result), done = std::move(done)] { done(result); });
    else
        done(std::move(result));
}

}  // namespace gvpn::system
