// Passwords as Argon2id hashes (RFC 9106; libsodium's string form). Hashing takes about 0.1 s and 64 MB: never on an
// event loop. Any thread.
#pragma once

#include "base/result.h"
#include "base/shared_secret.h"

namespace gvpn::accounts {

inline constexpr std::size_t MaxPasswordBytes = 256;

/// Equal for all hashes, stored and dummy, so that all take the same time (crypto_pwhash_*_INTERACTIVE).
struct HashCost {
    unsigned long long operations = 2;
    std::size_t memoryBytes = std::size_t{64} * 1024 * 1024;
};

/// "$argon2id$v=19$m=65536,t=2,p=1$…". SystemFailure: no memory. InvalidArgument: empty or too long.
[[nodiscard]] Result<std::string> hashPassword(const SharedSecret& password, const HashCost& cost = {});
/// Has the form and the cost of ours.
[[nodiscard]] bool isPasswordHash(const std::string& hash, const HashCost& cost = {});
/// False: wrong. hash empty: wrong, after the time that a wrong one takes. SystemFailure: no memory, which says nothing
/// about the password.
[[nodiscard]] Result<bool> verifyPassword(const SharedSecret& password, const std::string& hash,
                                          const HashCost& cost = {});

}  // namespace gvpn::accounts
