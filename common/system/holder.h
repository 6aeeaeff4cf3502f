// Who holds something that outlives a process: a process that can be told from a later one with the same number, and
// which of its configurators. Recorded by SwitchLedger and Journal; any thread.
#pragma once

#include <QJsonObject>

#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>

namespace gvpn::system {

struct Holder {
    pid_t process = 0;
    std::uint64_t startTime = 0;  // clock ticks since boot, proc_pid_stat(5) field 22
    std::string token;            // random, one for each configurator

    /// This process with a new token.
    [[nodiscard]] static Holder makeOwn();
    [[nodiscard]] static std::optional<Holder> fromJson(const QJsonObject& object);
    [[nodiscard]] QJsonObject toJson() const;

    /// False for a process that ended, also when its parent has not waited for it yet. When in doubt, true: what a
    /// living process needs must not be undone.
    [[nodiscard]] bool isAlive() const;

    [[nodiscard]] bool operator==(const Holder&) const = default;
};

}  // namespace gvpn::system
