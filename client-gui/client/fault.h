// Where and why a connection failed: the stage, the error, and the keys when they are what it is about. A value, for
// the state machine, the sentences and the exit status.
#pragma once

#include "base/pin.h"
#include "client/wire_protocol.h"
#include "protocol/messages.h"

#include <optional>
#include <string_view>

namespace gvpn::client {

/// What a connection attempt goes through, in this order. V1: without Tls and Probe; Login is its handshake.
enum class Stage { Resolve, Tcp, Tls, Login, Address, Tun, Routes, Dns, Probe };

/// "resolve", "tcp", …: for JSON events and sentences.
[[nodiscard]] std::string_view stageName(Stage stage);

/// Why a login was tried without the password that might have helped.
enum class MissingPassword {
    No,          // it was sent, or nobody expects one
    NotGiven,    // a user was named, but no password
    AnswerLost,  // sent once, the connection broke before the answer; not kept
};

struct Fault {
    Stage stage = Stage::Resolve;
    Error error;
    bool wasUp = false;                 // an established connection was lost; stage is Probe then, in V1 Tcp
    std::optional<Pin> expectedPin{};   // IdentityMismatch
    std::optional<Pin> presentedPin{};  // IdentityMismatch, IdentityUnknown: the key that the server showed
    WireProtocol wireProtocol = WireProtocol::V2;
    std::optional<protocol::LoginMethod> sentLogin{};  // how the login was tried, if it came to that
    bool isServerBusy = false;                         // it said so, and has not looked at the login
    MissingPassword missingPassword = MissingPassword::No;
    bool takesPasswords = false;  // the server would let a user in by one

    [[nodiscard]] bool operator==(const Fault&) const = default;
};

/// The login was refused, and a password may help: none was sent, or a wrong one.
[[nodiscard]] bool isAboutPassword(const Fault& fault);

}  // namespace gvpn::client
