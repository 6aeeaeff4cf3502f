// Longest-prefix match from IP addresses to values: "is this address in a route, and which". Packet path; one thread.
#pragma once

#include "net/prefix.h"

#include <algorithm>
#include <iterator>
#include <vector>

namespace gvpn::net {

/// A few hundred entries at most (routes, bypass networks); look-up is a binary search over disjoint ranges, so its
/// cost doesn't depend on prefix lengths. Changing it rebuilds it.
template <typename T>
class PrefixMap {
public:
    void insert(const Prefix& prefix, T value);  // replaces an equal prefix's value
    bool erase(const Prefix& prefix);
    /// The value of the longest prefix that contains the address, or nullptr.
    [[nodiscard]] const T* find(const IpAddress& address) const;
    [[nodiscard]] bool isEmpty() const { return m_entries.empty(); }
    [[nodiscard]] std::size_t size() const { return m_entries.size(); }

private:
    struct Entry {
        Prefix prefix;
        T value;
    };
    /// Where the longest match changes: from `first` up to the next boundary it is m_entries[entry], or none. Of equal
    /// ones the last counts.
    struct Boundary {
        std::array<std::uint64_t, 2> first;
        std::size_t entry;
    };
    static constexpr std::size_t None = static_cast<std::size_t>(-1);

    [[nodiscard]] static std::array<std::uint64_t, 2> keyOf(const IpAddress& address);
    void rebuild();
    void rebuild(Family family, std::vector<Boundary>& boundaries) const;

    std::vector<Entry> m_entries;
    std::vector<Boundary> m_boundaries4;
    std::vector<Boundary> m_boundaries6;
};

template <typename T>
void PrefixMap<T>::insert(const Prefix& prefix, T value)
{
    const auto at = std::ranges::find(m_entries, prefix, &Entry::prefix);
    if (at != m_entries.end()) {
        at->value = std::move(value);
        return;
    }
    m_entries.push_back({prefix, std::move(value)});
    rebuild();
}

template <typename T>
bool PrefixMap<T>::erase(const Prefix& prefix)
{
    const auto at = std::ranges::find(m_entries, prefix, &Entry::prefix);
    if (at == m_entries.end())
        return false;
    m_entries.erase(at);
    rebuild();
    return true;
}

template <typename T>
const T* PrefixMap<T>::find(const IpAddress& address) const
{
    const auto& boundaries = address.isIPv4() ? m_boundaries4 : m_boundaries6;
    const auto behind = std::ranges::upper_bound(boundaries, keyOf(address), {}, &Boundary::first);
    if (behind == boundaries.begin() || std::prev(behind)->entry == None)
        return nullptr;
    return &m_entries[std::prev(behind)->entry].value;
}

template <typename T>
std::array<std::uint64_t, 2> PrefixMap<T>::keyOf(const IpAddress& address)
{
    if (address.isIPv4())
        return {0, address.toIPv4()};
    const ByteView bytes = address.bytes();
    return {readBigEndian<std::uint64_t>(bytes, 0), readBigEndian<std::uint64_t>(bytes, 8)};
}

template <typename T>
void PrefixMap<T>::rebuild()
{
    // Networks before those that they contain, which is how prefixes sort.
    std::ranges::sort(m_entries, {}, &Entry::prefix);
    rebuild(Family::IPv4, m_boundaries4);
    rebuild(Family::IPv6, m_boundaries6);
}

template <typename T>
void PrefixMap<T>::rebuild(Family family, std::vector<Boundary>& boundaries) const
{
    boundaries.clear();
    std::vector<std::size_t> open;  // entries around the current address, the innermost last
    const auto begin = [&](const IpAddress& first) {
        boundaries.push_back({keyOf(first), open.empty() ? None : open.back()});
    };
    const auto closeInnermost = [&] {
        const IpAddress behind = m_entries[open.back()].prefix.last().plus(1);
        open.pop_back();
        if (!behind.isUnspecified())  // it wrapped: nothing lies behind the last address of all
            begin(behind);
    };
    for (std::size_t i = 0; i < m_entries.size(); ++i) {
        const Prefix& prefix = m_entries[i].prefix;
        if (prefix.family() != family)
            continue;
        while (!open.empty() && !m_entries[open.back()].prefix.contains(prefix))
            closeInnermost();
        open.push_back(i);
        begin(prefix.network());
    }
    while (!open.empty())
        closeInnermost();
}

}  // namespace gvpn::net
