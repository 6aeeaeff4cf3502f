// Deletes a TUN by its index, whoever keeps it open. Used by the composition root of the helper. One file for each kind
// of operating system.
#pragma once

#include "base/result.h"

namespace gvpn::system {

/// A program that holds a descriptor of it, or has made it persistent, loses it. One that is gone: no error.
/// InvalidArgument: the link of this index is no TUN.
[[nodiscard]] Result<void> removeTunLink(unsigned index);

}  // namespace gvpn::system
