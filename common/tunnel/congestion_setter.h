// Who changes the congestion control of a connection: this process itself (today), or later for a client without rights
// the privileged helper, whose answer comes after a person has been asked. The thread of the line.
#pragma once

#include "transport/line.h"

#include <functional>

namespace gvpn::tunnel {

class CongestionSetter {
public:
    using Done = std::function<void(const Result<void>& result)>;

    virtual ~CongestionSetter() = default;
    /// Errors as of Line::setCongestionControl(). done comes once, at once or later, also when the line is gone.
    virtual void set(transport::Line& line, const std::string& name, const Done& done) = 0;
};

class DirectCongestionSetter final : public CongestionSetter {
public:
    void set(transport::Line& line, const std::string& name, const Done& done) override
    {
        done(line.setCongestionControl(name));
    }
};

}  // namespace gvpn::tunnel
