// Everything real that a connection touches, as one struct: network, TUN, system, keys, clock, timers, chance. Filled
// in by a program's composition root (or by a test) and borrowed by Connection; all of it lives in the engine's thread.
#pragma once

#include "base/clock.h"
#include "net/endpoint.h"
#include "system/dns_configurator.h"
#include "system/network_configurator.h"
#include "system/network_snapshot.h"
#include "tls/identity.h"
#include "transport/byte_stream.h"
#include "transport/epoll_loop.h"
#include "tun/tun_device.h"
#include "tunnel/congestion_setter.h"

#include <functional>
#include <memory>

namespace gvpn::client {

/// One try to get a byte stream to a server. Destroyed earlier: no callback follows. Not destroyed from inside one.
class Connector {
public:
    struct Callbacks {
        std::function<void()> resolved;
        std::function<void(std::unique_ptr<transport::ByteStream>)> connected;
        std::function<void(const Error&)> failed;
    };
    virtual ~Connector() = default;
    /// Once. No callback comes from inside of it.
    virtual void start(Callbacks callbacks) = 0;
};

/// A single-shot timer.
class Timer {
public:
    /// Also stops it.
    virtual ~Timer() = default;
    /// An earlier start is forgotten.
    virtual void start(Duration delay, std::function<void()> expired) = 0;
    virtual void stop() = 0;
};

using TunOpened = std::function<void(Result<std::unique_ptr<tun::TunDevice>>)>;

using IdentityOf = std::function<Result<tls::Identity>(const Pin& server)>;

/// Those that a link to a server needs.
struct LinkEdges {
    IdentityOf identityFor;
    const TimeSource& time;
    std::function<std::unique_ptr<Timer>()> makeTimer;
    std::function<double()> roll;
};

struct Edges {
    std::function<std::unique_ptr<Connector>(const net::HostPort&)> makeConnector;
    /// An empty name: the first free gvpn0, gvpn1, … opened is called once, before it returns or from the event loop: a
    /// person may be asked first. Not after configurator.clear(), which gives up what is still being opened.
    std::function<void(const std::string& name, TunOpened opened)> openTun;
    system::NetworkConfigurator& configurator;
    system::DnsConfigurator& dns;
    std::function<Result<system::NetworkSnapshot>()> readSnapshot;
    /// The device key for this server, made on first use: one for each server, so that servers can't compare users.
    IdentityOf identityFor;
    /// Where packets flow; turns inside of the engine's Qt event loop.
    transport::EpollLoop& loop;
    tunnel::CongestionSetter& congestionSetter;
    const TimeSource& time;
    std::function<std::unique_ptr<Timer>()> makeTimer;
    std::function<double()> roll;  // 0 <= roll < 1, random

    [[nodiscard]] LinkEdges forLink() const { return {identityFor, time, makeTimer, roll}; }
};

}  // namespace gvpn::client
