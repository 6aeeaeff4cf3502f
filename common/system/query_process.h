// Runs a program that only tells something (nft, iptables-legacy), for what it writes. Used by ForeignFilterReader and
// LinuxRunner; Qt event loop thread.
#pragma once

#include "base/result.h"

#include <QProcess>
#include <QTimer>

#include <functional>
#include <memory>

namespace gvpn::system {

class QueryProcess {
public:
    using Done = std::function<void(Result<QByteArray>)>;

    QueryProcess() = default;
    QueryProcess(const QueryProcess&) = delete;
    QueryProcess& operator=(const QueryProcess&) = delete;
    /// A run that is under way is killed; its done is not called.
    ~QueryProcess();

    /// With CAP_NET_ADMIN if this process has it. One run at a time. done is called from the event loop, or before this
    /// returns. Unsupported: there is no such program. NotFound: it says that there is nothing by this name.
    /// LimitExceeded: it wrote more than maxBytes.
    void run(const QString& program, const QStringList& arguments, qsizetype maxBytes, Done done);

private:
    void takeOutput();
    void finish(Result<QByteArray> result);

    std::unique_ptr<QProcess> m_process;
    std::unique_ptr<QTimer> m_deadline;
    QByteArray m_output;
    qsizetype m_maxBytes = 0;
    Done m_done;
};

}  // namespace gvpn::system
