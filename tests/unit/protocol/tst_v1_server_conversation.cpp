#include "v1_fixtures.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::protocol::v1;
using namespace std::chrono_literals;
using fixtures::actionAt;
using fixtures::endCodeOf;
using fixtures::endOf;
using fixtures::frameOf;
using fixtures::fromHex;
using fixtures::json;
using fixtures::sentAt;
using fixtures::Start;
using fixtures::tell;
using gvpn::protocol::MaxControlPerSecond;

namespace {

// {"Bypass":"172.17.0.0/16","Message":"","Success":true} (Qt writes the keys of an object in their order.)
const char* const Accepted =
    "0000003e ffffffff 00000001"
    "7b22427970617373223a223137322e31372e302e302f3136222c224d657373616765223a22222c225375636365737322"
    "3a747275657d";
// {"Bypass":"","Message":"CIDR is registered!","Success":false}
const char* const Taken =
    "00000045 ffffffff 00000001"
    "7b22427970617373223a22222c224d657373616765223a2243494452206973207265676973746572656421222c225375"
    "6363657373223a66616c73657d";

/// 0 awaiting the handshake, 1 the registration, 2 deciding, 3 registered, 4 closed.
ServerConversation conversationIn(int state)
{
    ServerConversation conversation(Start);
    if (state >= 1)
        static_cast<void>(conversation.receiveHandshake(makeHandshake(1.0)));
    if (state >= 2)
        static_cast<void>(tell(conversation, fromHex(fixtures::Registration)));
    if (state >= 3)
        static_cast<void>(conversation.accept(fixtures::OfficeLan));
    if (state >= 4)
        static_cast<void>(tell(conversation, fromHex(fixtures::Registration)));
    return conversation;
}

/// The refusal's frame with this transaction.
ByteVector refusal(std::int32_t transaction, const char* message)
{
    return frameOf(-1, transaction, json("{'Bypass':'','Message':'?','Success':false}").replace("?", message));
}

}  // namespace

