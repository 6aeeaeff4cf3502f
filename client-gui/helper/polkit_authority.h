// Asks polkit about the program at the other end of the bus, not about a process number, which could be somebody else's
// by then. Whatever is not a clear "yes" is a "no". Event loop thread.
#pragma once

#include "helper/authority.h"

#include <QDBusConnection>
#include <QDBusPendingCallWatcher>
#include <QObject>

#include <chrono>
#include <map>
#include <memory>

namespace gvpn::helper {

/// A person looks for the password.
inline constexpr std::chrono::milliseconds Patience = std::chrono::minutes(5);

class PolkitAuthority final : public QObject, public Authority {
    Q_OBJECT
public:
    explicit PolkitAuthority(const QDBusConnection& bus, std::chrono::milliseconds patience = Patience);
    ~PolkitAuthority() override;

    [[nodiscard]] Question ask(const std::string& busName, const QString& action, Answer answer) override;
    void cancel(Question question) override;

private:
    void onFinished(Question question, const QDBusPendingCall& call);
    /// The dialog goes.
    void sendCancellation(Question question);

    struct Pending {
        std::unique_ptr<QDBusPendingCallWatcher> watcher;
        Answer answer;
    };
    QDBusConnection m_bus;
    std::chrono::milliseconds m_patience;
    std::map<Question, Pending> m_pending;
    Question m_last = 0;
};

}  // namespace gvpn::helper
