// Which protocol a connection speaks. Chosen by a person, never by what the server answers. A value.
#pragma once

#include <cstdint>

namespace gvpn::client {

enum class WireProtocol : std::uint8_t {
    V2,  // in TLS, with the server's key pinned
    V1,  // the reference protocol, in the clear
};

}  // namespace gvpn::client