class TestV1ServerConversation : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void answersStepByStep()
    {
        ServerConversation conversation(Start);
        QVERIFY(!conversation.isAddressOpen() && !conversation.acceptsPackets());
        QVERIFY(conversation.deadline() == Start + 10s);
        Actions actions = conversation.receiveHandshake(fromHex("3ff0000000000000"));
        QCOMPARE(actions.size(), std::size_t{1});
        QCOMPARE(sentAt(actions, 0), fromHex("01"));

        actions = tell(conversation, fromHex(fixtures::Registration));
        QCOMPARE(actions.size(), std::size_t{1});
        QVERIFY(actionAt<RegistrationRequested>(actions, 0));
        QVERIFY(actionAt<RegistrationRequested>(actions, 0)->address == fixtures::address("10.86.0.101"));
        QVERIFY(conversation.isAddressOpen() && !conversation.acceptsPackets());

        actions = conversation.accept(fixtures::OfficeLan);
        QCOMPARE(actions.size(), std::size_t{1});
        QCOMPARE(sentAt(actions, 0), fromHex(Accepted));
        QVERIFY(!conversation.isAddressOpen() && conversation.acceptsPackets());
        QVERIFY(conversation.deadline() == Never);
        QVERIFY(conversation.tick(Start + 24h).empty());
    }

    void refusesEveryVersionButOne_data()
    {
        QTest::addColumn<QByteArray>("handshake");
        QTest::addColumn<QByteArray>("named");
        QTest::newRow("2") << QByteArray("4000000000000000") << QByteArray("2");
        QTest::newRow("0") << QByteArray("0000000000000000") << QByteArray("0");
        QTest::newRow("-0") << QByteArray("8000000000000000") << QByteArray("-0");
        QTest::newRow("-1") << QByteArray("bff0000000000000") << QByteArray("-1");
        QTest::newRow("next below 1") << QByteArray("3fefffffffffffff") << QByteArray("0.9999999999999999");
        QTest::newRow("next above 1") << QByteArray("3ff0000000000001") << QByteArray("1.0000000000000002");
        QTest::newRow("1 in the other byte order") << QByteArray("000000000000f03f") << QByteArray("3.03865e-319");
        QTest::newRow("smallest") << QByteArray("0000000000000001") << QByteArray("5e-324");
        QTest::newRow("longest") << QByteArray("ffefffffffffffff") << QByteArray("-1.7976931348623157e+308");
        QTest::newRow("infinite") << QByteArray("7ff0000000000000") << QByteArray("inf");
        QTest::newRow("NaN") << QByteArray("7ff8000000000000") << QByteArray("nan");
        QTest::newRow("signalling NaN") << QByteArray("7ff0000000000001") << QByteArray("nan");
        QTest::newRow("all ones") << QByteArray("ffffffffffffffff") << QByteArray("-nan");
    }

    void refusesEveryVersionButOne()
    {
        QFETCH(QByteArray, handshake);
        QFETCH(QByteArray, named);
        ServerConversation conversation(Start);
        const Actions actions = conversation.receiveHandshake(fromHex(handshake));
        QCOMPARE(actions.size(), std::size_t{2});
        QCOMPARE(sentAt(actions, 0), fromHex("02"));
        QCOMPARE(*endOf(actions),
                 (Error{ErrorCode::VersionMismatch,
                        "the client asks for version " + named.toStdString() + ", without TLS there is only 1"}));
        QVERIFY(conversation.deadline() == Never);
        QVERIFY(tell(conversation, fromHex(fixtures::Registration)).empty());
        QVERIFY(!conversation.isAddressOpen());
    }

    void readsBothFormsOfAnAddress_data()
    {
        QTest::addColumn<QByteArray>("frame");
        QTest::addColumn<QByteArray>("address");
        QTest::newRow("4 bytes") << QByteArray("0000000c 00000001 00000001 0a560065") << QByteArray("10.86.0.101");
        QTest::newRow("mapped") << QByteArray("00000018 00000001 00000001 00000000000000000000ffff b6010165")
                                << QByteArray("182.1.1.101");
        // Whether it can be had is for the program to say.
        QTest::newRow("unspecified") << QByteArray("0000000c 00000001 00000001 00000000") << QByteArray("0.0.0.0");
        QTest::newRow("broadcast") << QByteArray("0000000c 00000001 00000001 ffffffff")
                                   << QByteArray("255.255.255.255");
    }

    void readsBothFormsOfAnAddress()
    {
        QFETCH(QByteArray, frame);
        QFETCH(QByteArray, address);
        ServerConversation conversation = conversationIn(1);
        const Actions actions = tell(conversation, fromHex(frame));
        const auto* requested = actionAt<RegistrationRequested>(actions, 0);
        QVERIFY(requested);
        QVERIFY(requested->address == fixtures::address(address.toStdString()));
    }

    void answersABadRegistrationAndCloses_data()
    {
        QTest::addColumn<QByteArray>("data");
        QTest::addColumn<QByteArray>("context");
        const auto length = [](int bytes) {
            return "registration: an address of " + QByteArray::number(bytes) + " bytes";
        };
        for (const int bytes : {0, 1, 3, 5, 8, 12, 15, 17, 32, 4096})
            QTest::addRow("%d bytes", bytes) << QByteArray(bytes, '\0').toHex() << length(bytes);
        QTest::newRow("IPv6") << QByteArray("fd000086000000000000000000000007")
                              << QByteArray("registration: fd00:86::7 is not an IPv4 address");
        QTest::newRow("all zero") << QByteArray(32, '0') << QByteArray("registration: :: is not an IPv4 address");
        QTest::newRow("compatible, not mapped") << QByteArray("0000000000000000000000000a560065")
                                                << QByteArray("registration: ::10.86.0.101 is not an IPv4 address");
        QTest::newRow("half mapped") << QByteArray("0000000000000000 0000 00ff 0a560065")
                                     << QByteArray("registration: ::ff:a56:65 is not an IPv4 address");
        QTest::newRow("first bit set") << QByteArray("80000000000000000000 ffff 0a560065")
                                       << QByteArray("registration: 8000::ffff:a56:65 is not an IPv4 address");
    }

    void answersABadRegistrationAndCloses()
    {
        QFETCH(QByteArray, data);
        QFETCH(QByteArray, context);
        ServerConversation conversation = conversationIn(1);
        const Actions actions = tell(conversation, frameOf(1, 77, asText(fromHex(data))));
        QCOMPARE(actions.size(), std::size_t{2});
        QCOMPARE(sentAt(actions, 0), refusal(77, "An IPv4 address is needed: 4 bytes, or 16 in the IPv4-mapped form."));
        QCOMPARE(*endOf(actions), (Error{ErrorCode::ProtocolViolation, context.toStdString()}));
        QVERIFY(!conversation.isAddressOpen() && conversation.deadline() == Never);
    }

    void echoesTheTransaction_data()
    {
        QTest::addColumn<int>("transaction");
        QTest::addColumn<QByteArray>("hex");
        QTest::newRow("1") << 1 << QByteArray("00000001");
        QTest::newRow("0") << 0 << QByteArray("00000000");
        QTest::newRow("largest") << std::numeric_limits<int>::max() << QByteArray("7fffffff");
        QTest::newRow("-1") << -1 << QByteArray("ffffffff");
        QTest::newRow("lowest") << std::numeric_limits<int>::min() << QByteArray("80000000");
    }

    void echoesTheTransaction()
    {
        QFETCH(int, transaction);
        QFETCH(QByteArray, hex);
        const ByteVector registration = frameOf(1, transaction, asText(fromHex("0a560065")));
        ServerConversation accepting = conversationIn(1);
        static_cast<void>(tell(accepting, registration));
        const ByteVector answer = sentAt(accepting.accept(fixtures::OfficeLan), 0);
        QCOMPARE(fixtures::toHex(ByteView(answer).subspan(4, 8)), "ffffffff" + hex);
        ServerConversation refusing = conversationIn(1);
        static_cast<void>(tell(refusing, registration));
        const ByteVector no = sentAt(refusing.refuse("no", {ErrorCode::AddressRefused, "x"}), 0);
        QCOMPARE(fixtures::toHex(ByteView(no).subspan(4, 8)), "ffffffff" + hex);
    }

    void aRefusalIsAnsweredAndThenTheEnd()
    {
        ServerConversation conversation = conversationIn(2);
        const Error error{ErrorCode::AddressRefused, "10.86.0.101 is taken"};
        const Actions actions = conversation.refuse(AddressTakenMessage, error);
        QCOMPARE(actions.size(), std::size_t{2});
        QCOMPARE(sentAt(actions, 0), fromHex(Taken));
        QCOMPARE(*endOf(actions), error);
        QVERIFY(!conversation.isAddressOpen() && !conversation.acceptsPackets());
        QVERIFY(conversation.deadline() == Never);
        QVERIFY(conversation.tick(Start + 11s).empty());
    }

    void aRefusalsMessageIsEscapedAndCut()
    {
        ServerConversation conversation = conversationIn(2);
        ByteVector frame = sentAt(conversation.refuse(std::string(9999, '\x01'), {}), 0);
        QVERIFY(frame.size() <= FrameHeaderBytes + MaxControlDataBytes);
        const auto frameData = asText(fixtures::toFrame(frame).data);
        QVERIFY(QByteArrayView(frameData).startsWith(json("{'Bypass':'','Message':'\\u0001\\u0001")));
        ServerConversation other = conversationIn(2);
        frame = sentAt(other.refuse("a\"b\xFF\xE2\x82\xAC", {}), 0);
        QCOMPARE(frame, refusal(1, "a\\\"b\xEF\xBF\xBD\xE2\x82\xAC"));
    }

    void aSecondRegistrationIsAnsweredAndCloses()
    {
        for (const int state : {2, 3}) {
            ServerConversation conversation = conversationIn(state);
            const Actions actions = tell(conversation, frameOf(1, 9, asText(fromHex("0a560066"))));
            QCOMPARE(actions.size(), std::size_t{2});
            QCOMPARE(sentAt(actions, 0), refusal(9, "CIDR is registered!"));
            QCOMPARE(*endCodeOf(actions), ErrorCode::ProtocolViolation);
            QVERIFY(!conversation.isAddressOpen() && !conversation.acceptsPackets());
        }
    }

    /// Columns: packet, callback, command 0, 3, the largest, the lowest. V: closed with ProtocolViolation, -: nothing.
    void otherCommandsInEveryState_data()
    {
        QTest::addColumn<int>("state");
        QTest::addColumn<QByteArray>("letters");
        QTest::newRow("awaiting the handshake") << 0 << QByteArray("VVVVVV");
        QTest::newRow("awaiting the registration") << 1 << QByteArray("VVVVVV");
        QTest::newRow("deciding") << 2 << QByteArray("------");
        QTest::newRow("registered") << 3 << QByteArray("------");
        QTest::newRow("closed") << 4 << QByteArray("------");
    }

    void otherCommandsInEveryState()
    {
        QFETCH(int, state);
        QFETCH(QByteArray, letters);
        QByteArray got;
        for (const int command : {2, -1, 0, 3, std::numeric_limits<int>::max(), std::numeric_limits<int>::min()}) {
            ServerConversation conversation = conversationIn(state);
            const TimePoint deadline = conversation.deadline();
            const Actions actions = tell(conversation, frameOf(command, 1, "E..."));
            if (actions.empty()) {
                got += '-';
                QCOMPARE(conversation.isAddressOpen(), state == 2);
                QCOMPARE(conversation.acceptsPackets(), state == 3);
                QVERIFY(conversation.deadline() == deadline);
            } else {
                got += actions.size() == 1 && endCodeOf(actions) == ErrorCode::ProtocolViolation ? 'V' : '?';
                QVERIFY(endOf(actions)->context.find(std::to_string(command)) != std::string::npos);
                QVERIFY(conversation.deadline() == Never);
                QVERIFY(tell(conversation, fromHex(fixtures::Registration)).empty());
            }
        }
        QCOMPARE(got, letters);
    }

    void aFloodOfControlFramesCloses()
    {
        for (const int state : {2, 3}) {
            ServerConversation conversation = conversationIn(state);
            for (int second = 0; second < 3; ++second) {
                for (unsigned i = 0; i < MaxControlPerSecond; ++i)
                    QVERIFY(tell(conversation, frameOf(i % 2 == 0 ? -1 : 99, 0, ""), Start + second * 1s).empty());
            }
            const Actions actions = tell(conversation, frameOf(-1, 0, ""), Start + 2900ms);
            QCOMPARE(*endOf(actions), (Error{ErrorCode::ProtocolViolation, "more than 32 control frames a second"}));
        }
    }

    void packetsAreNoFlood()
    {
        ServerConversation conversation = conversationIn(2);
        for (unsigned i = 0; i < 10 * MaxControlPerSecond; ++i)
            QVERIFY(tell(conversation, frameOf(2, 0, "E")).empty());
        QVERIFY(conversation.isAddressOpen());
    }

    void waitsTenSecondsForTheRegistration_data()
    {
        QTest::addColumn<int>("state");
        QTest::addColumn<QByteArray>("context");
        QTest::newRow("handshake") << 0 << QByteArray("the client sent no whole handshake");
        QTest::newRow("registration") << 1 << QByteArray("the registration took too long");
        QTest::newRow("decision") << 2 << QByteArray("the registration took too long");
    }

    void waitsTenSecondsForTheRegistration()
    {
        QFETCH(int, state);
        QFETCH(QByteArray, context);
        ServerConversation conversation = conversationIn(state);
        QVERIFY(conversation.deadline() == Start + 10s);
        QVERIFY(conversation.tick(Start + 9999ms).empty());
        const Actions actions = conversation.tick(Start + 10s);
        QCOMPARE(actions.size(), std::size_t{1});
        QCOMPARE(*endOf(actions), (Error{ErrorCode::TimedOut, context.toStdString()}));
        QVERIFY(!conversation.isAddressOpen());
        QVERIFY(conversation.tick(Start + 20s).empty());
        QVERIFY(conversation.receiveHandshake(makeHandshake(1.0)).empty());
        QVERIFY(tell(conversation, fromHex(fixtures::Registration)).empty());
    }
};

QTEST_APPLESS_MAIN(TestV1ServerConversation)
#include "tst_v1_server_conversation.moc"
