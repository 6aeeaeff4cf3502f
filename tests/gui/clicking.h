// Finding and clicking widgets as a person would. For the GUI tests.
#pragma once

#include <QAccessible>
#include <QAction>
#include <QApplication>
#include <QDialog>
#include <QKeySequence>
#include <QLabel>
#include <QMap>
#include <QMenuBar>
#include <QPushButton>
#include <QtTest>

namespace gvpn::test {

/// The open one, or null.
template <typename T>
T* openWindow()
{
    for (QWidget* widget : QApplication::topLevelWidgets()) {
        if (auto* found = qobject_cast<T*>(widget); found != nullptr && found->isVisible())
            return found;
    }
    return nullptr;
}

inline int openDialogs()
{
    int count = 0;
    for (QWidget* widget : QApplication::topLevelWidgets())
        count += widget->isVisible() && qobject_cast<QDialog*>(widget) != nullptr ? 1 : 0;
    return count;
}

inline void click(QWidget& window, const char* name)
{
    auto* button = window.findChild<QAbstractButton*>(QLatin1String(name));
    QVERIFY2(button != nullptr, name);
    QVERIFY2(button->isEnabled(), name);
    QTest::mouseClick(button, Qt::LeftButton);
}

inline QString textOf(const QWidget& window, const char* name)
{
    const auto* label = window.findChild<QLabel*>(QLatin1String(name));
    return label != nullptr ? label->text() : QStringLiteral("no such label");
}

/// Texts that are shown, but not told to a screen reader.
inline QStringList unreadableTexts(const QWidget& window)
{
    QStringList texts;
    for (QLabel* label : window.findChildren<QLabel*>()) {
        const QAccessibleInterface* seen = QAccessible::queryAccessibleInterface(label);
        if (label->isVisible() && (seen == nullptr || seen->text(QAccessible::Name) != label->text()))
            texts.append(label->text());
    }
    texts.removeAll(QString());
    return texts;
}

/// Keys of a window that mean two things, for Alt: with the texts.
inline QStringList ambiguousKeys(const QWidget& window)
{
    QMap<QString, QStringList> texts;
    const auto add = [&texts](const QString& text) {
        if (const QKeySequence key = QKeySequence::mnemonic(text); !key.isEmpty())
            texts[key.toString()].append(text);
    };
    for (const auto* button : window.findChildren<QAbstractButton*>()) {
        if (button->isVisibleTo(&window))
            add(button->text());
    }
    for (const auto* label : window.findChildren<QLabel*>()) {
        if (label->buddy() != nullptr && label->isVisibleTo(&window))
            add(label->text());
    }
    for (const auto* bar : window.findChildren<QMenuBar*>()) {
        for (const QAction* action : bar->actions())
            add(action->text());
    }
    QStringList ambiguous;
    for (const QStringList& same : texts) {
        if (same.size() > 1)
            ambiguous.append(same.join(QStringLiteral(" / ")));
    }
    return ambiguous;
}

/// Of a menu in the window, by its text without the mnemonic.
inline QAction* command(const QWidget& window, const QString& text)
{
    for (QAction* action : window.findChildren<QAction*>()) {
        if (QString(action->text()).remove(QLatin1Char('&')) == text)
            return action;
    }
    return nullptr;
}

inline void trigger(const QWidget& window, const char* text)
{
    QAction* action = command(window, QString::fromUtf8(text));
    QVERIFY2(action != nullptr, text);
    QVERIFY2(action->isEnabled(), text);
    action->trigger();
}

}  // namespace gvpn::test
