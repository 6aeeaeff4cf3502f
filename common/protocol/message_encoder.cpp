#include "protocol/message_numbers.h"
#include "protocol/messages.h"
#include "protocol/wire_text.h"

#include <QByteArray>
#include <QCborStreamWriter>
#include <QString>

#include <cassert>
#include <cstring>

namespace gvpn::protocol {

namespace {

/// Of every message but the longest address replies.
constexpr qsizetype UsualBytes = 1024;

/// A map whose keys count up from 0, the message's number. Wiped when done, since it may hold a secret, and with room
/// in advance: growing would leave a copy behind.
class MapWriter {
public:
    MapWriter(std::uint64_t number, unsigned fields)
        : m_writer(&m_bytes)
    {
        m_bytes.reserve(UsualBytes);
        m_writer.startMap(fields + 1U);
        addUnsigned(number);
    }
    MapWriter(const MapWriter&) = delete;
    MapWriter& operator=(const MapWriter&) = delete;
    ~MapWriter() { ::explicit_bzero(m_bytes.data(), static_cast<std::size_t>(m_bytes.size())); }

    void skipKey() { ++m_nextKey; }
    void addUnsigned(std::uint64_t value)
    {
        addKey();
        m_writer.append(quint64{value});
    }
    void addBool(bool value)
    {
        addKey();
        m_writer.append(value);
    }
    void addText(std::string_view text)
    {
        addKey();
        writeText(text);
    }
    void addBytes(ByteView bytes)
    {
        addKey();
        writeBytes(bytes);
    }
    template <typename Items, typename WriteItem>
    void addArray(const Items& items, const WriteItem& writeItem)
    {
        addKey();
        m_writer.startArray(items.size());
        for (const auto& item : items)
            writeItem(item);
        m_writer.endArray();
    }
    void writeUnsigned(std::uint64_t value) { m_writer.append(quint64{value}); }
    void writeText(std::string_view text)
    {
        const QByteArray utf8 = toWireText(text);
        m_writer.appendTextString(utf8.constData(), utf8.size());
    }
    void writeBytes(ByteView bytes)
    {
        m_writer.appendByteString(reinterpret_cast<const char*>(bytes.data()), static_cast<qsizetype>(bytes.size()));
    }
    [[nodiscard]] ByteVector finish()
    {
        m_writer.endMap();
        const auto bytes = std::as_bytes(std::span(m_bytes.constData(), static_cast<std::size_t>(m_bytes.size())));
        assert(bytes.size() <= MaxControlBytes);
        return {bytes.begin(), bytes.end()};
    }

private:
    void addKey() { m_writer.append(quint64{m_nextKey++}); }

