#include "fixtures.h"

#include "protocol/server_conversation.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::protocol;
using namespace std::chrono_literals;
using fixtures::actionAt;
using fixtures::sentAt;

namespace {

const TimePoint Start = TimePoint() + 1000s;

ServerOffer exampleOffer()
{
    return {
        .software = "gvpn-server 1", .takes = {.checksum = true, .tcp4 = true}, .loginMethods = {LoginMethod::None}};
}

Hello hello(int minVersion = 2, int maxVersion = 2)
{
    return {.minVersion = static_cast<std::uint16_t>(minVersion),
            .maxVersion = static_cast<std::uint16_t>(maxVersion),
            .capabilities = capability::Tcp6Segments,
            .software = "gvpn 1",
            .instance = {}};
}

/// 0 awaiting the hello, 1 the login, 2 deciding it, 3 awaiting the address request, 4 deciding it, 5 established,
/// 6 closed.
ServerConversation conversationIn(int state)
{
    ServerConversation conversation(exampleOffer(), Start);
    if (state >= 1)
        static_cast<void>(conversation.receive(encode(hello()), Start));
    if (state >= 2)
        static_cast<void>(conversation.receive(encode(Login{}), Start));
    if (state >= 3)
        static_cast<void>(conversation.acceptLogin(Start));
    if (state >= 4)
        static_cast<void>(conversation.receive(encode(AddressRequest{}), Start));
    if (state >= 5)
        static_cast<void>(conversation.assign(fixtures::exampleSettings(), Start));
    if (state >= 6)
        static_cast<void>(conversation.receive(encode(Goodbye{}), Start));
    return conversation;
}

}  // namespace

