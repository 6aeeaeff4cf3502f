// What the readers of gvpn-client's options share: sentences about what can't be used, and options that come once.
#pragma once

#include "base/result.h"

#include <QCommandLineParser>
#include <QString>

#include <optional>

namespace gvpn::cli {

[[nodiscard]] inline Failure usage(const QString& sentence)
{
    return fail(ErrorCode::InvalidArgument, sentence.toStdString());
}

/// "--pin abc: why."
[[nodiscard]] inline Failure badValue(const QString& option, const QString& value, const Error& error)
{
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
