#include "base/text.h"

#include <QByteArray>
#include <QList>
#include <QString>

namespace gvpn {

namespace {

constexpr auto Base64Url = QByteArray::Base64UrlEncoding | QByteArray::OmitTrailingEquals;

bool isUnsafe(char32_t c)
{
    switch (QChar::category(c)) {
    case QChar::Other_Control:
    case QChar::Other_Format:
    case QChar::Separator_Line:
    case QChar::Separator_Paragraph: return true;
    default: return false;
    }
}

QString escaped(char32_t c)
{
    if (c == U'\n')
        return QStringLiteral("\\n");
    if (c < 0x100)
        return QStringLiteral("\\x%1").arg(static_cast<uint>(c), 2, 16, QLatin1Char('0'));
    return QStringLiteral("\\u{%1}").arg(static_cast<uint>(c), 0, 16);
}

QByteArray borrowed(std::string_view text)
{
    return QByteArray::fromRawData(text.data(), static_cast<qsizetype>(text.size()));
}

}  // namespace

std::string escapeForDisplay(std::string_view text)
{
    QString out;
    const auto codePoints = QString::fromUtf8(borrowed(text)).toUcs4();
    for (const uint codePoint : codePoints) {
        const char32_t c = codePoint;
        out += isUnsafe(c) ? escaped(c) : QString::fromUcs4(&c, 1);
    }
    return out.toStdString();
}

std::string toBase64Url(ByteView bytes)
{
    return borrowed(asText(bytes)).toBase64(Base64Url).toStdString();
}

Result<ByteVector> fromBase64Url(std::string_view text, std::size_t sizeBytes)
{
    const std::size_t expectedLength = (sizeBytes * 4 + 2) / 3;
    if (text.size() != expectedLength)
        return fail(ErrorCode::Malformed,
                    "expected " + std::to_string(expectedLength) + " characters, got " + std::to_string(text.size()));
    const auto decoded =
        QByteArray::fromBase64Encoding(borrowed(text), Base64Url | QByteArray::AbortOnBase64DecodingErrors);
    // Encoding again finds left-over bits, for which the decoder doesn't care: one value has one spelling.
    if (!decoded || decoded.decoded.toBase64(Base64Url) != borrowed(text))
        return fail(ErrorCode::Malformed, "not base64url");
    const auto bytes = std::as_bytes(std::span(decoded.decoded.constData(), sizeBytes));
    return ByteVector(bytes.begin(), bytes.end());
}

}  // namespace gvpn
