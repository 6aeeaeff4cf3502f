#include "client/keychain_store.h"

#include "client/kwallet.h"
#include "client/secret_service.h"

#include <qt6keychain/keychain.h>

#include <QCoreApplication>

#include <utility>

namespace gvpn::client {

namespace {

/// What the entries of this program are filed under; the field "server" of the Secret Service.
QString service()
{
    return QStringLiteral("gvpn");
}

Error errorOf(const QKeychain::Job& job)
{
    const std::string text = job.errorString().toStdString();
    switch (job.error()) {
    case QKeychain::EntryNotFound: return {ErrorCode::NotFound, "the keyring is locked, or it is not in there"};
    case QKeychain::AccessDenied:
    case QKeychain::AccessDeniedByUser: return {ErrorCode::PermissionDenied, "the keyring is locked"};
    case QKeychain::CouldNotDeleteEntry: return {ErrorCode::SystemFailure, "the keyring kept it: " + text};
    default: return {ErrorCode::Unsupported, text.empty() ? "no keyring answers" : text};
    }
}

/// Starts a job in this thread. It has no parent and is never given up: libsecret answers to its address, however late,
/// and it deletes itself then.
template <typename Answer>
void startJob(QKeychain::Job* job, const std::string& key, Answer answer)
{
    job->setKey(QString::fromStdString(key));
    job->setInsecureFallback(false);
    QObject::connect(job, &QKeychain::Job::finished, job, std::move(answer));
    job->start();
}

/// QtKeychain prefers KWallet there.
bool usesKWallet()
{
    return qgetenv("XDG_CURRENT_DESKTOP").contains("KDE");
}

Result<void> outcomeOf(const QKeychain::Job& job)
{
    return job.error() == QKeychain::NoError ? Result<void>() : fail(errorOf(job));
}

}  // namespace

KeychainStore::KeychainStore(Wallet wallet)
    : m_wallet(wallet)
{
    m_worker.moveToThread(&m_thread);
    m_thread.setObjectName(QStringLiteral("keyring"));
    m_thread.start();
}

KeychainStore::~KeychainStore()
{
    m_thread.quit();
    m_thread.wait();
}

void KeychainStore::read(const std::string& key, ReadDone done)
{
    const auto work = [this, key, done = std::move(done)] {
        auto* job = new QKeychain::ReadPasswordJob(service());
        startJob(job, key, [this, job, done] {
            QByteArray text = job->textData().toUtf8();
            const auto outcome = outcomeOf(*job);
            const SharedSecret secret(SecretBytes(asBytes({text.constData(), std::size_t(text.size())})));
            wipe(std::as_writable_bytes(std::span(text.data(), std::size_t(text.size()))));
            const Result<SharedSecret> result = outcome ? Result<SharedSecret>(secret) : fail(outcome.error());
            QMetaObject::invokeMethod(
                &m_home, [done, result] { done(result); }, Qt::QueuedConnection);
        });
    };
    QMetaObject::invokeMethod(&m_worker, work, Qt::QueuedConnection);
}

void KeychainStore::write(const std::string& key, const SharedSecret& secret, Done done)
{
    const auto work = [this, key, secret, done = std::move(done)] {
        auto* job = new QKeychain::WritePasswordJob(service());
        const std::string_view text = asText(secret.view());
        job->setTextData(QString::fromUtf8(text.data(), qsizetype(text.size())));
        startJob(job, key, [this, job, done] {
            QMetaObject::invokeMethod(
                &m_home, [done, result = outcomeOf(*job)] { done(result); }, Qt::QueuedConnection);
        });
    };
    QMetaObject::invokeMethod(&m_worker, work, Qt::QueuedConnection);
}

void KeychainStore::remove(const std::string& key, Done done)
{
    const auto work = [this, key, done = std::move(done)] {
        auto* job = new QKeychain::DeletePasswordJob(service());
        startJob(job, key, [this, job, done] {
            QMetaObject::invokeMethod(
                &m_home, [done, result = outcomeOf(*job)] { done(result); }, Qt::QueuedConnection);
        });
    };
    QMetaObject::invokeMethod(&m_worker, work, Qt::QueuedConnection);
}

void KeychainStore::look(Done done)
{
    const auto work = [this, done = std::move(done)] {
        const auto answered = [this, done](const Result<void>& result) {
            QMetaObject::invokeMethod(
                &m_home, [done, result] { done(result); }, Qt::QueuedConnection);
        };
        if (usesKWallet() && m_wallet == Wallet::LookedAt)
            lookAtKWallet(QDBusConnection::sessionBus(), m_worker, answered);
        else if (usesKWallet())
            answered({});
        else
            lookAtSecretService(QDBusConnection::sessionBus(), m_worker, answered);
    };
    QMetaObject::invokeMethod(&m_worker, work, Qt::QueuedConnection);
}

}  // namespace gvpn::client
