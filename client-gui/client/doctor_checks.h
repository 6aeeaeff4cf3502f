// The single checks of client/doctor.h, by what they are about, and how they are made. Pure.
#pragma once

#include "client/doctor_facts.h"
#include "program/checkup.h"

namespace gvpn::client {

using program::Check;
using program::Verdict;

[[nodiscard]] Check goodCheck(const char* name, const QString& sentence);
[[nodiscard]] Check noteCheck(const char* name, const QString& sentence, const QString& remedy = {});
[[nodiscard]] Check troubleCheck(const char* name, const QString& sentence, const QString& remedy = {});
[[nodiscard]] Check skippedCheck(const char* name, const QString& sentence);
[[nodiscard]] QString doctorText(const std::string& text);

// doctor_server.cpp: how far it came with the server.
[[nodiscard]] Check checkName(const TargetFacts& target);
[[nodiscard]] Check checkPort(const TargetFacts& target);
[[nodiscard]] Check checkTls(const DoctorFacts& facts);
[[nodiscard]] Check checkProtocol(const TargetFacts& target);
[[nodiscard]] Check checkLogin(const TargetFacts& target);
[[nodiscard]] Check checkAddress(const DoctorFacts& facts);

// doctor_network.cpp: what the tunnel means for this computer's network.
[[nodiscard]] Check checkRoutes(const DoctorFacts& facts);
[[nodiscard]] Check checkRoute(const DoctorFacts& facts);
[[nodiscard]] Check checkDns(const DoctorFacts& facts);
[[nodiscard]] Check checkMtu(const DoctorFacts& facts);

/// What leads packets for this network elsewhere than into the tunnel: "172.17.4.0/24 on tun5"; empty: nothing.
/// tunnelInterface: ours, empty when there is none yet.
[[nodiscard]] std::vector<std::string> rivalsOf(const net::Prefix& network, const system::NetworkSnapshot& snapshot,
                                                const std::string& tunnelInterface);

}  // namespace gvpn::client
