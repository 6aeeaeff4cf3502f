// What a connection needs of the world and gvpn-helper does for it: this computer's network, and the congestion control
// of its line. For composition roots; the client's thread.
#pragma once

#include "client/helper_client.h"
#include "system/network_configurator.h"
#include "tunnel/congestion_setter.h"

namespace gvpn::client {

class HelperConfigurator final : public system::NetworkConfigurator {
public:
    /// helper outlives it, and has opened the TUN that the goals are for.
    explicit HelperConfigurator(HelperClient& helper)
        : m_helper(helper)
    {}

    void apply(const system::NetworkConfig& config, Done done) override;
    /// The TUN goes, too; one that is being opened is given up.
    void clear(Done done) override;

private:
    HelperClient& m_helper;
};

/// What everybody may choose is set by this process, the rest by the helper.
class HelperCongestionSetter final : public tunnel::CongestionSetter {
public:
    /// helper outlives it.
    explicit HelperCongestionSetter(HelperClient& helper)
        : m_helper(helper)
    {}

    void set(transport::Line& line, const std::string& name, const Done& done) override;

private:
    HelperClient& m_helper;
};

}  // namespace gvpn::client
