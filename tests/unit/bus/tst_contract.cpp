#include "bus/contract.h"

#include <QFile>
#include <QRegularExpression>
#include <QtTest>

using namespace gvpn;

namespace {

/// The types of a method's arguments, put together.
QString signatureOf(const QString& xml, const QString& method, const QString& direction)
{
    static const QRegularExpression Argument(
        QStringLiteral("<arg name=\"\\w+\" type=\"([^\"]+)\" direction=\"(\\w+)\"/>"));
    const qsizetype begin = xml.indexOf(QStringLiteral("<method name=\"%1\">").arg(method));
    const QString text =
        begin < 0 ? QString() : xml.mid(begin, xml.indexOf(QStringLiteral("</method>"), begin) - begin);
    QString signature;
    for (auto match = Argument.globalMatch(text); match.hasNext();) {
        const auto found = match.next();
        if (found.captured(2) == direction)
            signature += found.captured(1);
    }
    return signature;
}

}  // namespace

class TestContract : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void errorsGoOverTheBusAndBack_data();
    void errorsGoOverTheBusAndBack();
    void anythingElseIsASystemFailure_data();
    void anythingElseIsASystemFailure();
    void boundsWhatTheBusSays();
    void signaturesAreThoseOfTheInterface_data();
    void signaturesAreThoseOfTheInterface();
    void answersWithTheInterfaceThatPeopleRead();
    void knowsNamesOfCongestionControls_data();
    void knowsNamesOfCongestionControls();
};

void TestContract::errorsGoOverTheBusAndBack_data()
{
    QTest::addColumn<ErrorCode>("code");
    QTest::addColumn<QString>("name");
    QTest::newRow("not authorised") << ErrorCode::PermissionDenied << "NotAuthorized";
    QTest::newRow("invalid") << ErrorCode::InvalidArgument << "InvalidArgument";
    QTest::newRow("conflict") << ErrorCode::AlreadyExists << "Conflict";
    QTest::newRow("not found") << ErrorCode::NotFound << "NotFound";
    QTest::newRow("limit") << ErrorCode::LimitExceeded << "LimitReached";
    QTest::newRow("system") << ErrorCode::SystemFailure << "SystemFailure";
}

void TestContract::errorsGoOverTheBusAndBack()
{
    QFETCH(const ErrorCode, code);
    QFETCH(const QString, name);
    QCOMPARE(bus::errorNameOf(code), QStringLiteral("org.gvpn.Helper1.Error.") + name);
    const Error error = bus::errorFrom(bus::errorNameOf(code), QStringLiteral("why"));
    QCOMPARE(error.code, code);
    QCOMPARE(error.context, std::string("why"));
}

void TestContract::anythingElseIsASystemFailure_data()
{
    QTest::addColumn<QString>("name");
    QTest::newRow("another interface's") << "org.freedesktop.DBus.Error.NoMemory";
    QTest::newRow("none of ours") << "org.gvpn.Helper1.Error.Nonsense";
    QTest::newRow("only the prefix") << "org.gvpn.Helper1.Error.";
    QTest::newRow("empty") << "";
}

void TestContract::anythingElseIsASystemFailure()
{
    QFETCH(const QString, name);
    const Error error = bus::errorFrom(name, QStringLiteral("why"));
    QCOMPARE(error.code, ErrorCode::SystemFailure);
    QCOMPARE(error.context, name.toStdString() + ": why");
    QCOMPARE(bus::errorNameOf(ErrorCode::TlsFailure), QStringLiteral("org.gvpn.Helper1.Error.SystemFailure"));
}

void TestContract::boundsWhatTheBusSays()
{
    const Error error = bus::errorFrom(bus::errorNameOf(ErrorCode::NotFound), QString(100'000, u'x'));
    QCOMPARE(error.context.size(), std::size_t{bus::MaxCauseCharacters});
}

void TestContract::signaturesAreThoseOfTheInterface_data()
{
    QTest::addColumn<QString>("method");
    QTest::addColumn<QString>("in");
    QTest::addColumn<QString>("out");
    QTest::newRow("Open") << "Open" << QString(bus::OpenSignature) << QString(bus::OpenReplySignature);
    QTest::newRow("Apply") << "Apply" << QString(bus::ApplySignature) << "";
    QTest::newRow("SetNames") << "SetNames" << QString(bus::NamesSignature) << QString(bus::NamesReplySignature);
    QTest::newRow("Close") << "Close" << QString(bus::CloseSignature) << "";
    QTest::newRow("congestion") << "SetCongestionControl" << QString(bus::CongestionSignature) << "";
}

void TestContract::signaturesAreThoseOfTheInterface()
{
    QFETCH(const QString, method);
    QFETCH(const QString, in);
    QFETCH(const QString, out);
    QCOMPARE(signatureOf(bus::interfaceXml(), method, QStringLiteral("in")), in);
    QCOMPARE(signatureOf(bus::interfaceXml(), method, QStringLiteral("out")), out);
}

void TestContract::answersWithTheInterfaceThatPeopleRead()
{
    QFile file(QStringLiteral(GVPN_INTERFACE_FILE));
    QVERIFY(file.open(QIODevice::ReadOnly));
    QVERIFY(QString::fromUtf8(file.readAll()).contains(bus::interfaceXml()));
    QCOMPARE(bus::interfaceXml().count(QStringLiteral("<interface name=\"org.gvpn.Helper1\">")), 1);
    QVERIFY(bus::interfaceXml().trimmed().endsWith(QStringLiteral("</interface>")));
}

void TestContract::knowsNamesOfCongestionControls_data()
{
    QTest::addColumn<QByteArray>("name");
    QTest::addColumn<bool>("isOne");
    QTest::newRow("bbr") << QByteArray("bbr") << true;
    QTest::newRow("digits") << QByteArray("bbr2_x") << true;
    QTest::newRow("longest") << QByteArray("abcdefghijklmno") << true;
    QTest::newRow("too long") << QByteArray("abcdefghijklmnop") << false;
    QTest::newRow("empty") << QByteArray("") << false;
    QTest::newRow("capital") << QByteArray("BBR") << false;
    QTest::newRow("path") << QByteArray("../bbr") << false;
    QTest::newRow("blank") << QByteArray("bbr reno") << false;
    QTest::newRow("zero byte") << QByteArray("bbr\0x", 5) << false;
    QTest::newRow("not ASCII") << QByteArray("bb\xc3\xa9") << false;
}

void TestContract::knowsNamesOfCongestionControls()
{
    QFETCH(const QByteArray, name);
    QFETCH(const bool, isOne);
    QCOMPARE(bus::isCongestionName(name.toStdString()), isOne);
}

QTEST_GUILESS_MAIN(TestContract)
#include "tst_contract.moc"
