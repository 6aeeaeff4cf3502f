#include "client/device_keys.h"

#include "program/identity_store.h"
#include "program/private_file.h"
#include "program/state_dir.h"

#include <utility>

namespace gvpn::client {

namespace {

using Pem = Result<SharedSecret>;

Pem toPem(const Result<tls::Identity>& identity)
{
    if (!identity)
        return fail(identity.error());
    auto pem = identity->toPem();
    return pem ? Pem(SharedSecret(std::move(*pem))) : fail(pem.error());
}

Result<DeviceKey> keyIn(DeviceKeyPlace place, const Pem& pem)
{
    return pem ? Result<DeviceKey>(DeviceKey{*pem, place}) : fail(pem.error());
}

/// Of processes that make one at once all get the same.
Pem keepInFile(const std::string& file, const SharedSecret& pem)
{
    if (const auto made = program::makeStateDir(file.substr(0, file.rfind('/'))); !made)
        return fail(made.error());
    if (const auto created = program::createFile(file, pem.view());
        !created && created.error().code != ErrorCode::AlreadyExists)
        return fail(created.error());
    return toPem(program::loadIdentity(file));
}

}  // namespace

std::string deviceKeyFile(const std::string& stateDir, const Pin& server)
{
    return stateDir + "/devices/" + server.toString() + ".pem";
}

DeviceKeys::DeviceKeys(std::string stateDir, SecretStore& keyring, BackgroundWork& work)
    : m_stateDir(std::move(stateDir))
    , m_keyring(keyring)
    , m_work(work)
{}

void DeviceKeys::obtain(const Pin& server, DeviceKeyPlace place, Done done)
{
    if (place == DeviceKeyPlace::Keyring) {
        readFromKeyring(server, std::move(done));
        return;
    }
    m_work.run<Pem>([file = deviceKeyFile(m_stateDir, server)] { return toPem(program::loadIdentity(file)); },
                    [this, server, done = std::move(done)](const Pem& pem) {
                        if (!pem && pem.error().code == ErrorCode::NotFound)
                            makeNew(server, done);
                        else
                            done(keyIn(DeviceKeyPlace::File, pem));
                    });
}

void DeviceKeys::readFromKeyring(const Pin& server, Done done)
{
    m_keyring.read(deviceKeyKey(server), [done = std::move(done)](const Pem& pem) {
        const auto identity = pem ? tls::Identity::fromPem(pem->view()) : fail(pem.error());
        if (pem && !identity)
            done(fail(ErrorCode::Malformed, "what the keyring has is no key: " + identity.error().context));
        else
            done(keyIn(DeviceKeyPlace::Keyring, pem));
    });
}

void DeviceKeys::makeNew(const Pin& server, Done done)
{
    m_work.run<Pem>([] { return toPem(tls::Identity::generate()); },
                    [this, server, done = std::move(done)](const Pem& pem) {
                        if (!pem) {
                            done(fail(pem.error()));
                            return;
                        }
                        m_keyring.look([this, server, done, key = *pem](const Result<void>& isOpen) {
                            if (isOpen)
                                keepInKeyring(server, key, done);
                            else
                                writeFile(server, key, done);
                        });
                    });
}

void DeviceKeys::keepInKeyring(const Pin& server, const SharedSecret& pem, Done done)
{
    m_keyring.write(deviceKeyKey(server), pem,
                    [this, server, pem, done = std::move(done)](const Result<void>& written) {
                        if (written)
                            done(keyIn(DeviceKeyPlace::Keyring, pem));
                        else
                            writeFile(server, pem, done);
                    });
}

void DeviceKeys::writeFile(const Pin& server, const SharedSecret& pem, Done done)
{
    m_work.run<Pem>([file = deviceKeyFile(m_stateDir, server), pem] { return keepInFile(file, pem); },
                    [done = std::move(done)](const Pem& kept) { done(keyIn(DeviceKeyPlace::File, kept)); });
}

}  // namespace gvpn::client
