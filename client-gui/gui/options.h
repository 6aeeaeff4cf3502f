// gvpn-gui's command line. Pure.
#pragma once

#include "gui/start_request.h"
#include "program/log_sink.h"

#include <QStringList>

#include <variant>

namespace gvpn::gui {

struct GuiOptions {
    StartRequest request{};
    program::LogLevel logLevel = program::LogLevel::Info;
};

/// --help and --version.
struct InfoText {
    QString text;
};

/// arguments: with the program's name. InvalidArgument: a sentence for the person; it never repeats a link.
[[nodiscard]] Result<std::variant<GuiOptions, InfoText>> parseOptions(const QStringList& arguments);

}  // namespace gvpn::gui
