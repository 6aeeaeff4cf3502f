#include "transport/address_order.h"
#include "transport/peer_address.h"

#include <QtTest>

namespace gvpn::transport {

class AddressOrderTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void alternatesFamiliesAndKeepsTheResolversOrder_data();
    void alternatesFamiliesAndKeepsTheResolversOrder();
    void keepsBothFamiliesWhenThereAreTooMany();
    void leavesOutWhatIsNoAddress();
    void showsMappedAddressesAsIPv4_data();
    void showsMappedAddressesAsIPv4();
};

namespace {

QList<QHostAddress> addressesOf(const QString& text)
{
    QList<QHostAddress> addresses;
    for (const QString& word : text.split(u' ', Qt::SkipEmptyParts))
        addresses.append(QHostAddress(word));
    return addresses;
}

}  // namespace

void AddressOrderTest::alternatesFamiliesAndKeepsTheResolversOrder_data()
{
    QTest::addColumn<QString>("resolved");
    QTest::addColumn<QString>("ordered");
    QTest::newRow("none") << ""
                          << "";
    QTest::newRow("one") << "192.0.2.1"
                         << "192.0.2.1";
    QTest::newRow("one family") << "192.0.2.2 192.0.2.1 192.0.2.3"
                                << "192.0.2.2 192.0.2.1 192.0.2.3";
    QTest::newRow("IPv6 first") << "2001:db8::1 2001:db8::2 192.0.2.1 192.0.2.2"
                                << "2001:db8::1 192.0.2.1 2001:db8::2 192.0.2.2";
    QTest::newRow("IPv4 first") << "192.0.2.1 192.0.2.2 2001:db8::1"
                                << "192.0.2.1 2001:db8::1 192.0.2.2";
    QTest::newRow("more of the second") << "2001:db8::1 192.0.2.1 192.0.2.2 192.0.2.3"
                                        << "2001:db8::1 192.0.2.1 192.0.2.2 192.0.2.3";
    QTest::newRow("twice the same") << "192.0.2.1 2001:db8::1 192.0.2.1 2001:db8::1"
                                    << "192.0.2.1 2001:db8::1";
}

void AddressOrderTest::alternatesFamiliesAndKeepsTheResolversOrder()
{
    QFETCH(QString, resolved);
    QFETCH(QString, ordered);
    QCOMPARE(orderAddresses(addressesOf(resolved)), addressesOf(ordered));
}

void AddressOrderTest::keepsBothFamiliesWhenThereAreTooMany()
{
    QList<QHostAddress> resolved;
    for (int i = 1; i <= 20; ++i)
        resolved.append(QHostAddress(QStringLiteral("2001:db8::%1").arg(i)));
    resolved.append(QHostAddress(QStringLiteral("192.0.2.1")));

    const QList<QHostAddress> ordered = orderAddresses(resolved);
    QCOMPARE(ordered.size(), MaxConnectAddresses);
    QCOMPARE(ordered.at(1), QHostAddress(QStringLiteral("192.0.2.1")));
}

void AddressOrderTest::leavesOutWhatIsNoAddress()
{
    const QHostAddress good(QStringLiteral("192.0.2.1"));
    QCOMPARE(orderAddresses({QHostAddress(), good, QHostAddress(QHostAddress::Any)}), QList{good});
}

void AddressOrderTest::showsMappedAddressesAsIPv4_data()
{
    QTest::addColumn<QString>("address");
    QTest::addColumn<QString>("shown");
    QTest::newRow("IPv4") << "192.0.2.1"
                          << "192.0.2.1";
    QTest::newRow("mapped") << "::ffff:192.0.2.1"
                            << "192.0.2.1";
    QTest::newRow("IPv6") << "2001:db8::1"
                          << "2001:db8::1";
    QTest::newRow("loopback") << "::1"
                              << "::1";
    QTest::newRow("nearly mapped") << "::1:ffff:c000:201"
                                   << "::1:ffff:c000:201";
    QTest::newRow("compatible, which is obsolete") << "::c000:201"
                                                   << "::c000:201";
}

void AddressOrderTest::showsMappedAddressesAsIPv4()
{
    QFETCH(QString, address);
    QFETCH(QString, shown);
    const auto expected = net::IpAddress::parse(shown.toStdString());
    QVERIFY(expected.has_value());
    QCOMPARE(ipAddressOf(QHostAddress(address)).toString(), expected->toString());
}

}  // namespace gvpn::transport

QTEST_APPLESS_MAIN(gvpn::transport::AddressOrderTest)
#include "tst_address_order.moc"
