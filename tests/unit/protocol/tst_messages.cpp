#include "fixtures.h"

#include <QCborMap>
#include <QCborValue>
#include <QtTest>

using namespace gvpn;
using namespace gvpn::protocol;
using fixtures::fromHex;

namespace {

QByteArray repeated(const char* hex, int times)
{
    return QByteArray(hex).repeated(times);
}

/// A ping with one more key (2) and this value.
QByteArray pingWith(const QByteArray& value)
{
    return "a3 0007 0105 02" + value;
}

const char* const Instance = "50 000102030405060708090a0b0c0d0e0f";

/// A goodbye whose text is `bytes` times 'x'.
QByteArray goodbyeOf(int bytes)
{
    QByteArray length = QByteArray::number(bytes, 16).rightJustified(4, '0');
    return "a3 0009 0101 02 79" + length + repeated("78", bytes);
}

}  // namespace

class TestMessages : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void eachMessageComesBackAsItWas()
    {
        for (const Message& message : fixtures::everyMessage()) {
            const auto decoded = decode(encode(message));
            QVERIFY2(decoded, decoded ? "" : decoded.error().context.c_str());
            QVERIFY2(*decoded == message, messageName(message).data());
        }
    }

    void theLargestSettingsFitIntoAControlFrame()
    {
        net::TunnelSettings settings = fixtures::exampleSettings();
        settings.routes.clear();
        for (unsigned i = 0; i < 256; ++i)
            settings.routes.emplace_back(fixtures::address("fd00:17::").plus(i), 128);
        settings.dnsServers.assign(8, fixtures::address("fd00:17::2"));
        settings.dnsDomains.assign(16, std::string(253, 'd'));
        const ByteVector body = encode(AddressReply{settings});
        QVERIFY(body.size() > MaxControlBytesBeforeLogin);
        QVERIFY(body.size() <= MaxControlBytes);
        const auto decoded = decode(body);
        QVERIFY(decoded);
        QCOMPARE(std::get<AddressReply>(*decoded).settings, settings);
    }

    void writesWhatTheTableSays()
    {
        QCOMPARE(encode(Ping{5}), fromHex("a2 0007 0105"));
        QCOMPARE(encode(Goodbye{GoodbyeCode::Stopping, "x"}), fromHex("a3 0009 0102 02 61 78"));
        const AddressRequest request{{fixtures::interfaceAddress("10.86.0.7/24")}, true};
        QCOMPARE(encode(request), fromHex("a3 0005 01 81 45 0a56000718 02 f5"));
    }

    void cutsLongTextsBetweenCharacters()
    {
        const std::string euros = QString(QChar(0x20AC)).repeated(100).toStdString();  // 300 bytes
        const auto decoded = decode(encode(Goodbye{GoodbyeCode::Kicked, euros}));
        QVERIFY(decoded);
        QCOMPARE(std::get<Goodbye>(*decoded).text, euros.substr(0, 255));
        const auto repaired = decode(encode(Goodbye{GoodbyeCode::Kicked, "a\xFF"}));
        QVERIFY(repaired);
        QCOMPARE(std::get<Goodbye>(*repaired).text, std::string("a\xEF\xBF\xBD"));
    }

    void mapsCapabilitiesBothWays()
    {
        for (std::uint64_t bits = 0; bits < 32; ++bits)
            QCOMPARE(toCapabilities(toSegmentSupport(bits | 0xFFFFFFFFFFFFFFE0U)), bits);
        QVERIFY(toSegmentSupport(capability::Udp6Segments) == net::SegmentSupport{.udp6 = true});
    }

    void accepts_data()
    {
        QTest::addColumn<QByteArray>("body");
        QTest::newRow("ping") << QByteArray("a2 0007 0105");
        QTest::newRow("integers longer than needed") << QByteArray("a2 1800 1900 07 01 1b0000000000000005");
        QTest::newRow("unknown integer") << pingWith("1bffffffffffffffff");
        QTest::newRow("unknown negative integer") << pingWith("3bffffffffffffffff");
        QTest::newRow("unknown text") << pingWith("63 e282ac");
        QTest::newRow("unknown empty text") << pingWith("60");
        QTest::newRow("unknown empty bytes") << pingWith("40");
        QTest::newRow("unknown bytes") << pingWith("58 20" + repeated("ff", 32));
        QTest::newRow("unknown null") << pingWith("f6");
        QTest::newRow("unknown half float") << pingWith("f93c00");
        QTest::newRow("unknown double") << pingWith("fb3ff0000000000000");
        QTest::newRow("unknown tag") << pingWith("c1 1a00000001");
        QTest::newRow("unknown tags") << pingWith(repeated("c1", 200) + "00");
        QTest::newRow("unknown arrays in two levels") << pingWith("82 81 01 80");
        QTest::newRow("unknown maps in two levels") << pingWith("a2 6161 a1 01 02 01 a0");
        QTest::newRow("unknown array of texts") << pingWith("82 60 61 78");
        QTest::newRow("unknown key of 64 bits") << QByteArray("a3 0007 0105 1bffffffffffffffff 00");
    }

    void accepts()
    {
        QFETCH(QByteArray, body);
        const auto message = decode(fromHex(body));
        QVERIFY2(message, message ? "" : message.error().context.c_str());
        QVERIFY(*message == Message(Ping{5}));
    }

    void refuses_data()
    {
        QTest::addColumn<QByteArray>("body");
        formRows();
        bombRows();
        fieldRows();
        addressRows();
    }

    void refuses()
    {
        QFETCH(QByteArray, body);
        const ByteVector bytes = fromHex(body);
        const auto message = decode(bytes);
        QVERIFY(!message);
        QCOMPARE(message.error().code, ErrorCode::Malformed);
        QVERIFY(!message.error().context.empty());
    }

    void refusesEveryBeginningOfAMessage()
    {
        for (const ByteVector& whole : fixtures::everyBody()) {
            for (std::size_t size = 0; size < whole.size(); ++size)
                QVERIFY(!decode(ByteView(whole).first(size)));
        }
    }

    void refusesEveryMessageWithoutOneOfItsKeys()
    {
        forEachField([](QCborMap& fields, qint64 key) { fields.remove(key); });
    }

    void refusesEveryMessageWithANullInIt()
    {
        forEachField([](QCborMap& fields, qint64 key) { fields[key] = nullptr; });
    }

    void leavesOutWhatItDoesNotKnow()
    {
        const auto reply = decode(fromHex("a5 0002 0102 0200 0360 04 83 01 00 18ff"));
        QVERIFY(reply);
        QCOMPARE(std::get<HelloReply>(*reply).loginMethods, (std::vector{LoginMethod::Device, LoginMethod::None}));
        const auto goodbye = decode(fromHex("a3 0009 01 19ffff 0260"));
        QVERIFY(goodbye);
        QCOMPARE(std::get<Goodbye>(*goodbye).code, GoodbyeCode::Unspecified);
        const auto unknown = decode(fromHex("a3 00 1903e8 01 60 02 80"));
        QVERIFY(unknown);
        QCOMPARE(std::get<UnknownMessage>(*unknown).number, std::uint64_t{1000});
        const auto login = decode(fromHex("a3 0003 0107 0260"));
        QVERIFY(login);
        QVERIFY(std::get<Login>(*login).method == LoginMethod(7));  // for the conversation to refuse
    }

    void keepsToTheLimitOfTexts()
    {
        QVERIFY(decode(fromHex(goodbyeOf(256))));
        QVERIFY(!decode(fromHex(goodbyeOf(257))));
    }

