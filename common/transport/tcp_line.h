// The Line of a TCP socket. Made by the streams over their sockets; one file for each kind of operating system.
#pragma once

#include "transport/line.h"

#include <functional>

namespace gvpn::transport {

class TcpLine final : public Line {
public:
    /// descriptor: -1 when the connection is over, since the number may be somebody else's by then.
    explicit TcpLine(std::function<int()> descriptor)
        : m_descriptor(std::move(descriptor))
    {}

    [[nodiscard]] Result<LineInfo> info() const override;
    [[nodiscard]] Result<void> setUnsentLimit(std::uint32_t bytes) override;
    [[nodiscard]] Result<void> setReceiveLimit(std::uint32_t bytes) override;
    [[nodiscard]] Result<std::string> congestionControl() const override;
    [[nodiscard]] Result<void> setCongestionControl(std::string_view name) override;
    [[nodiscard]] Result<UniqueFd> duplicate() const override;

private:
    std::function<int()> m_descriptor;
};

/// Why setCongestionControl() failed, from errno.
[[nodiscard]] Error congestionError(int errnoValue);

}  // namespace gvpn::transport
