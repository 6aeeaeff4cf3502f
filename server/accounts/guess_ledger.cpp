#include "accounts/guess_ledger.h"

#include <algorithm>

namespace gvpn::accounts {

namespace {

constexpr std::size_t MaxRecent = 8;
/// How much longer than others somebody who is banned is remembered, when there are too many. Bounded: many long bans
/// must not fill the ledger, or whoever comes after them would be forgotten at once and could guess on.
constexpr std::chrono::seconds BanHold{600};
constexpr std::string_view SharedName = "shared";

/// As the store compares names: else each spelling would have guesses of its own.
std::string lowered(std::string_view name)
{
    std::string result(name);
    for (char& c : result) {
        if (c >= 'A' && c <= 'Z')
            c = static_cast<char>(c - 'A' + 'a');
    }
    return result;
}

}  // namespace

net::IpAddress guessAddress(const net::IpAddress& address)
{
    return address.isIPv4() ? address : address.masked(64);
}

GuessLedger::GuessLedger(const GuessLimits& limits)
    : m_limits(limits)
{}

std::optional<Ban> GuessLedger::findBan(const GuessSource& source, UnixTime now) const
{
    Key anybody = userKey(source);
    anybody.user.clear();
    std::optional<Ban> longest;
    for (const Key& key : {userKey(source), anybody, placeKey(source)}) {
        const auto entry = m_entries.find(key);
        if (entry != m_entries.end() && entry->second.bannedUntil > now
            && (!longest || entry->second.bannedUntil > longest->until))
            longest = toBan(key, entry->second);
    }
    return longest;
}

bool GuessLedger::noteStopped(const Ban& ban)
{
    const auto entry = m_entries.find(banKey(ban));
    return entry != m_entries.end() && !std::exchange(entry->second.isStopTold, true);
}

GuessLedger::Wrong GuessLedger::noteWrong(const GuessSource& source, const GuessDigest& guess, UnixTime now)
{
    const Key user = userKey(source);
    const Key place = placeKey(source);
    Wrong wrong = count(user, guess, now);
    // One user behind a relay stops counting for all others there when he is banned himself.
    if (!wrong.isCounted || user == place)
        return wrong;
    const Wrong there = count(place, guess, now);
    wrong.bans.insert(wrong.bans.end(), there.bans.begin(), there.bans.end());
    return wrong;
}

void GuessLedger::noteRight(const GuessSource& source)
{
    const Key key = userKey(source);
    if (key == placeKey(source))
        return;
    const auto entry = m_entries.find(key);
    if (entry == m_entries.end())
        return;
    entry->second.points = 0;
    entry->second.recent.clear();
}

void GuessLedger::restore(const Ban& ban)
{
    const auto found = take(banKey(ban));
    Entry& entry = found->second;
    entry.bannedUntil = ban.until;
    entry.bans = std::max(ban.count, 1U);
    entry.updated = ban.until - std::min(m_limits.firstBan, m_limits.longestBan);
    putBack(found);
}

std::vector<Ban> GuessLedger::bans(UnixTime now) const
{
    std::vector<Ban> found;
    for (const auto& [key, entry] : m_entries) {
        if (entry.bannedUntil > now)
            found.push_back(toBan(key, entry));
    }
    return found;
}

std::vector<Ban> GuessLedger::lift(const std::string& addressOrName, UnixTime now)
{
    const std::string name = lowered(addressOrName);
    const auto address = net::IpAddress::parse(addressOrName);
    const auto pin = Pin::parse(addressOrName);
    const auto isMeant = [&](const Key& key) {
        return (!name.empty() && key.user == name) || (key.isShared && name == SharedName)
               || (address && key.address == guessAddress(*address)) || (pin && key.key == *pin);
    };
    std::vector<Ban> lifted;
    for (auto entry = m_entries.begin(); entry != m_entries.end();) {
        const auto current = entry++;
        if (current->second.bannedUntil > now && isMeant(current->first)) {
            lifted.push_back(toBan(current->first, current->second));
            erase(current);
        }
    }
    return lifted;
}

GuessLedger::Key GuessLedger::userKey(const GuessSource& source)
{
    Key key;
    key.user = lowered(source.user);
    if (source.isShared)
        key.key = source.key;
    else
        key.address = guessAddress(source.address);
    return key;
}

/// What all users there have in common. Of a guess without a user at an address it is the same as userKey().
GuessLedger::Key GuessLedger::placeKey(const GuessSource& source)
{
    Key key;
    key.isShared = source.isShared;
    if (!source.isShared)
        key.address = guessAddress(source.address);
    return key;
}

GuessLedger::Key GuessLedger::banKey(const Ban& ban)
{
    return {lowered(ban.user), ban.address, ban.key, ban.isShared};
}

Ban GuessLedger::toBan(const Key& key, const Entry& entry)
{
    return {key.user, key.address, key.key, key.isShared, entry.bannedUntil, entry.bans};
}

UnixTime GuessLedger::rank(const Entry& entry)
{
    return std::max(entry.updated, std::min(entry.bannedUntil, entry.updated + BanHold));
}

double GuessLedger::limitOf(const Key& key) const
{
    if (key.isShared)
        return m_limits.sharedPoints;
    return key.user.empty() && !key.key ? m_limits.addressPoints : m_limits.userPoints;
}

GuessLedger::Wrong GuessLedger::count(const Key& key, const GuessDigest& guess, UnixTime now)
{
    const auto found = take(key);
    Entry& entry = found->second;
    const bool isKnown = std::find(entry.recent.begin(), entry.recent.end(), guess) != entry.recent.end();
    if (isKnown || entry.bannedUntil > now) {
        putBack(found);
        return {false, {}};
    }
    // The wall clock may have been set back.
    const std::chrono::duration<double> silent = std::max(now - entry.updated, std::chrono::seconds(0));
    entry.points = std::max(0.0, entry.points - silent / m_limits.pointLife) + 1;
    entry.updated = now;
    if (entry.recent.size() == MaxRecent)
        entry.recent.erase(entry.recent.begin());
    entry.recent.push_back(guess);
    Wrong wrong;
    if (entry.points > limitOf(key) - 1) {
        ban(entry, now);
        wrong.bans.push_back(toBan(key, entry));
    }
    putBack(found);
    return wrong;
}

void GuessLedger::ban(Entry& entry, UnixTime now)
{
    if (now - entry.bannedUntil > m_limits.memory)
        entry.bans = 0;
    std::chrono::seconds length = m_limits.firstBan;
    for (unsigned i = 0; i < entry.bans && length < m_limits.longestBan; ++i)
        length *= 2;
    entry.bannedUntil = now + std::min(length, m_limits.longestBan);
    ++entry.bans;
    entry.points = 0;  // the ban is the price
    entry.isStopTold = false;
}

/// The entry of this key, made if there is none, outside of the order until putBack().
GuessLedger::Entries::iterator GuessLedger::take(const Key& key)
{
    if (const auto found = m_entries.find(key); found != m_entries.end()) {
        m_order.erase({rank(found->second), key});
        return found;
    }
    if (m_entries.size() >= m_limits.maxSources && !m_order.empty())
        erase(m_entries.find(m_order.begin()->second));
    return m_entries.try_emplace(key).first;
}

void GuessLedger::putBack(Entries::iterator entry)
{
    if (!entry->first.isShared)
        m_order.emplace(rank(entry->second), entry->first);
}

void GuessLedger::erase(Entries::iterator entry)
{
    m_order.erase({rank(entry->second), entry->first});
    m_entries.erase(entry);
}

}  // namespace gvpn::accounts
