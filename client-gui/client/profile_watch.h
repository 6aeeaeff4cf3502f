// Tells that something has changed in the profiles' directory, whoever did it; changes close together are told once. A
// file that is written in place, by an editor say, is not seen: programs of ours put a new one there. Used by
// LocalCore. GUI thread; nothing waits.
#pragma once

#include "client/edges.h"

#include <QFileSystemWatcher>
#include <QObject>
#include <QString>

namespace gvpn::client {

/// So long after the first of several changes.
inline constexpr Duration ProfileWatchDelay{300};

class ProfileWatch : public QObject {
    Q_OBJECT
public:
    /// The directory need not be there yet.
    ProfileWatch(const std::string& directory, std::unique_ptr<Timer> delay);

Q_SIGNALS:
    void changed();

private:
    void watch();
    void onChanged();
    [[nodiscard]] bool isThere() const { return m_watched == m_directory; }

    QString m_directory;
    QString m_watched;  // it, or the nearest one above that is there
    QFileSystemWatcher m_watcher;
    std::unique_ptr<Timer> m_delay;
    bool m_isDue = false;
};

}  // namespace gvpn::client
