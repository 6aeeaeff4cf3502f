// Asks the system's resolver for the addresses of a name, in a thread of its own because it blocks. Not by QHostInfo,
// which answers from a cache for a minute: a server that has moved would be looked for at its old place. One file for
// each kind of operating system. Qt event loop; one use.
#pragma once

#include "base/result.h"

#include <QFutureWatcher>
#include <QHostAddress>
#include <QList>

#include <functional>
#include <string>

namespace gvpn::transport {

class NameLookup {
public:
    /// In the resolver's order, families mixed; not empty. NotFound: no such name, or no resolver answers.
    using Answer = Result<QList<QHostAddress>>;
    using Done = std::function<void(const Answer&)>;

    /// done is called from the event loop, once, unless the lookup was destroyed before. The thread may outlive it: a
    /// resolver that hangs can't be interrupted, and nobody waits for it. So a program that may end meanwhile ends by
    /// std::_Exit().
    NameLookup(const std::string& host, Done done);

private:
    QFutureWatcher<Answer> m_watcher;
};

}  // namespace gvpn::transport
