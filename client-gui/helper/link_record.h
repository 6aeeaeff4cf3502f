// Which links a helper has made, written down below /run/gvpn-helper: a program can keep a TUN alive (TUNSETPERSIST, or
// just its descriptor) when the helper is killed, and the next helper has to know that it is ours. Event loop thread.
#pragma once

#include "system/holder.h"
#include "system/run_directory.h"

#include <vector>

namespace gvpn::helper {

class LinkRecord {
public:
    explicit LinkRecord(system::RunDirectory directory);

    /// In place of what was written before; none: the record goes. A failure is logged: the tunnel works without it.
    void write(const std::vector<unsigned>& indexes) const;
    /// The links of helpers that are dead, whose records go. Those of living ones stay.
    [[nodiscard]] std::vector<unsigned> takeLeftovers() const;

private:
    [[nodiscard]] std::string fileName() const;

    system::RunDirectory m_directory;
    system::Holder m_self;
};

}  // namespace gvpn::helper
