// What is installed beside the helper says what the design says: who is asked for a password, and who may own the name.
#include "bus/contract.h"

#include <QFile>
#include <QXmlStreamReader>
#include <QtTest>

using namespace gvpn;

namespace {

QByteArray read(const char* name)
{
    QFile file(QStringLiteral(GVPN_HELPER_DATA "/") + QLatin1String(name));
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

/// Of each action "any inactive active".
QMap<QString, QString> readDefaults()
{
    QMap<QString, QString> defaults;
    QXmlStreamReader xml(read("org.gvpn.policy"));
    QString action;
    while (!xml.atEnd()) {
        if (xml.readNext() != QXmlStreamReader::StartElement)
            continue;
        if (xml.name() == QLatin1String("action"))
            action = xml.attributes().value(QStringLiteral("id")).toString();
        else if (xml.name().startsWith(QLatin1String("allow_")))
            defaults[action] += xml.name().toString() + u'=' + xml.readElementText() + u' ';
    }
    return xml.hasError() ? QMap<QString, QString>() : defaults;
}

}  // namespace

class TestPolicy : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void asksForAPasswordWhereItShould();
    void onlyRootOwnsTheName();
    void theBusStartsIt();
};

void TestPolicy::asksForAPasswordWhereItShould()
{
    const QMap<QString, QString> expected{
        {bus::ConnectAction, QStringLiteral("allow_any=auth_admin allow_inactive=auth_admin allow_active=yes ")},
        {bus::WideAction,
         QStringLiteral("allow_any=auth_admin allow_inactive=auth_admin allow_active=auth_admin_keep ")}};
    QCOMPARE(readDefaults(), expected);
}

void TestPolicy::onlyRootOwnsTheName()
{
    QXmlStreamReader xml(read("org.gvpn.Helper1.conf"));
    QString policy;
    QStringList owners;
    while (!xml.atEnd()) {
        if (xml.readNext() != QXmlStreamReader::StartElement)
            continue;
        const QXmlStreamAttributes attributes = xml.attributes();
        if (xml.name() == QLatin1String("policy"))
            policy = attributes.value(QStringLiteral("user")).toString()
                     + attributes.value(QStringLiteral("context")).toString();
        if (xml.name() == QLatin1String("allow") && attributes.hasAttribute(QStringLiteral("own")))
            owners.append(policy + u' ' + attributes.value(QStringLiteral("own")).toString());
    }
    QVERIFY2(!xml.hasError(), qPrintable(xml.errorString()));
    QCOMPARE(owners, QStringList{QStringLiteral("root org.gvpn.Helper1")});
}

void TestPolicy::theBusStartsIt()
{
    const QByteArray service = read("org.gvpn.Helper1.service");
    QVERIFY(service.contains("\nName=org.gvpn.Helper1\n"));
    QVERIFY(service.contains("\nUser=root\n"));
    QVERIFY(service.contains("\nSystemdService=gvpn-helper.service\n"));
    QVERIFY(service.contains("\nExec=@GVPN_LIBEXECDIR@/gvpn-helper\n"));
}

QTEST_GUILESS_MAIN(TestPolicy)
#include "tst_policy.moc"
