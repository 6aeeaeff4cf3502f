// Which changes of a profile are worth a notification, and its words: one for each event. Pure but for what it
// remembers of each profile. GUI thread.
#pragma once

#include "gui/presenter.h"

#include <map>
#include <optional>

namespace gvpn::gui {

struct Notice {
    QString title;
    QString text;  // plain
    Phase phase = Phase::Disconnected;
    [[nodiscard]] bool operator==(const Notice&) const = default;
};

class Notices {
public:
    /// Called at each change of the entry. Nothing: not worth a word, or said already.
    [[nodiscard]] std::optional<Notice> take(const client::ProfileEntry& entry);
    /// The list has changed: what is gone is forgotten, and one that only has another name now is no news.
    void follow(std::span<const client::ProfileEntry> entries);

private:
    enum class Said { Nothing, Connected, Waiting, End };
    struct Seen {
        Said said = Said::Nothing;
        bool wasLost = false;  // since it was connected
    };
    [[nodiscard]] static std::optional<Notice> takeConnected(const client::ProfileEntry& entry, Seen& seen);
    [[nodiscard]] static std::optional<Notice> takeTrouble(const client::ProfileEntry& entry, Seen& seen);

    std::map<std::string, Seen> m_seen;
};

[[nodiscard]] Notice noticeOf(const client::NewRoutes& named);

}  // namespace gvpn::gui
