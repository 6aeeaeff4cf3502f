#include "gui/icons.h"

namespace gvpn::gui {

namespace {

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

QIcon programIcon()
{
    return themed(QStringLiteral("gvpn"));
}

}  // namespace gvpn::gui
