#include "fixtures.h"

#include "protocol/client_conversation.h"
#include "protocol/server_conversation.h"

#include <QtTest>

#include <deque>

using namespace gvpn;
using namespace gvpn::protocol;
using namespace std::chrono_literals;

namespace {

const TimePoint Start = TimePoint() + 1000s;

/// Both ends over two frame decoders, with a server that lets everybody in.
struct Pair {
    ClientConversation client;
    ServerConversation server;
    FrameDecoder toClient;
    FrameDecoder toServer;
    std::optional<Established> clientSide;
    std::optional<Established> serverSide;
    std::optional<Error> clientEnd;
    std::optional<Error> serverEnd;
    std::deque<std::pair<bool, ByteVector>> wire;  // to the server?, a frame

    Pair(ClientOffer clientOffer, ServerOffer serverOffer)
        : client(std::move(clientOffer))
        , server(std::move(serverOffer), Start)
    {}

    void doClient(const Actions& actions)
    {
        for (const Action& action : actions) {
            if (const auto* send = std::get_if<SendControl>(&action))
                wire.emplace_back(true, makeControlFrame(send->body));
            else if (const auto* close = std::get_if<CloseConversation>(&action))
                clientEnd = close->error;
            else if (std::holds_alternative<LoggedIn>(action))
                toClient.allowLargeControl();
            else if (const auto* established = std::get_if<Established>(&action))
                clientSide = *established;
        }
    }

    void doServer(const Actions& actions, const net::TunnelSettings& settings)
    {
        for (const Action& action : actions) {
            if (const auto* send = std::get_if<SendControl>(&action))
                wire.emplace_back(false, makeControlFrame(send->body));
            else if (const auto* close = std::get_if<CloseConversation>(&action))
                serverEnd = close->error;
            else if (const auto* established = std::get_if<Established>(&action))
                serverSide = *established;
            else if (std::holds_alternative<LoginRequested>(action))
                doServer(server.acceptLogin(Start), settings);
            else if (std::holds_alternative<AddressRequested>(action))
                doServer(server.assign(settings, Start), settings);
        }
    }

    void run(const net::TunnelSettings& settings)
    {
        while (!wire.empty()) {
            auto [isToServer, frame] = std::move(wire.front());
            wire.pop_front();
            FrameDecoder& decoder = isToServer ? toServer : toClient;
            decoder.feed(frame);
            for (auto next = decoder.next(); next && *next; next = decoder.next()) {
                if (isToServer)
                    doServer(server.receive((*next)->body, Start), settings);
                else
                    doClient(client.receive((*next)->body, Start));
            }
        }
    }
};

ClientOffer clientOffer(std::uint16_t min, std::uint16_t max)
{
    ClientOffer offer;
    offer.software = "gvpn 1";
    offer.minVersion = min;
    offer.maxVersion = max;
    offer.takes = {.tcp4 = true};
    return offer;
}

ServerOffer serverOffer(std::uint16_t min, std::uint16_t max)
{
    return {.software = "gvpn-server 1",
            .minVersion = min,
            .maxVersion = max,
            .takes = {.udp6 = true},
            .loginMethods = {LoginMethod::None}};
}

}  // namespace

