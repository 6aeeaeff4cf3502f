#include "system/nft_process.h"

#include "base/text.h"

#include <QProcessEnvironment>

#include <array>
#include <chrono>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace gvpn::system {

namespace {

constexpr std::chrono::seconds Deadline{10};
constexpr std::size_t MaxReasonBytes = 300;

Error errorOfStart(const QString& reason)
{
    if (::access(NftProgram, X_OK) != 0)
        return {ErrorCode::NotFound,
                std::string(NftProgram) + ", which filters for the tunnel, is not there; install the package nftables"};
    return {ErrorCode::SystemFailure, std::string(NftProgram) + ": " + escapeForDisplay(reason.toStdString())};
}

Error errorOfNft(const QByteArray& output)
{
    std::string reason = escapeForDisplay(output.left(output.indexOf('\n')).trimmed().toStdString());
    reason.resize(std::min(reason.size(), MaxReasonBytes));
    if (reason.empty())
        reason = "it failed or was killed, and gives no reason";
    const bool isForbidden = output.contains("Operation not permitted");
    return {isForbidden ? ErrorCode::PermissionDenied : ErrorCode::SystemFailure, "nft: " + reason};
}

}  // namespace

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

NftProcess::~NftProcess()
{
    if (!m_process)
        return;
    QObject::disconnect(m_process.get(), nullptr, nullptr, nullptr);
    m_process->kill();
}

void NftProcess::run(const std::string& rulesetJson, Done done, Missing missing)
{
    Q_ASSERT(!m_process);
    m_missing = missing;
    m_done = std::move(done);
    m_process = std::make_unique<QProcess>();
    QProcess* process = m_process.get();
    process->setProgram(QString::fromLatin1(NftProgram));
    process->setArguments({QStringLiteral("-j"), QStringLiteral("-f"), QStringLiteral("-")});
    // Not quite empty: an empty one means to QProcess "inherit ours".
    QProcessEnvironment environment;
    environment.insert(QStringLiteral("LC_ALL"), QStringLiteral("C"));
    process->setProcessEnvironment(environment);
    process->setWorkingDirectory(QStringLiteral("/"));
    process->setStandardOutputFile(QProcess::nullDevice());
    process->setChildProcessModifier(passNetAdminOn);

    QObject::connect(process, &QProcess::errorOccurred, process, [this](QProcess::ProcessError error) {
        if (error == QProcess::FailedToStart)
            finish(fail(errorOfStart(m_process->errorString())));
    });
    QObject::connect(process, &QProcess::finished, process, [this](int exitCode, QProcess::ExitStatus status) {
        const QByteArray output = m_process->readAllStandardError();
        const bool isDone = status == QProcess::NormalExit && exitCode == 0;
        const bool isMissing = output.contains("Could not process rule: No such file or directory");
        if (isDone || (isMissing && m_missing == Missing::IsFine))
            finish({});
        else
            finish(fail(errorOfNft(output)));
    });
    m_deadline = std::make_unique<QTimer>();
    m_deadline->setSingleShot(true);
    QObject::connect(m_deadline.get(), &QTimer::timeout, process, [this] {
        finish(fail(ErrorCode::TimedOut, "nft did not end within " + std::to_string(Deadline.count()) + " s"));
    });
    m_deadline->start(Deadline);

    process->start();
    // A process that couldn't be started has told so by now, and is gone.
    if (m_process.get() == process && process->state() != QProcess::NotRunning) {
        process->write(rulesetJson.data(), static_cast<qint64>(rulesetJson.size()));
        process->closeWriteChannel();
    }
}

/// Called from the process's own signals, so the process is deleted later.
void NftProcess::finish(Result<void> result)
{
    QProcess* process = m_process.release();
    QObject::disconnect(process, nullptr, nullptr, nullptr);
    // One that hangs is only being killed yet; its destructor would wait, and say so on standard error.
    if (process->state() == QProcess::NotRunning)
        process->deleteLater();
    else
        QObject::connect(process, &QProcess::finished, process, &QObject::deleteLater);
    process->kill();
    m_deadline.release()->deleteLater();
    std::exchange(m_done, {})(std::move(result));
}

}  // namespace gvpn::system
