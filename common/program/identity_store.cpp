#include "program/identity_store.h"

#include "program/private_file.h"

namespace gvpn::program {

namespace {

Result<void> createIdentity(const std::string& path)
{
    const auto identity = tls::Identity::generate();
    if (!identity)
        return fail(identity.error());
    const auto pem = identity->toPem();
    if (!pem)
        return fail(pem.error());
    return createFile(path, pem->view());
}

}  // namespace

Result<tls::Identity> loadIdentity(const std::string& path)
{
    const auto pem = readKeyFile(path, MaxIdentityFileBytes);
    if (!pem && pem.error().code == ErrorCode::LimitExceeded)
        return fail(ErrorCode::Malformed, pem.error().context);
    if (!pem)
        return fail(pem.error());
    auto identity = tls::Identity::fromPem(pem->view());
    if (!identity)
        return fail(ErrorCode::Malformed, path + ": damaged key file: " + identity.error().context);
    return identity;
}

Result<tls::Identity> loadOrCreateIdentity(const std::string& path)
{
    auto loaded = loadIdentity(path);
    if (loaded || loaded.error().code != ErrorCode::NotFound)
        return loaded;
    // Read back in any case: what counts is what the next start will find, be it ours or a faster process's.
    if (const auto created = createIdentity(path); !created && created.error().code != ErrorCode::AlreadyExists)
        return fail(created.error());
    return loadIdentity(path);
}

}  // namespace gvpn::program
