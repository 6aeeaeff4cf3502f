// Where passwords and device keys lie that are in no file: the desktop's keyring. Implementations: KeychainStore, and
// GuardedSecrets, which stands before it; a fake in tests. One thread; nothing waits.
#pragma once

#include "base/pin.h"
#include "base/shared_secret.h"

#include <functional>
#include <string>

namespace gvpn::client {

class SecretStore {
public:
    using ReadDone = std::function<void(const Result<SharedSecret>&)>;
    using Done = std::function<void(const Result<void>&)>;

    virtual ~SecretStore() = default;

    // Every done comes once, later, in the caller's thread; from a KeychainStore it may never come, when the keyring
    // waits for a person. NotFound: there is no such secret, or the keyring is locked: that can't be told apart.
    // PermissionDenied: it is locked, or a person said no. Unsupported: there is no keyring.
    virtual void read(const std::string& key, ReadDone done) = 0;
    /// UTF-8 without a NUL. Takes the place of the one that is there.
    virtual void write(const std::string& key, const SharedSecret& secret, Done done) = 0;
    virtual void remove(const std::string& key, Done done) = 0;
    /// Whether that would go without a person being asked for anything; nobody is by this. PermissionDenied: it is
    /// locked. Unsupported: there is none, or none yet.
    virtual void look(Done done) = 0;
};

/// The names of secrets: by the server's key, so that another server of the same name gets none of them.
[[nodiscard]] std::string passwordKey(const Pin& server, const std::string& user);
[[nodiscard]] std::string deviceKeyKey(const Pin& server);

}  // namespace gvpn::client
