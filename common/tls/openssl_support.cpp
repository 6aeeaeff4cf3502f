#include "tls/openssl_support.h"

#include <openssl/err.h>

namespace gvpn::tls {

Error opensslError(ErrorCode code, std::string_view what, unsigned long number)
{
    const char* reason = number == 0 ? nullptr : ERR_reason_error_string(number);
    return {code, std::string(what) + ": " + (reason == nullptr ? "no reason given" : reason)};
}

Error takeOpensslError(ErrorCode code, std::string_view what)
{
    const unsigned long number = ERR_get_error();
    ERR_clear_error();
    return opensslError(code, what, number);
}

}  // namespace gvpn::tls
