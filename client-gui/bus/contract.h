// The names of the helper's contract (org.gvpn.Helper1.xml), its errors as ours and back, and the causes that a program
// tells apart. Used by the helper and by its clients, in any thread.
#pragma once

#include "base/result.h"

#include <QLatin1String>
#include <QString>

#include <string_view>

namespace gvpn::bus {

inline constexpr QLatin1String ServiceName{"org.gvpn.Helper1"};
inline constexpr QLatin1String ObjectPath{"/org/gvpn/Helper1"};
inline constexpr QLatin1String InterfaceName{"org.gvpn.Helper1"};
inline constexpr unsigned ContractVersion = 1;

inline constexpr QLatin1String OpenSignature{"b"};
inline constexpr QLatin1String OpenReplySignature{"uhsu"};
inline constexpr QLatin1String ApplySignature{"u(a(ayu)a(ayu)u)"};
inline constexpr QLatin1String NamesSignature{"u(aayas)"};
inline constexpr QLatin1String NamesReplySignature{"b"};
inline constexpr QLatin1String CloseSignature{"u"};
inline constexpr QLatin1String CongestionSignature{"hs"};

/// polkit's actions (org.gvpn.policy).
inline constexpr QLatin1String ConnectAction{"org.gvpn.connect"};
inline constexpr QLatin1String WideAction{"org.gvpn.connect-wide"};

inline constexpr std::size_t MaxLeases = 8;
inline constexpr std::size_t MaxLeasesOfUser = 3;
/// TCP_CA_NAME_MAX of Linux, without the zero.
inline constexpr std::size_t MaxCongestionNameBytes = 15;
/// Of an error: what comes from a bus is bounded.
inline constexpr qsizetype MaxCauseCharacters = 500;

// Causes of NotAuthorized that call for different things to do.
inline constexpr std::string_view NoAgentCause =
    "an administrator has to agree, and there is no program here that could ask for the password";
inline constexpr std::string_view DismissedCause = "the question for a password was not answered";
inline constexpr std::string_view DeniedCause = "the system's rules do not allow it to this session";
inline constexpr std::string_view NoPolkitCause = "polkit, which has to be asked, does not answer";

/// The <interface> element.
[[nodiscard]] QString interfaceXml();

/// "org.gvpn.Helper1.Error.NotAuthorized", ….
[[nodiscard]] QString errorNameOf(ErrorCode code);
/// An error that came over the bus. One that isn't of the contract is SystemFailure with its name in the context.
[[nodiscard]] Error errorFrom(const QString& name, const QString& message);

/// 1 to 15 characters of a-z, 0-9 and _.
[[nodiscard]] bool isCongestionName(std::string_view name);

}  // namespace gvpn::bus
