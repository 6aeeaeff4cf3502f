#include "client/secret_store.h"

namespace gvpn::client {

std::string passwordKey(const Pin& server, const std::string& user)
{
    return "password/" + server.toString() + '/' + user;
}

std::string deviceKeyKey(const Pin& server)
{
    return "device-key/" + server.toString();
}

}  // namespace gvpn::client
