// The server's doctor: what the facts mean for a client that wants to reach the LAN, and what to do. Pure; rows of
// tests.
#pragma once

#include "program/checkup.h"
#include "server/doctor_facts.h"

namespace gvpn::server {

/// In the order in which one follows from another, so that the first trouble is the cause.
[[nodiscard]] program::Checkup judge(const DoctorFacts& facts);

/// The command line or the configuration file can't be used: nothing else is known then.
[[nodiscard]] program::Check checkOptions(const Error& error);

// What the server stands on: doctor_checks.cpp.
[[nodiscard]] program::Check checkOptions(const DoctorFacts& facts);
[[nodiscard]] program::Check checkRights(const DoctorFacts& facts);
[[nodiscard]] program::Check checkStateDir(const DoctorFacts& facts);
[[nodiscard]] program::Check checkKey(const DoctorFacts& facts);
[[nodiscard]] program::Check checkDatabase(const DoctorFacts& facts);
[[nodiscard]] program::Check checkClock(const DoctorFacts& facts);
[[nodiscard]] program::Check checkTun(const DoctorFacts& facts);
[[nodiscard]] program::Check checkService(const DoctorFacts& facts);
// The way of the packets: doctor_network_checks.cpp.
[[nodiscard]] program::Check checkLan(const DoctorFacts& facts);
[[nodiscard]] program::Check checkOverlap(const DoctorFacts& facts);
[[nodiscard]] program::Check checkForwarding(const DoctorFacts& facts);
[[nodiscard]] program::Check checkFilter(const DoctorFacts& facts);
/// One for each obstacle.
[[nodiscard]] std::vector<program::Check> checkFirewall(const DoctorFacts& facts);
[[nodiscard]] program::Check checkWayBack(const DoctorFacts& facts);
// The way of the clients: doctor_port_checks.cpp.
[[nodiscard]] program::Check checkPort(const DoctorFacts& facts);
[[nodiscard]] program::Check checkReach(const DoctorFacts& facts);
[[nodiscard]] program::Check checkResolvers(const DoctorFacts& facts);
[[nodiscard]] program::Check checkName(const DoctorFacts& facts);
[[nodiscard]] program::Check checkRouter(const DoctorFacts& facts);

}  // namespace gvpn::server
