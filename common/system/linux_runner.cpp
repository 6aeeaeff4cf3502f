#include "system/linux_runner.h"

#include "system/foreign_rules.h"
#include "system/nft_ruleset.h"

#include <cerrno>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

namespace gvpn::system {

namespace {

template <typename Kind>
constexpr bool IsDoneAtOnce = !std::is_same_v<Kind, LoadTable> && !std::is_same_v<Kind, AddDockerRules>;

Result<void> toResult(int nlCode)
{
    if (nlCode < 0)
        return fail(netlinkError("", nlCode));
    return {};
}

Result<void> toUndoResult(int nlCode)
{
    return isAlreadyGone(nlCode) ? Result<void>() : toResult(nlCode);
}

Failure outOfMemory()
{
    return fail(errnoError("netlink", ENOMEM));
}

RouteAddress makeAddress(const AddAddress& operation)
{
    RouteAddress address(rtnl_addr_alloc());
    const NetlinkAddress local = toNetlink(operation.address.address, operation.address.length);
    if (!address || !local || rtnl_addr_set_local(address.get(), local.get()) < 0)
        return nullptr;
    rtnl_addr_set_ifindex(address.get(), static_cast<int>(operation.interfaceIndex));
    // There is nobody in a tunnel to ask, and an address that is still being checked can't be bound to.
    if (!operation.address.address.isIPv4())
        rtnl_addr_set_flags(address.get(), IFA_F_NODAD);
    return address;
}

RouteEntry makeRoute(const AddRoute& operation)
{
    RouteEntry route(rtnl_route_alloc());
    const NetlinkAddress destination = toNetlink(operation.destination.network(), operation.destination.length());
    rtnl_nexthop* hop = rtnl_route_nh_alloc();
    if (!route || !destination || !hop || rtnl_route_set_dst(route.get(), destination.get()) < 0) {
        if (hop)
            rtnl_route_nh_free(hop);
        return nullptr;
    }
    rtnl_route_nh_set_ifindex(hop, static_cast<int>(operation.interfaceIndex));
    rtnl_route_add_nexthop(route.get(), hop);
    rtnl_route_set_table(route.get(), RT_TABLE_MAIN);
    rtnl_route_set_protocol(route.get(), RTPROT_STATIC);
    rtnl_route_set_scope(route.get(), RT_SCOPE_LINK);
    rtnl_route_set_type(route.get(), RTN_UNICAST);
    return route;
}

}  // namespace

Result<std::unique_ptr<LinuxRunner>> LinuxRunner::create(SwitchLedger ledger)
{
    auto socket = connectNetlink();
    if (!socket)
        return fail(socket.error());
    return std::unique_ptr<LinuxRunner>(new LinuxRunner(std::move(*socket), std::move(ledger)));
}

LinuxRunner::LinuxRunner(NetlinkSocket socket, SwitchLedger ledger)
    : m_socket(std::move(socket))
    , m_ledger(std::move(ledger))
{}

void LinuxRunner::perform(const Operation& operation, Done done)
{
    if (const auto* table = std::get_if<LoadTable>(&operation)) {
        m_nft.run(table->owner.empty() ? table->rulesetJson
                                       : addOwner(table->rulesetJson, table->tableName, table->owner),
                  std::move(done));
        return;
    }
    if (const auto* rules = std::get_if<AddDockerRules>(&operation)) {
        perform(*rules, std::move(done));
        return;
    }
    std::visit(
        [&](const auto& now) {
            if constexpr (IsDoneAtOnce<std::decay_t<decltype(now)>>)
                done(performNow(now));
        },
        operation);
}

void LinuxRunner::undo(const Operation& operation, Done done)
{
    if (const auto* table = std::get_if<LoadTable>(&operation)) {
        if (table->owner.empty())
            m_nft.run(makeTableRemoval(table->tableName), std::move(done));
        else
            m_nft.run(makeTableRemoval(table->tableName, table->owner), std::move(done), NftProcess::Missing::IsFine);
        return;
    }
    if (const auto* rules = std::get_if<AddDockerRules>(&operation)) {
        undo(*rules, std::move(done));
        return;
    }
    std::visit(
        [&](const auto& now) {
            if constexpr (IsDoneAtOnce<std::decay_t<decltype(now)>>)
                done(undoNow(now));
        },
        operation);
}

/// Those that are there already go in the same step: performed twice, they are there once.
void LinuxRunner::perform(const AddDockerRules& rules, Done done)
{
    readChain(rules, [this, rules, done = std::move(done)](const Result<DockerChain>& chain) {
        if (!chain)
            done(fail(chain.error()));
        else
            m_nft.run(makeRuleInsertion(rules, *chain), done);
    });
}

void LinuxRunner::undo(const AddDockerRules& rules, Done done)
{
    constexpr unsigned MostLooks = 4;
    undo(rules, MostLooks, std::move(done));
}

void LinuxRunner::undo(const AddDockerRules& rules, unsigned looks, Done done)
{
    readChain(rules, [this, rules, looks, done = std::move(done)](const Result<DockerChain>& chain) {
        if (!chain) {
            done(chain.error().code == ErrorCode::NotFound ? Result<void>() : fail(chain.error()));
        } else if (chain->own.empty()) {
            done({});
        } else if (looks == 0) {
            done(fail(ErrorCode::SystemFailure, "Docker's chain changes all the time"));
        } else {
            const auto lookAgain = [this, rules, looks, done](const Result<void>& deleted) {
                if (deleted)
                    undo(rules, looks - 1, done);
                else
                    done(deleted);
            };
            m_nft.run(makeRuleRemoval(rules, chain->own), lookAgain, NftProcess::Missing::IsFine);
        }
    });
}

void LinuxRunner::readChain(const AddDockerRules& rules, std::function<void(Result<DockerChain>)> read)
{
    constexpr qsizetype MaxChainBytes = qsizetype{4} * 1024 * 1024;
    QStringList arguments;
    for (const std::string& word : chainListing(rules))
        arguments.append(QString::fromStdString(word));
    m_query.run(QString::fromLatin1(NftProgram), arguments, MaxChainBytes,
                [rules, read = std::move(read)](const Result<QByteArray>& listing) {
                    read(listing ? readDockerChain(*listing, rules) : fail(listing.error()));
                });
}

Result<void> LinuxRunner::performNow(const SetMtu& operation)
{
    rtnl_link* link = nullptr;
    const int found = rtnl_link_get_kernel(m_socket.get(), static_cast<int>(operation.interfaceIndex), nullptr, &link);
    if (found < 0)
        return toResult(found);
    const unsigned original = rtnl_link_get_mtu(RouteLink(link).get());
    auto changed = toResult(
        changeLink(operation.interfaceIndex, [&](rtnl_link* change) { rtnl_link_set_mtu(change, operation.mtu); }));
    if (changed)
        m_originalMtus.try_emplace(operation.interfaceIndex, original);
    return changed;
}

Result<void> LinuxRunner::undoNow(const SetMtu& operation)
{
    const auto original = m_originalMtus.extract(operation.interfaceIndex);
    if (original.empty())
        return {};
    return toUndoResult(
        changeLink(operation.interfaceIndex, [&](rtnl_link* change) { rtnl_link_set_mtu(change, original.mapped()); }));
}

Result<void> LinuxRunner::performNow(const LimitSegments& operation)
{
    // Where the kernel refuses, longer segments come, and are cut by us.
    static_cast<void>(setSegmentLimit(operation.interfaceIndex, operation.packets));
    return {};
}

Result<void> LinuxRunner::undoNow(const LimitSegments& operation)
{
    constexpr unsigned Default = 65535;  // GSO_MAX_SEGS, include/linux/netdevice.h
    return toUndoResult(setSegmentLimit(operation.interfaceIndex, Default));
}

Result<void> LinuxRunner::performNow(const AddAddress& operation)
{
    const RouteAddress address = makeAddress(operation);
    if (!address)
        return outOfMemory();
    return toResult(rtnl_addr_add(m_socket.get(), address.get(), NLM_F_EXCL));
}

Result<void> LinuxRunner::undoNow(const AddAddress& operation)
{
    const RouteAddress address = makeAddress(operation);
    if (!address)
        return outOfMemory();
    return toUndoResult(rtnl_addr_delete(m_socket.get(), address.get(), 0));
}

Result<void> LinuxRunner::performNow(const SetLinkUp& operation)
{
    return toResult(
        changeLink(operation.interfaceIndex, [](rtnl_link* change) { rtnl_link_set_flags(change, IFF_UP); }));
}

Result<void> LinuxRunner::undoNow(const SetLinkUp& operation)
{
    return toUndoResult(
        changeLink(operation.interfaceIndex, [](rtnl_link* change) { rtnl_link_unset_flags(change, IFF_UP); }));
}

Result<void> LinuxRunner::performNow(const AddRoute& operation)
{
    const RouteEntry route = makeRoute(operation);
    if (!route)
        return outOfMemory();
    return toResult(rtnl_route_add(m_socket.get(), route.get(), NLM_F_EXCL));
}

Result<void> LinuxRunner::undoNow(const AddRoute& operation)
{
    const RouteEntry route = makeRoute(operation);
    if (!route)
        return outOfMemory();
    return toUndoResult(rtnl_route_delete(m_socket.get(), route.get(), 0));
}

Result<void> LinuxRunner::performNow(const SetLinkGroup& operation)
{
    return toResult(
        changeLink(operation.interfaceIndex, [&](rtnl_link* change) { rtnl_link_set_group(change, operation.group); }));
}

Result<void> LinuxRunner::undoNow(const SetLinkGroup& operation)
{
    return toUndoResult(
        changeLink(operation.interfaceIndex, [](rtnl_link* change) { rtnl_link_set_group(change, 0); }));
}

Result<void> LinuxRunner::performNow(const SetSwitch& operation)
{
    return m_ledger.hold(operation.path, operation.value);
}

Result<void> LinuxRunner::undoNow(const SetSwitch& operation)
{
    return m_ledger.release(operation.path);
}

/// libnl 3.7 can read this attribute of a link but not set it.
int LinuxRunner::setSegmentLimit(unsigned index, unsigned packets)
{
    ifinfomsg link{};
    link.ifi_index = static_cast<int>(index);
    const NetlinkMessage message(nlmsg_alloc_simple(RTM_NEWLINK, 0));
    if (!message || nlmsg_append(message.get(), &link, sizeof(link), NLMSG_ALIGNTO) < 0
        || nla_put_u32(message.get(), IFLA_GSO_MAX_SEGS, packets) < 0)
        return -NLE_NOMEM;
    const int sent = nl_send_auto(m_socket.get(), message.get());
    return sent < 0 ? sent : nl_wait_for_ack(m_socket.get());
}

int LinuxRunner::changeLink(unsigned index, const std::function<void(rtnl_link*)>& change)
{
    const RouteLink original(rtnl_link_alloc());
    const RouteLink changes(rtnl_link_alloc());
    if (!original || !changes)
        return -NLE_NOMEM;
    rtnl_link_set_ifindex(original.get(), static_cast<int>(index));
    change(changes.get());
    return rtnl_link_change(m_socket.get(), original.get(), changes.get(), 0);
}

}  // namespace gvpn::system
