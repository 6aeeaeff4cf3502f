#include "transport/tcp_line.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <limits>

// Not netinet/tcp.h: the C library's tcp_info lacks the newer fields.
#include <fcntl.h>
#include <linux/socket.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace gvpn::transport {

namespace {

/// What an older kernel doesn't fill in stays zero; without these there is nothing to judge by (Linux 4.19).
constexpr std::size_t NeededBytes = offsetof(tcp_info, tcpi_dsack_dups) + sizeof(tcp_info::tcpi_dsack_dups);
/// The kernel takes an int, and doubles it for its own accounts (socket(7)).
constexpr std::uint32_t MaxReceiveLimitBytes = std::numeric_limits<int>::max();
/// tcpi_min_rtt before the first measurement.
constexpr std::uint32_t NoRoundTrip = std::numeric_limits<std::uint32_t>::max();

Result<int> living(int descriptor)
{
    if (descriptor < 0)
        return fail(ErrorCode::Closed, "the connection is over");
    return descriptor;
}

Failure failed(const char* what)
{
    return fail(errnoError(what, errno));
}

}  // namespace

Result<LineInfo> TcpLine::info() const
{
    const auto descriptor = living(m_descriptor());
    if (!descriptor)
        return fail(descriptor.error());
    tcp_info raw{};
    socklen_t length = sizeof(raw);
    if (::getsockopt(*descriptor, IPPROTO_TCP, TCP_INFO, &raw, &length) != 0)
        return failed("TCP_INFO");
    if (length < NeededBytes)
        return fail(ErrorCode::Unsupported, "this kernel tells too little of a connection");
    using std::chrono::microseconds;
    LineInfo info;
    info.roundTrip = microseconds(raw.tcpi_rtt);
    info.minRoundTrip = microseconds(raw.tcpi_min_rtt == NoRoundTrip ? 0 : raw.tcpi_min_rtt);
    info.roundTripVariation = microseconds(raw.tcpi_rttvar);
    info.segmentsSent = raw.tcpi_data_segs_out;
    info.segmentsRetransmitted = raw.tcpi_total_retrans;
    info.segmentsDuplicated = raw.tcpi_dsack_dups;
    info.bytesSent = raw.tcpi_bytes_sent;
    info.bytesRetransmitted = raw.tcpi_bytes_retrans;
    info.bytesReceived = raw.tcpi_bytes_received;
    info.bytesPerSecond = raw.tcpi_delivery_rate;
    info.isApplicationLimited = raw.tcpi_delivery_rate_app_limited != 0;
    info.unsentBytes = raw.tcpi_notsent_bytes;
    info.congestionWindow = raw.tcpi_snd_cwnd;
    info.slowStartThreshold = raw.tcpi_snd_ssthresh;
    info.unacknowledged = raw.tcpi_unacked;
    info.maxSegmentBytes = raw.tcpi_snd_mss;
    info.pathMtu = raw.tcpi_pmtu;
    return info;
}

Result<void> TcpLine::setUnsentLimit(std::uint32_t bytes)
{
    const auto descriptor = living(m_descriptor());
    if (!descriptor)
        return fail(descriptor.error());
    if (::setsockopt(*descriptor, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bytes, sizeof(bytes)) != 0)
        return failed("TCP_NOTSENT_LOWAT");
    return {};
}

Result<void> TcpLine::setReceiveLimit(std::uint32_t bytes)
{
    const auto descriptor = living(m_descriptor());
    if (!descriptor)
        return fail(descriptor.error());
    int locks = 0;
    socklen_t length = sizeof(locks);
    if (::getsockopt(*descriptor, SOL_SOCKET, SO_BUF_LOCK, &locks, &length) != 0)
        return fail(ErrorCode::Unsupported, "this kernel can't take a limit of the receive buffer back");
    if (bytes == 0) {
        locks &= ~SOCK_RCVBUF_LOCK;
        return ::setsockopt(*descriptor, SOL_SOCKET, SO_BUF_LOCK, &locks, sizeof(locks)) == 0 ? Result<void>()
                                                                                              : failed("SO_BUF_LOCK");
    }
    const int size = static_cast<int>(std::min(bytes, MaxReceiveLimitBytes) / 2);
    if (::setsockopt(*descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0
        && ::setsockopt(*descriptor, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)) != 0)
        return failed("SO_RCVBUF");
    return {};
}

Result<std::string> TcpLine::congestionControl() const
{
    const auto descriptor = living(m_descriptor());
    if (!descriptor)
        return fail(descriptor.error());
    std::array<char, MaxCongestionNameBytes + 1> name{};
    socklen_t length = sizeof(name);
    if (::getsockopt(*descriptor, IPPROTO_TCP, TCP_CONGESTION, name.data(), &length) != 0)
        return failed("TCP_CONGESTION");
    return std::string(name.data(), ::strnlen(name.data(), length));
}

Result<void> TcpLine::setCongestionControl(std::string_view name)
{
    const auto descriptor = living(m_descriptor());
    if (!descriptor)
        return fail(descriptor.error());
    if (::setsockopt(*descriptor, IPPROTO_TCP, TCP_CONGESTION, name.data(), static_cast<socklen_t>(name.size())) != 0)
        return fail(congestionError(errno));
    return {};
}

Result<UniqueFd> TcpLine::duplicate() const
{
    constexpr int FirstNumber = 3;  // not one of the standard streams
    const auto descriptor = living(m_descriptor());
    if (!descriptor)
        return fail(descriptor.error());
    UniqueFd copy(::fcntl(*descriptor, F_DUPFD_CLOEXEC, FirstNumber));
    if (!copy.isValid())
        return failed("duplicate the socket");
    return copy;
}

Error congestionError(int errnoValue)
{
    switch (errnoValue) {
    case EPERM:
        return {ErrorCode::PermissionDenied,
                "is not permitted to this process (net.ipv4.tcp_allowed_congestion_control)"};
    case ENOENT: return {ErrorCode::Unsupported, "is not to be had from this kernel"};
    default: return errnoError("can't be set", errnoValue);
    }
}

}  // namespace gvpn::transport
