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
using gvpn::protocol::Established;
using gvpn::protocol::MaxControlPerSecond;

namespace {

constexpr std::int32_t Transaction = 0x12345678;

ClientOffer exampleOffer()
{
    return {.address = fixtures::interfaceAddress("10.86.0.101/24"), .transaction = Transaction};
}

/// 0 idle, 1 awaiting the handshake's reply, 2 the answer, 3 registered, 4 closed.
ClientConversation conversationIn(int state)
{
    ClientConversation conversation(exampleOffer());
    if (state >= 1)
        static_cast<void>(conversation.start(Start));
    if (state >= 2)
        static_cast<void>(conversation.receiveHandshake(fromHex("01")));
    if (state >= 3)
        static_cast<void>(tell(
            conversation, frameOf(-1, Transaction, json("{'Success':true,'Message':'','Bypass':'172.17.0.0/16'}"))));
    if (state >= 4) {
        for (unsigned i = 0; i <= MaxControlPerSecond; ++i)
            static_cast<void>(tell(conversation, frameOf(0, 0, "")));
    }
    return conversation;
}

/// What a waiting client makes of the answer.
Actions answered(QByteArrayView answer)
{
    ClientConversation conversation = conversationIn(2);
    return tell(conversation, frameOf(-1, Transaction, answer));
}

}  // namespace

