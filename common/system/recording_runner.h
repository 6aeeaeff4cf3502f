// An OperationRunner for tests: records instead of doing, fails when told to, and holds answers back when told to.
#pragma once

#include "system/operation.h"

#include <deque>
#include <map>

namespace gvpn::system {

class RecordingRunner final : public OperationRunner {
public:
    struct Call {
        enum class Kind { Perform, Undo };
        Kind kind = Kind::Perform;
        Operation operation;
        bool hasSucceeded = true;
        [[nodiscard]] bool operator==(const Call&) const = default;
    };

    void perform(const Operation& operation, Done done) override;
    void undo(const Operation& operation, Done done) override;

    /// The n-th perform from the beginning (0 is the first) fails.
    void failPerformAt(std::size_t n, Error error) { m_performFailures.insert_or_assign(n, std::move(error)); }
    void failUndoAt(std::size_t n, Error error) { m_undoFailures.insert_or_assign(n, std::move(error)); }
    /// From now on nothing ends before answerOne().
    void holdAnswers() { m_holdsAnswers = true; }
    /// False when nothing waits for an answer.
    bool answerOne();

    [[nodiscard]] const std::vector<Call>& calls() const { return m_calls; }
    [[nodiscard]] std::vector<Operation> performed() const { return succeeded(Call::Kind::Perform); }
    [[nodiscard]] std::vector<Operation> undone() const { return succeeded(Call::Kind::Undo); }
    void forgetCalls() { m_calls.clear(); }

private:
    [[nodiscard]] std::vector<Operation> succeeded(Call::Kind kind) const;
    void answer(Call::Kind kind, const Operation& operation, Result<void> result, Done done);

    std::vector<Call> m_calls;
    std::size_t m_performs = 0;
    std::size_t m_undos = 0;
    std::map<std::size_t, Error> m_performFailures;
    std::map<std::size_t, Error> m_undoFailures;
    bool m_holdsAnswers = false;
    std::deque<std::function<void()>> m_held;
};

}  // namespace gvpn::system
