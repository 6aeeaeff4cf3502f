// This computer's keys, one for each server: found where a profile says, or made and put into the keyring if that is
// open (nobody is asked to open it for that), else into a file. GUI thread; nothing waits.
#pragma once

#include "client/background_work.h"
#include "client/profile.h"
#include "client/secret_store.h"

#include <functional>
#include <string>

namespace gvpn::client {

struct DeviceKey {
    SharedSecret pem;  // key and certificate, as tls::Identity::fromPem() reads them
    DeviceKeyPlace place = DeviceKeyPlace::File;
};

/// stateDir/devices/PIN.pem
[[nodiscard]] std::string deviceKeyFile(const std::string& stateDir, const Pin& server);

class DeviceKeys {
public:
    using Done = std::function<void(const Result<DeviceKey>&)>;

    /// keyring and work outlive it.
    DeviceKeys(std::string stateDir, SecretStore& keyring, BackgroundWork& work);

    /// The key that lies in that place. A file that isn't there yet is no error: a key is made, and the answer says
    /// where it is. Keyring: any error of the keyring, and no new key because of it, for the server would take this
    /// computer for another one; Malformed: what is in there is no key. done comes once, later.
    void obtain(const Pin& server, DeviceKeyPlace place, Done done);

private:
    void readFromKeyring(const Pin& server, Done done);
    void makeNew(const Pin& server, Done done);
    void keepInKeyring(const Pin& server, const SharedSecret& pem, Done done);
    void writeFile(const Pin& server, const SharedSecret& pem, Done done);

    std::string m_stateDir;
    SecretStore& m_keyring;
    BackgroundWork& m_work;
};

}  // namespace gvpn::client
