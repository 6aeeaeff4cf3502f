// The switches below /proc/sys/net that gvpn programs of one network namespace have changed: what they were, and who
// still needs them. Recorded before a switch is written, so that a killed program's switches can be put back.
// Used by LinuxRunner and cleanUpLeftovers; any thread, several processes.
#pragma once

#include "system/holder.h"
#include "system/network_snapshot.h"
#include "system/run_directory.h"

#include <map>

namespace gvpn::system {

class SwitchLedger {
public:
    /// sysctlRoot: "/proc/sys/net", or a copy in tests.
    SwitchLedger(RunDirectory directory, std::string sysctlRoot, Holder self);

    /// Sets the switch and holds it. What it was is recorded, unless it is held already and unchanged since.
    /// AlreadyExists: another program that lives holds it with another value.
    [[nodiscard]] Result<void> hold(const std::string& path, const std::string& value);
    /// The last one standing puts the original back, unless somebody else has changed the switch meanwhile, or has
    /// switched on forwarding everywhere (ip_forward), which needs it now. Right when nothing is held.
    [[nodiscard]] Result<void> release(const std::string& path);
    /// Puts back what is held by dead processes only; the paths of these switches.
    [[nodiscard]] Result<std::vector<std::string>> releaseDead();
    /// Makes the snapshot say what the switches would be without gvpn. Otherwise a second program would find forwarding
    /// on, not hold it, and lose it when the first one stops.
    void restoreOriginals(NetworkSnapshot& snapshot) const;

    /// The file in RunDirectory:
    ///   "switches": { PATH: { "original": TEXT, "value": TEXT (ours), "holders": [HOLDER…],
    ///                         "dependents": { PATH: TEXT } (what writing "all" changed too),
    ///                         "default": TEXT (of the IPv4 forwarding switches) } }
    static constexpr std::string_view FileName = "switches.json";

private:
    struct Entry {
        std::string original;
        std::string value;
        std::vector<Holder> holders;
        std::map<std::string, std::string> dependents;
        std::string forwardingDefault;  // ipv4/conf/default/forwarding when it was held; empty for other switches
    };
    using Entries = std::map<std::string, Entry>;

    [[nodiscard]] Entries load() const;
    [[nodiscard]] static std::optional<Entry> parseEntry(const QJsonObject& object);
    [[nodiscard]] Result<void> save(const Entries& entries) const;
    [[nodiscard]] Result<std::string> readSwitch(const std::string& path) const;
    [[nodiscard]] Result<void> writeSwitch(const std::string& path, const std::string& value) const;
    [[nodiscard]] std::map<std::string, std::string> readDependents(const std::string& path) const;
    [[nodiscard]] std::string readForwardingDefault(const std::string& path) const;
    [[nodiscard]] bool isNeededByOthers(const std::string& path, const Entry& entry) const;
    [[nodiscard]] Result<bool> putBack(const std::string& path, const Entry& entry) const;

    RunDirectory m_directory;
    std::string m_root;
    Holder m_self;
};

}  // namespace gvpn::system
