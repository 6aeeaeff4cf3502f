#include "tun/linux_tun.h"

#include <QtTest>

#include <fcntl.h>

using namespace gvpn;

class TestLinuxTunName : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void takesOnlyUsableNames_data();
    void takesOnlyUsableNames();
    void adoptsOnlyATun();
};

void TestLinuxTunName::takesOnlyUsableNames_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<bool>("isUsable");
    for (const char* name : {"a", "gvpn0", "Office-LAN_1.2", "fifteen-letters", "...", "-"})
        QTest::addRow("good: %s", name) << QString::fromLatin1(name) << true;
    for (const char* name :
         {"", ".", "..", "sixteen--letters", "a/b", "a b", "gvpn%d", "%", "a:1", "a\n", "a\"", "gv\xc3\xbc"})
        QTest::addRow("bad: %s", name) << QString::fromUtf8(name) << false;
    QTest::newRow("bad: zero byte") << QString::fromLatin1("a\0b", 3) << false;
}

void TestLinuxTunName::takesOnlyUsableNames()
{
    QFETCH(QString, name);
    QFETCH(bool, isUsable);
    const auto valid = tun::validateName(name.toStdString());
    QCOMPARE(valid.has_value(), isUsable);
    if (isUsable)
        return;
    QCOMPARE(valid.error().code, ErrorCode::InvalidArgument);
    if (name.isEmpty())
        return;  // stands for "any" in TunOptions
    const auto opened = tun::openLinuxTun({.name = name.toStdString()});
    QVERIFY(!opened);
    QCOMPARE(opened.error().code, ErrorCode::InvalidArgument);
}

void TestLinuxTunName::adoptsOnlyATun()
{
    for (const int descriptor : {-1, open("/dev/null", O_RDWR | O_CLOEXEC)}) {
        const auto device = tun::adoptLinuxTun(UniqueFd(descriptor));
        QVERIFY(!device);
        QCOMPARE(device.error().code, ErrorCode::InvalidArgument);
    }
}

QTEST_APPLESS_MAIN(TestLinuxTunName)
#include "tst_linux_tun_name.moc"
