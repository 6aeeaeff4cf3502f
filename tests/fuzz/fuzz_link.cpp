// Links: what was read is written and read to the same again.
#include "protocol/link.h"

#include <algorithm>
#include <cstdlib>

using namespace gvpn;
using namespace gvpn::protocol;

namespace {

bool isSame(const Link& a, const Link& b)
{
    const bool hasSameInvite = a.invite.has_value() == b.invite.has_value()
                               && (!a.invite || std::ranges::equal(a.invite->view(), b.invite->view()));
    return hasSameInvite && a.server == b.server && a.pin == b.pin && a.user == b.user && a.label == b.label;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto link = Link::parse(asText(std::as_bytes(std::span(data, size))));
    if (!link)
        return 0;
    const std::string text = link->toString();
    const auto again = Link::parse(text);
    if (!again || !isSame(*link, *again) || again->toString() != text || text.size() > MaxLinkBytes)
        std::abort();
    return 0;
}
