#include "protocol/wire_text.h"

#include "protocol/messages.h"

#include <QString>

namespace gvpn::protocol {

QByteArray toWireText(std::string_view text)
{
    const auto limit = static_cast<qsizetype>(MaxTextBytes);
    QByteArray utf8 = QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size())).toUtf8();
    if (utf8.size() > limit) {
        qsizetype end = limit;
        while (end > 0 && (static_cast<unsigned char>(utf8[end]) & 0xC0U) == 0x80U)
            --end;
        utf8.truncate(end);
    }
    return utf8;
}

}  // namespace gvpn::protocol
