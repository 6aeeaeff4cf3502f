// The options that say where to and as whom: a link, --link-stdin, --profile or --server; --user and where its password
// comes from. Pure; main thread.
#pragma once

#include "cli/options.h"

class QCommandLineParser;

namespace gvpn::cli {

/// Expects options.wireProtocol to be set.
[[nodiscard]] Result<void> readTarget(const QCommandLineParser& parser, CliOptions& options);

/// The link, from the command line or (later) from standard input, and what it means for the other options.
/// InvalidArgument: one sentence for the person, which doesn't repeat the link.
[[nodiscard]] Result<void> takeLink(const QString& text, CliOptions& options);

}  // namespace gvpn::cli
