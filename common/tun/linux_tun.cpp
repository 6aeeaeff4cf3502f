#include "tun/linux_tun.h"

#include "tun/virtio_header.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>

namespace gvpn::tun {

namespace {

constexpr const char* DevicePath = "/dev/net/tun";

// Linux 6.2; not yet in the headers of Debian 12. The kernel takes both together or none.
constexpr unsigned OffloadUdp = 0x20U | 0x40U;
constexpr unsigned OffloadBasic = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;

unsigned offloadFlags(const net::SegmentSupport& support)
{
    // The kernel's order as well: without checksum offload there is no segment.
    if (!support.checksum)
        return 0;
    unsigned flags = TUN_F_CSUM;
    if (support.tcp4)
        flags |= TUN_F_TSO4;
    if (support.tcp6)
        flags |= TUN_F_TSO6;
    if (support.tcp4 || support.tcp6)
        flags |= TUN_F_TSO_ECN;
    if (support.udp4 && support.udp6)
        flags |= OffloadUdp;
    return flags;
}

bool setOffload(int descriptor, unsigned flags)
{
    return ioctl(descriptor, TUNSETOFFLOAD, static_cast<unsigned long>(flags)) == 0;
}

class LinuxTun : public TunDevice {
public:
    LinuxTun(UniqueFd descriptor, std::string name, bool hasHeader)
        : m_descriptor(std::move(descriptor))
        , m_name(std::move(name))
        , m_index(if_nametoindex(m_name.c_str()))
        , m_hasHeader(hasHeader)
    {}

    [[nodiscard]] Result<void> prepare();

    [[nodiscard]] const std::string& name() const override { return m_name; }
    [[nodiscard]] unsigned index() const override { return m_index; }
    [[nodiscard]] int descriptor() const override { return m_descriptor.get(); }
    [[nodiscard]] net::SegmentSupport takes() const override { return m_takes; }
    [[nodiscard]] Result<void> setGives(const net::SegmentSupport& support) override;
    [[nodiscard]] Result<TunRead> read(ByteSpan buffer) override;
    [[nodiscard]] Result<bool> write(const net::SegmentHeader& segment, ByteView packet) override;

private:
    [[nodiscard]] Result<TunRead> check(const VirtioHeader& header, ByteSpan packet) const;
    [[nodiscard]] Failure gone() const { return fail(ErrorCode::Closed, m_name + ": the interface is gone"); }

    UniqueFd m_descriptor;
    std::string m_name;
    unsigned m_index;
    bool m_hasHeader;
    net::SegmentSupport m_takes;
};

/// Finds out what the kernel can do, by trying.
Result<void> LinuxTun::prepare()
{
    if (m_index == 0)
        return fail(errnoError("index of " + m_name, errno));
    if (!m_hasHeader)
        return {};
    int headerBytes = VirtioHeaderBytes;
    if (ioctl(descriptor(), TUNSETVNETHDRSZ, &headerBytes) != 0)
        return fail(errnoError("header size of " + m_name, errno));
    if (setOffload(descriptor(), OffloadBasic | OffloadUdp))
        m_takes = net::SegmentSupport::all();
    else if (setOffload(descriptor(), OffloadBasic))
        m_takes = {.checksum = true, .tcp4 = true, .tcp6 = true};
    else
        return fail(errnoError("offloads of " + m_name, errno));
    return {};
}

Result<void> LinuxTun::setGives(const net::SegmentSupport& support)
{
    if (!m_hasHeader)
        return {};  // it only ever gives whole packets
    const net::SegmentSupport both{.checksum = support.checksum && m_takes.checksum,
                                   .tcp4 = support.tcp4 && m_takes.tcp4,
                                   .tcp6 = support.tcp6 && m_takes.tcp6,
                                   .udp4 = support.udp4 && m_takes.udp4,
                                   .udp6 = support.udp6 && m_takes.udp6};
    if (setOffload(descriptor(), offloadFlags(both)))
        return {};
    if (errno == EBADFD)
        return gone();
    return fail(ErrorCode::Unsupported, errnoError("offloads of " + m_name, errno).context);
}

Result<TunRead> LinuxTun::read(ByteSpan buffer)
{
    assert(buffer.size() >= net::MaxPacketBytes);
    VirtioHeader header{};
    std::byte beyond{};  // is written to when a packet does not fit; the kernel would just cut it
    std::array<iovec, 3> parts{
        {{header.data(), header.size()}, {buffer.data(), buffer.size()}, {&beyond, sizeof(beyond)}}};
    const std::size_t skipped = m_hasHeader ? 0 : 1;
    const auto result = readv(descriptor(), parts.data() + skipped, static_cast<int>(parts.size() - skipped));
    if (result < 0) {
        if (errno == EAGAIN || errno == EINTR)
            return TunRead{};
        // One packet that virtio_net_hdr can't describe (tun_put_user): it is lost, the device is well.
        if (errno == EINVAL)
            return fail(ErrorCode::Malformed, m_name + ": a packet that the kernel can't describe");
        return gone();
    }
    const std::size_t headerBytes = m_hasHeader ? VirtioHeaderBytes : 0;
    const auto total = static_cast<std::size_t>(result);
    if (total <= headerBytes)
        return fail(ErrorCode::Malformed, m_name + ": an empty packet");
    if (total - headerBytes > buffer.size())
        return fail(ErrorCode::LimitExceeded, m_name + ": a packet larger than the buffer");
    return check(header, buffer.first(total - headerBytes));
}

Result<TunRead> LinuxTun::check(const VirtioHeader& header, ByteSpan packet) const
{
    const auto ip = net::IpPacket::parse(packet);
    if (!ip)
        return fail(ErrorCode::Malformed, m_name + ": packet " + std::string(net::packetFaultName(ip.error())));
    const auto segment = fromVirtio(header, packet);
    if (!segment)
        return fail(ErrorCode::Malformed, m_name + ": a segment of an unknown type");
    const auto valid = net::validateLocal(*segment, *ip, packet);
    if (valid)
        return TunRead{packet.size(), *segment};
    if (segment->type == net::SegmentType::Whole && segment->needsChecksum && completeForeignChecksum(*segment, packet))
        return TunRead{packet.size(), {}};
    return fail(ErrorCode::Malformed, m_name + ": segment " + std::string(net::segmentFaultName(valid.error())));
}

Result<bool> LinuxTun::write(const net::SegmentHeader& segment, ByteView packet)
{
    assert(m_takes.takes(segment));
    VirtioHeader header = toVirtio(segment);
    // iovec has no const form; the kernel only reads here.
    std::array<iovec, 2> parts{
        {{header.data(), header.size()}, {const_cast<std::byte*>(packet.data()), packet.size()}}};
    const std::size_t skipped = m_hasHeader ? 0 : 1;
    if (writev(descriptor(), parts.data() + skipped, static_cast<int>(parts.size() - skipped)) >= 0)
        return true;
    // Everything else is this packet's or this moment's trouble, EIO (the interface is down) too.
    if (errno == EBADFD || errno == EBADF || errno == ENODEV)
        return gone();
    return false;
}

Result<std::unique_ptr<TunDevice>> prepared(UniqueFd descriptor, const ifreq& request)
{
    auto device = std::make_unique<LinuxTun>(std::move(descriptor),
                                             std::string(request.ifr_name, strnlen(request.ifr_name, IFNAMSIZ)),
                                             (request.ifr_flags & IFF_VNET_HDR) != 0);
    if (const auto ready = device->prepare(); !ready)
        return fail(ready.error());
    return device;
}

bool isNameCharacter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.'
           || c == '-';
}

}  // namespace

