// Small pieces that several windows are made of. GUI thread.
#pragma once

#include "client/profile.h"

#include <QString>

class QLabel;
class QWidget;

namespace gvpn::gui {

/// Wraps, shows its text as it is (never as markup), and lets it be selected.
[[nodiscard]] QLabel* plainLabel(QWidget* parent, const QString& text = {});
/// For a field's fault: takes its place in the layout also while it is empty, so that nothing jumps.
[[nodiscard]] QLabel* reasonLabel(QWidget* parent);
/// Why a text is no link that can be used.
[[nodiscard]] QString linkRefusal(const Error& error);
/// A fingerprint in groups of four, which two people can compare on the telephone.
[[nodiscard]] QString groupedPin(const Pin& pin);

}  // namespace gvpn::gui