private:
    /// Changes each key of each message, one at a time, key 0 too; the result must not decode.
    template <typename Change>
    static void forEachField(const Change& change)
    {
        int count = 0;
        for (const Message& message : fixtures::everyMessage()) {
            const ByteVector body = encode(message);
            const QCborMap whole =
                QCborValue::fromCbor(reinterpret_cast<const char*>(body.data()), static_cast<qsizetype>(body.size()))
                    .toMap();
            for (qint64 key = 0; key < whole.size(); ++key) {
                QCborMap changed = whole;
                change(changed, key);
                const QByteArray bytes = changed.toCborValue().toCbor();
                const auto view = std::as_bytes(std::span(bytes.constData(), static_cast<std::size_t>(bytes.size())));
                QVERIFY2(!decode(view), bytes.toHex(' ').constData());
                ++count;
            }
        }
        QCOMPARE(count, 36);
    }

    static void formRows()
    {
        QTest::newRow("nothing") << QByteArray();
        QTest::newRow("no map") << QByteArray("07");
        QTest::newRow("array") << QByteArray("82 00 07");
        QTest::newRow("tagged map") << QByteArray("d9d9f7 a2 0007 0105");
        QTest::newRow("empty map") << QByteArray("a0");
        QTest::newRow("first key is not 0") << QByteArray("a1 0105");
        QTest::newRow("number is a text") << QByteArray("a2 00 61 37 0105");
        QTest::newRow("number is negative") << QByteArray("a2 00 26 0105");
        QTest::newRow("key 0 twice") << QByteArray("a3 0007 0007 0105");
        QTest::newRow("known key twice") << QByteArray("a3 0007 0105 0105");
        QTest::newRow("unknown key twice") << QByteArray("a4 0007 0105 0200 0200");
        QTest::newRow("keys out of order") << QByteArray("a3 0007 0200 0105");
        QTest::newRow("key is a text") << QByteArray("a3 0007 0105 616100");
        QTest::newRow("key is negative") << QByteArray("a3 0007 0105 2000");
        QTest::newRow("key is tagged") << QByteArray("a3 0007 0105 c10200");
        QTest::newRow("byte behind the end") << QByteArray("a2 0007 0105 00");
        QTest::newRow("bytes that are no CBOR behind the end") << QByteArray("a2 0007 0105 ff1c");
        QTest::newRow("second message behind the end") << QByteArray("a2 0007 0105 a2 0007 0105");
        QTest::newRow("fewer pairs than declared") << QByteArray("a3 0007 0105");
        QTest::newRow("key without a value") << QByteArray("a2 0007 01");
        QTest::newRow("reserved length") << QByteArray("a2 0007 011c");
        QTest::newRow("reserved simple value") << pingWith("f803");
        QTest::newRow("break") << pingWith("ff");
        QTest::newRow("tag without a value") << pingWith("c1");
    }

    static void bombRows()
    {
        QTest::newRow("indefinite map") << QByteArray("bf 0007 0105 ff");
        QTest::newRow("indefinite unknown array") << pingWith("9f ff");
        QTest::newRow("indefinite unknown map") << pingWith("bf ff");
        QTest::newRow("indefinite unknown text") << pingWith("7f 6161 6161 ff");
        QTest::newRow("indefinite unknown bytes") << pingWith("5f 4161 ff");
        QTest::newRow("indefinite known text") << QByteArray("a3 0009 0101 02 7f 6161 ff");
        QTest::newRow("map of 2^64-1") << QByteArray("bb ffffffffffffffff 0007 0105");
        QTest::newRow("map of 2^63") << QByteArray("bb 8000000000000000 0007 0105");
        QTest::newRow("map of 2^32") << QByteArray("ba ffffffff 0007 0105");
        QTest::newRow("unknown text of 2^64-1") << pingWith("7b ffffffffffffffff");
        QTest::newRow("unknown bytes of 2^63-1") << pingWith("5b 7fffffffffffffff 00");
        QTest::newRow("unknown bytes of 2^31") << pingWith("5a 80000000 00");
        QTest::newRow("unknown array of 2^64-1") << pingWith("9b ffffffffffffffff");
        QTest::newRow("unknown array of 2^32") << pingWith("9b 0000000100000000");
        QTest::newRow("known text of 2^64-1") << QByteArray("a3 0009 0101 02 7b ffffffffffffffff");
        QTest::newRow("known text is cut off") << QByteArray("a3 0009 0101 02 64 616263");
        QTest::newRow("unknown text is cut off") << pingWith("64 616263");
        QTest::newRow("three levels of arrays") << pingWith("81 81 80");
        QTest::newRow("three levels of maps") << pingWith("a1 00 a1 00 a0");
        QTest::newRow("map as a key, three levels") << pingWith("a1 a1 a0 00 00");
        QTest::newRow("deep arrays") << pingWith(repeated("81", 4000) + "00");
        QTest::newRow("deep maps") << pingWith(repeated("a100", 4000) + "00");
        QTest::newRow("deep arrays in an unknown message") << "a2 00 1863 01" + repeated("81", 16000) + "00";
        QTest::newRow("deep indefinite arrays") << pingWith(repeated("9f", 8000));
        QTest::newRow("tags around depth") << pingWith("81 c1 81 c1 80");
        QTest::newRow("unknown text that is no UTF-8") << pingWith("61 ff");
        QTest::newRow("overlong UTF-8") << pingWith("62 c080");
        QTest::newRow("surrogate in UTF-8") << pingWith("63 eda080");
        QTest::newRow("more than a control frame") << pingWith("59 4000" + repeated("00", 16384));
    }

    static void fieldRows()
    {
        const QByteArray hello = QByteArray("03 00 04 60 05") + Instance;
        QTest::newRow("versions the wrong way round") << "a6 0001 0103 0202" + hello;
        QTest::newRow("version of 17 bits") << "a6 0001 0102 02 1a00010000" + hello;
        QTest::newRow("negative version") << "a6 0001 0120 0202" + hello;
        QTest::newRow("instance of 15 bytes") << QByteArray("a6 0001 0102 0202 0300 0460 05 4f") + repeated("00", 15);
        QTest::newRow("instance of 17 bytes") << QByteArray("a6 0001 0102 0202 0300 0460 05 51") + repeated("00", 17);
        QTest::newRow("instance is a text") << QByteArray("a6 0001 0102 0202 0300 0460 05 70") + repeated("61", 16);
        QTest::newRow("hello without an instance") << QByteArray("a5 0001 0102 0202 0300 0460");
        QTest::newRow("hello without a lowest version") << "a5 0001 0202" + hello;
        QTest::newRow("capabilities are a big number")
            << QByteArray("a5 0002 0102 02 c249010000000000000000 0360 0480");
        QTest::newRow("17 login methods") << "a5 0002 0102 0200 0360 04 91" + repeated("00", 17);
        QTest::newRow("login method of 9 bits") << QByteArray("a5 0002 0102 0200 0360 04 81 190100");
        QTest::newRow("login methods are no array") << QByteArray("a5 0002 0102 0200 0360 04 00");
        QTest::newRow("login method of 9 bits in a login") << QByteArray("a3 0003 01 190100 0260");
        QTest::newRow("device name is bytes") << QByteArray("a3 0003 0100 02 41 61");
        QTest::newRow("device name is no UTF-8") << QByteArray("a3 0003 0100 02 62 c328");
        QTest::newRow("ping without an id") << QByteArray("a2 0007 0205");
        QTest::newRow("id is a double") << QByteArray("a2 0007 01 fb3ff0000000000000");
        QTest::newRow("id is an array") << QByteArray("a2 0007 01 81 05");
    }

    static void addressRows()
    {
        QTest::newRow("two wanted of one family") << QByteArray("a3 0005 01 82 45 0a56000718 45 0a56000818 02 f5");
        QTest::newRow("three wanted") << QByteArray("a3 0005 01 83 45 0a56000718 45 0a56000718 45 0a56000718 02 f5");
        QTest::newRow("wanted length 33") << QByteArray("a3 0005 01 81 45 0a56000721 02 f5");
        QTest::newRow("wanted length 129") << QByteArray("a3 0005 01 81 51") + repeated("00", 16) + "81 02 f5";
        QTest::newRow("wanted of 6 bytes") << QByteArray("a3 0005 01 81 46 0a5600071800 02 f5");
        QTest::newRow("wanted of no bytes") << QByteArray("a3 0005 01 81 40 02 f5");
        QTest::newRow("required is a number") << QByteArray("a3 0005 01 80 02 01");
        QTest::newRow("required is null") << QByteArray("a3 0005 01 80 02 f6");
        const auto reply = [](const QByteArray& routes, const QByteArray& dns, const QByteArray& numbers) {
            return "a8 0006 01 81 45 0a56000718 02 81 44 0a560001 03" + routes + "04" + dns + numbers;
        };
        const QByteArray fine = "05 80 06 190578 07 0a";
        QVERIFY(decode(fromHex(reply("80", "80", fine))));
        QTest::newRow("route with host bits") << reply("81 45 ac11000110", "80", fine);
        QTest::newRow("route of 4 bytes") << reply("81 44 ac110000", "80", fine);
        QTest::newRow("257 routes") << reply("99 0101" + repeated("45ac11000010", 257), "80", fine);
        QTest::newRow("nine resolvers") << reply("80", "89" + repeated("44ac110002", 9), fine);
        QTest::newRow("resolver of 5 bytes") << reply("80", "81 45 ac11000210", fine);
        QTest::newRow("17 domains") << reply("80", "80", "05 91" + repeated("6161", 17) + "06 190578 07 0a");
        QTest::newRow("domain of 254 bytes")
            << reply("80", "80", "05 81 78 fe" + repeated("61", 254) + "06 190578 07 0a");
        QTest::newRow("domain is a number") << reply("80", "80", "05 81 00 06 190578 07 0a");
        QTest::newRow("MTU of 17 bits") << reply("80", "80", "05 80 06 1a00010000 07 0a");
        QTest::newRow("keepalive of 17 bits") << reply("80", "80", "05 80 06 190578 07 1a00010000");
        QTest::newRow("no keepalive") << "a7" + reply("80", "80", "05 80 06 190578").mid(2);
    }
};

QTEST_APPLESS_MAIN(TestMessages)
#include "tst_messages.moc"
