// The numbers of the messages on the wire (key 0). Used by the encoder and the decoder.
#pragma once

#include <cstdint>

namespace gvpn::protocol {

enum class MessageNumber : std::uint64_t {
    Hello = 1,
    HelloReply = 2,
    Login = 3,
    LoginReply = 4,
    AddressRequest = 5,
    AddressReply = 6,
    Ping = 7,
    Pong = 8,
    Goodbye = 9,
    Notice = 10,
};

}  // namespace gvpn::protocol
