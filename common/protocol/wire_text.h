// Texts as they go on the wire. Used by the encoders; any thread.
#pragma once

#include <QByteArray>

#include <string_view>

namespace gvpn::protocol {

/// A text that every peer takes: UTF-8 (what isn't becomes U+FFFD), cut between two characters to MaxTextBytes.
[[nodiscard]] QByteArray toWireText(std::string_view text);

}  // namespace gvpn::protocol
