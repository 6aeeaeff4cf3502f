// The data of a v1 registration and of its answer. For the two conversations only; any thread.
//
//     registration  4 bytes of IPv4 address, or 16 in the IPv4-mapped form (RFC 4291, section 2.5.5.2)
//     answer        JSON object: Success (bool), Message (string, the reason of a refusal), Bypass (string, CIDR)
#pragma once

#include "net/prefix.h"
#include "protocol/v1_frame.h"

namespace gvpn::protocol::v1 {

/// The 16-byte form. Precondition: address.isIPv4().
[[nodiscard]] ByteVector encodeRegistration(const net::IpAddress& address);
/// Either form. ProtocolViolation: another length, or an IPv6 address that is not mapped.
[[nodiscard]] Result<net::IpAddress> decodeRegistration(ByteView data);

struct Answer {
    bool isSuccess = false;
    std::string message;                // at most MaxTextBytes; from outside when it was decoded
    std::optional<net::Prefix> bypass;  // IPv4; none: no network behind the server
};

/// Texts are made UTF-8 and cut.
[[nodiscard]] ByteVector encodeAnswer(const Answer& answer);
/// Keys match without regard to case, exact ones first; unknown ones mean nothing. Host bits of the bypass are cleared.
/// ProtocolViolation: no JSON object, no Success, another type than the table's, or a bypass that is no IPv4 network.
/// What the answer doesn't need (the bypass of a refusal, the message of a success) isn't judged.
[[nodiscard]] Result<Answer> decodeAnswer(ByteView json);

}  // namespace gvpn::protocol::v1
