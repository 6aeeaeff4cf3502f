// What one configurator has done that outlives its process, in a file of its own: the other programs undo it when the
// process is dead. Switches are not in it, the SwitchLedger has them. Used by JournaledRunner and cleanUpLeftovers.
#pragma once

#include "system/holder.h"
#include "system/operation.h"
#include "system/run_directory.h"

namespace gvpn::system {

struct JournalEntry {
    Operation operation;        // read back, a table is without its rules, and its owner is the holder
    std::string interfaceName;  // empty for what nft does
};

struct JournalRecord {
    std::string fileName;
    Holder holder;
    std::vector<JournalEntry> entries;
};

/// A file in RunDirectory, "journal-<token>.json": { "holder": HOLDER, "operations": [OPERATION…] }, where OPERATION is
///   { "do": "add-address", "index": 5, "interface": "gvpn0", "address": "10.86.0.1/24" }
///   { "do": "set-link-up", "index": 5, "interface": "gvpn0" }
///   { "do": "add-route", "index": 5, "interface": "gvpn0", "destination": "172.17.0.0/16" }
///   { "do": "load-table", "table": "gvpn_gvpn0" }
///   { "do": "add-docker-rules", "family": 4, "tunnel": "gvpn0" }
class Journal {
public:
    /// Nothing is written before the first operation.
    Journal(RunDirectory directory, Holder self);

    /// Before the operation is performed. True: it was not in the journal yet. MTU, segment limit, group and switches
    /// are never in it: the first three end with the interface.
    [[nodiscard]] Result<bool> add(const Operation& operation);
    /// After it was performed: what dead processes did to the same target is ours now, and what
    /// went with their interfaces is forgotten.
    [[nodiscard]] Result<void> takeOver(const Operation& operation) const;
    /// After it was undone, or when it failed. The last one takes the file with it.
    [[nodiscard]] Result<void> remove(const Operation& operation);

    [[nodiscard]] const Holder& holder() const { return m_self; }

private:
    [[nodiscard]] Result<void> save() const;

    RunDirectory m_directory;
    Holder m_self;
    std::vector<JournalEntry> m_entries;
};

/// Addresses and routes go with their interface, and its number may be another's by now.
[[nodiscard]] bool isStillThere(const JournalEntry& entry);

/// All journals that can be read; damaged ones are left out with a warning.
[[nodiscard]] std::vector<JournalRecord> readJournals(const RunDirectory& directory);

}  // namespace gvpn::system
