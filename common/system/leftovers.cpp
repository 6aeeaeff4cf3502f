#include "system/leftovers.h"

#include "system/journal.h"
#include "system/nft_ruleset.h"

#include <algorithm>
#include <deque>
#include <net/if.h>

namespace gvpn::system {

namespace {

struct Leftover {
    JournalEntry entry;
    JournalRecord record;  // that it is in
};

/// Whoever opened it since is about to replace the table, or has done so: an interface is opened before its table is
/// loaded. One that outlived the dead process is known to its journal.
bool isOfLaterInterface(const JournalEntry& entry, const JournalRecord& record)
{
    const auto* table = std::get_if<LoadTable>(&entry.operation);
    if (!table || !table->tableName.starts_with(tableNameFor("")))
        return false;
    const std::string name = table->tableName.substr(tableNameFor("").size());
    const bool isKnown = std::ranges::any_of(
        record.entries, [&](const JournalEntry& other) { return other.interfaceName == name && isStillThere(other); });
    return ::if_nametoindex(name.c_str()) != 0 && !isKnown;
}

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
                m_leftovers.push_back({*entry, record});
            m_finished.push_back(record.fileName);
        }
    }

    /// What is looked at now, since programs may have started while the steps before were under way. Not under the
    /// lock for the whole step: other configurators of this thread would wait for it, and never see it end.
    [[nodiscard]] bool isNeeded(const Leftover& leftover) const
    {
        const auto isHeldBy = [&](const JournalRecord& record) {
            return record.holder.isAlive() && std::ranges::any_of(record.entries, [&](const JournalEntry& entry) {
                       return isSameTarget(entry.operation, leftover.entry.operation);
                   });
        };
        return isOfLaterInterface(leftover.entry, leftover.record)
               || std::ranges::any_of(readJournals(m_directory), isHeldBy);
    }

    /// The journal of what was left out stays, until the one that needs it takes it over or is gone, too.
    void skipWhatIsNeeded()
    {
        while (!m_leftovers.empty()) {
            const Leftover& leftover = m_leftovers.front();
            if (isStillThere(leftover.entry)) {
                if (!isNeeded(leftover))
                    return;
                std::erase(m_finished, leftover.record.fileName);
            }
            m_leftovers.pop_front();
        }
    }

    void next()
    {
        skipWhatIsNeeded();
        if (m_leftovers.empty()) {
            finish();
            return;
        }
        m_runner.undo(m_leftovers.front().entry.operation,
                      [self = shared_from_this()](const Result<void>& result) { self->undone(result); });
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
            std::erase(m_finished, leftover.record.fileName);
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
