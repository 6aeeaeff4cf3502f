#include "system/leftovers.h"

#include "system/journal.h"

#include <algorithm>
#include <array>
#include <deque>
#include <net/if.h>

namespace gvpn::system {

namespace {

struct Leftover {
    JournalEntry entry;
    std::string fileName;
};

bool isNameOf(unsigned index, const std::string& name)
{
    std::array<char, IF_NAMESIZE> current{};
    return ::if_indextoname(index, current.data()) && name == current.data();
}

/// Addresses and routes go with their interface, and its number may be another's by now.
bool isStillThere(const JournalEntry& entry)
{
    if (const auto* address = std::get_if<AddAddress>(&entry.operation))
        return isNameOf(address->interfaceIndex, entry.interfaceName);
    if (const auto* route = std::get_if<AddRoute>(&entry.operation))
        return isNameOf(route->interfaceIndex, entry.interfaceName);
    if (const auto* up = std::get_if<SetLinkUp>(&entry.operation))
        return isNameOf(up->interfaceIndex, entry.interfaceName);
    return true;
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
        const std::vector<JournalRecord> records = readJournals(m_directory);
        std::vector<Operation> held;
        for (const JournalRecord& record : records) {
            if (record.holder.isAlive())
                std::ranges::transform(record.entries, std::back_inserter(held), &JournalEntry::operation);
        }
        for (const JournalRecord& record : records) {
            if (record.holder.isAlive())
                continue;
            for (auto entry = record.entries.rbegin(); entry != record.entries.rend(); ++entry) {
                const bool isHeld = std::ranges::any_of(
                    held, [&](const Operation& operation) { return isSameTarget(operation, entry->operation); });
                if (!isHeld && isStillThere(*entry))
                    m_leftovers.push_back({*entry, record.fileName});
            }
            m_finished.push_back(record.fileName);
        }
    }

    void next()
    {
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
