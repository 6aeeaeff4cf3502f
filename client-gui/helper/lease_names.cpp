#include "helper/lease_names.h"

#include "bus/contract.h"

#include <utility>

namespace gvpn::helper {

namespace {

system::DnsConfig configFor(const bus::NamesRequest& request)
{
    return {request.servers, request.domains, request.takesAllNames};
}

}  // namespace

LeaseNames::LeaseNames(std::unique_ptr<system::DnsConfigurator> dns, Authority& authority, std::string busName,
                       unsigned linkIndex)
    : m_dns(std::move(dns))
    , m_authority(authority)
    , m_busName(std::move(busName))
    , m_linkIndex(linkIndex)
{}

LeaseNames::~LeaseNames()
{
    if (m_question)
        m_authority.cancel(*m_question);
}

void LeaseNames::set(const bus::NamesRequest& request, Done done)
{
    m_waiting = std::move(done);
    if (request.isWide() && m_permitted != request)
        askFirst(request);
    else
        apply(request);
}

void LeaseNames::askFirst(const bus::NamesRequest& request)
{
    takeBack();
    m_question = m_authority.ask(m_busName, bus::WideAction, [this, request](const Result<void>& answered) {
        m_question.reset();
        if (!answered) {
            answer(fail(answered.error()));
            return;
        }
        m_permitted = request;
        apply(request);
    });
}

void LeaseNames::apply(const bus::NamesRequest& request)
{
    m_dns->apply(m_linkIndex, configFor(request), [this, call = ++m_calls](const Result<system::DnsOutcome>& result) {
        if (call == m_calls)
            answer(result);
    });
}

void LeaseNames::giveUp(const Error& why)
{
    ++m_calls;
    if (m_question)
        m_authority.cancel(*std::exchange(m_question, std::nullopt));
    answer(fail(why));
}

void LeaseNames::takeBack(std::function<void()> done)
{
    m_dns->clear([done = std::move(done)](const Result<void>&) {
        if (done)
            done();
    });
}

void LeaseNames::answer(const Result<system::DnsOutcome>& result)
{
    if (const Done waiting = std::exchange(m_waiting, {}))
        waiting(result);
}

}  // namespace gvpn::helper
