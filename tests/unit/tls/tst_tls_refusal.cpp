#include "tls_ends.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

using namespace gvpn;
using namespace gvpn::tls;
using namespace gvpn::tls::test;

namespace {

/// Whether a broken contract ends the program, tried in a child.
template <typename Body>
bool aborts(Body body)
{
    const pid_t child = fork();
    if (child == 0) {
        const rlimit noCore{0, 0};
        setrlimit(RLIMIT_CORE, &noCore);
        std::signal(SIGABRT, SIG_DFL);
        close(STDERR_FILENO);
        body();
        _exit(0);
    }
    int status = 0;
    return waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

}  // namespace

class TestTlsRefusal : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void refusesWhatIsNoTls_data();
    void refusesWhatIsNoTls();
    void refusesOlderVersionsFromClients();
    void refusesOlderVersionsFromServers();
    void refusesAClientWithoutCertificate();
    void refusesShortRecords();
    void refusesAnEndlessHandshake();
    void refusesATruncatedHelloOnlyWhenMoreComes();
    void refusesChangedRecords();
    void refusesPlainDataInTheMiddle();
    void aFailedEngineStaysFailed();
    void brokenContractsAreAsserts();
};

void TestTlsRefusal::refusesWhatIsNoTls_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::newRow("http") << QByteArray("GET / HTTP/1.1\r\nHost: example\r\n\r\n");
    QTest::newRow("ssh") << QByteArray("SSH-2.0-OpenSSH_9.2\r\n");
    QTest::newRow("zeros") << QByteArray(200, '\0');
    QTest::newRow("ones") << QByteArray(200, '\xff');
    QTest::newRow("one byte") << QByteArray("x");
    QTest::newRow("data record first") << QByteArray("\x17\x03\x03\x00\x01x", 6);
    QTest::newRow("SSL 2 hello") << QByteArray::fromHex("802e0100020015000000100100800300800700c0");
    QTest::newRow("major version 2") << QByteArray("\x16\x02\x00\x00\x01x", 6);
}

void TestTlsRefusal::refusesWhatIsNoTls()
{
    QFETCH(QByteArray, bytes);
    const Identity identity = newIdentity();
    for (const Role role : {Role::Server, Role::Client}) {
        for (const bool isByteByByte : {false, true}) {
            End end(newContext(role, identity));
            end.out.clear();
            const std::string text = bytes.toStdString();
            for (ByteView rest = asBytes(text); !rest.empty() && !end.error;) {
                const std::size_t size = isByteByByte ? 1 : rest.size();
                end.take(rest.first(size));
                rest = rest.subspan(size);
            }
            QCOMPARE(end.code(), ErrorCode::ProtocolViolation);
            QVERIFY(end.out.isEmpty());
        }
    }
}

void TestTlsRefusal::refusesOlderVersionsFromClients()
{
    const Identity identity = newIdentity();
    End server(newContext(Role::Server, identity));
    RawPeer client(Role::Client, &identity);
    SSL_CTX_set_max_proto_version(client.context(), TLS1_2_VERSION);
    client.carry(server);
    QCOMPARE(server.code(), ErrorCode::VersionMismatch);
    QVERIFY(!server.engine.isEstablished());
}

void TestTlsRefusal::refusesOlderVersionsFromServers()
{
    const Identity identity = newIdentity();
    End client(newContext(Role::Client, identity));
    RawPeer server(Role::Server, &identity);
    SSL_CTX_set_max_proto_version(server.context(), TLS1_2_VERSION);
    server.carry(client);
    QCOMPARE(client.code(), ErrorCode::VersionMismatch);
}

void TestTlsRefusal::refusesAClientWithoutCertificate()
{
    const Identity identity = newIdentity();
    End server(newContext(Role::Server, identity));
    RawPeer client(Role::Client);
    client.carry(server);
    QCOMPARE(server.code(), ErrorCode::TlsFailure);
    QVERIFY(server.error->context.find("certificate") != std::string::npos);
    QVERIFY(!server.engine.peerPin());
    QVERIFY(!server.engine.isEstablished());
}

void TestTlsRefusal::refusesShortRecords()
{
    const Identity identity = newIdentity();
    End server(newContext(Role::Server, identity));
    RawPeer client(Role::Client, &identity);
    QCOMPARE(SSL_CTX_set_tlsext_max_fragment_length(client.context(), TLSEXT_max_fragment_length_512), 1);
    client.carry(server);
    QCOMPARE(server.code(), ErrorCode::TlsFailure);
    QVERIFY(!server.engine.isEstablished());
}

