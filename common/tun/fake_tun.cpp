#include "tun/fake_tun.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>

namespace gvpn::tun {

FakeTun::FakeTun(std::string name, net::SegmentSupport support)
    : m_name(std::move(name))
    , m_support(support)
    , m_gives(support)
    , m_event(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))
{
    assert(m_event.isValid());
}

void FakeTun::wake() const
{
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(m_event.get(), &one, sizeof(one));
    assert(written == sizeof(one));
}

void FakeTun::inject(ByteVector packet, const net::SegmentHeader& segment)
{
    m_toRead.push_back({segment, std::move(packet)});
    wake();
}

void FakeTun::breakDevice()
{
    m_isBroken = true;
    wake();  // as the kernel does with EPOLLERR
}

Result<void> FakeTun::setGives(const net::SegmentSupport& support)
{
    m_gives = support;
    return {};
}

Result<TunRead> FakeTun::read(ByteSpan buffer)
{
    assert(buffer.size() >= net::MaxPacketBytes);
    if (m_isBroken)
        return fail(ErrorCode::Closed, m_name + ": the interface is gone");
    if (m_toRead.empty())
        return TunRead{};
    const Packet packet = std::move(m_toRead.front());
    m_toRead.pop_front();
    if (m_toRead.empty()) {
        std::uint64_t count = 0;
        [[maybe_unused]] const auto drained = ::read(m_event.get(), &count, sizeof(count));
        assert(drained == sizeof(count));
    }
    if (packet.bytes.size() > buffer.size())
        return fail(ErrorCode::LimitExceeded, m_name + ": a packet larger than the buffer");
    std::copy(packet.bytes.begin(), packet.bytes.end(), buffer.begin());
    return TunRead{packet.bytes.size(), packet.segment};
}

Result<bool> FakeTun::write(const net::SegmentHeader& segment, ByteView packet)
{
    assert(m_support.takes(segment));
    if (m_isBroken)
        return fail(ErrorCode::Closed, m_name + ": the interface is gone");
    if (std::exchange(m_failsNextWrite, false))
        return false;
    m_written.push_back({segment, ByteVector(packet.begin(), packet.end())});
    return true;
}

}  // namespace gvpn::tun
