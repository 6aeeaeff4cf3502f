#include "gui/language.h"

#include <QCoreApplication>
#include <QLibraryInfo>
#include <QLocale>

#include <algorithm>

namespace gvpn::gui {

const std::vector<LanguageName>& languages()
{
    static const std::vector<LanguageName> All{{QStringLiteral("en"), QStringLiteral("English")},
                                               {QStringLiteral("zh_CN"), QStringLiteral("简体中文")}};
    return All;
}

QString bestLanguage(const QStringList& wanted)
{
    for (const QString& name : wanted) {
        const QLocale locale(name);
        if (locale.language() == QLocale::English)
            return QStringLiteral("en");
        if (locale.language() == QLocale::Chinese && locale.script() == QLocale::SimplifiedHanScript)
            return QStringLiteral("zh_CN");
    }
    return QStringLiteral("en");
}

void Language::use(const QString& code)
{
    const auto& all = languages();
    const bool isKnown = std::ranges::any_of(all, [&](const LanguageName& one) { return one.code == code; });
    const QString chosen = isKnown ? code : bestLanguage(QLocale::system().uiLanguages());
    if (chosen == m_current)
        return;
    m_current = chosen;
    QLocale::setDefault(isKnown ? QLocale(chosen) : QLocale::system());
    QCoreApplication::removeTranslator(&m_qts);
    QCoreApplication::removeTranslator(&m_ours);
    // A package of its own, which may be missing.
    if (m_qts.load(QStringLiteral("qtbase_%1").arg(chosen), QLibraryInfo::path(QLibraryInfo::TranslationsPath)))
        QCoreApplication::installTranslator(&m_qts);
    // English, too: it has the plurals.
    if (m_ours.load(QStringLiteral(":/i18n/gvpn_%1.qm").arg(chosen)))
        QCoreApplication::installTranslator(&m_ours);
}

}  // namespace gvpn::gui