void TestTlsRefusal::refusesAnEndlessHandshake()
{
    const Identity identity = newIdentity();
    End server(newContext(Role::Server, identity));
    // A ClientHello that says it has 130000 bytes, which OpenSSL would wait for, in records of 16000.
    ByteVector hello(16005);
    const unsigned char head[] = {22, 3, 1, 0x3e, 0x80, 1, 1, 0xfb, 0xd0, 3, 3};
    std::memcpy(hello.data(), head, sizeof(head));
    server.take(hello);
    QVERIFY(!server.error);
    std::fill(hello.begin() + 5, hello.end(), std::byte{0});
    server.take(hello);
    QVERIFY(!server.error);
    server.take(hello);
    QCOMPARE(server.code(), ErrorCode::LimitExceeded);
}

void TestTlsRefusal::refusesATruncatedHelloOnlyWhenMoreComes()
{
    const Identity a = newIdentity();
    End client(newContext(Role::Client, a));
    End server(newContext(Role::Server, a));
    const ByteVector hello = client.taken();
    server.take(ByteView(hello).first(hello.size() - 1));
    QVERIFY(!server.error);
    QVERIFY(server.out.isEmpty());
    server.take(asBytes("wrong end and more"));
    QVERIFY(server.error);
    QVERIFY(!server.engine.isEstablished());
}

void TestTlsRefusal::refusesChangedRecords()
{
    for (const std::size_t place : {std::size_t{0}, std::size_t{1}, std::size_t{4}, std::size_t{5}, std::size_t{60}}) {
        Pair pair;
        QVERIFY(pair.isEstablished());
        pair.client.send(pattern(100));
        ByteVector bytes = pair.client.taken();
        bytes[place] ^= std::byte{1};
        pair.server.take(bytes);
        // A longer length only makes the engine wait; what follows can't fit then.
        pair.server.take(pattern(70000));
        QCOMPARE(pair.server.code(), ErrorCode::TlsFailure);
        QVERIFY(pair.server.plaintext.empty());
    }
}

void TestTlsRefusal::refusesPlainDataInTheMiddle()
{
    Pair pair;
    QVERIFY(pair.isEstablished());
    pair.server.take(asBytes("GET / HTTP/1.1\r\n\r\n"));
    QCOMPARE(pair.server.code(), ErrorCode::TlsFailure);
}

void TestTlsRefusal::aFailedEngineStaysFailed()
{
    Pair pair;
    QVERIFY(pair.isEstablished());
    pair.client.send(pattern(10));
    const ByteVector good = pair.client.taken();
    pair.server.take(asBytes("nonsense"));
    QVERIFY(pair.server.error);
    const Error first = *pair.server.error;
    pair.server.error.reset();
    pair.server.take(good);
    QVERIFY(pair.server.error == first);
    pair.server.error.reset();
    pair.server.out.clear();
    pair.server.send(pattern(10));
    QVERIFY(pair.server.error == first);
    pair.server.engine.close(pair.server.out);
    QVERIFY(pair.server.out.isEmpty());
}

void TestTlsRefusal::brokenContractsAreAsserts()
{
#ifdef NDEBUG
    QSKIP("asserts are off in this build");
#else
    Pair pair;
    QVERIFY(pair.isEstablished());
    ByteVector room(TlsEngine::plaintextRoom(10));
    const ByteVector bytes = pattern(10);
    ByteBuffer small(ControlRoomBytes - 1);
    ByteBuffer noDataRoom(sealedBytes(10) + ControlRoomBytes - 1);
    const TimePoint now = later({});
    TlsEngine& engine = pair.server.engine;
    const auto receives = [&](ByteSpan plaintext, ByteBuffer& out) {
        return [&engine, &bytes, plaintext, &out, now] { (void)engine.receive(bytes, plaintext, out, now); };
    };
    QVERIFY(!aborts(receives(room, pair.server.out)));
    QVERIFY(aborts(receives(ByteSpan(room).first(room.size() - 1), pair.server.out)));
    QVERIFY(aborts(receives(room, small)));
    QVERIFY(!aborts([&] { (void)engine.send(bytes, pair.server.out, now); }));
    QVERIFY(aborts([&] { (void)engine.send(bytes, noDataRoom, now); }));
    TlsEngine fresh(pair.server.context, acceptAll);
    QVERIFY(aborts([&] { (void)fresh.send(bytes, pair.server.out, now); }));
    QVERIFY(aborts([&] { const TlsEngine unchecked(pair.server.context, nullptr); }));
#endif
}

QTEST_APPLESS_MAIN(TestTlsRefusal)
#include "tst_tls_refusal.moc"
