#include "tls_ends.h"

using namespace gvpn;
using namespace gvpn::tls;
using namespace gvpn::tls::test;

namespace {

constexpr TlsLimits Patient{.recordsPerKey = 1U << 22U, .peerMessages = 100000};

TlsLimits everyRecords(std::uint64_t records)
{
    return {.recordsPerKey = records, .peerMessages = 100000};
}

}  // namespace

class TestTlsRecords : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void carriesAnySize_data();
    void carriesAnySize();
    void carriesAMegabyte();
    void sealsExactlyWhatItSays_data();
    void sealsExactlyWhatItSays();
    void closesOneDirection();
    void ignoresWhatFollowsTheEnd();
    void sendingAfterCloseIsAnError();
    void replacesTheKeyAfterItsRecords_data();
    void replacesTheKeyAfterItsRecords();
    void replacesTheKeyWhenItIsOld();
    void followsAPeersRequestForANewKey();
    void refusesAFloodOfKeyUpdates();
    void refusesAFloodThatAsksForAnswers();
    void allowsAsManyKeyUpdatesInEachWindow();
    void toleratesTickets();
    void sendingDoesNotWaitForReading();
};

void TestTlsRecords::carriesAnySize_data()
{
    QTest::addColumn<int>("size");
    for (const int size : {0, 1, 2, 15, 16, 1399, 16383, 16384, 16385, 32768, 65535, 65536, 100000})
        QTest::addRow("%d", size) << size;
}

void TestTlsRecords::carriesAnySize()
{
    QFETCH(int, size);
    Pair pair;
    QVERIFY(pair.isEstablished());
    const ByteVector data = pattern(static_cast<std::size_t>(size));
    pair.client.send(data);
    pair.server.send(data);
    carry(pair.client, pair.server);
    QVERIFY(pair.isEstablished());
    QVERIFY(pair.server.plaintext == data);
    QVERIFY(pair.client.plaintext == data);
}

void TestTlsRecords::carriesAMegabyte()
{
    Pair pair;
    QVERIFY(pair.isEstablished());
    const ByteVector data = pattern(1U << 20U);
    for (std::size_t at = 0; at < data.size(); at += 65536) {
        pair.client.send(ByteView(data).subspan(at, 65536));
        pair.server.send(ByteView(data).subspan(at, 65536));
        carry(pair.client, pair.server);
    }
    QVERIFY(pair.isEstablished());
    QVERIFY(pair.server.plaintext == data);
    QVERIFY(pair.client.plaintext == data);
    QCOMPARE(pair.client.engine.keyUpdates(), 0U);
}

void TestTlsRecords::sealsExactlyWhatItSays_data()
{
    carriesAnySize_data();
}

void TestTlsRecords::sealsExactlyWhatItSays()
{
    QFETCH(int, size);
    Pair pair;
    QVERIFY(pair.isEstablished());
    const auto bytes = static_cast<std::size_t>(size);
    pair.client.send(pattern(bytes));
    QCOMPARE(pair.client.out.size(), sealedBytes(bytes));
}

void TestTlsRecords::closesOneDirection()
{
    Pair pair;
    QVERIFY(pair.isEstablished());
    pair.client.send(pattern(500));
    pair.client.engine.close(pair.client.out);
    pair.server.take(pair.client.taken());
    QVERIFY(pair.server.isPeerClosed);
    QVERIFY(pair.server.plaintext == pattern(500));
    QVERIFY(!pair.server.error);
    pair.server.send(pattern(300));
    pair.server.engine.close(pair.server.out);
    pair.client.take(pair.server.taken());
    QVERIFY(pair.client.isPeerClosed);
    QVERIFY(pair.client.plaintext == pattern(300));
    QVERIFY(!pair.client.error);
}

void TestTlsRecords::ignoresWhatFollowsTheEnd()
{
    Pair pair;
    QVERIFY(pair.isEstablished());
    pair.client.engine.close(pair.client.out);
    ByteVector bytes = pair.client.taken();
    const ByteVector more = pattern(100);
    bytes.insert(bytes.end(), more.begin(), more.end());
    pair.server.take(bytes);
    pair.server.take(more);
    QVERIFY(pair.server.isPeerClosed);
    QVERIFY(!pair.server.error);
    QVERIFY(pair.server.plaintext.empty());
}

