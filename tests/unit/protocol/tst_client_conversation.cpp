#include "fixtures.h"

#include "protocol/client_conversation.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::protocol;
using namespace std::chrono_literals;
using fixtures::actionAt;
using fixtures::sentAt;

namespace {

const TimePoint Start = TimePoint() + 1000s;

ClientOffer exampleOffer()
{
    ClientOffer offer;
    offer.software = "gvpn 1";
    offer.instance.fill(std::byte{7});
    offer.takes = net::SegmentSupport::all();
    offer.credentials.deviceName = "laptop";
    offer.address.wanted = {fixtures::interfaceAddress("10.86.0.7/24")};
    return offer;
}

/// 0 idle, 1 awaiting the hello's reply, 2 the login's, 3 the address, 4 established, 5 closed.
ClientConversation conversationIn(int state, const ClientOffer& offer = exampleOffer())
{
    ClientConversation conversation(offer);
    const auto receive = [&](const Message& message) {
        static_cast<void>(conversation.receive(encode(message), Start));
    };
    if (state >= 1)
        static_cast<void>(conversation.start(Start));
    if (state >= 2)
        receive(fixtures::exampleHelloReply());
    if (state >= 3)
        receive(LoginReply{});
    if (state >= 4)
        receive(AddressReply{fixtures::exampleSettings()});
    if (state >= 5)
        receive(Goodbye{});
    return conversation;
}

Actions replyWith(ClientOffer offer, const net::TunnelSettings& settings)
{
    auto conversation = conversationIn(3, offer);
    Actions actions = conversation.receive(encode(AddressReply{settings}), Start);
    const auto* closed = actions.empty() ? nullptr : std::get_if<CloseConversation>(&actions.back());
    if (closed && (conversation.isEstablished() || conversation.deadline() != Never))
        return {};  // said to be closed, but it isn't
    return actions;
}

}  // namespace

