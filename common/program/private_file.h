// Files that belong to one user: keys, profiles, what was remembered. Reading is bounded, writing is all or nothing.
// Every error names the file. Small files only: the calls wait for the disk. Any thread.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret_bytes.h"

#include <string>

namespace gvpn::program {

/// Regular files only. NotFound; LimitExceeded above maxBytes.
[[nodiscard]] Result<ByteVector> readFile(const std::string& path, std::size_t maxBytes);

/// The same for what only its owner may decide. PermissionDenied if group or others may write to it, or if its owner is
/// neither the user of this process nor (for root, who looks after a service's files) the owner of its directory.
[[nodiscard]] Result<ByteVector> readTrustedFile(const std::string& path, std::size_t maxBytes);

/// The same for secrets: PermissionDenied already if group or others have any right to it.
[[nodiscard]] Result<SecretBytes> readKeyFile(const std::string& path, std::size_t maxBytes);

/// Mode 0600 from the first byte; the former file, if any, is there until the new one is complete and on the disk.
/// Written by root into another user's directory, the file is that user's, who has to read it later.
[[nodiscard]] Result<void> writeFile(const std::string& path, ByteView bytes);

/// The same, but AlreadyExists if there is a file. Of several processes that create it at once, one does, and nobody
/// ever sees half of it.
[[nodiscard]] Result<void> createFile(const std::string& path, ByteView bytes);

}  // namespace gvpn::program
