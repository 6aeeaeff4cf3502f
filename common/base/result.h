// The return type of everything that can fail for an expected reason.
#pragma once

#include "base/error.h"

#include <tl/expected.hpp>

#include <string>
#include <utility>

namespace gvpn {

template <typename T>
using Result = tl::expected<T, Error>;

using Failure = tl::unexpected<Error>;

[[nodiscard]] inline Failure fail(ErrorCode code, std::string context)
{
    return Failure(Error{code, std::move(context)});
}

[[nodiscard]] inline Failure fail(Error error)
{
    return Failure(std::move(error));
}

}  // namespace gvpn
