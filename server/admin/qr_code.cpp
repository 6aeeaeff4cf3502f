#include "admin/qr_code.h"

#include <memory>

#include <qrencode.h>

namespace gvpn::admin {

namespace {

constexpr int Margin = 4;
constexpr unsigned char DarkBit = 1;

struct FreeCode {
    void operator()(QRcode* code) const { QRcode_free(code); }
};

/// The margin is light, and so is the missing lower half of the last line.
bool isLight(const QRcode& code, int x, int y)
{
    const bool isInside = x >= 0 && x < code.width && y >= 0 && y < code.width;
    return !isInside || (code.data[y * code.width + x] & DarkBit) == 0;
}

QChar halfBlocks(bool isUpperLight, bool isLowerLight)
{
    if (isUpperLight)
        return isLowerLight ? QChar(u'\u2588') : QChar(u'\u2580');
    return isLowerLight ? QChar(u'\u2584') : QChar(u' ');
}

}  // namespace

QString qrCode(const std::string& text, int mostColumns)
{
    const std::unique_ptr<QRcode, FreeCode> code(QRcode_encodeData(
        static_cast<int>(text.size()), reinterpret_cast<const unsigned char*>(text.data()), 0, QR_ECLEVEL_L));
    if (!code || code->width + 2 * Margin > mostColumns)
        return {};
    QString out;
    for (int y = -Margin; y < code->width + Margin; y += 2) {
        out += QStringLiteral("\x1b[40;37;1m");
        for (int x = -Margin; x < code->width + Margin; ++x)
            out += halfBlocks(isLight(*code, x, y), isLight(*code, x, y + 1));
        out += QStringLiteral("\x1b[0m\n");
    }
    return out;
}

}  // namespace gvpn::admin
