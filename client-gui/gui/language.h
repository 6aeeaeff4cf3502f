// The language of the windows: by the settings or the system's, changed while the program runs. GUI thread.
#pragma once

#include <QObject>
#include <QTranslator>

#include <vector>

namespace gvpn::gui {

struct LanguageName {
    QString code;  // "zh_CN"
    QString name;  // in that language
};

/// All that there are translations for.
[[nodiscard]] const std::vector<LanguageName>& languages();
/// The first of these ("zh-Hans-CN", "en-US", …, as QLocale::uiLanguages() has them) that there is a translation for;
/// "en" if there is none.
[[nodiscard]] QString bestLanguage(const QStringList& wanted);

class Language : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;

    /// Empty, or one that there is not: the system's. Windows hear of it by QEvent::LanguageChange.
    void use(const QString& code);
    [[nodiscard]] QString current() const { return m_current; }

private:
    QString m_current;
    QTranslator m_ours;
    QTranslator m_qts;  // file dialogs and the like
};

}  // namespace gvpn::gui
