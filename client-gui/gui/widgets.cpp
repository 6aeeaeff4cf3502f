#include "gui/widgets.h"

#include <QCoreApplication>
#include <QLabel>
#include <QStringList>

namespace gvpn::gui {

namespace {

struct Tr {
    Q_DECLARE_TR_FUNCTIONS(Widgets)
};

constexpr qsizetype PinGroup = 4;

}  // namespace

QLabel* plainLabel(QWidget* parent, const QString& text)
{
    auto* label = new QLabel(text, parent);
    label->setTextFormat(Qt::PlainText);
    label->setWordWrap(true);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    return label;
}

QLabel* reasonLabel(QWidget* parent)
{
    QLabel* label = plainLabel(parent);
    QFont font = label->font();
    font.setItalic(true);
    label->setFont(font);
    label->setMinimumHeight(label->fontMetrics().lineSpacing());
    return label;
}

QString linkRefusal(const Error& error)
{
    return Tr::tr("This link can't be used: %1. Copy the whole link again, or ask for a new one.")
        .arg(QString::fromStdString(error.context));
}

QString groupedPin(const Pin& pin)
{
    const QString text = QString::fromStdString(pin.toString());
    QStringList groups;
    for (qsizetype at = 0; at < text.size(); at += PinGroup)
        groups.append(text.mid(at, PinGroup));
    return groups.join(QLatin1Char(' '));
}

}  // namespace gvpn::gui