void TestTlsRecords::sendingAfterCloseIsAnError()
{
    Pair pair;
    QVERIFY(pair.isEstablished());
    pair.client.engine.close(pair.client.out);
    pair.client.send(pattern(1));
    QCOMPARE(pair.client.code(), ErrorCode::TlsFailure);
}

void TestTlsRecords::replacesTheKeyAfterItsRecords_data()
{
    QTest::addColumn<quint64>("recordsPerKey");
    QTest::addColumn<int>("sends");
    QTest::addColumn<int>("sendBytes");
    QTest::addColumn<unsigned>("updates");
    QTest::newRow("below") << quint64{4} << 4 << 100 << 0U;
    QTest::newRow("one above") << quint64{4} << 5 << 100 << 1U;
    QTest::newRow("each") << quint64{1} << 10 << 100 << 9U;
    QTest::newRow("full records count") << quint64{4} << 2 << 65536 << 1U;
    QTest::newRow("within a send") << quint64{3} << 1 << 65536 << 1U;
    QTest::newRow("many within a send") << quint64{1} << 2 << 65536 << 7U;
    QTest::newRow("a part counts as one") << quint64{2} << 2 << 16385 << 1U;
}

void TestTlsRecords::replacesTheKeyAfterItsRecords()
{
    QFETCH(quint64, recordsPerKey);
    QFETCH(int, sends);
    QFETCH(int, sendBytes);
    QFETCH(unsigned, updates);
    Pair pair(everyRecords(recordsPerKey), everyRecords(recordsPerKey));
    QVERIFY(pair.isEstablished());
    ByteVector expected;
    for (int i = 0; i < sends; ++i) {
        const ByteVector data = pattern(static_cast<std::size_t>(sendBytes), static_cast<unsigned>(i));
        expected.insert(expected.end(), data.begin(), data.end());
        // Both ways at once: neither end waits for the other's update.
        pair.client.send(data);
        pair.server.send(data);
        const ByteVector fromClient = pair.client.taken();
        const ByteVector fromServer = pair.server.taken();
        pair.server.take(fromClient);
        pair.client.take(fromServer);
    }
    QVERIFY(pair.isEstablished());
    QCOMPARE(pair.client.engine.keyUpdates(), updates);
    QCOMPARE(pair.server.engine.keyUpdates(), updates);
    QVERIFY(pair.server.plaintext == expected);
    QVERIFY(pair.client.plaintext == expected);
}

void TestTlsRecords::replacesTheKeyWhenItIsOld()
{
    const TlsLimits limits{.keyAge = std::chrono::seconds(100)};
    Pair pair(limits, limits);
    QVERIFY(pair.isEstablished());
    const auto sendAt = [&pair](int second) {
        pair.client.send(pattern(10), later(std::chrono::seconds(second)));
        pair.server.take(pair.client.taken(), later(std::chrono::seconds(second)));
        return pair.client.engine.keyUpdates();
    };
    QCOMPARE(sendAt(99), 0U);
    QCOMPARE(sendAt(100), 1U);
    QCOMPARE(sendAt(199), 1U);
    QCOMPARE(sendAt(200), 2U);
    QCOMPARE(pair.server.engine.keyUpdates(), 0U);
    QVERIFY(pair.isEstablished());
    QCOMPARE(pair.server.plaintext.size(), std::size_t{40});
}

void TestTlsRecords::followsAPeersRequestForANewKey()
{
    const Identity identity = newIdentity();
    End server(newContext(Role::Server, identity, everyRecords(3)));
    RawPeer client(Role::Client, &identity);
    client.carry(server);
    QVERIFY(server.engine.isEstablished());
    server.send(pattern(10));
    server.send(pattern(10));
    QCOMPARE(SSL_key_update(client.ssl(), SSL_KEY_UPDATE_REQUESTED), 1);
    QCOMPARE(SSL_do_handshake(client.ssl()), 1);
    client.carry(server);
    QCOMPARE(server.engine.keyUpdates(), 0U);  // OpenSSL answers with the next data
    // The new key has its whole life before it.
    for (int i = 0; i < 3; ++i)
        server.send(pattern(10));
    QCOMPARE(server.engine.keyUpdates(), 1U);
    server.send(pattern(10));
    QCOMPARE(server.engine.keyUpdates(), 2U);
    QVERIFY(!server.error);
}

