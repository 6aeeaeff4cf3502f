// What the readers of gvpn-client's options share: sentences about what can't be used, and options that come once.
#pragma once

#include "base/result.h"
#include "base/text.h"

#include <QCommandLineParser>
#include <QString>

#include <optional>

namespace gvpn::cli {

/// Whatever it repeats of the command line is made safe to print.
[[nodiscard]] inline Failure usage(const QString& sentence)
{
    return fail(ErrorCode::InvalidArgument, escapeForDisplay(sentence.toStdString()));
}

[[nodiscard]] inline bool looksLikeLink(const QString& value)
{
    return value.trimmed().startsWith(QLatin1String("gvpn:"), Qt::CaseInsensitive);
}

/// It is not repeated: it may hold an invite.
[[nodiscard]] inline Failure linkInPlaceOf(const QString& option)
{
    return usage(QStringLiteral("%1: this is a link: give it alone.").arg(option));
}

/// `gvpn-client doctor`.
[[nodiscard]] inline bool isDoctor(const QCommandLineParser& parser)
{
    return parser.positionalArguments().value(0) == QLatin1String("doctor");
}

/// What stands in the place of a link, without the name of a command before it.
[[nodiscard]] inline QStringList linksOf(const QCommandLineParser& parser)
{
    return parser.positionalArguments().mid(isDoctor(parser) ? 1 : 0);
}

/// "--pin abc: why."
[[nodiscard]] inline Failure badValue(const QString& option, const QString& value, const Error& error)
{
    if (looksLikeLink(value))
        return linkInPlaceOf(option);
    return usage(QStringLiteral("%1 %2: %3.").arg(option, value, QString::fromStdString(error.context)));
}

/// The one value of an option that must not be repeated; nullopt without it.
[[nodiscard]] inline Result<std::optional<QString>> single(const QCommandLineParser& parser, const QString& name)
{
    const QStringList values = parser.values(name);
    if (values.size() > 1)
        return usage(QStringLiteral("--%1 can be given only once.").arg(name));
    return values.isEmpty() ? std::nullopt : std::optional(values.front());
}

}  // namespace gvpn::cli
