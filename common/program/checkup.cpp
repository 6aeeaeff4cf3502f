#include "program/checkup.h"

#include "base/text.h"

#include <algorithm>

namespace gvpn::program {

namespace {

QString nameOf(Verdict verdict)
{
    switch (verdict) {
    case Verdict::Good: return QStringLiteral("good");
    case Verdict::Note: return QStringLiteral("note");
    case Verdict::Trouble: return QStringLiteral("trouble");
    case Verdict::Skipped: break;
    }
    return QStringLiteral("skipped");
}

QString withRemedy(const Check& check)
{
    return check.remedy.isEmpty() ? check.sentence : check.sentence + QLatin1Char(' ') + check.remedy;
}

void addFindings(QJsonObject& object, const Check& check)
{
    object.insert(QStringLiteral("check"), check.name);
    object.insert(QStringLiteral("reason"), check.sentence);
    if (!check.remedy.isEmpty())
        object.insert(QStringLiteral("remedy"), check.remedy);
}

}  // namespace

const Check* Checkup::cause() const
{
    const auto found = std::find_if(m_checks.begin(), m_checks.end(),
                                    [](const Check& check) { return check.verdict == Verdict::Trouble; });
    return found == m_checks.end() ? nullptr : &*found;
}

ExitStatus Checkup::status() const
{
    return cause() == nullptr ? ExitStatus::Success : ExitStatus::Failure;
}

QByteArray Checkup::text() const
{
    qsizetype widest = 0;
    for (const Check& check : m_checks)
        widest = std::max(widest, check.name.size());
    const Check* const trouble = cause();
    QStringList lines{trouble == nullptr ? QStringLiteral("Nothing stands in the way.")
                                         : QStringLiteral("Trouble: ") + withRemedy(*trouble)};
    for (const Check& check : m_checks)
        lines.append(nameOf(check.verdict).leftJustified(9) + check.name.leftJustified(widest + 2) + withRemedy(check));
    QByteArray out;
    for (const QString& line : lines)
        out += QByteArray::fromStdString(escapeForDisplay(line.toStdString())) + '\n';
    return out;
}

std::vector<QJsonObject> Checkup::json() const
{
    const Check* const trouble = cause();
    QJsonObject answer{{QStringLiteral("event"), QStringLiteral("doctor")},
                       {QStringLiteral("healthy"), trouble == nullptr}};
    if (trouble != nullptr)
        addFindings(answer, *trouble);
    std::vector<QJsonObject> out{answer};
    for (const Check& check : m_checks) {
        QJsonObject object{{QStringLiteral("event"), QStringLiteral("check")},
                           {QStringLiteral("verdict"), nameOf(check.verdict)}};
        addFindings(object, check);
        out.push_back(object);
    }
    return out;
}

}  // namespace gvpn::program
