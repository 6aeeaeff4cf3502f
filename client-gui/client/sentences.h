// The sentences that people read about a connection: what failed, why, and what to do about it. The only place of the
// client's where they are made; used by the command line and the GUI.
#pragma once

#include "client/dns_policy.h"
#include "client/fault.h"
#include "client/profile.h"
#include "client/profile_fields.h"
#include "client/route_policy.h"
#include "net/endpoint.h"
#include "tunnel/line_watch.h"

#include <QString>

namespace gvpn::client {

/// Who reads it: advice names options to one at a terminal, and what windows have to all others.
enum class Audience { Terminal, Window };

/// "Could not reach office.example.com:51005 (stage tcp): connection refused; check that …." One line, one sentence.
[[nodiscard]] QString sentenceFor(const Fault& fault, const net::HostPort& server,
                                  Audience audience = Audience::Terminal);
/// What there is to do about it, as the sentence says it at its end.
[[nodiscard]] QString adviceFor(const Fault& fault, Audience audience = Audience::Terminal);
/// "The route 192.168.1.0/24 is not used: …."
[[nodiscard]] QString sentenceFor(const SkippedRoute& skipped, Audience audience = Audience::Terminal);
/// "Names of office.example are not resolved at the office: not set: …."
[[nodiscard]] QString sentenceFor(const SkippedDns& skipped, Audience audience = Audience::Terminal);
/// --congestion names what can't be had.
[[nodiscard]] QString sentenceForRefusedCongestion(const tunnel::CongestionStatus& status);
[[nodiscard]] QString sentenceForFailedUndo(const Error& error);
/// --pin says one key, the state directory another.
[[nodiscard]] QString sentenceForContradiction(const net::HostPort& server, const Pin& remembered, const Pin& given);
/// A profile says one key, the state directory another: a newer link was used. stateDir: empty for the default.
[[nodiscard]] QString sentenceForContradiction(const Profile& profile, const Pin& trusted, const std::string& stateDir);
/// A link names another key than the state directory: a person chose it.
[[nodiscard]] QString sentenceForNewKey(const net::HostPort& server, const Pin& remembered, const Pin& given);
[[nodiscard]] QString sentenceForNotice(const std::string& text);
/// With the command that connects again. stateDir: empty for the default.
[[nodiscard]] QString sentenceForRemembered(const std::string& profile, const std::string& stateDir);
[[nodiscard]] QString sentenceForUnknownProfile(const std::string& name, const std::vector<std::string>& known);
/// A profile's file that can't be used, or the place of all.
[[nodiscard]] QString sentenceForProfile(const Error& error, Audience audience = Audience::Terminal);
/// What is typed into a field can't be used, and why: for below the field.
[[nodiscard]] QString sentenceFor(const FieldError& error);
/// Another program has a connection with this profile (ProfileLock).
[[nodiscard]] QString sentenceForLock(const std::string& profile, const Error& error);
/// The keyring can't be used: what that means for passwords. Said once a run.
[[nodiscard]] QString sentenceForKeyring(const Error& error);
/// The profile's device key lies in the keyring, which doesn't give it.
[[nodiscard]] QString sentenceForKeyInKeyring(const std::string& profile, const Error& error);
/// A password could not be written to the keyring, or not be removed from it.
[[nodiscard]] QString sentenceForForgottenPassword(const Error& error);
/// A server names networks that no earlier connection of the profile had.
[[nodiscard]] QString sentenceForMoreRoutes(const std::string& profile, const std::vector<net::Prefix>& routes);
/// An imported profile named public networks.
[[nodiscard]] QString sentenceForLeftOut(const std::vector<net::Prefix>& networks);
/// The server's key, which a person trusts, could not be kept.
[[nodiscard]] QString sentenceForForgottenServer(const Error& error);
/// A profile says one key, the computer trusts another: for a window. holder: the profile that has that one, if any.
[[nodiscard]] QString sentenceForOtherKey(const Profile& profile, const Pin& trusted, const std::string& holder);
/// An empty directory: there is no default one.
[[nodiscard]] QString sentenceForStateDir(const std::string& directory, const Error& error,
                                          Audience audience = Audience::Terminal);
[[nodiscard]] QString sentenceForTakenName(const std::string& interfaceName);
/// --tun, and this process can't open one by itself.
[[nodiscard]] QString sentenceForNameWithHelper(const std::string& interfaceName);
/// What --v1 means, before anything is sent.
[[nodiscard]] QString warningForV1(const net::HostPort& server);

}  // namespace gvpn::client