Result<void> validateName(const std::string& name)
{
    if (name.empty() || name.size() >= IFNAMSIZ)
        return fail(ErrorCode::InvalidArgument, "interface name: must have 1 to 15 characters");
    if (name == "." || name == ".." || !std::all_of(name.begin(), name.end(), isNameCharacter))
        return fail(ErrorCode::InvalidArgument, "interface name: only letters, digits, '_', '-' and '.' are allowed");
    return {};
}

Result<void> lookForLinuxTun()
{
    const UniqueFd descriptor(open(DevicePath, O_RDWR | O_NONBLOCK | O_CLOEXEC));
    return descriptor.isValid() ? Result<void>() : fail(errnoError("open " + std::string(DevicePath), errno));
}

Result<std::unique_ptr<TunDevice>> openLinuxTun(const TunOptions& options)
{
    if (!options.name.empty()) {
        if (const auto valid = validateName(options.name); !valid)
            return fail(valid.error());
    }
    UniqueFd descriptor(open(DevicePath, O_RDWR | O_NONBLOCK | O_CLOEXEC));
    if (!descriptor.isValid())
        return fail(errnoError("open " + std::string(DevicePath), errno));

    const std::string name = options.name.empty() ? "gvpn%d" : options.name;
    ifreq request{};
    std::copy(name.begin(), name.end(), request.ifr_name);
    const unsigned flags = IFF_TUN | IFF_NO_PI | IFF_TUN_EXCL | (options.usesOffloads ? IFF_VNET_HDR : 0U);
    request.ifr_flags = static_cast<short>(flags);
    if (ioctl(descriptor.get(), TUNSETIFF, &request) != 0) {
        const int error = errno;
        if (error == EBUSY)  // what IFF_TUN_EXCL answers
            return fail(ErrorCode::AlreadyExists, "create interface " + name + ": the name is taken");
        return fail(errnoError("create interface " + name, error));
    }
    return prepared(std::move(descriptor), request);
}

Result<std::unique_ptr<TunDevice>> adoptLinuxTun(UniqueFd descriptor)
{
    ifreq request{};
    if (ioctl(descriptor.get(), TUNGETIFF, &request) != 0)
        return fail(ErrorCode::InvalidArgument, errnoError("descriptor is no tun", errno).context);
    if ((request.ifr_flags & IFF_TUN) == 0 || (request.ifr_flags & IFF_NO_PI) == 0)
        return fail(ErrorCode::InvalidArgument, "descriptor is a tap or has packet information");
    const int flags = fcntl(descriptor.get(), F_GETFL);
    if (flags < 0 || fcntl(descriptor.get(), F_SETFL, flags | O_NONBLOCK) != 0
        || fcntl(descriptor.get(), F_SETFD, FD_CLOEXEC) != 0)
        return fail(errnoError("descriptor flags", errno));
    return prepared(std::move(descriptor), request);
}

}  // namespace gvpn::tun
