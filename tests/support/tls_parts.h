// Keys and contexts for tests that need real TLS but don't test it.
#pragma once

#include "tls/tls_engine.h"

#include <QtGlobal>

namespace gvpn::test {

inline tls::Identity newIdentity()
{
    auto identity = tls::Identity::generate();
    if (!identity)
        qFatal("%s", identity.error().context.c_str());
    return std::move(*identity);
}

inline tls::TlsContext newTlsContext(tls::Role role, const tls::Identity& identity)
{
    auto context = tls::TlsContext::create(role, identity);
    if (!context)
        qFatal("%s", context.error().context.c_str());
    return std::move(*context);
}

}  // namespace gvpn::test
