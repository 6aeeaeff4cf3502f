#include "client/public_suffix.h"

#include <libpsl.h>

#include <string>

namespace gvpn::client {

bool isPublicSuffix(std::string_view name)
{
    if (name.find('.') == std::string_view::npos)
        return true;
    // It is a part of the library, unless somebody has built that without: then no domain is known to be one office's.
    const psl_ctx_t* list = psl_builtin();
    return list == nullptr
           || psl_is_public_suffix2(list, std::string(name).c_str(), PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE) != 0;
}

}  // namespace gvpn::client
