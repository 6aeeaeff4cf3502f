#include "system/leftovers.h"

#include "system/journal.h"

#include <algorithm>
#include <deque>

namespace gvpn::system {

namespace {

struct Leftover {
    JournalEntry entry;
    std::string fileName;  // of the journal that it is in
};

/// Undoes one after the other; lives in the callbacks of the runner until it is through.
class Cleaner : public std::enable_shared_from_this<Cleaner> {
public:
    using Done = std::function<void(Result<CleanupReport>)>;

    Cleaner(RunDirectory directory, OperationRunner& runner, Done done)
        : m_directory(std::move(directory))
        , m_runner(runner)
        , m_done(std::move(done))
    {}

    void start(SwitchLedger ledger)
    {
        m_directory.removeOutdated();
        auto restored = ledger.releaseDead();
        if (!restored) {
            m_done(fail(restored.error()));
            return;
        }
        m_report.undone = std::move(*restored);
        collect();
        next();
    }

private:
    void collect()
    {
        for (const JournalRecord& record : readJournals(m_directory)) {
            if (record.holder.isAlive())
                continue;
            for (auto entry = record.entries.rbegin(); entry != record.entries.rend(); ++entry)
                m_leftovers.push_back({*entry, record.fileName});
            m_finished.push_back(record.fileName);
        }
    }

    /// What is looked at now, since programs may have started while the steps before were under way.
    [[nodiscard]] bool isNeeded(const Leftover& leftover) const
    {
        const auto isHeldBy = [&](const JournalRecord& record) {
            return record.holder.isAlive() && std::ranges::any_of(record.entries, [&](const JournalEntry& entry) {
                       return isSameTarget(entry.operation, leftover.entry.operation);
                   });
        };
        return std::ranges::any_of(readJournals(m_directory), isHeldBy);
    }

    /// Whoever wants the same records that first, under the lock, and so either is seen here or comes later. Not for
    /// what nft does: other configurators of this thread would wait for the lock, and never see nft end. There nft
    /// checks in one step whose table it removes, and rules have their owner's name on them.
    [[nodiscard]] Result<UniqueFd> lockFor(const Leftover& leftover) const
    {
        const bool isByNft = std::holds_alternative<LoadTable>(leftover.entry.operation)
                             || std::holds_alternative<AddDockerRules>(leftover.entry.operation);
        return isByNft ? Result<UniqueFd>() : m_directory.lock();
    }

    void next()
    {
        while (!m_leftovers.empty()) {
            const Leftover& leftover = m_leftovers.front();
            const auto lock = std::make_shared<Result<UniqueFd>>(lockFor(leftover));
            if (!*lock) {
                undone(fail(lock->error()));
                return;
            }
            if (isStillThere(leftover.entry)) {
                if (!isNeeded(leftover)) {
                    m_runner.undo(leftover.entry.operation, [self = shared_from_this(), lock](const auto& result) {
                        *lock = UniqueFd();
                        self->undone(result);
                    });
                    return;
                }
                // Until the one that needs it takes it over, or is gone, too.
                std::erase(m_finished, leftover.fileName);
            }
            m_leftovers.pop_front();
        }
        finish();
    }

    void undone(const Result<void>& result)
    {
        const Leftover leftover = std::move(m_leftovers.front());
        m_leftovers.pop_front();
        const std::string description = describe(leftover.entry.operation, leftover.entry.interfaceName);
        if (result) {
            m_report.undone.push_back(description);
        } else {
            m_report.failures.push_back(description + ": " + result.error().context);
            std::erase(m_finished, leftover.fileName);
        }
        next();
    }

    void finish()
    {
        if (!m_finished.empty()) {
            if (const auto lock = m_directory.lock()) {
                for (const std::string& name : m_finished)
                    m_directory.remove(name);
            }
        }
        m_done(std::move(m_report));
    }

    RunDirectory m_directory;
    OperationRunner& m_runner;
    Done m_done;
    CleanupReport m_report;
    std::deque<Leftover> m_leftovers;
    std::vector<std::string> m_finished;  // journals of which nothing is left
};

}  // namespace

void cleanUpLeftovers(const RunDirectory& directory, SwitchLedger ledger, OperationRunner& runner,
                      std::function<void(Result<CleanupReport>)> done)
{
    std::make_shared<Cleaner>(directory, runner, std::move(done))->start(std::move(ledger));
}

}  // namespace gvpn::system