class TestV1ClientConversation : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void asksStepByStep()
    {
        ClientConversation conversation(exampleOffer());
        QVERIFY(conversation.deadline() == Never);
        QVERIFY(conversation.tick(Start + 24h).empty());
        QVERIFY(!conversation.isGreeted() && !conversation.acceptsPackets());

        Actions actions = conversation.start(Start);
        QCOMPARE(actions.size(), std::size_t{1});
        QCOMPARE(sentAt(actions, 0), fromHex("3ff0000000000000"));
        QVERIFY(conversation.deadline() == Start + 10s);
        QVERIFY(!conversation.isGreeted());

        actions = conversation.receiveHandshake(fromHex("01"));
        QCOMPARE(actions.size(), std::size_t{1});
        QCOMPARE(sentAt(actions, 0), fromHex("00000018 00000001 12345678 00000000000000000000 ffff 0a560065"));
        QVERIFY(conversation.isGreeted() && !conversation.acceptsPackets());
        QVERIFY(conversation.deadline() == Start + 10s);

        // {"Success":true,"Message":"","Bypass":"172.17.0.0/16"}
        actions = tell(conversation,
                       fromHex("0000003e ffffffff 12345678 7b2253756363657373223a747275652c224d657373616765223a22222c"
                               "22427970617373223a223137322e31372e302e302f3136227d"),
                       Start + 1s);
        QCOMPARE(actions.size(), std::size_t{1});
        const auto* established = actionAt<Established>(actions, 0);
        QVERIFY(established);
        net::TunnelSettings expected;
        expected.addresses = {fixtures::interfaceAddress("10.86.0.101/24")};
        expected.routes = {fixtures::OfficeLan};
        QVERIFY(established->settings == expected);
        QCOMPARE(established->settings.mtu, 1500U);
        QVERIFY(established->peerTakes == net::SegmentSupport{});
        QVERIFY(conversation.isGreeted() && conversation.acceptsPackets());
        QVERIFY(conversation.deadline() == Never);
        QVERIFY(conversation.tick(Start + 24h).empty());
    }

    void readsTheHandshakesReply_data()
    {
        QTest::addColumn<int>("byte");
        QTest::addColumn<QByteArray>("code");
        QTest::addColumn<QByteArray>("context");
        QTest::newRow("wrong version") << 2 << QByteArray("version-mismatch")
                                       << QByteArray("the server does not speak version 1");
        QTest::newRow("unknown error") << 0 << QByteArray("protocol-violation")
                                       << QByteArray("the server reports an unknown error");
        QTest::newRow("TLS alert") << 0x15 << QByteArray("unsupported")
                                   << QByteArray("the server answers with TLS and does not take v1 (--allow-v1)");
        for (const int byte : {3, 0x14, 0x16, 0x48, 0x7f, 0x80, 0xff})
            QTest::addRow("%d", byte) << byte << QByteArray("protocol-violation")
                                      << "the server answers the handshake with byte " + QByteArray::number(byte);
    }

    void readsTheHandshakesReply()
    {
        QFETCH(int, byte);
        QFETCH(QByteArray, code);
        QFETCH(QByteArray, context);
        ClientConversation conversation = conversationIn(1);
        const Actions actions = conversation.receiveHandshake(ByteVector{static_cast<std::byte>(byte)});
        QCOMPARE(actions.size(), std::size_t{1});
        const Error error = endOf(actions).value();
        QCOMPARE(errorCodeName(error.code), std::string_view(code.constData()));
        QCOMPARE(error.context, context.toStdString());
        QVERIFY(!conversation.isGreeted() && conversation.deadline() == Never);
        QVERIFY(conversation.receiveHandshake(fromHex("01")).empty());
    }

    void readsASuccess_data()
    {
        QTest::addColumn<QByteArray>("answer");
        QTest::addColumn<QByteArray>("route");  // empty: none
        const QByteArray lan = "172.17.0.0/16";
        const auto row = [](const char* name, const QByteArray& answer, const QByteArray& route) {
            QTest::newRow(name) << answer << route;
        };
        row("another order", json("{'Bypass':'172.17.0.0/16','Success':true,'Message':''}"), lan);
        row("lower case", json("{'success':true,'message':'','bypass':'172.17.0.0/16'}"), lan);
        row("upper case", json("{'SUCCESS':true,'MESSAGE':'','BYPASS':'172.17.0.0/16'}"), lan);
        row("the exact key wins",
            json("{'SUCCESS':false,'Success':true,'bypass':'10.9.0.0/16','Bypass':'172.17.0.0/16','BYPASS':1}"), lan);
        row("blanks and a line break", " {\n\t\"Success\" : true ,\r\n \"Bypass\" : \"172.17.0.0/16\" }\n", lan);
        row("escaped", json("{'Suc\\u0063ess':true,'Bypass':'172.17.0.0\\/16'}"), lan);
        row("host bits", json("{'Success':true,'Bypass':'172.17.0.4/16'}"), lan);
        row("one host", json("{'Success':true,'Bypass':'172.17.0.4/32'}"), "172.17.0.4/32");
        row("no bypass", json("{'Success':true,'Message':''}"), "");
        row("empty bypass", json("{'Success':true,'Bypass':''}"), "");
        row("null bypass", json("{'Success':true,'Bypass':null}"), "");
        row("unknown keys",
            json("{'Success':true,'Bypass':'172.17.0.0/16','Mtu':1400,'x':{'Success':false},'y':[[[1]]]}"), lan);
        row("a message of any kind", json("{'Success':true,'Message':[1],'Bypass':'172.17.0.0/16'}"), lan);
    }

    void readsASuccess()
    {
        QFETCH(QByteArray, answer);
        QFETCH(QByteArray, route);
        const Actions actions = answered(answer);
        QCOMPARE(actions.size(), std::size_t{1});
        const auto* established = actionAt<Established>(actions, 0);
        QVERIFY(established);
        QCOMPARE(QByteArray::fromStdString(net::joinPrefixes(established->settings.routes)), route);
        QVERIFY(established->settings.gateways.empty());
    }

    void readsARefusal_data()
    {
        QTest::addColumn<QByteArray>("answer");
        QTest::addColumn<QByteArray>("context");
        const auto row = [](const char* name, const QByteArray& answer, const QByteArray& context) {
            QTest::newRow(name) << answer << context;
        };
        row("taken", json("{'Success':false,'Message':'CIDR is registered!','Bypass':''}"), "CIDR is registered!");
        row("lower case", json("{'success':false,'message':'no'}"), "no");
        row("no message", json("{'Success':false}"), "the server gives no reason");
        row("empty message", json("{'Success':false,'Message':''}"), "the server gives no reason");
        row("null message", json("{'Success':false,'Message':null}"), "the server gives no reason");
        row("a bypass that isn't one", json("{'Success':false,'Message':'no','Bypass':7}"), "no");
        row("control characters stay for the sink", json("{'Success':false,'Message':'a\\u001b[1m\\nb'}"),
            "a\x1b[1m\nb");
        row("half a character", json("{'Success':false,'Message':'a\\ud800b'}"), "a?b");
        row("cut to 256 bytes", json("{'Success':false,'Message':'") + QByteArray(3000, 'x') + json("'}"),
            QByteArray(256, 'x'));
        row("cut between characters",
            json("{'Success':false,'Message':'x") + QByteArray("\xE2\x82\xAC").repeated(300) + json("'}"),
            "x" + QByteArray("\xE2\x82\xAC").repeated(85));
    }

    void readsARefusal()
    {
        QFETCH(QByteArray, answer);
        QFETCH(QByteArray, context);
        const Actions actions = answered(answer);
        QCOMPARE(actions.size(), std::size_t{1});
        QCOMPARE(*endCodeOf(actions), ErrorCode::AddressRefused);
        QCOMPARE(QByteArray::fromStdString(endOf(actions)->context), context);
    }

    void refusesABadAnswer_data()
    {
        QTest::addColumn<QByteArray>("answer");
        QTest::addColumn<QByteArray>("named");  // in the error
        const auto row = [](const char* name, const QByteArray& answer, const char* named) {
            QTest::newRow(name) << answer << QByteArray(named);
        };
        row("nothing", "", "no JSON");
        row("text", "success", "no JSON");
        row("no UTF-8", "{\"Success\":false,\"Message\":\"\xFF\"}", "no JSON");
        row("cut", json("{'Success':true"), "no JSON");
        row("bytes behind it", json("{'Success':true}x"), "no JSON");
        row("two objects", json("{'Success':true}{'Success':true}"), "no JSON");
        row("NUL behind it", QByteArray("{\"Success\":true}\0", 17), "no JSON");
        row("binary", QByteArray("\0\x01\x02\x03", 4), "no JSON");
        row("deep", QByteArray(2000, '[') + QByteArray(2000, ']'), "no JSON");
        row("deep inside", json("{'Success':true,'x':") + QByteArray(1500, '[') + QByteArray(1500, ']') + "}",
            "no JSON");
        row("array", json("[{'Success':true}]"), "no JSON object");
        row("true", "true", "no JSON");
        row("null", "null", "no JSON");
        row("empty object", "{}", "whether it is a success");
        row("success null", json("{'Success':null}"), "whether it is a success");
        row("success 1", json("{'Success':1}"), "whether it is a success");
        row("success a string", json("{'Success':'true'}"), "whether it is a success");
        row("another key", json("{'Succes':true,'Success ':true}"), "whether it is a success");
        row("message 1", json("{'Success':false,'Message':1}"), "Message is no string");
        row("bypass 1", json("{'Success':true,'Bypass':1}"), "Bypass is no string");
        row("bypass a list", json("{'Success':true,'Bypass':['172.17.0.0/16']}"), "Bypass is no string");
        row("bypass without a length", json("{'Success':true,'Bypass':'172.17.0.0'}"),
            "\"172.17.0.0\" is no IPv4 network");
        row("bypass too long a length", json("{'Success':true,'Bypass':'172.17.0.0/33'}"), "\"172.17.0.0/33\"");
        row("bypass with a blank", json("{'Success':true,'Bypass':' 172.17.0.0/16'}"), "\" 172.17.0.0/16\"");
        row("bypass with a NUL", json("{'Success':true,'Bypass':'172.17.0.0\\u0000/16'}"), "no IPv4 network");
        row("bypass with a NUL behind it", json("{'Success':true,'Bypass':'172.17.0.0/16\\u0000'}"), "no IPv4 network");
        row("two networks", json("{'Success':true,'Bypass':'172.17.0.0/16,10.0.0.0/8'}"), "no IPv4 network");
        row("IPv6", json("{'Success':true,'Bypass':'fd00:17::/48'}"), "\"fd00:17::/48\" is no IPv4 network");
        row("mapped", json("{'Success':true,'Bypass':'::ffff:172.17.0.0/112'}"), "no IPv4 network");
    }

    void refusesABadAnswer()
    {
        QFETCH(QByteArray, answer);
        QFETCH(QByteArray, named);
        ClientConversation conversation = conversationIn(2);
        const Actions actions = tell(conversation, frameOf(-1, Transaction, answer));
        QCOMPARE(actions.size(), std::size_t{1});
        QCOMPARE(*endCodeOf(actions), ErrorCode::ProtocolViolation);
        const std::string context = endOf(actions)->context;
        QVERIFY2(context.find(named.toStdString()) != std::string::npos, context.c_str());
        QVERIFY(context.size() < 400);
        QVERIFY(!conversation.acceptsPackets() && conversation.deadline() == Never);
    }

    void aLongBypassIsCutInTheError()
    {
        const Actions actions = answered(json("{'Success':true,'Bypass':'") + QByteArray(4000, '1') + json("'}"));
        QCOMPARE(*endCodeOf(actions), ErrorCode::ProtocolViolation);
        QVERIFY(endOf(actions)->context.size() < 400);
    }

    /// Columns: packet, callback of transaction 0, of another, register, command 3. V: closed with ProtocolViolation,
    /// -: nothing.
    void otherFramesInEveryState_data()
    {
        QTest::addColumn<int>("state");
        QTest::addColumn<QByteArray>("letters");
        QTest::newRow("idle") << 0 << QByteArray("-----");
        QTest::newRow("awaiting the handshake's reply") << 1 << QByteArray("VVVVV");
        QTest::newRow("awaiting the answer") << 2 << QByteArray("-VVVV");
        QTest::newRow("registered") << 3 << QByteArray("-----");
        QTest::newRow("closed") << 4 << QByteArray("-----");
    }

    void otherFramesInEveryState()
    {
        QFETCH(int, state);
        QFETCH(QByteArray, letters);
        const QByteArray yes = json("{'Success':true,'Bypass':'10.9.0.0/16'}");
        const std::vector<ByteVector> frames = {frameOf(2, 0, "E..."), frameOf(-1, 0, yes), frameOf(-1, 5, yes),
                                                frameOf(1, Transaction, "E..."), frameOf(3, Transaction, yes)};
        QByteArray got;
        for (const ByteVector& frame : frames) {
            ClientConversation conversation = conversationIn(state);
            const Actions actions = tell(conversation, frame, Start + 5s);
            got += actions.empty()                                                             ? '-'
                   : actions.size() == 1 && endCodeOf(actions) == ErrorCode::ProtocolViolation ? 'V'
                                                                                               : '?';
            QCOMPARE(conversation.acceptsPackets(), state == 3);
        }
        QCOMPARE(got, letters);
    }

    void aSecondAnswerMeansNothing()
    {
        ClientConversation conversation = conversationIn(3);
        QVERIFY(tell(conversation, frameOf(-1, Transaction, json("{'Success':false}"))).empty());
        QVERIFY(conversation.acceptsPackets());
    }

    void aFloodOfControlFramesCloses()
    {
        ClientConversation conversation = conversationIn(3);
        for (int second = 0; second < 3; ++second) {
            for (unsigned i = 0; i < MaxControlPerSecond; ++i)
                QVERIFY(tell(conversation, frameOf(-1, 0, ""), Start + second * 1s).empty());
        }
        QVERIFY(tell(conversation, frameOf(2, 0, "E"), Start + 2900ms).empty());
        const Actions actions = tell(conversation, frameOf(7, 0, ""), Start + 2900ms);
        QCOMPARE(*endOf(actions), (Error{ErrorCode::ProtocolViolation, "more than 32 control frames a second"}));
        QVERIFY(!conversation.acceptsPackets());
    }

    void waitsTenSecondsForTheAnswer_data()
    {
        QTest::addColumn<int>("state");
        QTest::addColumn<QByteArray>("context");
        QTest::newRow("handshake") << 1 << QByteArray("the server did not answer the handshake");
        QTest::newRow("registration") << 2 << QByteArray("the server did not answer the registration");
    }

    void waitsTenSecondsForTheAnswer()
    {
        QFETCH(int, state);
        QFETCH(QByteArray, context);
        ClientConversation conversation = conversationIn(state);
        QVERIFY(conversation.tick(Start + 9999ms).empty());
        const Actions actions = conversation.tick(Start + 10s);
        QCOMPARE(actions.size(), std::size_t{1});
        QCOMPARE(*endOf(actions), (Error{ErrorCode::TimedOut, context.toStdString()}));
        QVERIFY(conversation.tick(Start + 20s).empty());
        QVERIFY(conversation.deadline() == Never && !conversation.isGreeted());
    }

    void anAddressThatIsNoHostIsNotUsed()
    {
        ClientConversation conversation(
            {.address = fixtures::interfaceAddress("10.86.0.255/24"), .transaction = Transaction});
        static_cast<void>(conversation.start(Start));
        static_cast<void>(conversation.receiveHandshake(fromHex("01")));
        const Actions actions = tell(conversation, frameOf(-1, Transaction, json("{'Success':true}")));
        QVERIFY(endOf(actions));
        QVERIFY(endOf(actions)->context.find("10.86.0.255/24 is not a host address") != std::string::npos);
    }
};

QTEST_APPLESS_MAIN(TestV1ClientConversation)
#include "tst_v1_client_conversation.moc"
