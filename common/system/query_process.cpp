#include "system/query_process.h"

#include "base/text.h"
#include "system/nft_process.h"

#include <QProcessEnvironment>

#include <chrono>
#include <unistd.h>

namespace gvpn::system {

namespace {

constexpr std::chrono::seconds Deadline{10};
constexpr std::size_t MaxReasonBytes = 300;

std::string reasonIn(const QByteArray& errors)
{
    std::string reason = escapeForDisplay(errors.left(errors.indexOf('\n')).trimmed().toStdString());
    reason.resize(std::min(reason.size(), MaxReasonBytes));
    return reason.empty() ? "it failed or was killed, and gives no reason" : reason;
}

}  // namespace

QueryProcess::~QueryProcess()
{
    if (!m_process)
        return;
    QObject::disconnect(m_process.get(), nullptr, nullptr, nullptr);
    m_process->kill();
}

void QueryProcess::run(const QString& program, const QStringList& arguments, qsizetype maxBytes, Done done)
{
    Q_ASSERT(!m_process);
    m_done = std::move(done);
    m_maxBytes = maxBytes;
    m_output.clear();
    m_process = std::make_unique<QProcess>();
    QProcess* process = m_process.get();
    process->setProgram(program);
    process->setArguments(arguments);
    // Not quite empty: an empty one means to QProcess "inherit ours".
    QProcessEnvironment environment;
    environment.insert(QStringLiteral("LC_ALL"), QStringLiteral("C"));
    process->setProcessEnvironment(environment);
    process->setWorkingDirectory(QStringLiteral("/"));
    process->setStandardInputFile(QProcess::nullDevice());
    process->setChildProcessModifier(passNetAdminOn);

    QObject::connect(process, &QProcess::readyReadStandardOutput, process, [this] { takeOutput(); });
    QObject::connect(process, &QProcess::errorOccurred, process, [this](QProcess::ProcessError error) {
        if (error != QProcess::FailedToStart)
            return;
        const std::string name = m_process->program().toStdString();
        const bool isMissing = ::access(name.c_str(), X_OK) != 0;
        finish(fail(isMissing ? ErrorCode::Unsupported : ErrorCode::SystemFailure,
                    name + ": " + escapeForDisplay(m_process->errorString().toStdString())));
    });
    QObject::connect(process, &QProcess::finished, process, [this](int exitCode, QProcess::ExitStatus status) {
        takeOutput();
        if (!m_process)
            return;
        const QByteArray errors = m_process->readAllStandardError();
        if (status == QProcess::NormalExit && exitCode == 0)
            finish(std::exchange(m_output, {}));
        else
            finish(fail(errors.contains("No such file or directory") ? ErrorCode::NotFound : ErrorCode::SystemFailure,
                        m_process->program().toStdString() + ": " + reasonIn(errors)));
    });
    m_deadline = std::make_unique<QTimer>();
    m_deadline->setSingleShot(true);
    QObject::connect(m_deadline.get(), &QTimer::timeout, process, [this] {
        finish(fail(ErrorCode::TimedOut, m_process->program().toStdString() + " did not end within "
                                             + std::to_string(Deadline.count()) + " s"));
    });
    m_deadline->start(Deadline);
    process->start();
}

void QueryProcess::takeOutput()
{
    m_output += m_process->readAllStandardOutput();
    if (m_output.size() > m_maxBytes)
        finish(fail(ErrorCode::LimitExceeded, m_process->program().toStdString() + " writes too much"));
}

/// Called from the process's own signals, so the process is deleted later.
void QueryProcess::finish(Result<QByteArray> result)
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
