// A Line for tests: tells what the test has written into it and keeps what it was asked for.
#pragma once

#include "transport/line.h"

#include <optional>
#include <vector>

namespace gvpn::transport {

class FakeLine final : public Line {
public:
    [[nodiscard]] Result<LineInfo> info() const override
    {
        ++readings;
        return infoError ? Result<LineInfo>(fail(*infoError)) : Result<LineInfo>(state);
    }
    [[nodiscard]] Result<void> setUnsentLimit(std::uint32_t bytes) override
    {
        unsentLimit = bytes;
        return {};
    }
    [[nodiscard]] Result<void> setReceiveLimit(std::uint32_t bytes) override
    {
        receiveLimits.push_back(bytes);
        return {};
    }
    [[nodiscard]] Result<std::string> congestionControl() const override { return algorithm; }
    [[nodiscard]] Result<void> setCongestionControl(std::string_view name) override
    {
        asked.emplace_back(name);
        if (congestionError)
            return fail(*congestionError);
        algorithm = name;
        return {};
    }
    [[nodiscard]] Result<UniqueFd> duplicate() const override { return fail(ErrorCode::Unsupported, "is no socket"); }

    LineInfo state;
    std::string algorithm = "cubic";
    std::optional<Error> infoError{};
    std::optional<Error> congestionError{};
    std::optional<std::uint32_t> unsentLimit{};
    std::vector<std::uint32_t> receiveLimits{};
    std::vector<std::string> asked{};  // names, also those that were refused
    mutable int readings = 0;
};

}  // namespace gvpn::transport
