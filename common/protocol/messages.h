// The v2 control messages and their CBOR form (RFC 8949): maps with integer keys; key 0 is the message's number.
// Unknown keys are skipped, so that a newer program may add some. Values; any thread. The tables are in PROTOCOL.md.
#pragma once

#include "base/shared_secret.h"
#include "net/tunnel_settings.h"
#include "protocol/frame.h"

#include <array>
#include <string>
#include <string_view>
#include <variant>

namespace gvpn::protocol {

inline constexpr std::uint16_t MinVersion = 2;  // lowest and highest version that this program speaks
inline constexpr std::uint16_t MaxVersion = 2;

inline constexpr std::size_t MaxTextBytes = 256;  // software, device name, reasons
inline constexpr int MaxNesting = 2;

/// Bits of `capabilities`; unknown bits are ignored. What the sender can take.
namespace capability {
inline constexpr std::uint64_t Checksum = 1U << 0;
inline constexpr std::uint64_t Tcp4Segments = 1U << 1;
inline constexpr std::uint64_t Tcp6Segments = 1U << 2;
inline constexpr std::uint64_t Udp4Segments = 1U << 3;
inline constexpr std::uint64_t Udp6Segments = 1U << 4;
}  // namespace capability

[[nodiscard]] std::uint64_t toCapabilities(const net::SegmentSupport& support);
[[nodiscard]] net::SegmentSupport toSegmentSupport(std::uint64_t capabilities);

using InstanceId = std::array<std::byte, 16>;  // random, made once when a client program starts

inline constexpr std::size_t MaxUserBytes = 64;     // a user's name
inline constexpr std::size_t MaxSecretBytes = 256;  // a password
inline constexpr std::size_t InviteBytes = 16;      // an invite's secret

/// How a client shows that it may come in. The device key of the TLS handshake counts in each of them.
enum class LoginMethod : std::uint8_t {
    None = 0,      // nothing is asked for
    Device = 1,    // the key is known
    Password = 2,  // a user's name and password; then the key is known
    Invite = 3,    // the secret of an invite link; then the key is known
};

/// Why a side ends the conversation; the number is on the wire.
enum class GoodbyeCode : std::uint8_t {
    Unspecified = 0,
    Leaving = 1,   // the client disconnects
    Stopping = 2,  // the server shuts down or restarts
    VersionMismatch = 3,
    LoginRefused = 4,
    AddressTaken = 5,       // another live client holds it
    AddressNotAllowed = 6,  // outside the pool, or its network, broadcast or gateway address
    PoolExhausted = 7,
    ProtocolViolation = 8,
    TimedOut = 9,
    Replaced = 10,
    Kicked = 11,
    ServerBusy = 12,
};

struct Hello {  // client -> server, first
    std::uint16_t minVersion = MinVersion;
    std::uint16_t maxVersion = MaxVersion;
    std::uint64_t capabilities = 0;
    std::string software;  // "gvpn 0.1.0"
    InstanceId instance{};
    [[nodiscard]] bool operator==(const Hello&) const = default;
};

struct HelloReply {  // server -> client
    std::uint16_t version = MaxVersion;
    std::uint64_t capabilities = 0;
    std::string software;
    std::vector<LoginMethod>
        loginMethods;  // what the server takes; methods that this program doesn't know are left out
    [[nodiscard]] bool operator==(const HelloReply&) const = default;
};

struct Login {  // client -> server
    LoginMethod method = LoginMethod::None;
    std::string deviceName;  // shown to the administrator
    std::string user;        // Password: 1 to MaxUserBytes bytes
    SharedSecret secret;     // Password: 1 to MaxSecretBytes bytes of UTF-8; Invite: InviteBytes
    [[nodiscard]] bool operator==(const Login&) const = default;
};

struct LoginReply {  // server -> client: you are in
    [[nodiscard]] bool operator==(const LoginReply&) const = default;
};

struct AddressRequest {                         // client -> server
    std::vector<net::InterfaceAddress> wanted;  // at most one a family; none: the server chooses
    bool isRequired = false;                    // wanted or nothing; false: a hint (the last address)
    [[nodiscard]] bool operator==(const AddressRequest&) const = default;
};

struct AddressReply {  // server -> client: packets may flow now
    net::TunnelSettings settings;
    [[nodiscard]] bool operator==(const AddressReply&) const = default;
};

struct Ping {
    std::uint64_t id = 0;
    [[nodiscard]] bool operator==(const Ping&) const = default;
};

struct Pong {
    std::uint64_t id = 0;
    [[nodiscard]] bool operator==(const Pong&) const = default;
};

struct Goodbye {                                  // either way; the sender closes after it
    GoodbyeCode code = GoodbyeCode::Unspecified;  // a number that this program doesn't know reads as Unspecified
    std::string text;                             // one sentence for people, from outside: escape before showing
    [[nodiscard]] bool operator==(const Goodbye&) const = default;
};

struct Notice {        // server -> client, after the address reply: something that a person should know
    std::string text;  // one sentence, from outside: escape before showing
    [[nodiscard]] bool operator==(const Notice&) const = default;
};

/// A well-formed message with a number that this program doesn't know.
struct UnknownMessage {
    std::uint64_t number = 0;
    [[nodiscard]] bool operator==(const UnknownMessage&) const = default;
};

using Message = std::variant<Hello, HelloReply, Login, LoginReply, AddressRequest, AddressReply, Ping, Pong, Goodbye,
                             Notice, UnknownMessage>;

/// For logs and faults: "address-reply".
[[nodiscard]] std::string_view messageName(const Message& message);

/// The body of a Control frame. Texts are made UTF-8 and cut to MaxTextBytes; everything else must keep the limits. Of
/// a login only what its method needs is written.
[[nodiscard]] ByteVector encode(const Message& message);
/// Malformed: not one whole CBOR map, keys that don't ascend (so none comes twice), a wrong type, a missing key, a
/// value out of range, a text that is too long or no UTF-8, deeper than MaxNesting below the map, an indefinite length,
/// more items than the limits of net::SettingsLimits, bytes behind the end. The context never holds a value. Nothing is
/// allocated from a length in the input before it was compared with a constant.
[[nodiscard]] Result<Message> decode(ByteView body);

}  // namespace gvpn::protocol
