// The ways to log in: their wire form, which one a client chooses, and what becomes of it in the conversation.
#include "fixtures.h"

#include "protocol/client_conversation.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::protocol;
using namespace std::chrono_literals;
using fixtures::actionAt;
using fixtures::fromHex;
using fixtures::sentAt;

namespace {

const TimePoint Start = TimePoint() + 1000s;
const char* const Canary = "hunter2";
const QByteArray CanaryHex = "68756e74657232";

QByteArray repeated(const char* hex, int times)
{
    return QByteArray(hex).repeated(times);
}

/// A byte string or (major type 3) a text of `bytes` times 'x', at most 65535.
QByteArray stringOf(int bytes, const char* head = "59")
{
    return head + QByteArray::number(bytes, 16).rightJustified(4, '0') + repeated("78", bytes);
}

QByteArray passwordLogin(const QByteArray& user, const QByteArray& secret)
{
    return "a5 0003 0102 0260 03" + user + "04" + secret;
}

QByteArray inviteLogin(const QByteArray& secret)
{
    return "a4 0003 0103 0260 04" + secret;
}

/// "n" none, "d" device key, "p" password, "i" invite.
std::vector<LoginMethod> methodsOf(const QByteArray& letters)
{
    std::vector<LoginMethod> methods;
    for (const char letter : letters)
        methods.push_back(static_cast<LoginMethod>(QByteArray("ndpi").indexOf(letter)));
    return methods;
}

Credentials credentialsWith(const QByteArray& letters)
{
    Credentials credentials;
    credentials.deviceName = "laptop";
    if (letters.contains('i'))
        credentials.invite = fixtures::loginBy(LoginMethod::Invite).secret;
    if (letters.contains('p'))
        credentials.password = {"alice", fixtures::secret(Canary)};
    return credentials;
}

/// What a client with these credentials does when the server offers these methods.
Actions answerTo(ClientConversation& conversation, const QByteArray& offered)
{
    static_cast<void>(conversation.start(Start));
    HelloReply reply = fixtures::exampleHelloReply();
    reply.loginMethods = methodsOf(offered);
    return conversation.receive(encode(reply), Start);
}

ClientConversation clientWith(const QByteArray& letters)
{
    ClientOffer offer;
    offer.credentials = credentialsWith(letters);
    return ClientConversation(offer);
}

bool contains(ByteView bytes, std::string_view text)
{
    return asText(bytes).find(text) != std::string_view::npos;
}

}  // namespace

