// Profiles from files: what was read is written and read to the same again, and an export holds no invite.
#include "client/profile.h"

#include "base/text.h"

#include <cstdlib>
#include <span>

using namespace gvpn;
using namespace gvpn::client;

namespace {

void require(bool isTrue)
{
    if (!isTrue)
        std::abort();
}

Result<Profile> parse(const QByteArray& text)
{
    return parseProfile(asBytes({text.constData(), static_cast<std::size_t>(text.size())}));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto profile = parseProfile(std::as_bytes(std::span(data, size)));
    if (!profile) {
        require(!profile.error().context.empty());
        return 0;
    }
    require(validateProfileName(profile->name).has_value() && escapeForDisplay(profile->user) == profile->user);
    require(profile->acceptRoutes.named.size() <= MaxProfileRoutes);
    require(profile->knownRoutes.size() <= MaxProfileRoutes);
    const auto again = parse(toFileText(*profile));
    require(again && *again == *profile);

    const auto exported = parse(toExportText(*profile));
    require(exported && *exported == withoutLocalState(*profile) && !exported->isPending());
    return 0;
}
