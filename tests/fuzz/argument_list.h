// How the fuzzers of the command lines read their input: arguments separated by NUL bytes.
#pragma once

#include <QStringList>

#include <algorithm>
#include <string_view>

namespace gvpn::fuzz {

/// The program's name and then what text holds.
inline QStringList splitArguments(const QString& program, std::string_view text)
{
    QStringList arguments{program};
    while (true) {
        const std::size_t end = std::min(text.find('\0'), text.size());
        arguments.append(QString::fromUtf8(text.data(), static_cast<qsizetype>(end)));
        if (end == text.size())
            return arguments;
        text.remove_prefix(end + 1);
    }
}

}  // namespace gvpn::fuzz