class TestServerConversation : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// Columns: hello, hello-reply, login, login-reply, address-request, address-reply, ping, pong, goodbye, notice,
    /// unknown, malformed. Letters: fixtures::letterOf().
    void everyMessageInEveryState_data()
    {
        QTest::addColumn<int>("state");
        QTest::addColumn<QByteArray>("letters");
        QTest::newRow("awaiting the hello") << 0 << QByteArray("NVVVVVVVCVVV");
        QTest::newRow("awaiting the login") << 1 << QByteArray("VVNVVVVVCVVV");
        QTest::newRow("deciding the login") << 2 << QByteArray("VVVVVVVVCVVV");
        QTest::newRow("awaiting the address request") << 3 << QByteArray("VVVVNVP-CV-V");
        QTest::newRow("deciding the address") << 4 << QByteArray("VVVVVVP-CV-V");
        QTest::newRow("established") << 5 << QByteArray("VVVVVVP-CV-V");
        QTest::newRow("closed") << 6 << QByteArray("------------");
    }

    void everyMessageInEveryState()
    {
        QFETCH(int, state);
        QFETCH(QByteArray, letters);
        QByteArray got;
        for (const ByteVector& body : fixtures::everyBody()) {
            auto conversation = conversationIn(state);
            QCOMPARE(conversation.isLoginOpen(), state == 2);
            QCOMPARE(conversation.isAddressOpen(), state == 4);
            QCOMPARE(conversation.isLoggedIn(), state >= 3 && state <= 5);
            const TimePoint deadline = conversation.deadline();
            const char letter = fixtures::letterOf(conversation.receive(body, Start));
            got += letter;
            const bool isOver = letter == 'V' || letter == 'C';
            if (isOver) {
                QVERIFY(conversation.deadline() == Never);
                QVERIFY(conversation.receive(encode(hello()), Start).empty());
                QVERIFY(!conversation.isLoggedIn() && !conversation.isLoginOpen() && !conversation.isAddressOpen());
            } else if (letter != 'N') {
                QVERIFY(conversation.deadline() == deadline);
                QCOMPARE(conversation.acceptsPackets(), state == 5);
            }
        }
        QCOMPARE(got, letters);
    }

    void answersStepByStep()
    {
        ServerConversation conversation(exampleOffer(), Start);
        const auto reply = sentAt<HelloReply>(conversation.receive(encode(hello()), Start), 0);
        QVERIFY(reply);
        QCOMPARE(reply->version, std::uint16_t{2});
        QCOMPARE(reply->capabilities, capability::Checksum | capability::Tcp4Segments);
        QCOMPARE(reply->loginMethods, std::vector{LoginMethod::None});
        QVERIFY(conversation.hello() == hello());

        Actions actions = conversation.receive(encode(fixtures::loginBy(LoginMethod::None)), Start);
        QVERIFY(actionAt<LoginRequested>(actions, 0));
        QCOMPARE(actionAt<LoginRequested>(actions, 0)->login.deviceName, std::string("laptop"));
        actions = conversation.acceptLogin(Start);
        QVERIFY(sentAt<LoginReply>(actions, 0));

        const AddressRequest request{{fixtures::interfaceAddress("10.86.0.7/24")}, true};
        actions = conversation.receive(encode(request), Start);
        QVERIFY(actionAt<AddressRequested>(actions, 0));
        QVERIFY(actionAt<AddressRequested>(actions, 0)->request == request);
        actions = conversation.assign(fixtures::exampleSettings(), Start + 1s);
        QCOMPARE(actions.size(), std::size_t{2});
        QVERIFY(sentAt<AddressReply>(actions, 0) == AddressReply{fixtures::exampleSettings()});
        QVERIFY(actionAt<Established>(actions, 1));
        QVERIFY(actionAt<Established>(actions, 1)->peerTakes == net::SegmentSupport{.tcp6 = true});
        QVERIFY(conversation.acceptsPackets());
        QVERIFY(conversation.deadline() == Start + 11s);
    }

    void choosesTheHighestCommonVersion_data()
    {
        QTest::addColumn<int>("serverMin");
        QTest::addColumn<int>("serverMax");
        QTest::addColumn<int>("clientMin");
        QTest::addColumn<int>("clientMax");
        QTest::addColumn<int>("version");  // 0: none
        QTest::newRow("the same") << 2 << 2 << 2 << 2 << 2;
        QTest::newRow("newer client that goes back") << 2 << 2 << 2 << 4 << 2;
        QTest::newRow("newer server that goes back") << 2 << 4 << 2 << 2 << 2;
        QTest::newRow("overlap") << 2 << 4 << 3 << 9 << 4;
        QTest::newRow("largest numbers") << 0 << 65535 << 0 << 65535 << 65535;
        QTest::newRow("client too new") << 2 << 2 << 3 << 5 << 0;
        QTest::newRow("client too old") << 3 << 4 << 2 << 2 << 0;
    }

    void choosesTheHighestCommonVersion()
    {
        QFETCH(int, serverMin);
        QFETCH(int, serverMax);
        QFETCH(int, clientMin);
        QFETCH(int, clientMax);
        QFETCH(int, version);
        ServerOffer offer = exampleOffer();
        offer.minVersion = static_cast<std::uint16_t>(serverMin);
        offer.maxVersion = static_cast<std::uint16_t>(serverMax);
        ServerConversation conversation(offer, Start);
        const Actions actions = conversation.receive(encode(hello(clientMin, clientMax)), Start);
        if (version != 0) {
            QVERIFY(sentAt<HelloReply>(actions, 0));
            QCOMPARE(int{sentAt<HelloReply>(actions, 0)->version}, version);
            return;
        }
        const auto goodbye = sentAt<Goodbye>(actions, 0);
        QVERIFY(goodbye);
        QCOMPARE(goodbye->code, GoodbyeCode::VersionMismatch);
        for (const int number : {serverMin, serverMax, clientMin, clientMax})
            QVERIFY(goodbye->text.find(std::to_string(number)) != std::string::npos);
        QCOMPARE(actionAt<CloseConversation>(actions, 1)->error.code, ErrorCode::VersionMismatch);
    }

    void refusesALoginMethodThatItDoesNotTake()
    {
        for (const int method : {1, 2, 3, 4, 255}) {
            auto conversation = conversationIn(1);
            const Login login = fixtures::loginBy(static_cast<LoginMethod>(method));
            const Actions actions = conversation.receive(encode(login), Start);
            QCOMPARE(actions.size(), std::size_t{2});
            QVERIFY(sentAt<Goodbye>(actions, 0));
            QCOMPARE(sentAt<Goodbye>(actions, 0)->code, GoodbyeCode::LoginRefused);
            QCOMPARE(actionAt<CloseConversation>(actions, 1)->error.code, ErrorCode::LoginRefused);
            QVERIFY(!conversation.isLoginOpen());
        }
    }

    void handsOnWhatTheLoginShows()
    {
        for (const auto method : {LoginMethod::Device, LoginMethod::Password, LoginMethod::Invite}) {
            ServerOffer offer = exampleOffer();
            offer.loginMethods = {LoginMethod::Device, LoginMethod::Password, LoginMethod::Invite};
            ServerConversation conversation(offer, Start);
            static_cast<void>(conversation.receive(encode(hello()), Start));
            const Actions actions = conversation.receive(encode(fixtures::loginBy(method)), Start);
            QCOMPARE(actions.size(), std::size_t{1});
            QVERIFY(actionAt<LoginRequested>(actions, 0));
            QVERIFY(actionAt<LoginRequested>(actions, 0)->login == fixtures::loginBy(method));
            QVERIFY(conversation.isLoginOpen());
        }
    }

    void notifiesAClientThatIsIn()
    {
        auto conversation = conversationIn(5);
        const Actions actions = conversation.notify("your key is used elsewhere");
        QCOMPARE(actions.size(), std::size_t{1});
        QVERIFY(sentAt<Notice>(actions, 0) == Notice{"your key is used elsewhere"});
        QVERIFY(conversation.isEstablished());
    }

    void saysWhyItRefuses()
    {
        const auto check = [](const Actions& actions, GoodbyeCode code, ErrorCode error) {
            const auto goodbye = sentAt<Goodbye>(actions, 0);
            const auto* close = actionAt<CloseConversation>(actions, 1);
            return actions.size() == 2 && goodbye == Goodbye{code, "no, sorry"}
                   && close->error == Error{error, "no, sorry"};
        };
        QVERIFY(check(conversationIn(2).refuseLogin(GoodbyeCode::LoginRefused, "no, sorry"), GoodbyeCode::LoginRefused,
                      ErrorCode::LoginRefused));
        QVERIFY(check(conversationIn(2).refuseLogin(GoodbyeCode::ServerBusy, "no, sorry"), GoodbyeCode::ServerBusy,
                      ErrorCode::Unreachable));
        for (const auto code :
             {GoodbyeCode::AddressTaken, GoodbyeCode::AddressNotAllowed, GoodbyeCode::PoolExhausted}) {
            auto conversation = conversationIn(4);
            QVERIFY(check(conversation.refuseAddress(code, "no, sorry"), code, ErrorCode::AddressRefused));
            QVERIFY(!conversation.isAddressOpen());
            QVERIFY(conversation.deadline() == Never);
        }
        QVERIFY(
            check(conversationIn(5).leave(GoodbyeCode::Kicked, "no, sorry"), GoodbyeCode::Kicked, ErrorCode::Kicked));
        QVERIFY(conversationIn(6).leave(GoodbyeCode::Kicked, "no, sorry").empty());
    }

    void endsALoginThatTakesTooLong()
    {
        for (const int state : {0, 1, 2, 3, 4}) {
            auto conversation = conversationIn(state);
            QVERIFY(conversation.deadline() == Start + LoginDeadline);
            conversation.noteReceived(Start + 9s);
            QVERIFY(conversation.tick(Start + LoginDeadline - 1ms).empty());
            const Actions actions = conversation.tick(Start + LoginDeadline);
            QVERIFY(sentAt<Goodbye>(actions, 0));
            QCOMPARE(sentAt<Goodbye>(actions, 0)->code, GoodbyeCode::TimedOut);
            QCOMPARE(actionAt<CloseConversation>(actions, 1)->error.code, ErrorCode::TimedOut);
            QVERIFY(!conversation.isLoginOpen() && !conversation.isAddressOpen());
        }
    }

    void answersPingsUntilThereAreTooMany()
    {
        auto conversation = conversationIn(5);
        for (unsigned i = 0; i < MaxControlPerSecond; ++i)
            QVERIFY(sentAt<Pong>(conversation.receive(encode(Ping{i}), Start + 5s), 0));
        for (unsigned i = 0; i < MaxControlPerSecond; ++i)
            QVERIFY(sentAt<Pong>(conversation.receive(encode(Ping{i}), Start + 6s), 0));
        const Actions actions = conversation.receive(encode(Ping{1}), Start + 6s + 999ms);
        QVERIFY(sentAt<Goodbye>(actions, 0));
        QCOMPARE(actionAt<CloseConversation>(actions, 1)->error.code, ErrorCode::ProtocolViolation);
    }

    void findsASilentClient()
    {
        auto conversation = conversationIn(5);
        const auto ping = sentAt<Ping>(conversation.tick(Start + 10s), 0);
        QVERIFY(ping);
        const Actions pong = conversation.receive(encode(Pong{ping->id}), Start + 10s + 30ms);
        QVERIFY(actionAt<RoundTripMeasured>(pong, 0));
        QCOMPARE(actionAt<RoundTripMeasured>(pong, 0)->time, Duration(30));
        const Actions actions = conversation.tick(Start + 25s);
        QCOMPARE(actions.size(), std::size_t{1});
        QCOMPARE(actionAt<CloseConversation>(actions, 0)->error,
                 (Error{ErrorCode::TimedOut, "nothing heard from the client for 25 s"}));
        QVERIFY(!conversation.acceptsPackets());
    }
};

QTEST_APPLESS_MAIN(TestServerConversation)
#include "tst_server_conversation.moc"
