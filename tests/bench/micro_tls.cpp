#include "bench/micro.h"
#include "support/tls_parts.h"

namespace gvpn::bench {

namespace {

constexpr std::size_t BatchBytes = 64 * 1024;
constexpr TimePoint Now{std::chrono::hours(1)};

/// A client and a server with nothing but buffers between them.
class Ends {
public:
    Ends()
        : m_clientContext(test::newTlsContext(tls::Role::Client, m_clientKey))
        , m_serverContext(test::newTlsContext(tls::Role::Server, m_serverKey))
        , m_client(m_clientContext, [](const Pin&) { return true; })
        , m_server(m_serverContext, [](const Pin&) { return true; })
        , m_toServer(tls::sealedBytes(BatchBytes) + 2 * tls::ControlRoomBytes)
        , m_toClient(tls::sealedBytes(BatchBytes) + 2 * tls::ControlRoomBytes)
        , m_plaintext(tls::TlsEngine::plaintextRoom(m_toServer.capacity()))
    {}

    [[nodiscard]] bool establish()
    {
        if (!m_client.start(m_toServer))
            return false;
        for (int flight = 0; flight < 4; ++flight) {
            if (!hand(m_server, m_toServer, m_toClient) || !hand(m_client, m_toClient, m_toServer))
                return false;
        }
        return m_client.isEstablished() && m_server.isEstablished();
    }
    std::size_t seal(ByteView plaintext)
    {
        m_toServer.clear();
        return m_client.send(plaintext, m_toServer, Now) ? m_toServer.size() : 0;
    }
    std::size_t open()
    {
        const auto received = m_server.receive(std::as_const(m_toServer).data(), m_plaintext, m_toClient, Now);
        m_toClient.clear();
        return received ? received->plaintextBytes : 0;
    }

private:
    [[nodiscard]] bool hand(tls::TlsEngine& to, ByteBuffer& incoming, ByteBuffer& answer)
    {
        const bool isGood = to.receive(std::as_const(incoming).data(), m_plaintext, answer, Now).has_value();
        incoming.clear();
        return isGood;
    }

    tls::Identity m_clientKey = test::newIdentity();
    tls::Identity m_serverKey = test::newIdentity();
    tls::TlsContext m_clientContext;
    tls::TlsContext m_serverContext;
    tls::TlsEngine m_client;
    tls::TlsEngine m_server;
    ByteBuffer m_toServer;
    ByteBuffer m_toClient;
    ByteVector m_plaintext;
};

void measureSize(Micro& micro, const std::string& size, std::size_t bytes)
{
    const ByteVector plaintext(bytes);
    Ends sealing;
    Ends both;
    if (!sealing.establish() || !both.establish())
        qFatal("no handshake");
    micro.measure("tls: seal " + size, bytes, [&] { return sealing.seal(plaintext); });
    micro.measure("tls: seal and open " + size, bytes, [&] {
        const std::size_t sealed = both.seal(plaintext);
        if (both.open() != bytes)
            qFatal("not what was sealed");
        return sealed;
    });
}

}  // namespace

void measureTls(Micro& micro)
{
    measureSize(micro, "64 KB", BatchBytes);
    measureSize(micro, "1.4 KB", 1400);
    micro.measure("tls: a whole handshake, both ends and two new keys", 0, [] { return Ends().establish() ? 1 : 0; });
}

}  // namespace gvpn::bench
