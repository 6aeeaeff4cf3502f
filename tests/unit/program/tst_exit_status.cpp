#include "program/exit_status.h"

#include <QtTest>

namespace gvpn::program {

class ExitStatusTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void keepsTheNumbersThatScriptsRelyOn_data();
    void keepsTheNumbersThatScriptsRelyOn();
};

void ExitStatusTest::keepsTheNumbersThatScriptsRelyOn_data()
{
    QTest::addColumn<int>("status");
    QTest::addColumn<int>("number");
    QTest::newRow("stopped as asked") << toInt(ExitStatus::Success) << 0;
    QTest::newRow("other failure") << toInt(ExitStatus::Failure) << 1;
    QTest::newRow("usage") << toInt(ExitStatus::Usage) << 2;
    QTest::newRow("server unreachable") << toInt(ExitStatus::Unreachable) << 3;
    QTest::newRow("another server") << toInt(ExitStatus::IdentityMismatch) << 4;
    QTest::newRow("login refused") << toInt(ExitStatus::LoginRefused) << 5;
    QTest::newRow("address refused") << toInt(ExitStatus::AddressRefused) << 6;
    QTest::newRow("not permitted") << toInt(ExitStatus::NotPermitted) << 7;
    QTest::newRow("foreign protocol") << toInt(ExitStatus::ForeignProtocol) << 8;
}

void ExitStatusTest::keepsTheNumbersThatScriptsRelyOn()
{
    QFETCH(int, status);
    QFETCH(int, number);
    QCOMPARE(status, number);
}

}  // namespace gvpn::program

QTEST_APPLESS_MAIN(gvpn::program::ExitStatusTest)
#include "tst_exit_status.moc"
