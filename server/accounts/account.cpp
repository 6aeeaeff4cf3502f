#include "accounts/account.h"

#include "base/text.h"
#include "net/prefix.h"

#include <QList>
#include <QString>
#include <QStringDecoder>

#include <algorithm>
#include <optional>

namespace gvpn::accounts {

namespace {

constexpr char FallbackName[] = "device";

QByteArrayView viewOf(std::string_view text)
{
    return {text.data(), static_cast<qsizetype>(text.size())};
}

/// Nothing if the bytes are no UTF-8.
std::optional<QList<uint>> codePointsOf(std::string_view text)
{
    // A byte order mark is a character like others here, and none that a name may have.
    QStringDecoder decoder(QStringDecoder::Utf8,
                           QStringDecoder::Flag::Stateless | QStringDecoder::Flag::ConvertInitialBom);
    const QString decoded = decoder.decode(viewOf(text));
    if (decoder.hasError())
        return std::nullopt;
    return decoded.toUcs4();
}

/// Ends a line, or does what a terminal does at a control character.
bool isControl(uint codePoint)
{
    switch (QChar::category(codePoint)) {
    case QChar::Other_Control:
    case QChar::Separator_Line:
    case QChar::Separator_Paragraph: return true;
    default: return false;
    }
}

/// Invisible, or turns the order of what stands around it.
bool isFormatting(uint codePoint)
{
    return QChar::category(codePoint) == QChar::Other_Format;
}

/// What the commands that lift a ban take for something else than a name.
bool isReserved(std::string_view name)
{
    return net::IpAddress::parse(name) || net::InterfaceAddress::parse(name)
           || viewOf(name).compare("shared", Qt::CaseInsensitive) == 0;
}

/// Whole code points, and no blank at the new end.
std::string cut(const QString& text, std::size_t maxBytes)
{
    QString whole = text.left(static_cast<qsizetype>(maxBytes));  // a unit of UTF-16 is a byte at least
    while (static_cast<std::size_t>(whole.toUtf8().size()) > maxBytes)
        whole.chop(whole.size() > 1 && whole.back().isLowSurrogate() ? 2 : 1);
    return whole.trimmed().toStdString();
}

}  // namespace

Result<void> validateUserName(std::string_view name)
{
    if (name.empty())
        return fail(ErrorCode::InvalidArgument, "a user name can't be empty");
    if (name.size() > MaxUserNameBytes)
        return fail(ErrorCode::InvalidArgument, "a user name has at most " + std::to_string(MaxUserNameBytes)
                                                    + " bytes, this one has " + std::to_string(name.size()));
    const auto codePoints = codePointsOf(name);
    if (!codePoints)
        return fail(ErrorCode::InvalidArgument, "a user name has to be UTF-8");
    const std::string shown = '"' + escapeForDisplay(name) + '"';
    if (std::ranges::any_of(*codePoints, [](uint c) { return isControl(c) || isFormatting(c); }))
        return fail(ErrorCode::InvalidArgument, "the user name " + shown + " has characters in it that nobody can see");
    if (QChar::isSpace(codePoints->front()) || QChar::isSpace(codePoints->back()))
        return fail(ErrorCode::InvalidArgument, "the user name " + shown + " begins or ends with a blank");
    if (isReserved(name))
        return fail(ErrorCode::InvalidArgument,
                    shown + " can't be a user name: the commands that take names also take addresses and \"shared\"");
    return {};
}

std::string cleanDeviceName(std::string_view name)
{
    QString clean;
    const QList<uint> codePoints = QString::fromUtf8(viewOf(name)).toUcs4();
    for (const uint codePoint : codePoints) {
        const char32_t c = isControl(codePoint) ? U' ' : codePoint;
        if (!isFormatting(codePoint))
            clean += QString::fromUcs4(&c, 1);
    }
    std::string result = cut(clean.simplified(), MaxDeviceNameBytes);
    if (result.empty())
        return FallbackName;
    return isReserved(result) ? FallbackName + ("-" + result) : result;
}

bool isSameName(std::string_view a, std::string_view b)
{
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return std::ranges::equal(a, b, {}, lower, lower);
}

}  // namespace gvpn::accounts
