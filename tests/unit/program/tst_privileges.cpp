#include "program/privileges.h"

#include <QFile>
#include <QtTest>

namespace gvpn::program {

class PrivilegesTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void agreesWithTheProcFileSystem();
    void saysHowToStartTheProgram();
    void refusesUsersThatItCantBecome();
};

void PrivilegesTest::agreesWithTheProcFileSystem()
{
    QFile status(u"/proc/thread-self/status"_qs);
    if (!status.open(QIODevice::ReadOnly))
        QSKIP("no /proc here");
    bool hasFound = false;
    for (const QByteArray& line : status.readAll().split('\n')) {
        if (!line.startsWith("CapEff:"))
            continue;
        const quint64 effective = line.mid(7).trimmed().toULongLong(&hasFound, 16);
        constexpr unsigned NetAdminBit = 12;  // capabilities(7), linux/capability.h
        QCOMPARE(hasNetAdmin(), ((effective >> NetAdminBit) & 1U) != 0);
    }
    QVERIFY(hasFound);
}

void PrivilegesTest::saysHowToStartTheProgram()
{
    const Error asUser = netAdminMissing("gvpn-server", false);
    QCOMPARE(asUser.code, ErrorCode::PermissionDenied);
    QVERIFY(asUser.context.find("sudo gvpn-server") != std::string::npos);
    const Error asRoot = netAdminMissing("gvpn-server", true);
    QCOMPARE(asRoot.code, ErrorCode::PermissionDenied);
    QVERIFY(asRoot.context.find("--cap-add") != std::string::npos);
    QVERIFY(asRoot.context.find("sudo") == std::string::npos);
}

/// What becomes of root otherwise: tests/integration/tst_privileges_dropped.cpp.
void PrivilegesTest::refusesUsersThatItCantBecome()
{
    const auto unknown = becomeUserWithNetAdmin("no-such-user");
    QVERIFY(!unknown);
    QCOMPARE(unknown.error(), (Error{ErrorCode::NotFound, "no such user: no-such-user"}));
    const auto nameless = becomeUserWithNetAdmin("");
    QVERIFY(!nameless);
    QCOMPARE(nameless.error().code, ErrorCode::NotFound);
    const auto root = becomeUserWithNetAdmin("root");
    QVERIFY(!root);
    QCOMPARE(root.error().code, ErrorCode::InvalidArgument);
}

}  // namespace gvpn::program

QTEST_APPLESS_MAIN(gvpn::program::PrivilegesTest)
#include "tst_privileges.moc"
