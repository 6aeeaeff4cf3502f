// A QR code for a terminal. Used by `gvpn-server invite` and the first start. Pure.
#pragma once

#include <QString>

#include <climits>
#include <string>

namespace gvpn::admin {

/// Half blocks, white on black whatever the terminal's colours are, with the four modules of margin that ISO/IEC 18004
/// wants; lines end with a line feed. Empty: too long for a code, or wider than that many columns.
[[nodiscard]] QString qrCode(const std::string& text, int mostColumns = INT_MAX);

}  // namespace gvpn::admin