void TestTlsRecords::refusesAFloodOfKeyUpdates()
{
    Pair pair(everyRecords(1), {.peerMessages = 64});
    QVERIFY(pair.isEstablished());
    for (unsigned i = 0; i <= 64; ++i) {
        pair.client.send(pattern(1));
        pair.server.take(pair.client.taken());
    }
    QVERIFY(!pair.server.error);
    QCOMPARE(pair.client.engine.keyUpdates(), 64U);
    pair.client.send(pattern(1));
    pair.server.take(pair.client.taken());
    QCOMPARE(pair.server.code(), ErrorCode::LimitExceeded);
    QCOMPARE(pair.server.plaintext.size(), std::size_t{65});
}

void TestTlsRecords::refusesAFloodThatAsksForAnswers()
{
    const Identity identity = newIdentity();
    End server(newContext(Role::Server, identity));
    RawPeer client(Role::Client, &identity);
    client.carry(server);
    QVERIFY(server.engine.isEstablished());
    for (int i = 0; i < 5000; ++i) {
        QCOMPARE(SSL_key_update(client.ssl(), SSL_KEY_UPDATE_REQUESTED), 1);
        QCOMPARE(SSL_do_handshake(client.ssl()), 1);
    }
    // All of them in one call: it ends at the limit, and what is answered stays within the control room.
    server.take(client.taken());
    QCOMPARE(server.code(), ErrorCode::LimitExceeded);
    QVERIFY(server.engine.keyUpdates() <= 65);
    QVERIFY(server.out.size() < ControlRoomBytes);
}

void TestTlsRecords::allowsAsManyKeyUpdatesInEachWindow()
{
    Pair pair(everyRecords(1), {.peerMessages = 3, .peerMessageWindow = std::chrono::seconds(10)});
    QVERIFY(pair.isEstablished());
    pair.client.send(pattern(1));
    pair.server.take(pair.client.taken());
    for (int window = 1; window < 5; ++window) {
        for (int i = 0; i < 3; ++i) {
            pair.client.send(pattern(1));
            pair.server.take(pair.client.taken(), later(std::chrono::seconds(10 * window + i)));
        }
        QVERIFY(!pair.server.error);
    }
    pair.client.send(pattern(1));
    pair.server.take(pair.client.taken(), later(std::chrono::seconds(49)));
    QCOMPARE(pair.server.code(), ErrorCode::LimitExceeded);
}

void TestTlsRecords::toleratesTickets()
{
    const Identity identity = newIdentity();
    End client(newContext(Role::Client, identity));
    RawPeer server(Role::Server, &identity);
    // Without this OpenSSL refuses to make tickets for sessions with client certificates.
    const unsigned char sessionContext[] = {1};
    SSL_CTX_set_session_id_context(server.context(), sessionContext, 1);
    QCOMPARE(SSL_CTX_set_num_tickets(server.context(), 2), 1);
    server.carry(client);
    QVERIFY(client.engine.isEstablished());
    QVERIFY(!client.error);
    client.send(pattern(50));
    server.give(client.taken());
    ByteVector data(50);
    QCOMPARE(SSL_read(server.ssl(), data.data(), 50), 50);
    QVERIFY(data == pattern(50));
}

void TestTlsRecords::sendingDoesNotWaitForReading()
{
    Pair pair(Patient, Patient);
    QVERIFY(pair.isEstablished());
    pair.client.send(pattern(1000));
    const ByteVector bytes = pair.client.taken();
    pair.server.take(ByteView(bytes).first(500));  // half a record
    pair.server.send(pattern(700));
    pair.client.take(pair.server.taken());
    QVERIFY(pair.client.plaintext == pattern(700));
    pair.server.take(ByteView(bytes).subspan(500));
    QVERIFY(pair.server.plaintext == pattern(1000));
    QVERIFY(pair.isEstablished());
}

QTEST_APPLESS_MAIN(TestTlsRecords)
#include "tst_tls_records.moc"
