// Does and undoes operations on this computer: rtnetlink, nft, the switches below /proc/sys/net. Needs CAP_NET_ADMIN.
// Used by LinuxConfigurator and by cleanUpLeftovers. Qt event loop thread; all but what nft does is done on return.
#pragma once

#include "system/foreign_rules.h"
#include "system/netlink_socket.h"
#include "system/nft_process.h"
#include "system/operation.h"
#include "system/query_process.h"
#include "system/switch_ledger.h"

#include <map>

namespace gvpn::system {

class LinuxRunner final : public OperationRunner {
public:
    [[nodiscard]] static Result<std::unique_ptr<LinuxRunner>> create(SwitchLedger ledger);

    /// Routes go to the main table with protocol "static"; IPv6 addresses skip duplicate address detection. An address
    /// or route that is there already is an error (AlreadyExists): it isn't ours to remove afterwards.
    void perform(const Operation& operation, Done done) override;
    /// Fine when the interface, address, route or table is gone, or when the table is another owner's by now. A link is
    /// set down, its group and its segment limit to the default.
    void undo(const Operation& operation, Done done) override;

private:
    LinuxRunner(NetlinkSocket socket, SwitchLedger ledger);

    [[nodiscard]] Result<void> performNow(const SetMtu& operation);
    [[nodiscard]] Result<void> performNow(const LimitSegments& operation);
    [[nodiscard]] Result<void> performNow(const AddAddress& operation);
    [[nodiscard]] Result<void> performNow(const SetLinkUp& operation);
    [[nodiscard]] Result<void> performNow(const AddRoute& operation);
    [[nodiscard]] Result<void> performNow(const SetLinkGroup& operation);
    [[nodiscard]] Result<void> performNow(const SetSwitch& operation);
    [[nodiscard]] Result<void> undoNow(const SetMtu& operation);
    [[nodiscard]] Result<void> undoNow(const LimitSegments& operation);
    [[nodiscard]] Result<void> undoNow(const AddAddress& operation);
    [[nodiscard]] Result<void> undoNow(const SetLinkUp& operation);
    [[nodiscard]] Result<void> undoNow(const AddRoute& operation);
    [[nodiscard]] Result<void> undoNow(const SetLinkGroup& operation);
    [[nodiscard]] Result<void> undoNow(const SetSwitch& operation);

    void perform(const AddDockerRules& rules, Done done);
    void undo(const AddDockerRules& rules, Done done);
    /// Between looking and deleting, others may change the chain: then nothing is deleted, and it looks again.
    void undo(const AddDockerRules& rules, unsigned looks, Done done);
    void readChain(const AddDockerRules& rules, std::function<void(Result<DockerChain>)> read);

    /// libnl's code.
    [[nodiscard]] int changeLink(unsigned index, const std::function<void(rtnl_link*)>& change);

    /// libnl's code.
    [[nodiscard]] int setSegmentLimit(unsigned index, unsigned packets);

    NetlinkSocket m_socket;
    SwitchLedger m_ledger;
    NftProcess m_nft;
    QueryProcess m_query;
    std::map<unsigned, unsigned> m_originalMtus;  // by interface index
};

}  // namespace gvpn::system
