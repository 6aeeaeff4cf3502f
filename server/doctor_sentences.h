// Small pieces that the doctor's checks are made of. Private to them; pure.
#pragma once

#include "admin/account_json.h"
#include "program/checkup.h"

namespace gvpn::server {

using admin::fromStd;

[[nodiscard]] inline program::Check good(const QString& name, const QString& sentence)
{
    return {name, program::Verdict::Good, sentence, {}};
}

[[nodiscard]] inline program::Check note(const QString& name, const QString& sentence, const QString& remedy = {})
{
    return {name, program::Verdict::Note, sentence, remedy};
}

[[nodiscard]] inline program::Check trouble(const QString& name, const QString& sentence, const QString& remedy = {})
{
    return {name, program::Verdict::Trouble, sentence, remedy};
}

[[nodiscard]] inline program::Check skipped(const QString& name, const QString& sentence)
{
    return {name, program::Verdict::Skipped, sentence, {}};
}

/// An error's context as a sentence: with a capital and a full stop.
[[nodiscard]] inline QString sentenceOf(const std::string& context)
{
    QString text = fromStd(context);
    if (!text.isEmpty())
        text.front() = text.front().toUpper();
    return text.endsWith(u'.') ? text : text + u'.';
}

}  // namespace gvpn::server
