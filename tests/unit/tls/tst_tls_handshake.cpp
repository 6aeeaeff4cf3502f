#include "tls_ends.h"

using namespace gvpn;
using namespace gvpn::tls;
using namespace gvpn::tls::test;

class TestTlsHandshake : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void bothEndsLearnEachOthersPin();
    void aServerSaysNothingFirst();
    void usesTheBestCipherOfOurOrder();
    void worksByteByByte();
    void worksInRandomChunks();
    void theServerIsCheckedBeforeTheClientShowsItself();
    void theServerCanRefuseAClient();
    void theCheckIsAskedOnce();
    void dataRightBehindTheHandshakeIsRead();
    void theServerGivesNoTickets();
};

void TestTlsHandshake::bothEndsLearnEachOthersPin()
{
    Pair pair;
    QVERIFY(pair.isEstablished());
    QVERIFY(pair.client.engine.peerPin() == pair.serverIdentity.pin());
    QVERIFY(pair.server.engine.peerPin() == pair.clientIdentity.pin());
    QVERIFY(pair.clientIdentity.pin() != pair.serverIdentity.pin());
}

void TestTlsHandshake::aServerSaysNothingFirst()
{
    const Identity identity = newIdentity();
    End server(newContext(Role::Server, identity));
    QVERIFY(server.out.isEmpty());
    QVERIFY(!server.engine.isEstablished());
    QVERIFY(!server.engine.peerPin());
    server.take({});
    QVERIFY(!server.error);
    QVERIFY(server.out.isEmpty());
}

void TestTlsHandshake::usesTheBestCipherOfOurOrder()
{
    const Identity identity = newIdentity();
    End server(newContext(Role::Server, identity));
    RawPeer client(Role::Client, &identity);
    QCOMPARE(SSL_CTX_set_ciphersuites(client.context(), "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384"), 1);
    client.carry(server);
    QVERIFY(server.engine.isEstablished());
    QCOMPARE(std::string(SSL_get_version(client.ssl())), std::string("TLSv1.3"));
    QCOMPARE(std::string(SSL_get_cipher_name(client.ssl())), std::string("TLS_AES_256_GCM_SHA384"));
}

void TestTlsHandshake::worksByteByByte()
{
    const Identity a = newIdentity();
    const Identity b = newIdentity();
    End client(newContext(Role::Client, a));
    End server(newContext(Role::Server, b));
    carry(client, server, [](std::size_t) { return std::size_t{1}; });
    QVERIFY(client.engine.isEstablished() && server.engine.isEstablished());
    client.send(pattern(40000));
    server.send(pattern(20000, 2));
    carry(client, server, [](std::size_t) { return std::size_t{1}; });
    QVERIFY(!client.error && !server.error);
    QVERIFY(server.plaintext == pattern(40000));
    QVERIFY(client.plaintext == pattern(20000, 2));
}

void TestTlsHandshake::worksInRandomChunks()
{
    const unsigned seed = std::random_device{}();
    qInfo("seed %u", seed);
    std::mt19937 random(seed);
    const Identity a = newIdentity();
    const Identity b = newIdentity();
    for (int round = 0; round < 20; ++round) {
        End client(newContext(Role::Client, a));
        End server(newContext(Role::Server, b));
        const auto chunk = [&random](std::size_t size) {
            return std::uniform_int_distribution<std::size_t>(1,
                                                              std::min<std::size_t>(size, 1 + random() % 2000))(random);
        };
        carry(client, server, chunk);
        QVERIFY(client.engine.isEstablished() && server.engine.isEstablished());
        client.send(pattern(50000));
        server.send(pattern(17000, 2));
        carry(client, server, chunk);
        QVERIFY(!client.error && !server.error);
        QVERIFY(server.plaintext == pattern(50000));
        QVERIFY(client.plaintext == pattern(17000, 2));
    }
}

void TestTlsHandshake::theServerIsCheckedBeforeTheClientShowsItself()
{
    const Identity a = newIdentity();
    const Identity b = newIdentity();
    std::optional<Pin> asked;
    End client(newContext(Role::Client, a), [&asked](const Pin& pin) {
        asked = pin;
        return false;
    });
    End server(newContext(Role::Server, b));
    server.take(client.taken());
    client.take(server.taken());
    QCOMPARE(client.code(), ErrorCode::IdentityMismatch);
    QVERIFY(asked == b.pin());
    QVERIFY(client.engine.peerPin() == b.pin());
    QVERIFY(!client.engine.isEstablished());
    // All that may leave: the change_cipher_spec of RFC 8446 appendix D.4 (6 bytes) and one sealed alert (24 bytes).
    const ByteVector last = client.taken();
    QVERIFY(last.size() <= 30);
    server.take(last);
    QCOMPARE(server.code(), ErrorCode::TlsFailure);
    QVERIFY(server.error->context.find("bad certificate") != std::string::npos);
    QVERIFY(!server.engine.peerPin());
    QVERIFY(!server.engine.isEstablished());
}

void TestTlsHandshake::theServerCanRefuseAClient()
{
    const Identity a = newIdentity();
    const Identity b = newIdentity();
    End client(newContext(Role::Client, a));
    End server(newContext(Role::Server, b), [](const Pin&) { return false; });
    carry(client, server);
    QCOMPARE(server.code(), ErrorCode::IdentityMismatch);
    QVERIFY(server.engine.peerPin() == a.pin());
    QVERIFY(!server.engine.isEstablished());
    QCOMPARE(client.code(), ErrorCode::TlsFailure);
}

void TestTlsHandshake::theCheckIsAskedOnce()
{
    const Identity a = newIdentity();
    int asked = 0;
    const auto count = [&asked](const Pin&) {
        ++asked;
        return true;
    };
    End client(newContext(Role::Client, a), count);
    End server(newContext(Role::Server, a), count);
    carry(client, server);
    QVERIFY(client.engine.isEstablished() && server.engine.isEstablished());
    QCOMPARE(asked, 2);
}

void TestTlsHandshake::dataRightBehindTheHandshakeIsRead()
{
    const Identity a = newIdentity();
    End client(newContext(Role::Client, a));
    End server(newContext(Role::Server, a));
    server.take(client.taken());
    client.take(server.taken());
    QVERIFY(client.engine.isEstablished());
    client.send(pattern(100000));
    server.take(client.taken());
    QVERIFY(server.engine.isEstablished());
    QVERIFY(server.plaintext == pattern(100000));
}

void TestTlsHandshake::theServerGivesNoTickets()
{
    const Identity identity = newIdentity();
    End server(newContext(Role::Server, identity));
    RawPeer client(Role::Client, &identity);
    client.carry(server);
    QVERIFY(server.engine.isEstablished());
    server.send(pattern(1));
    client.give(server.taken());
    std::byte byte{};
    QCOMPARE(SSL_read(client.ssl(), &byte, 1), 1);
    QCOMPARE(SSL_SESSION_is_resumable(SSL_get_session(client.ssl())), 0);
}

QTEST_APPLESS_MAIN(TestTlsHandshake)
#include "tst_tls_handshake.moc"
