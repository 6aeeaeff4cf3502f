// The program's icons: one shape for each phase, drawn from SVG, so that they are sharp at any scale. GUI thread.
#pragma once

#include "gui/presenter.h"

#include <QIcon>

namespace gvpn::gui {

/// "gvpn-connected": the name that an icon theme may know it by; with "-symbolic" the one-colour variant.
[[nodiscard]] QString phaseIconName(Phase phase);
/// The theme's if it has one, else ours.
[[nodiscard]] QIcon phaseIcon(Phase phase);
/// The same where the row is chosen: in the colour of a selection nobody knows a ring any more.
[[nodiscard]] QIcon listIcon(Phase phase);
[[nodiscard]] QIcon programIcon();

}  // namespace gvpn::gui