    QByteArray m_bytes;
    QCborStreamWriter m_writer;
    std::uint64_t m_nextKey = 0;
};

void writeNetwork(MapWriter& out, const net::IpAddress& address, unsigned length)
{
    const ByteView bytes = address.bytes();
    ByteVector value(bytes.begin(), bytes.end());
    value.push_back(static_cast<std::byte>(length));
    out.writeBytes(value);
}

constexpr std::uint64_t wireNumber(MessageNumber number)
{
    return static_cast<std::uint64_t>(number);
}

ByteVector encodeOne(const Hello& hello)
{
    MapWriter out(wireNumber(MessageNumber::Hello), 5);
    out.addUnsigned(hello.minVersion);
    out.addUnsigned(hello.maxVersion);
    out.addUnsigned(hello.capabilities);
    out.addText(hello.software);
    out.addBytes(hello.instance);
    return out.finish();
}

ByteVector encodeOne(const HelloReply& reply)
{
    MapWriter out(wireNumber(MessageNumber::HelloReply), 4);
    out.addUnsigned(reply.version);
    out.addUnsigned(reply.capabilities);
    out.addText(reply.software);
    out.addArray(reply.loginMethods,
                 [&](LoginMethod method) { out.writeUnsigned(static_cast<std::uint64_t>(method)); });
    return out.finish();
}

ByteVector encodeOne(const Login& login)
{
    const bool hasUser = login.method == LoginMethod::Password;
    const bool hasSecret = hasUser || login.method == LoginMethod::Invite;
    MapWriter out(wireNumber(MessageNumber::Login), 2U + (hasUser ? 1U : 0U) + (hasSecret ? 1U : 0U));
    out.addUnsigned(static_cast<std::uint64_t>(login.method));
    out.addText(login.deviceName);
    if (hasUser)
        out.addText(login.user);
    else
        out.skipKey();
    if (hasSecret)
        out.addBytes(login.secret.view());
    return out.finish();
}

ByteVector encodeOne(const LoginReply&)
{
    return MapWriter(wireNumber(MessageNumber::LoginReply), 0).finish();
}

ByteVector encodeOne(const AddressRequest& request)
{
    MapWriter out(wireNumber(MessageNumber::AddressRequest), 2);
    out.addArray(request.wanted,
                 [&](const net::InterfaceAddress& wanted) { writeNetwork(out, wanted.address, wanted.length); });
    out.addBool(request.isRequired);
    return out.finish();
}

ByteVector encodeOne(const AddressReply& reply)
{
    const net::TunnelSettings& settings = reply.settings;
    const auto writeAddress = [](MapWriter& out) {
        return [&out](const net::IpAddress& address) { out.writeBytes(address.bytes()); };
    };
    MapWriter out(wireNumber(MessageNumber::AddressReply), 7);
    out.addArray(settings.addresses,
                 [&](const net::InterfaceAddress& own) { writeNetwork(out, own.address, own.length); });
    out.addArray(settings.gateways, writeAddress(out));
    out.addArray(settings.routes,
                 [&](const net::Prefix& route) { writeNetwork(out, route.network(), route.length()); });
    out.addArray(settings.dnsServers, writeAddress(out));
    out.addArray(settings.dnsDomains, [&](const std::string& domain) { out.writeText(domain); });
    out.addUnsigned(settings.mtu);
    out.addUnsigned(static_cast<std::uint64_t>(settings.keepalive.count()));
    return out.finish();
}

ByteVector encodeOne(const Ping& ping)
{
    MapWriter out(wireNumber(MessageNumber::Ping), 1);
    out.addUnsigned(ping.id);
    return out.finish();
}

ByteVector encodeOne(const Pong& pong)
{
    MapWriter out(wireNumber(MessageNumber::Pong), 1);
    out.addUnsigned(pong.id);
    return out.finish();
}

ByteVector encodeOne(const Goodbye& goodbye)
{
    MapWriter out(wireNumber(MessageNumber::Goodbye), 2);
    out.addUnsigned(static_cast<std::uint64_t>(goodbye.code));
    out.addText(goodbye.text);
    return out.finish();
}

ByteVector encodeOne(const Notice& notice)
{
    MapWriter out(wireNumber(MessageNumber::Notice), 1);
    out.addText(notice.text);
    return out.finish();
}

ByteVector encodeOne(const UnknownMessage& unknown)
{
    return MapWriter(unknown.number, 0).finish();
}

struct NameOf {
    std::string_view operator()(const Hello&) const { return "hello"; }
    std::string_view operator()(const HelloReply&) const { return "hello-reply"; }
    std::string_view operator()(const Login&) const { return "login"; }
    std::string_view operator()(const LoginReply&) const { return "login-reply"; }
    std::string_view operator()(const AddressRequest&) const { return "address-request"; }
    std::string_view operator()(const AddressReply&) const { return "address-reply"; }
    std::string_view operator()(const Ping&) const { return "ping"; }
    std::string_view operator()(const Pong&) const { return "pong"; }
    std::string_view operator()(const Goodbye&) const { return "goodbye"; }
    std::string_view operator()(const Notice&) const { return "notice"; }
    std::string_view operator()(const UnknownMessage&) const { return "unknown message"; }
};

}  // namespace

std::uint64_t toCapabilities(const net::SegmentSupport& support)
{
    return (support.checksum ? capability::Checksum : 0) | (support.tcp4 ? capability::Tcp4Segments : 0)
           | (support.tcp6 ? capability::Tcp6Segments : 0) | (support.udp4 ? capability::Udp4Segments : 0)
           | (support.udp6 ? capability::Udp6Segments : 0);
}

net::SegmentSupport toSegmentSupport(std::uint64_t capabilities)
{
    const auto has = [capabilities](std::uint64_t bit) { return (capabilities & bit) != 0; };
    return {.checksum = has(capability::Checksum),
            .tcp4 = has(capability::Tcp4Segments),
            .tcp6 = has(capability::Tcp6Segments),
            .udp4 = has(capability::Udp4Segments),
            .udp6 = has(capability::Udp6Segments)};
}

std::string_view messageName(const Message& message)
{
    return std::visit(NameOf{}, message);
}

ByteVector encode(const Message& message)
{
    return std::visit([](const auto& one) { return encodeOne(one); }, message);
}

}  // namespace gvpn::protocol
