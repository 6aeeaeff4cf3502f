#include "gui/start_request.h"

namespace gvpn::gui {

namespace {

constexpr QByteArrayView LinkWord = "link ";

}  // namespace

QByteArray encode(const StartRequest& request)
{
    if (request.link.isEmpty())
        return request.isHidden ? QByteArray("hidden\n") : QByteArray("show\n");
    const QByteArray line = LinkWord.toByteArray() + request.link.simplified().toUtf8() + '\n';
    // Cut, it is still answered: by the sentence that it is no link.
    return line.size() <= MaxRequestBytes ? line : line.first(MaxRequestBytes - 1) + '\n';
}

std::optional<StartRequest> decode(const QByteArray& line)
{
    if (line == "show\n")
        return StartRequest{};
    if (line == "hidden\n")
        return StartRequest{.isHidden = true};
    const bool isLink = line.startsWith(LinkWord) && line.endsWith('\n') && line.size() <= MaxRequestBytes;
    const QByteArray text = isLink ? line.sliced(LinkWord.size()).chopped(1) : QByteArray();
    if (text.isEmpty() || !text.isValidUtf8() || text.contains('\n'))
        return {};
    return StartRequest{.link = QString::fromUtf8(text)};
}

}  // namespace gvpn::gui
