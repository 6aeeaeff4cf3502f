#include "system/query_process.h"

#include "base/text.h"
#include "system/child_process.h"

#include <chrono>
#include <unistd.h>

namespace gvpn::system {

namespace {

constexpr std::chrono::seconds Deadline{10};

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
    prepareChild(*process);
    process->setStandardInputFile(QProcess::nullDevice());

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
    letGo(std::move(m_process));
    m_deadline.release()->deleteLater();
    std::exchange(m_done, {})(std::move(result));
}

}  // namespace gvpn::system
