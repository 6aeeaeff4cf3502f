#include "system/nft_process.h"

#include "base/text.h"
#include "system/child_process.h"

#include <chrono>
#include <unistd.h>

namespace gvpn::system {

namespace {

constexpr std::chrono::seconds Deadline{10};

Error errorOfStart(const QString& reason)
{
    if (::access(NftProgram, X_OK) != 0)
        return {ErrorCode::NotFound,
                std::string(NftProgram) + ", which filters for the tunnel, is not there; install the package nftables"};
    return {ErrorCode::SystemFailure, std::string(NftProgram) + ": " + escapeForDisplay(reason.toStdString())};
}

Error errorOfNft(const QByteArray& output)
{
    const bool isForbidden = output.contains("Operation not permitted");
    return {isForbidden ? ErrorCode::PermissionDenied : ErrorCode::SystemFailure, "nft: " + reasonIn(output)};
}

}  // namespace

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
    prepareChild(*process);
    process->setStandardOutputFile(QProcess::nullDevice());

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
    letGo(std::move(m_process));
    m_deadline.release()->deleteLater();
    std::exchange(m_done, {})(std::move(result));
}

}  // namespace gvpn::system
