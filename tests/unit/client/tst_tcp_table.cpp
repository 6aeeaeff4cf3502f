#include "client/tcp_table.h"

#include <QtTest>

#include <bit>

using namespace gvpn;
using namespace gvpn::client;

namespace {

constexpr const char* Head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n";

std::string peersOf(const QByteArray& text)
{
    std::string joined;
    for (const net::Endpoint& peer : connectedPeers(text.toStdString()))
        joined += (joined.empty() ? "" : " ") + peer.toString();
    return joined;
}

}  // namespace

class TestTcpTable : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void readsThePeers_data();
    void readsThePeers();
    void knowsNoConnectionToNobody();
};

/// As computers whose lowest byte comes first print it.
void TestTcpTable::readsThePeers_data()
{
    if constexpr (std::endian::native != std::endian::little)
        QSKIP("the rows are of a little-endian computer");
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<std::string>("peers");
    const auto row = [](const char* name, const QByteArray& text, const char* peers) {
        QTest::newRow(name) << text << std::string(peers);
    };
    row("nothing", "", "");
    row("only the head", Head, "");
    row("established", QByteArray(Head) + "   0: 657100CB:A1B2 017100CB:C73D 01 00000000:00000000\n",
        "203.0.113.1:51005");
    row("listening", "   0: 00000000:0016 00000000:0000 0A 0:0\n", "");
    row("waiting for its end", "   0: 657100CB:A1B2 017100CB:C73D 06 0:0\n", "");
    row("IPv6", "   0: B80D0120000000000000000001000000:0001 B80D0120000013010000000001000000:C73D 01 0:0\n",
        "[2001:db8:113::1]:51005");
    row("IPv4 inside", "   0: 0000000000000000FFFF0000657100CB:0001 0000000000000000FFFF0000017100CB:C73D 01 0:0\n",
        "203.0.113.1:51005");
    row("two", "0: 0:0 017100CB:C73D 01\n1: 0:0 0100007F:0050 01\n", "203.0.113.1:51005 127.0.0.1:80");
    row("a line that is cut", "0: 0:0 017100CB:C73D", "");
    row("no port", "0: 0:0 017100CB 01\n", "");
    row("a port that is none", "0: 0:0 017100CB:1C73D 01\n", "");
    row("no digits", "0: 0:0 01710XCB:C73D 01\n", "");
    row("a sign", "0: 0:0 -17100CB:C73D 01\n", "");
    row("too short", "0: 0:0 017100C:C73D 01\n", "");
    row("too long", "0: 0:0 017100CB0:C73D 01\n", "");
    row("garbage before", "\xff\xfe:::: \n\n0: 0:0 017100CB:C73D 01\n", "203.0.113.1:51005");
}

void TestTcpTable::readsThePeers()
{
    QFETCH(QByteArray, text);
    QTEST(peersOf(text), "peers");
}

void TestTcpTable::knowsNoConnectionToNobody()
{
    QVERIFY(!hasConnectionTo({}, 51005));
}

QTEST_GUILESS_MAIN(TestTcpTable)
#include "tst_tcp_table.moc"
