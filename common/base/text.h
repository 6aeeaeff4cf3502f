// Text that came from outside, made safe to print; base64url. Any thread.
#pragma once

#include "base/bytes.h"
#include "base/result.h"

#include <string>
#include <string_view>

namespace gvpn {

/// Control characters, line and paragraph separators, and what is invisible or turns the order of what stands around it
/// (Unicode Cf) become \n, \x1b, \u{202e}; bytes that are no UTF-8 become U+FFFD; everything else stays. Used by the
/// log sink and for peers' texts.
[[nodiscard]] std::string escapeForDisplay(std::string_view text);

/// RFC 4648, section 5, without padding.
[[nodiscard]] std::string toBase64Url(ByteView bytes);
/// Exactly sizeBytes bytes, or an error: wrong length, a foreign character, or left-over bits that are not zero.
[[nodiscard]] Result<ByteVector> fromBase64Url(std::string_view text, std::size_t sizeBytes);

}  // namespace gvpn