class TestLogin : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void eachMethodComesBackAsItWas()
    {
        for (const auto method :
             {LoginMethod::None, LoginMethod::Device, LoginMethod::Password, LoginMethod::Invite, LoginMethod(9)}) {
            const auto decoded = decode(encode(fixtures::loginBy(method)));
            QVERIFY2(decoded, decoded ? "" : decoded.error().context.c_str());
            QVERIFY(*decoded == Message(fixtures::loginBy(method)));
        }
    }

    void writesWhatTheTableSays()
    {
        const QByteArray laptop = "02 66 6c6170746f70";
        QCOMPARE(encode(fixtures::loginBy(LoginMethod::Device)), fromHex("a3 0003 0101" + laptop));
        QCOMPARE(encode(fixtures::loginBy(LoginMethod::Password)),
                 fromHex("a5 0003 0102" + laptop + "03 65 616c696365 04 47" + CanaryHex));
        QCOMPARE(encode(fixtures::loginBy(LoginMethod::Invite)),
                 fromHex("a4 0003 0103" + laptop + "04 50 30313233343536373839616263646566"));
        QCOMPARE(encode(Notice{"x"}), fromHex("a2 000a 01 61 78"));
    }

    void writesOfALoginOnlyWhatItsMethodNeeds()
    {
        for (const auto method : {LoginMethod::None, LoginMethod::Device, LoginMethod::Invite, LoginMethod(9)}) {
            Login login = fixtures::loginBy(LoginMethod::Password);
            login.method = method;
            const ByteVector body = encode(login);
            QVERIFY(!contains(body, "alice"));
            QCOMPARE(contains(body, Canary), method == LoginMethod::Invite);
        }
    }

    void accepts_data()
    {
        QTest::addColumn<QByteArray>("body");
        QTest::addColumn<int>("userBytes");
        QTest::addColumn<int>("secretBytes");
        QTest::newRow("shortest") << passwordLogin("61 61", "41 61") << 1 << 1;
        QTest::newRow("longest") << passwordLogin(stringOf(64, "79"), stringOf(256)) << 64 << 256;
        QTest::newRow("password of other scripts") << passwordLogin("61 61", "43 e282ac") << 1 << 3;
        QTest::newRow("password with a NUL byte") << passwordLogin("61 61", "43 610062") << 1 << 3;
        QTest::newRow("invite of zeros") << inviteLogin("50" + repeated("00", 16)) << 0 << 16;
        QTest::newRow("invite that is no UTF-8") << inviteLogin("50" + repeated("ff", 16)) << 0 << 16;
        QTest::newRow("invite with a user to skip")
            << "a5 0003 0103 0260 03 61 61 04 50" + repeated("ff", 16) << 0 << 16;
        QTest::newRow("invite with a number for a user")
            << "a5 0003 0103 0260 03 05 04 50" + repeated("ff", 16) << 0 << 16;
        QTest::newRow("device key, user and secret to skip")
            << QByteArray("a5 0003 0101 0260 03 61 61 04 41 61") << 0 << 0;
        QTest::newRow("none, user and secret to skip") << QByteArray("a5 0003 0100 0260 03 61 61 04 41 61") << 0 << 0;
        QTest::newRow("none, anything to skip") << QByteArray("a5 0003 0100 0260 03 00 04 80") << 0 << 0;
        QTest::newRow("unknown method, anything to skip") << QByteArray("a5 0003 0109 0260 03 00 04 4161") << 0 << 0;
        QTest::newRow("password and a later key") << "a6" + passwordLogin("61 61", "41 61").mid(2) + "05 00" << 1 << 1;
    }

    void accepts()
    {
        QFETCH(QByteArray, body);
        QFETCH(int, userBytes);
        QFETCH(int, secretBytes);
        const auto message = decode(fromHex(body));
        QVERIFY2(message, message ? "" : message.error().context.c_str());
        const auto& login = std::get<Login>(*message);
        QCOMPARE(static_cast<int>(login.user.size()), userBytes);
        QCOMPARE(static_cast<int>(login.secret.view().size()), secretBytes);
    }

    void refuses_data()
    {
        QTest::addColumn<QByteArray>("body");
        QTest::addColumn<QByteArray>("reason");
        const auto row = [](const char* name, const QByteArray& body, const char* reason) {
            QTest::newRow(name) << body << QByteArray(reason);
        };
        const QByteArray canary = "47" + CanaryHex;
        row("no user", passwordLogin("60", canary), "login: key 3: no user");
        row("user of 65 bytes", passwordLogin(stringOf(65, "79"), canary), "login: key 3: too long");
        row("user is bytes", passwordLogin("41 61", canary), "login: key 3: not a text");
        row("user is a number", passwordLogin("05", canary), "login: key 3: not a text");
        row("user is no UTF-8", passwordLogin("62 c328", canary), "login: key 3: a text that is no UTF-8");
        row("user of 2^64-1", passwordLogin("7b ffffffffffffffff", canary), "login: key 3: too long");
        row("user is indefinite", passwordLogin("7f 6161 ff", canary), "login: key 3: indefinite length");
        row("user is missing", "a4 0003 0102 0260 04" + canary, "login: key 3: missing");
        row("no password", passwordLogin("61 61", "40"), "login: key 4: no password");
        row("password of 257 bytes", passwordLogin("61 61", stringOf(257)), "login: key 4: too long");
        row("password is a text", passwordLogin("61 61", "67" + CanaryHex), "login: key 4: not a byte string");
        row("password is a number", passwordLogin("61 61", "05"), "login: key 4: not a byte string");
        row("password is tagged", passwordLogin("61 61", "c1" + canary), "login: key 4: not a byte string");
        row("password is no UTF-8", passwordLogin("61 61", "48 ff" + CanaryHex),
            "login: key 4: a password that is no UTF-8");
        row("password is cut off", passwordLogin("61 61", "48" + CanaryHex), "login: key 4: not CBOR");
        row("password of 2^64-1", passwordLogin("61 61", "5b ffffffffffffffff"), "login: key 4: too long");
        row("password is indefinite", passwordLogin("61 61", "5f" + canary + "ff"), "login: key 4: indefinite length");
        row("password is missing", "a4 0003 0102 0260 03 61 61", "login: key 4: missing");
        row("password twice", "a6" + passwordLogin("61 61", canary).mid(2) + "04" + canary,
            "login: key 4: a key twice or out of order");
        row("secret before the user", "a5 0003 0102 0260 04" + canary + "03 61 61",
            "login: key 4: a key twice or out of order");
        row("bytes behind a password", passwordLogin("61 61", canary) + "00", "login: bytes behind the end");
        row("invite of 15 bytes", inviteLogin("4f" + CanaryHex + repeated("00", 8)), "login: key 4: not an invite");
        row("invite of 17 bytes", inviteLogin("51" + CanaryHex + repeated("00", 10)), "login: key 4: too long");
        row("invite of no bytes", inviteLogin("40"), "login: key 4: not an invite");
        row("invite is a text", inviteLogin("70" + repeated("61", 16)), "login: key 4: not a byte string");
        row("invite is missing", "a3 0003 0103 0260", "login: key 4: missing");
        row("login without a method", "a4 0003 0260 03 61 61 04" + canary, "login: key 1: missing");
        row("notice without a text", "a1 000a", "notice: key 1: missing");
        row("notice of bytes", "a2 000a 01 41 61", "notice: key 1: not a text");
        row("notice of 257 bytes", "a2 000a 01" + stringOf(257, "79"), "notice: key 1: too long");
    }

    void refuses()
    {
        QFETCH(QByteArray, body);
        QFETCH(QByteArray, reason);
        const auto message = decode(fromHex(body));
        QVERIFY(!message);
        QCOMPARE(message.error().code, ErrorCode::Malformed);
        QCOMPARE(QByteArray::fromStdString(message.error().context), reason);  // and so no secret
    }

    void refusesEveryBeginningOfALogin()
    {
        for (const auto method : {LoginMethod::Password, LoginMethod::Invite}) {
            const ByteVector whole = encode(fixtures::loginBy(method));
            for (std::size_t size = 0; size < whole.size(); ++size) {
                const auto message = decode(ByteView(whole).first(size));
                QVERIFY(!message);
                QVERIFY(message.error().context.find("hunter") == std::string::npos);
            }
        }
    }

    void choosesTheFirstThatBothKnow_data()
    {
        QTest::addColumn<QByteArray>("has");
        QTest::addColumn<QByteArray>("offered");
        QTest::addColumn<QByteArray>("chosen");  // nothing: no way in
        const auto row = [](const char* has, const char* offered, const char* chosen) {
            QTest::addRow("has '%s', offered '%s'", has, offered)
                << QByteArray(has) << QByteArray(offered) << QByteArray(chosen);
        };
        row("ip", "ndpi", "i");
        row("ip", "ipdn", "i");
        row("ip", "npd", "p");
        row("ip", "nd", "d");
        row("ip", "dn", "d");
        row("ip", "n", "n");
        row("ip", "", "");
        row("i", "ndpi", "i");
        row("i", "ndp", "d");
        row("i", "p", "");
        row("p", "ndpi", "p");
        row("p", "ndi", "d");
        row("p", "i", "");
        row("", "ndpi", "d");
        row("", "npi", "n");
        row("", "pi", "");
        row("", "", "");
    }

    void choosesTheFirstThatBothKnow()
    {
        QFETCH(QByteArray, has);
        QFETCH(QByteArray, offered);
        QFETCH(QByteArray, chosen);
        const auto login = chooseLogin(credentialsWith(has), methodsOf(offered));
        if (chosen.isEmpty())
            QVERIFY(!login);
        else
            QVERIFY(login == fixtures::loginBy(methodsOf(chosen).front()));

        ClientConversation conversation = clientWith(has);
        const Actions actions = answerTo(conversation, offered);
        QVERIFY(actionAt<SendControl>(actions, 0));
        QCOMPARE(contains(actionAt<SendControl>(actions, 0)->body, Canary), chosen == "p");
        QCOMPARE(contains(actionAt<SendControl>(actions, 0)->body, "0123456789abcdef"), chosen == "i");
        QVERIFY(conversation.sentLogin() == (login ? std::optional(login->method) : std::nullopt));
        if (login) {
            QVERIFY(sentAt<Login>(actions, 0) == *login);
            const Actions in = conversation.receive(encode(LoginReply{}), Start);
            QVERIFY(actionAt<LoggedIn>(in, 0));
            QVERIFY(actionAt<LoggedIn>(in, 0)->method == login->method);
        } else {
            QCOMPARE(sentAt<Goodbye>(actions, 0)->code, GoodbyeCode::Leaving);
            QCOMPARE(actionAt<CloseConversation>(actions, 1)->error.code, ErrorCode::LoginRefused);
        }
    }

    void sendsNoSecretBeforeTheServerAsksForIt()
    {
        ClientConversation conversation = clientWith("ip");
        const Actions actions = conversation.start(Start);
        QVERIFY(!contains(actionAt<SendControl>(actions, 0)->body, Canary));
        QVERIFY(!conversation.sentLogin());
        static_cast<void>(conversation.receive(encode(LoginReply{}), Start));  // out of order: a violation
        QVERIFY(!conversation.sentLogin());
    }

    void remembersTheLoginWhenItIsRefused()
    {
        ClientConversation conversation = clientWith("p");
        static_cast<void>(answerTo(conversation, "p"));
        const Actions actions = conversation.receive(encode(Goodbye{GoodbyeCode::LoginRefused, "no"}), Start);
        QCOMPARE(actionAt<CloseConversation>(actions, 0)->error, (Error{ErrorCode::LoginRefused, "no"}));
        QVERIFY(conversation.sentLogin() == LoginMethod::Password);
    }

    void passesNoticesOnOnceItIsIn()
    {
        ClientConversation conversation = clientWith("");
        static_cast<void>(answerTo(conversation, "n"));
        static_cast<void>(conversation.receive(encode(LoginReply{}), Start));
        static_cast<void>(conversation.receive(encode(AddressReply{fixtures::exampleSettings()}), Start));
        const Actions actions = conversation.receive(encode(Notice{"look\nhere"}), Start);
        QCOMPARE(actions.size(), std::size_t{1});
        QVERIFY(actionAt<NoticeReceived>(actions, 0));
        QCOMPARE(actionAt<NoticeReceived>(actions, 0)->text, std::string("look\\nhere"));
        for (unsigned i = 1; i < MaxControlPerSecond; ++i)
            QCOMPARE(conversation.receive(encode(Notice{"again"}), Start).size(), std::size_t{1});
        QCOMPARE(fixtures::letterOf(conversation.receive(encode(Notice{"again"}), Start)), 'V');
    }

    void takesANoticeBeforeThatForAViolation()
    {
        const std::vector<Message> steps{fixtures::exampleHelloReply(), LoginReply{}};
        for (std::size_t done = 0; done <= steps.size(); ++done) {
            ClientConversation conversation = clientWith("");
            static_cast<void>(conversation.start(Start));
            for (std::size_t i = 0; i < done; ++i)
                static_cast<void>(conversation.receive(encode(steps[i]), Start));
            const Actions actions = conversation.receive(encode(Notice{"look"}), Start);
            QCOMPARE(fixtures::letterOf(actions), 'V');
            QCOMPARE(sentAt<Goodbye>(actions, 0)->text, std::string("unexpected notice from the server"));
        }
    }
};

QTEST_APPLESS_MAIN(TestLogin)
#include "tst_login_messages.moc"
