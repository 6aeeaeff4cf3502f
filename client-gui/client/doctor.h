// The judgement of `gvpn-client doctor`: from what was found to one check a line, in the order in which one follows
// from another. Pure; the texts are those of sentences.h where the program says the same while it connects.
#pragma once

#include "client/doctor_facts.h"
#include "program/checkup.h"

#include <span>
#include <string>

namespace gvpn::client {

/// profile, keyring; with a target name, port, tls, protocol, login, address, routes, route, dns, mtu; helper, polkit
/// or tun; tray.
[[nodiscard]] program::Checkup judge(const DoctorFacts& facts);

/// Which of this computer's interfaces a living tunnel to an office has: the one that these networks lead into, else
/// one of our names; empty: none.
[[nodiscard]] std::string tunnelInterfaceOf(const system::NetworkSnapshot& network, std::span<const net::Prefix> lan);

}  // namespace gvpn::client
