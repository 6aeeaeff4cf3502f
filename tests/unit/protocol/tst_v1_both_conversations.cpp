#include "v1_fixtures.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::protocol::v1;
using gvpn::protocol::CloseConversation;
using gvpn::protocol::Established;

namespace {

/// Both ends over two decoders; each chunk has chunkBytes at most.
struct Pair {
    ClientConversation client{{.address = fixtures::interfaceAddress("10.86.0.101/24"), .transaction = 0x7fffffff}};
    ServerConversation server{fixtures::Start};
    Decoder toClient{HandshakeReplyBytes};
    Decoder toServer{HandshakeBytes};
    ByteVector clientToServer;
    ByteVector serverToClient;
    std::optional<net::IpAddress> registered;
    std::optional<Established> clientSide;
    std::optional<Error> clientEnd;
    std::optional<Error> serverEnd;

    static void append(ByteVector& target, const ByteVector& more)
    {
        target.insert(target.end(), more.begin(), more.end());
    }

    void doClient(const Actions& actions)
    {
        for (const Action& action : actions) {
            if (const auto* send = std::get_if<SendBytes>(&action))
                append(clientToServer, send->bytes);
            else if (const auto* close = std::get_if<CloseConversation>(&action))
                clientEnd = close->error;
            else if (const auto* established = std::get_if<Established>(&action))
                clientSide = *established;
        }
    }

    void doServer(const Actions& actions)
    {
        for (const Action& action : actions) {
            if (const auto* send = std::get_if<SendBytes>(&action))
                append(serverToClient, send->bytes);
            else if (const auto* close = std::get_if<CloseConversation>(&action))
                serverEnd = close->error;
            else if (const auto* requested = std::get_if<RegistrationRequested>(&action))
                registered = requested->address;
        }
    }

    /// Hands the first chunk of `wire` to `decoder` and what comes out of it to `conversation`.
    template <typename Conversation, typename Do>
    static void deliver(ByteVector& wire, std::size_t chunkBytes, Decoder& decoder, Conversation& conversation,
                        const Do& doActions)
    {
        const auto end = wire.begin() + static_cast<std::ptrdiff_t>(std::min(chunkBytes, wire.size()));
        ByteVector chunk(wire.begin(), end);
        wire.erase(wire.begin(), end);
        decoder.feed(chunk);
        for (auto next = decoder.next(); next && *next; next = decoder.next()) {
            if (const auto* handshake = std::get_if<Handshake>(&**next))
                doActions(conversation.receiveHandshake(handshake->bytes));
            else
                doActions(conversation.receive(std::get<Frame>(**next), fixtures::Start));
        }
    }

    void run(std::size_t chunkBytes)
    {
        while (!clientToServer.empty() || !serverToClient.empty()) {
            deliver(clientToServer, chunkBytes, toServer, server, [this](const Actions& a) { doServer(a); });
            deliver(serverToClient, chunkBytes, toClient, client, [this](const Actions& a) { doClient(a); });
        }
    }
};

}  // namespace

class TestV1BothConversations : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theyUnderstandEachOtherWhateverTheChunks()
    {
        for (const std::size_t chunkBytes : {1U, 2U, 3U, 7U, 11U, 4096U}) {
            Pair pair;
            pair.doClient(pair.client.start(fixtures::Start));
            pair.run(chunkBytes);
            QVERIFY(pair.registered == fixtures::address("10.86.0.101"));
            QVERIFY(!pair.clientSide);
            pair.doServer(pair.server.accept(fixtures::OfficeLan));
            pair.run(chunkBytes);
            QVERIFY(pair.clientSide);
            QCOMPARE(pair.clientSide->settings.routes, std::vector{fixtures::OfficeLan});
            QVERIFY(pair.client.acceptsPackets() && pair.server.acceptsPackets());
            QVERIFY(!pair.clientEnd && !pair.serverEnd);
        }
    }

    void aTakenAddressIsToldAsTheReferenceTellsIt()
    {
        Pair pair;
        pair.doClient(pair.client.start(fixtures::Start));
        pair.run(4096);
        pair.doServer(pair.server.refuse(AddressTakenMessage, {ErrorCode::AddressRefused, "10.86.0.101 is taken"}));
        pair.run(4096);
        QCOMPARE(*pair.serverEnd, (Error{ErrorCode::AddressRefused, "10.86.0.101 is taken"}));
        QCOMPARE(*pair.clientEnd, (Error{ErrorCode::AddressRefused, "CIDR is registered!"}));
        QVERIFY(!pair.clientSide);
    }
};

QTEST_APPLESS_MAIN(TestV1BothConversations)
#include "tst_v1_both_conversations.moc"
