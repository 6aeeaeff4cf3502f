#include "client/profile_watch.h"

#include <QDir>
#include <QFileInfo>

#include <utility>

namespace gvpn::client {

ProfileWatch::ProfileWatch(const std::string& directory, std::unique_ptr<Timer> delay)
    : m_directory(QDir::cleanPath(QString::fromStdString(directory)))
    , m_delay(std::move(delay))
{
    connect(&m_watcher, &QFileSystemWatcher::directoryChanged, this, &ProfileWatch::onChanged);
    watch();
}

void ProfileWatch::watch()
{
    QString nearest = m_directory;
    while (!QFileInfo(nearest).isDir() && nearest != QFileInfo(nearest).path())
        nearest = QFileInfo(nearest).path();
    // One that was removed and made anew is another one, and the watcher has given the old one up.
    if (nearest == m_watched && m_watcher.directories().contains(nearest))
        return;
    if (!m_watcher.directories().isEmpty())
        m_watcher.removePaths(m_watcher.directories());
    m_watched = nearest;
    m_watcher.addPath(nearest);
}

void ProfileWatch::onChanged()
{
    const bool wasThere = isThere();
    watch();
    // What happens beside it is nobody's business here.
    if ((!wasThere && !isThere()) || std::exchange(m_isDue, true))
        return;
    m_delay->start(ProfileWatchDelay, [this] {
        m_isDue = false;
        Q_EMIT changed();
    });
}

}  // namespace gvpn::client
