#include "system/resolv_conf.h"

#include <algorithm>

namespace gvpn::system {

namespace {

constexpr std::string_view Blanks = " \t\r";

std::string_view takeWord(std::string_view& line)
{
    line.remove_prefix(std::min(line.find_first_not_of(Blanks), line.size()));
    const std::string_view word = line.substr(0, line.find_first_of(Blanks));
    line.remove_prefix(word.size());
    return word;
}

}  // namespace

std::vector<net::IpAddress> parseResolvConf(std::string_view text)
{
    std::vector<net::IpAddress> resolvers;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (takeWord(line) != "nameserver")
            continue;
        const std::string_view word = takeWord(line);
        if (const auto address = net::IpAddress::parse(word.substr(0, word.find('%'))))
            resolvers.push_back(*address);
    }
    return resolvers;
}

std::vector<net::IpAddress> parseResolvConf(std::string_view text, std::string_view upstream)
{
    std::vector<net::IpAddress> resolvers = parseResolvConf(text);
    if (std::ranges::any_of(resolvers, &net::IpAddress::isLoopback)) {
        const std::vector<net::IpAddress> behind = parseResolvConf(upstream);
        resolvers.insert(resolvers.end(), behind.begin(), behind.end());
    }
    return resolvers;
}

}  // namespace gvpn::system
