#include "system/child_process.h"

#include "base/text.h"

#include <QProcessEnvironment>

#include <algorithm>
#include <array>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace gvpn::system {

namespace {

constexpr std::size_t MaxReasonBytes = 300;

/// A program that gave up root but kept CAP_NET_ADMIN would start a child without it: only ambient capabilities
/// survive exec. Between fork and exec, so system calls only; when it fails, nft says what it is not allowed to do.
void passNetAdminOn()
{
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> data{};
    if (::syscall(SYS_capget, &header, data.data()) != 0)
        return;
    data[0].inheritable |= 1U << CAP_NET_ADMIN;
    if (::syscall(SYS_capset, &header, data.data()) == 0)
        ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_ADMIN, 0, 0);
}

}  // namespace

void prepareChild(QProcess& process)
{
    // Not quite empty: an empty one means to QProcess "inherit ours".
    QProcessEnvironment environment;
    environment.insert(QStringLiteral("LC_ALL"), QStringLiteral("C"));
    process.setProcessEnvironment(environment);
    process.setWorkingDirectory(QStringLiteral("/"));
    process.setChildProcessModifier(passNetAdminOn);
}

std::string reasonIn(const QByteArray& errors)
{
    std::string reason = escapeForDisplay(errors.left(errors.indexOf('\n')).trimmed().toStdString());
    reason.resize(std::min(reason.size(), MaxReasonBytes));
    return reason.empty() ? "it failed or was killed, and gives no reason" : reason;
}

void letGo(std::unique_ptr<QProcess> process)
{
    QProcess* released = process.release();
    QObject::disconnect(released, nullptr, nullptr, nullptr);
    // One that hangs is only being killed yet; its destructor would wait, and say so on standard error.
    if (released->state() == QProcess::NotRunning)
        released->deleteLater();
    else
        QObject::connect(released, &QProcess::finished, released, &QObject::deleteLater);
    released->kill();
}

}  // namespace gvpn::system