class TestClientConversation : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// Columns: hello, hello-reply, login, login-reply, address-request, address-reply, ping, pong, goodbye, notice,
    /// unknown, malformed. Letters: fixtures::letterOf().
    void everyMessageInEveryState_data()
    {
        QTest::addColumn<int>("state");
        QTest::addColumn<QByteArray>("letters");
        QTest::newRow("idle") << 0 << QByteArray("------------");
        QTest::newRow("awaiting the hello's reply") << 1 << QByteArray("VNVVVVVVCVVV");
        QTest::newRow("awaiting the login's reply") << 2 << QByteArray("VVVNVVVVCVVV");
        QTest::newRow("awaiting the address") << 3 << QByteArray("VVVVVNP-CV-V");
        QTest::newRow("established") << 4 << QByteArray("VVVVVVP-CN-V");
        QTest::newRow("closed") << 5 << QByteArray("------------");
    }

    void everyMessageInEveryState()
    {
        QFETCH(int, state);
        QFETCH(QByteArray, letters);
        QByteArray got;
        for (const ByteVector& body : fixtures::everyBody()) {
            auto conversation = conversationIn(state);
            const TimePoint deadline = conversation.deadline();
            const char letter = fixtures::letterOf(conversation.receive(body, Start));
            got += letter;
            const bool isOver = letter == 'V' || letter == 'C';
            if (isOver) {
                QVERIFY(conversation.deadline() == Never);
                QVERIFY(conversation.receive(encode(Ping{1}), Start).empty());
                QVERIFY(!conversation.acceptsPackets());
            } else if (letter != 'N') {
                QVERIFY(conversation.deadline() == deadline);
                QCOMPARE(conversation.isEstablished(), state == 4);
            }
        }
        QCOMPARE(got, letters);
    }

    void asksForWhatItWasToldTo()
    {
        ClientConversation conversation(exampleOffer());
        const auto hello = sentAt<Hello>(conversation.start(Start), 0);
        QVERIFY(hello);
        QCOMPARE(hello->software, std::string("gvpn 1"));
        QCOMPARE(hello->instance, exampleOffer().instance);
        QCOMPARE(hello->capabilities, std::uint64_t{31});
        QCOMPARE(hello->minVersion, MinVersion);
        QCOMPARE(hello->maxVersion, MaxVersion);

        Actions actions = conversation.receive(encode(fixtures::exampleHelloReply()), Start);
        QCOMPARE(actions.size(), std::size_t{1});
        QVERIFY(sentAt<Login>(actions, 0) == fixtures::loginBy(LoginMethod::None));

        actions = conversation.receive(encode(LoginReply{}), Start);
        QCOMPARE(actions.size(), std::size_t{2});
        QVERIFY(actionAt<LoggedIn>(actions, 0));
        QVERIFY(sentAt<AddressRequest>(actions, 1) == exampleOffer().address);
        QVERIFY(!conversation.acceptsPackets());

        actions = conversation.receive(encode(AddressReply{fixtures::exampleSettings()}), Start);
        QCOMPARE(actions.size(), std::size_t{1});
        const auto* established = actionAt<Established>(actions, 0);
        QVERIFY(established);
        QCOMPARE(established->settings, fixtures::exampleSettings());
        QCOMPARE(established->peerTakes, net::SegmentSupport::all());
        QVERIFY(conversation.acceptsPackets());
    }

    void refusesAVersionThatItDidNotOffer()
    {
        for (const int version : {0, 1, 3, 65535}) {
            auto conversation = conversationIn(1);
            HelloReply reply = fixtures::exampleHelloReply();
            reply.version = static_cast<std::uint16_t>(version);
            QCOMPARE(fixtures::letterOf(conversation.receive(encode(reply), Start)), 'V');
        }
    }

    void leavesWhenTheServerWantsAnotherLogin()
    {
        auto conversation = conversationIn(1);
        HelloReply reply = fixtures::exampleHelloReply();
        reply.loginMethods = {};
        const Actions actions = conversation.receive(encode(reply), Start);
        QVERIFY(sentAt<Goodbye>(actions, 0));
        QCOMPARE(sentAt<Goodbye>(actions, 0)->code, GoodbyeCode::Leaving);
        const auto* close = actionAt<CloseConversation>(actions, 1);
        QVERIFY(close);
        QCOMPARE(close->error, (Error{ErrorCode::LoginRefused, "the server asks for another way to log in"}));
        QVERIFY(conversation.deadline() == Never);
    }

    void refusesSettingsThatAreNotValid()
    {
        net::TunnelSettings settings = fixtures::exampleSettings();
        settings.mtu = 100;
        QCOMPARE(fixtures::letterOf(replyWith(exampleOffer(), settings)), 'V');
        settings = fixtures::exampleSettings();
        settings.gateways.pop_back();
        QCOMPARE(fixtures::letterOf(replyWith(exampleOffer(), settings)), 'V');
        settings = fixtures::exampleSettings();
        settings.addresses.clear();
        QCOMPARE(fixtures::letterOf(replyWith(exampleOffer(), settings)), 'V');
        settings = fixtures::exampleSettings();
        settings.routes = {*net::Prefix::parse("0.0.0.0/0")};
        QCOMPARE(fixtures::letterOf(replyWith(exampleOffer(), settings)), 'V');
    }

    void keepsToTheLimitsOfItsOffer()
    {
        ClientOffer offer = exampleOffer();
        offer.limits.maxRoutes = 1;
        QCOMPARE(fixtures::letterOf(replyWith(offer, fixtures::exampleSettings())), 'V');
        offer.limits.maxRoutes = 2;
        QCOMPARE(fixtures::letterOf(replyWith(offer, fixtures::exampleSettings())), 'N');
    }

    void insistsOnARequiredAddress_data()
    {
        QTest::addColumn<QByteArrayList>("wanted");
        QTest::addColumn<bool>("isRequired");
        QTest::addColumn<char>("letter");
        QTest::newRow("hint") << QByteArrayList{"10.86.0.9/24"} << false << 'N';
        QTest::newRow("the same") << QByteArrayList{"10.86.0.7/24"} << true << 'N';
        QTest::newRow("both, other order") << QByteArrayList{"fd00:86::7/64", "10.86.0.7/24"} << true << 'N';
        QTest::newRow("nothing wanted") << QByteArrayList{} << true << 'N';
        QTest::newRow("another") << QByteArrayList{"10.86.0.9/24"} << true << 'G';
        QTest::newRow("another length") << QByteArrayList{"10.86.0.7/16"} << true << 'G';
        QTest::newRow("one of two") << QByteArrayList{"10.86.0.7/24", "fd00:86::9/64"} << true << 'G';
    }

    void insistsOnARequiredAddress()
    {
        QFETCH(QByteArrayList, wanted);
        QFETCH(bool, isRequired);
        QFETCH(char, letter);
        ClientOffer offer = exampleOffer();
        offer.address = {{}, isRequired};
        for (const QByteArray& text : wanted)
            offer.address.wanted.push_back(fixtures::interfaceAddress(text.toStdString()));
        const Actions actions = replyWith(offer, fixtures::exampleSettings());
        QCOMPARE(fixtures::letterOf(actions), letter);
        if (letter == 'G')
            QCOMPARE(actionAt<CloseConversation>(actions, 1)->error.code, ErrorCode::AddressRefused);
    }

    void givesUpWhenTheServerDoesNotAnswer()
    {
        for (const int state : {1, 2, 3}) {
            auto conversation = conversationIn(state);
            QVERIFY(conversation.deadline() == Start + LoginDeadline);
            conversation.noteReceived(Start + 9s);
            QVERIFY(conversation.tick(Start + LoginDeadline - 1ms).empty());
            const Actions actions = conversation.tick(Start + LoginDeadline);
            QVERIFY(sentAt<Goodbye>(actions, 0));
            QCOMPARE(sentAt<Goodbye>(actions, 0)->code, GoodbyeCode::TimedOut);
            QCOMPARE(actionAt<CloseConversation>(actions, 1)->error.code, ErrorCode::TimedOut);
            QVERIFY(conversation.deadline() == Never);
            QVERIFY(conversation.tick(Start + 1h).empty());
        }
    }

    void pingsAndMeasuresAndFindsASilentServer()
    {
        auto conversation = conversationIn(4);
        QVERIFY(conversation.tick(Start + 9s).empty());
        QVERIFY(conversation.deadline() == Start + 10s);
        const auto ping = sentAt<Ping>(conversation.tick(Start + 10s), 0);
        QVERIFY(ping);
        QVERIFY(conversation.receive(encode(Pong{ping->id + 1}), Start + 11s).empty());
        const Actions actions = conversation.receive(encode(Pong{ping->id}), Start + 11s);
        QVERIFY(actionAt<RoundTripMeasured>(actions, 0));
        QCOMPARE(actionAt<RoundTripMeasured>(actions, 0)->time, Duration(1s));

        conversation.noteReceived(Start + 11s);
        QVERIFY(sentAt<Ping>(conversation.tick(Start + 21s), 0));
        const Actions end = conversation.tick(Start + 36s);
        QCOMPARE(end.size(), std::size_t{1});
        QCOMPARE(actionAt<CloseConversation>(end, 0)->error,
                 (Error{ErrorCode::TimedOut, "nothing heard from the server for 25 s"}));
        QVERIFY(conversation.deadline() == Never);
    }

    void mapsEveryGoodbye_data()
    {
        QTest::addColumn<int>("code");
        QTest::addColumn<QByteArray>("error");
        const char* const names[] = {"closed",           "closed",          "peer-stopping",
                                     "version-mismatch", "login-refused",   "address-refused",
                                     "address-refused",  "address-refused", "protocol-violation",
                                     "timed-out",        "replaced",        "kicked",
                                     "unreachable",      "closed"};
        for (int code = 0; code < 14; ++code)
            QTest::addRow("code %d", code) << code << QByteArray(names[code]);
    }

    void mapsEveryGoodbye()
    {
        QFETCH(int, code);
        QFETCH(QByteArray, error);
        const Goodbye goodbye{static_cast<GoodbyeCode>(code), "left\nover \xE2\x80\xAE"};
        auto conversation = conversationIn(4);
        const Actions actions = conversation.receive(encode(goodbye), Start);
        const auto* close = actionAt<CloseConversation>(actions, 0);
        QVERIFY(close);
        QCOMPARE(QByteArray::fromStdString(std::string(errorCodeName(close->error.code))), error);
        QCOMPARE(close->error.context, std::string("left\\nover \\u{202e}"));
        QVERIFY(!errorOf({goodbye.code, ""}).context.empty());
    }

    void leavesWithAGoodbye()
    {
        for (const int state : {1, 2, 3, 4}) {
            auto conversation = conversationIn(state);
            const Actions actions = conversation.leave(GoodbyeCode::Leaving, "see you");
            QCOMPARE(sentAt<Goodbye>(actions, 0), (std::optional<Goodbye>({GoodbyeCode::Leaving, "see you"})));
            QVERIFY(actionAt<CloseConversation>(actions, 1));
            QVERIFY(conversation.leave(GoodbyeCode::Leaving, "again").empty());
        }
        QCOMPARE(fixtures::letterOf(conversationIn(0).leave(GoodbyeCode::Leaving, "")), 'C');
    }
};

QTEST_APPLESS_MAIN(TestClientConversation)
#include "tst_client_conversation.moc"
