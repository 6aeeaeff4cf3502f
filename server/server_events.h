// What a server tells on standard output: one JSON object a line with --json, lines for people otherwise. Pure.
#pragma once

#include "server/data_thread.h"
#include "server/filter_watch.h"
#include "server/server_options.h"

#include <QJsonObject>
#include <QString>

namespace gvpn::server {

/// Everything that is settled when the server has started.
struct ListeningInfo {
    std::uint16_t port = 0;
    std::string listenHost;  // --address; empty: every one
    std::string interfaceName;
    std::vector<net::Prefix> pools;
    std::vector<net::Prefix> lanNetworks;
    std::vector<net::IpAddress> dnsServers;
    std::vector<std::string> dnsDomains;
    bool masquerades = true;
    Pin pin;
    std::string link;
    std::string inviteExpires;  // the link holds an invite; else empty
    LoginMode login = LoginMode::None;
    bool isPrivateLink = false;           // the link names an address that only the LAN reaches
    std::optional<net::Prefix> v1Bypass;  // --allow-v1: what its clients reach
};

[[nodiscard]] QJsonObject toJson(const ListeningInfo& info);
[[nodiscard]] QJsonObject toJson(const DataEvent& event);
[[nodiscard]] QJsonObject toJson(const FilterFinding& finding);
/// For `status`: where it listens, and not what only the start tells, such as an invite.
[[nodiscard]] QJsonObject describe(const ListeningInfo& info);

/// Several lines, the last without a line break.
[[nodiscard]] QString toText(const ListeningInfo& info);
/// One line, or an empty text for what people don't want to read. Texts from outside are escaped.
[[nodiscard]] QString toText(const DataEvent& event);

}  // namespace gvpn::server
