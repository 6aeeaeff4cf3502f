#include "system/filter_match.h"

#include "system/nft_ruleset.h"

#include <QStringList>

#include <algorithm>

namespace gvpn::system {

namespace {

using namespace Qt::StringLiterals;

MatchAnswer decided(bool isTrue)
{
    return {isTrue ? Truth::Yes : Truth::No, false};
}

/// The better of two alternatives.
MatchAnswer either(const MatchAnswer& a, const MatchAnswer& b)
{
    return {std::max(a.truth, b.truth), a.isAboutUs || b.isAboutUs};
}

/// An nft wildcard has a "*" at its end.
bool isNamed(const std::string& interface, const QString& pattern)
{
    const std::string name = pattern.toStdString();
    if (name.ends_with('*'))
        return interface.starts_with(name.substr(0, name.size() - 1));
    return interface == name;
}

MatchAnswer answerInterface(const std::vector<std::string>& possible, bool isInput, const QString& pattern,
                            const FilterPacket& packet)
{
    if (possible.empty() && isInput)
        return {isNamed("lo", pattern) || isNamed(packet.tunnelInterface, pattern) ? Truth::No : Truth::Maybe, false};
    if (possible.empty())
        return decided(false);
    const auto count = std::ranges::count_if(possible, [&](const auto& name) { return isNamed(name, pattern); });
    const bool isTunnel = isNamed(packet.tunnelInterface, pattern);
    if (count == 0)
        return decided(false);
    return {static_cast<std::size_t>(count) == possible.size() ? Truth::Yes : Truth::Maybe, isTunnel};
}

MatchAnswer answerGroup(const std::vector<std::string>& possible, const QJsonValue& value, const FilterPacket& packet)
{
    const bool isTunnel = possible.size() == 1 && possible.front() == packet.tunnelInterface;
    const bool isOurGroup = value.isDouble() && value.toInteger() == static_cast<qint64>(TunnelLinkGroup);
    if (isTunnel)
        return {isOurGroup ? Truth::Yes : Truth::No, isOurGroup};
    return {isOurGroup ? Truth::No : Truth::Maybe, false};
}

/// iptables doesn't show which port or which type of ICMP a rule is for: it may be ours.
MatchAnswer answerProtocol(const QString& name, const FilterPacket& packet)
{
    const bool isIcmp =
        packet.family == net::Family::IPv4 ? name == u"icmp" : name == u"ipv6-icmp" || name == u"icmpv6";
    const bool isOurs = packet.isEcho ? isIcmp : name == u"tcp";
    return {isOurs ? Truth::Yes : Truth::No, isOurs && (packet.isEcho || packet.port)};
}

MatchAnswer answerMeta(const QString& key, const QJsonValue& value, const FilterPacket& packet)
{
    const QString text = value.toString();
    if (key == u"iifname" || key == u"iif")
        return value.isString() ? answerInterface(packet.enters, packet.leaves.empty(), text, packet) : MatchAnswer();
    if (key == u"oifname" || key == u"oif")
        return value.isString() ? answerInterface(packet.leaves, false, text, packet) : MatchAnswer();
    if (key == u"iifgroup")
        return answerGroup(packet.enters, value, packet);
    if (key == u"oifgroup")
        return answerGroup(packet.leaves, value, packet);
    if (key == u"l4proto")
        return value.isString() ? answerProtocol(text, packet) : MatchAnswer();
    if (key == u"nfproto" && value.isString())
        return decided(text == (packet.family == net::Family::IPv4 ? u"ipv4" : u"ipv6"));
    if (key == u"pkttype" && value.isString())
        return decided(text == u"unicast" || text == u"host");
    return {};
}

std::optional<net::Prefix> prefixOf(const QJsonValue& value)
{
    constexpr int NoLength = -1;
    const QJsonObject prefix = value.toObject().value(u"prefix").toObject();
    const auto address =
        net::IpAddress::parse((value.isString() ? value : prefix.value(u"addr")).toString().toStdString());
    if (!address)
        return std::nullopt;
    const auto most = static_cast<int>(net::bitCount(address->family()));
    const int length = value.isString() ? most : prefix.value(u"len").toInt(NoLength);
    if (length < 0 || length > most)
        return std::nullopt;
    return net::Prefix(*address, static_cast<unsigned>(length));
}

MatchAnswer answerRange(const net::Prefix& ours, const QJsonArray& range)
{
    const auto first = net::IpAddress::parse(range.at(0).toString().toStdString());
    const auto last = net::IpAddress::parse(range.at(1).toString().toStdString());
    if (range.size() != 2 || !first || !last || first->family() != ours.family())
        return {};
    if (ours.last() < *first || *last < ours.network())
        return decided(false);
    const bool isInside = !(ours.network() < *first) && !(*last < ours.last());
    return {isInside ? Truth::Yes : Truth::Maybe, true};
}

MatchAnswer answerAddress(const std::optional<net::Prefix>& ours, const QJsonValue& value)
{
    if (!ours)
        return {};
    if (value.toObject().contains(u"range"))
        return answerRange(*ours, value.toObject().value(u"range").toArray());
    const auto prefix = prefixOf(value);
    if (!prefix)
        return {};
    if (prefix->contains(*ours))
        return {Truth::Yes, prefix->length() > 0};
    return {prefix->overlaps(*ours) ? Truth::Maybe : Truth::No, true};
}

MatchAnswer answerPort(const std::optional<std::uint16_t>& port, const QJsonValue& value)
{
    // A reply's or a LAN service's.
    if (!port)
        return {};
    if (value.isDouble())
        return {value.toInteger() == *port ? Truth::Yes : Truth::No, value.toInteger() == *port};
    const QJsonArray range = value.toObject().value(u"range").toArray();
    if (range.size() != 2 || !range.at(0).isDouble() || !range.at(1).isDouble())
        return {};
    const bool isInside = range.at(0).toInteger() <= *port && *port <= range.at(1).toInteger();
    return {isInside ? Truth::Yes : Truth::No, isInside};
}

MatchAnswer answerPayload(const QJsonObject& payload, const QJsonValue& value, const FilterPacket& packet)
{
    const QString protocol = payload.value(u"protocol").toString();
    const QString field = payload.value(u"field").toString();
    if (protocol == u"ip" || protocol == u"ip6") {
        if ((protocol == u"ip") != (packet.family == net::Family::IPv4))
            return decided(false);
        if (field == u"saddr")
            return answerAddress(packet.source, value);
        if (field == u"daddr")
            return answerAddress(packet.destination, value);
        if (field == u"protocol" || field == u"nexthdr")
            return answerMeta(u"l4proto"_s, value, packet);
        return {};
    }
    static const QStringList Protocols{u"tcp"_s, u"udp"_s, u"udplite"_s, u"sctp"_s, u"dccp"_s, u"icmp"_s, u"icmpv6"_s};
    if (Protocols.contains(protocol) && answerProtocol(protocol, packet).truth == Truth::No)
        return decided(false);
    if (packet.isEcho && field == u"type" && value.isString())
        return decided(value.toString() == u"echo-request");
    const bool hasPort = !packet.isEcho && (protocol == u"tcp" || protocol == u"th");
    return hasPort && field == u"dport" ? answerPort(packet.port, value) : MatchAnswer();
}

/// What we forward is never redirected by others: a connection to the LAN is to the address that the client named.
MatchAnswer answerConntrack(const QString& key, const QJsonValue& value, const FilterPacket& packet)
{
    const QString text = value.toString();
    if (key == u"state" && value.isString())
        return decided(text == (packet.isReply ? u"established"_s : u"new"_s));
    if (key == u"status" && text == u"dnat")
        return decided(false);
    return {};
}

MatchAnswer answerFib(const QJsonObject& fib, const QJsonValue& value, const FilterPacket& packet)
{
    const QJsonValue flags = fib.value(u"flags");
    const bool isOfDestination = flags.toString() == u"daddr" || flags.toArray() == QJsonArray{u"daddr"_s};
    if (fib.value(u"result").toString() != u"type" || !isOfDestination || !value.isString())
        return {};
    return decided(value.toString() == (packet.leaves.empty() ? u"local"_s : u"unicast"_s));
}

}  // namespace

MatchAnswer answerEqual(const QJsonObject& key, const QJsonValue& value, const FilterPacket& packet)
{
    // Sets, and lists of states, hold when one of their elements does.
    const QJsonValue set = value.toObject().value(u"set");
    const QJsonArray elements = value.isArray() ? value.toArray() : set.toArray();
    if (value.isArray() || set.isArray()) {
        MatchAnswer answer = decided(false);
        for (const QJsonValue element : elements)
            answer = either(answer, element.isArray() || element.toObject().contains(u"set")
                                        ? MatchAnswer()
                                        : answerEqual(key, element, packet));
        return answer;
    }
    // A named set, whose elements nobody has read.
    if (value.toString().startsWith(u'@'))
        return {};
    if (key.contains(u"meta"))
        return answerMeta(key.value(u"meta").toObject().value(u"key").toString(), value, packet);
    if (key.contains(u"payload"))
        return answerPayload(key.value(u"payload").toObject(), value, packet);
    if (key.contains(u"ct"))
        return answerConntrack(key.value(u"ct").toObject().value(u"key").toString(), value, packet);
    if (key.contains(u"fib"))
        return answerFib(key.value(u"fib").toObject(), value, packet);
    return {};
}

MatchAnswer answerMatch(const QJsonObject& match, const FilterPacket& packet)
{
    const QString op = match.value(u"op").toString();
    const MatchAnswer answer = answerEqual(match.value(u"left").toObject(), match.value(u"right"), packet);
    if (op == u"==" || op == u"in")
        return answer;
    if (op == u"!=" && answer.truth == Truth::Yes)
        return decided(false);
    if (op == u"!=" && answer.truth == Truth::No)
        return decided(true);
    return {};
}

}  // namespace gvpn::system
