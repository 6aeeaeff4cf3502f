// What the programs that we start have in common: NftProcess, QueryProcess. Qt event loop thread.
#pragma once

#include <QProcess>

#include <memory>
#include <string>

namespace gvpn::system {

/// Messages in English, nothing else of our environment, and CAP_NET_ADMIN if this process has it.
void prepareChild(QProcess& process);

/// The first line of what it wrote to standard error, made safe to show; or that it says nothing.
[[nodiscard]] std::string reasonIn(const QByteArray& errors);

/// It is killed if it runs, and deleted later: right also inside of its own signals.
void letGo(std::unique_ptr<QProcess> process);

}  // namespace gvpn::system
