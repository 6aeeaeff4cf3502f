// An OperationRunner that records in a Journal what another one does. Used by LinuxConfigurator. Event loop thread.
#pragma once

#include "system/journal.h"

#include <memory>

namespace gvpn::system {

class JournaledRunner final : public OperationRunner {
public:
    JournaledRunner(OperationRunner& runner, Journal journal);

    /// A table that can't be recorded isn't loaded, nor are Docker's rules added, since they would stay for ever if
    /// this process were killed. Addresses and routes end with the interface, and a client's table may stay behind, so
    /// a client that may not write there works nevertheless. Tables are loaded, and undone, as the journal's holder's
    /// own.
    void perform(const Operation& operation, Done done) override;
    void undo(const Operation& operation, Done done) override;

private:
    [[nodiscard]] Operation owned(Operation operation) const;
    void takeOver(const Operation& operation);
    void forget(const Operation& operation);

    OperationRunner& m_runner;
    Journal m_journal;
    std::shared_ptr<bool> m_alive = std::make_shared<bool>(true);
};

}  // namespace gvpn::system
