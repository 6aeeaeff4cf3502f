// Looks, at the start and once a minute, whether other programs' packet filters drop what the server forwards or takes
// in: has Docker's chain opened, and tells of the rest. Used by ServerApplication; main thread.
#pragma once

#include "system/foreign_filters.h"
#include "system/network_configurator.h"
#include "system/network_snapshot.h"

#include <QTimer>

#include <set>

namespace gvpn::server {

struct FilterFinding {
    system::FilterObstacle obstacle;
    std::string reason;
    std::string remedy;
    bool isMended = false;  // the server has let its packets pass
};

class FilterWatch {
public:
    using Read = std::function<void(const system::FilterQuestion&, system::ForeignFilterReader::Done)>;
    struct Parts {
        system::NetworkConfigurator& configurator;
        system::NetworkConfig goal;  // in force
        std::uint16_t port = 0;
        std::string listenHost;  // as in the options
        Read read;
        std::function<Result<system::NetworkSnapshot>()> readSnapshot;
        /// Once for each thing to do, and again when it was done meanwhile.
        std::function<void(const FilterFinding&)> tell;
    };

    /// The configurator is its own until it is destroyed, but for clear().
    explicit FilterWatch(Parts parts);
    FilterWatch(const FilterWatch&) = delete;
    FilterWatch& operator=(const FilterWatch&) = delete;
    ~FilterWatch() = default;

    /// Looks now and, from then on, each minute: rules come and go, and a reload of Docker or of a firewall takes ours
    /// away.
    void start();
    /// Looks now, unless it is just looking.
    void look();

private:
    void onRead(const Result<std::vector<system::FilterObstacle>>& found);
    void tellOfOthers();
    void mend();
    void apply(const system::NetworkConfig& goal, const std::function<void(const Result<void>&)>& then);
    void onMended(const Result<void>& result);
    void tell(const system::FilterObstacle& obstacle, bool isMended);
    [[nodiscard]] Result<system::FilterQuestion> question() const;

    Parts m_parts;
    QTimer m_timer;
    bool m_isLooking = false;
    system::FilterQuestion m_question;
    std::vector<system::FilterObstacle> m_found;
    std::set<std::string> m_told;  // what to do, as a person does each thing once
    bool m_hasFailed = false;      // to open Docker's chain
    std::shared_ptr<bool> m_alive = std::make_shared<bool>(true);
};

}  // namespace gvpn::server
