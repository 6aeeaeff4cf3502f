// Who says whether a caller may: polkit, or a test. One question may wait for a person. Event loop thread.
#pragma once

#include "base/result.h"

#include <QString>

#include <cstdint>
#include <functional>
#include <string>

namespace gvpn::helper {

class Authority {
public:
    using Question = std::uint64_t;
    /// PermissionDenied: one of the causes of bus/contract.h.
    using Answer = std::function<void(const Result<void>&)>;

    virtual ~Authority() = default;
    /// The answer comes once, later, unless it is cancelled.
    [[nodiscard]] virtual Question ask(const std::string& busName, const QString& action, Answer answer) = 0;
    /// A dialog that is shown for it goes.
    virtual void cancel(Question question) = 0;
};

}  // namespace gvpn::helper
