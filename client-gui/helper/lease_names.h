// The names of one lease: who has to agree first, what is set for its link, and who waits for the answer. Used by
// LeaseKeeper; event loop thread.
#pragma once

#include "bus/settings_argument.h"
#include "helper/authority.h"
#include "system/dns_configurator.h"

#include <memory>
#include <optional>

namespace gvpn::helper {

class LeaseNames {
public:
    using Done = std::function<void(const Result<system::DnsOutcome>&)>;

    /// authority outlives it. What is asked about is the owner's bus name.
    LeaseNames(std::unique_ptr<system::DnsConfigurator> dns, Authority& authority, std::string busName,
               unsigned linkIndex);
    /// Nobody is told anything any more.
    ~LeaseNames();

    /// The answer comes once, from inside of the call or later. Only after InForce something is set. An earlier call
    /// has been answered or given up. While a person is asked nothing is set.
    void set(const bus::NamesRequest& request, Done done);
    /// Who waits is answered with this; a dialog that is shown for it goes.
    void giveUp(const Error& why);
    /// What is set. done may be called from inside.
    void takeBack(std::function<void()> done = {});

private:
    void askFirst(const bus::NamesRequest& request);
    void apply(const bus::NamesRequest& request);
    void answer(const Result<system::DnsOutcome>& result);

    std::unique_ptr<system::DnsConfigurator> m_dns;
    Authority& m_authority;
    std::string m_busName;
    unsigned m_linkIndex;
    std::optional<Authority::Question> m_question;
    std::optional<bus::NamesRequest> m_permitted;  // what was agreed to is not asked again in each reconnect
    Done m_waiting;
    unsigned m_calls = 0;  // answers to an earlier one are not heard
};

}  // namespace gvpn::helper