class TestBothConversations : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theyUnderstandEachOther_data()
    {
        QTest::addColumn<int>("clientMax");
        QTest::addColumn<int>("serverMax");
        QTest::newRow("of one age") << 2 << 2;
        QTest::newRow("newer client") << 4 << 2;
        QTest::newRow("newer server") << 2 << 4;
    }

    void theyUnderstandEachOther()
    {
        QFETCH(int, clientMax);
        QFETCH(int, serverMax);
        Pair pair(clientOffer(2, static_cast<std::uint16_t>(clientMax)),
                  serverOffer(2, static_cast<std::uint16_t>(serverMax)));
        pair.doClient(pair.client.start(Start));
        pair.run(fixtures::exampleSettings());
        QVERIFY(pair.clientSide && pair.serverSide);
        QVERIFY(!pair.clientEnd && !pair.serverEnd);
        QCOMPARE(pair.clientSide->settings, fixtures::exampleSettings());
        QVERIFY(pair.clientSide->peerTakes == net::SegmentSupport{.udp6 = true});
        QVERIFY(pair.serverSide->peerTakes == net::SegmentSupport{.tcp4 = true});

        pair.doClient(pair.client.leave(GoodbyeCode::Leaving, "good night"));
        pair.run(fixtures::exampleSettings());
        QCOMPARE(*pair.serverEnd, (Error{ErrorCode::Closed, "good night"}));
    }

    void theLargestReplyPassesTheLimitsOfTheLogin()
    {
        net::TunnelSettings settings = fixtures::exampleSettings();
        settings.routes.clear();
        for (unsigned i = 0; i < 256; ++i)
            settings.routes.emplace_back(fixtures::address("fd00:17::").plus(i), 128);
        Pair pair(clientOffer(2, 2), serverOffer(2, 2));
        pair.doClient(pair.client.start(Start));
        pair.run(settings);
        QVERIFY(pair.clientSide);
        QCOMPARE(pair.clientSide->settings.routes.size(), std::size_t{256});
    }

    void withoutACommonVersionBothKnowWhy()
    {
        Pair pair(clientOffer(3, 5), serverOffer(2, 2));
        pair.doClient(pair.client.start(Start));
        pair.run(fixtures::exampleSettings());
        QVERIFY(pair.clientEnd && pair.serverEnd);
        QCOMPARE(pair.clientEnd->code, ErrorCode::VersionMismatch);
        QCOMPARE(pair.clientEnd->context, pair.serverEnd->context);
        QCOMPARE(pair.clientEnd->context, std::string("the server speaks protocol version 2, the client 3 to 5"));
    }

    /// Hand-made: what a program of version 4 may say, with keys and capability bits that version 2 doesn't know.
    void aNewerClientMaySayMore()
    {
        Pair pair(clientOffer(2, 2), serverOffer(2, 2));
        const auto say = [&](const QByteArray& hex) {
            pair.wire.emplace_back(true, makeControlFrame(fixtures::fromHex(hex)));
            pair.run(fixtures::exampleSettings());
        };
        say("a8 0001 0102 0204 03 1bffffffffffffffe2 04 6166 05 50 00000000000000000000000000000000 06 82 01 a10000 "
            "1903e8 63e282ac");
        QVERIFY(!pair.serverEnd);
        say("a4 0003 0100 0260 03 44 00000000");
        say("a4 0005 01 80 02 f4 03 f5");
        QVERIFY(pair.serverSide);
        QVERIFY(pair.serverSide->peerTakes == net::SegmentSupport{.tcp4 = true});
        say("a2 00 18c8 01 61 61");  // message 200
        QVERIFY(!pair.serverEnd);
    }

    void aNewerServerMaySayMore()
    {
        Pair pair(clientOffer(2, 2), serverOffer(2, 2));
        pair.doClient(pair.client.start(Start));
        const auto answer = [&](const QByteArray& hex) {
            pair.doClient(pair.client.receive(fixtures::fromHex(hex), Start));
        };
        answer("a6 0002 0102 02 1bfffffffffffffff0 0360 04 83 09 00 07 05 a0");
        answer("a2 0004 01 67 77656c636f6d65");
        answer("a9 0006 01 81 45 0a56000718 02 81 44 0a560001 03 80 04 80 05 80 06 190578 07 0a 08 81 01");
        QVERIFY(!pair.clientEnd);
        QVERIFY(pair.clientSide);
        QVERIFY(pair.clientSide->peerTakes == net::SegmentSupport{.udp6 = true});
        answer("a3 0009 01 1903e8 02 63 627965");
        QCOMPARE(*pair.clientEnd, (Error{ErrorCode::Closed, "bye"}));
    }
};

QTEST_APPLESS_MAIN(TestBothConversations)
#include "tst_both_conversations.moc"
