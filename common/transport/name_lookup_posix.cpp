#include "transport/name_lookup.h"

#include <QPromise>
#include <QThread>

#include <cerrno>
#include <memory>

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace gvpn::transport {

namespace {

QHostAddress addressOf(const sockaddr* address)
{
    QHostAddress result(address);
    if (address->sa_family == AF_INET6) {
        const auto zone = reinterpret_cast<const sockaddr_in6*>(address)->sin6_scope_id;
        if (zone != 0)
            result.setScopeId(QString::number(zone));
    }
    return result;
}

NameLookup::Answer resolve(const std::string& host)
{
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_ADDRCONFIG;
    addrinfo* first = nullptr;
    const int status = ::getaddrinfo(host.c_str(), nullptr, &hints, &first);
    if (status == EAI_SYSTEM)
        return fail(ErrorCode::NotFound, errnoError("resolver", errno).context);
    if (status != 0)
        return fail(ErrorCode::NotFound, ::gai_strerror(status));
    QList<QHostAddress> addresses;
    for (const addrinfo* entry = first; entry != nullptr; entry = entry->ai_next)
        addresses.append(addressOf(entry->ai_addr));
    ::freeaddrinfo(first);
    if (addresses.isEmpty())
        return fail(ErrorCode::NotFound, "the name has no address");
    return addresses;
}

}  // namespace

NameLookup::NameLookup(const std::string& host, Done done)
{
    const auto promise = std::make_shared<QPromise<Answer>>();
    promise->start();
    QObject::connect(&m_watcher, &QFutureWatcher<Answer>::finished, &m_watcher, [this, done = std::move(done)] {
        if (m_watcher.future().resultCount() > 0)
            done(m_watcher.result());
    });
    m_watcher.setFuture(promise->future());
    QThread* thread = QThread::create([promise, host] {
        promise->addResult(resolve(host));
        promise->finish();
    });
    QObject::connect(thread, &QThread::finished, thread, &QObject::deleteLater);
    thread->start();
    if (thread->isRunning())
        return;
    delete thread;
    promise->addResult(fail(ErrorCode::SystemFailure, "no thread for the name lookup can be started"));
    promise->finish();
}

}  // namespace gvpn::transport
