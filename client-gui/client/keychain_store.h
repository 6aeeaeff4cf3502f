// The desktop's keyring (Secret Service, KWallet) through QtKeychain, in a thread of its own: looking for it makes
// calls over D-Bus that wait. One in a process: QtKeychain's queue of jobs stays in the thread of the first one and
// ends with it. For composition roots; lives in the thread that makes it.
#pragma once

#include "client/secret_store.h"

#include <QObject>
#include <QThread>

namespace gvpn::client {

class KeychainStore final : public SecretStore {
public:
    /// What look() says of KDE's wallet, which most logins have opened, and which QtKeychain opens with a question.
    enum class Wallet { TakenForOpen, LookedAt };
    explicit KeychainStore(Wallet wallet = Wallet::TakenForOpen);
    /// What is under way gets no answer any more.
    ~KeychainStore() override;
    KeychainStore(const KeychainStore&) = delete;
    KeychainStore& operator=(const KeychainStore&) = delete;

    void read(const std::string& key, ReadDone done) override;
    void write(const std::string& key, const SharedSecret& secret, Done done) override;
    void remove(const std::string& key, Done done) override;
    void look(Done done) override;

private:
    Wallet m_wallet;
    QObject m_home;    // where the answers are given
    QObject m_worker;  // lives in m_thread
    QThread m_thread;
};

}  // namespace gvpn::client
