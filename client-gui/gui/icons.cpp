#include "gui/icons.h"

namespace gvpn::gui {

namespace {

/// Shown smaller, also where a pixel of ours is several of the screen's.
constexpr QSize ListIconSize(128, 128);

QIcon themed(const QString& name)
{
    return QIcon::fromTheme(name, QIcon(QStringLiteral(":/icons/%1.svg").arg(name)));
}

}  // namespace

QString phaseIconName(Phase phase)
{
    switch (phase) {
    case Phase::Disconnected: return QStringLiteral("gvpn-disconnected");
    case Phase::Connecting: return QStringLiteral("gvpn-connecting");
    case Phase::Connected: return QStringLiteral("gvpn-connected");
    case Phase::Trouble: return QStringLiteral("gvpn-trouble");
    }
    return {};
}

QIcon phaseIcon(Phase phase)
{
    return themed(phaseIconName(phase));
}

QIcon listIcon(Phase phase)
{
    const QPixmap picture = phaseIcon(phase).pixmap(ListIconSize, 1);
    QIcon icon;
    icon.addPixmap(picture, QIcon::Normal);
    icon.addPixmap(picture, QIcon::Selected);
    return icon;
}

QIcon programIcon()
{
    return themed(QStringLiteral("gvpn"));
}

}  // namespace gvpn::gui
