// What a connection needs of the world and gvpn-helper does for it: this computer's network, its names, and the
// congestion control of its line. For composition roots; the client's thread.
#pragma once

#include "client/helper_client.h"
#include "system/network_configurator.h"
#include "tunnel/congestion_setter.h"

#include <QObject>

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

/// For the link of the helper's lease, whichever is named: the helper knows it itself.
class HelperDns final : public QObject, public system::DnsConfigurator {
public:
    /// helper outlives it.
    explicit HelperDns(HelperClient& helper)
        : m_helper(helper)
    {}

    void apply(unsigned linkIndex, const system::DnsConfig& config, Done done) override;
    void clear(Cleared done) override;

private:
    void begin(const bus::NamesRequest& request, Done done);
    void abandon();

    HelperClient& m_helper;
    Done m_waiting;
    unsigned m_calls = 0;  // answers to an earlier one are not heard
    bool m_mayBeSet = false;
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
