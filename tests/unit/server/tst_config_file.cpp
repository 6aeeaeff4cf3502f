#include "server/config_file.h"

#include <QTemporaryDir>
#include <QtTest>

using namespace gvpn;
using namespace gvpn::server;

class TestConfigFile : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void readsListsAndComments();
    void takesEveryLineForACommentThatBeginsLikeOne();
    void readsWhatEditorsAndPeopleWrite_data();
    void readsWhatEditorsAndPeopleWrite();
    void refusesBadFiles_data();
    void refusesBadFiles();
    void saysWhetherThereIsOne();
    void doesNotChangeTheFile();
    void aDirectoryIsNoFile();

private:
    QString write(const QByteArray& content) const;

    QTemporaryDir m_dir;
};

QString TestConfigFile::write(const QByteArray& content) const
{
    QFile file(m_dir.filePath(QStringLiteral("server.conf")));
    return file.open(QIODevice::WriteOnly) && file.write(content) == content.size() ? file.fileName() : QString();
}

void TestConfigFile::readsListsAndComments()
{
    const auto values = readConfigFile(write("; one\n# two\n\naddress = :7000\nbypass=10.1.0.0/16,10.2.0.0/16 , "
                                             "fd00::/64\npublic-address=[2001:db8::1]:443\ntun=\ncongestion=bbr\n"));
    QVERIFY2(values, values ? "" : values.error().context.c_str());
    QCOMPARE(values->value(QStringLiteral("address")), QStringList{QStringLiteral(":7000")});
    QCOMPARE(values->value(QStringLiteral("bypass")),
             (QStringList{QStringLiteral("10.1.0.0/16"), QStringLiteral("10.2.0.0/16"), QStringLiteral("fd00::/64")}));
    QCOMPARE(values->value(QStringLiteral("public-address")), QStringList{QStringLiteral("[2001:db8::1]:443")});
    QCOMPARE(values->value(QStringLiteral("congestion")), QStringList{QStringLiteral("bbr")});
    QVERIFY(!values->contains(QStringLiteral("cidr")));
}

void TestConfigFile::takesEveryLineForACommentThatBeginsLikeOne()
{
    const auto values =
        readConfigFile(write("#login=none\n  # with json=true, \"quoted\n; tun=\"\nlogin = \"password\" ; "
                             "not none\n#[section]\n\t#\\\nmax-devices=3\n"));
    QVERIFY2(values, values ? "" : values.error().context.c_str());
    const ConfigValues expected{{QStringLiteral("login"), {QStringLiteral("password")}},
                                {QStringLiteral("max-devices"), {QStringLiteral("3")}}};
    QCOMPARE(*values, expected);
}

void TestConfigFile::readsWhatEditorsAndPeopleWrite_data()
{
    QTest::addColumn<QByteArray>("content");
    const auto row = [](const char* title, const QByteArray& content) { QTest::newRow(title) << content; };
    row("no quotes", "bypass=192.168.1.0/24,10.0.0.0/8\n");
    row("quotes around each", "bypass=\"192.168.1.0/24\", \"10.0.0.0/8\"\n");
    row("quotes around all", "bypass = \"192.168.1.0/24, 10.0.0.0/8\"\n");
    row("quotes around the first", "bypass=\"192.168.1.0/24\" , 10.0.0.0/8\n");
    row("quotes around the last", "bypass=192.168.1.0/24,\"10.0.0.0/8\" ; both\n");
    row("spaces within quotes", "bypass=\" 192.168.1.0/24 \",\" 10.0.0.0/8\"\n");
    row("a byte order mark", "\xef\xbb\xbf"
                             "bypass=192.168.1.0/24,10.0.0.0/8\n");
    row("a byte order mark and a section", "\xef\xbb\xbf[General]\nbypass=192.168.1.0/24,10.0.0.0/8\n");
    row("the section without a name", "[General]\nbypass=192.168.1.0/24,10.0.0.0/8\n");
    row("the same in small letters", "# gvpn\n[general] \r\nbypass=192.168.1.0/24,10.0.0.0/8\r\n");
    row("no end of the line", "bypass=192.168.1.0/24,10.0.0.0/8");
}

void TestConfigFile::readsWhatEditorsAndPeopleWrite()
{
    QFETCH(QByteArray, content);
    const auto values = readConfigFile(write(content));
    QVERIFY2(values, values ? "" : values.error().context.c_str());
    const ConfigValues expected{
        {QStringLiteral("bypass"), {QStringLiteral("192.168.1.0/24"), QStringLiteral("10.0.0.0/8")}}};
    QCOMPARE(*values, expected);
}

void TestConfigFile::refusesBadFiles_data()
{
    QTest::addColumn<QByteArray>("content");
    QTest::addColumn<QString>("named");
    QTest::newRow("unknown key") << QByteArray("login=none\nbypas=10.0.0.0/8\n") << "\"bypas\"";
    QTest::newRow("a key with two hyphens") << QByteArray("--login=none\n") << "--login";
    QTest::newRow("config is no key") << QByteArray("config=/etc/other\n") << "\"config\"";
    QTest::newRow("a section") << QByteArray("[network]\ncidr=10.9.0.0/24\n") << "network";
    QTest::newRow("a section after the usual one") << QByteArray("[General]\n[network]\n") << "line 2";
    QTest::newRow("half a section") << QByteArray("[General\n") << "line 1";
    QTest::newRow("another case") << QByteArray("Login=none\n") << "Login";
    QTest::newRow("no INI") << QByteArray("{\"login\": \"none\"}\n") << "server.conf";
    QTest::newRow("words") << QByteArray("login none\n") << "server.conf";
    QTest::newRow("a line without a value") << QByteArray("login=none\n\njson\n") << "line 3";
    QTest::newRow("a line without a key") << QByteArray("=none\n") << "line 1";
    QTest::newRow("a key twice") << QByteArray("bypass=10.1.0.0/16\nbypass = 10.2.0.0/16\n") << "line 2";
    QTest::newRow("too large") << QByteArray("login=none\n#") + QByteArray(70'000, 'x') << "64 KB";
}

void TestConfigFile::refusesBadFiles()
{
    QFETCH(QByteArray, content);
    QFETCH(QString, named);
    const auto values = readConfigFile(write(content));
    QVERIFY(!values);
    QVERIFY(values.error().code == ErrorCode::InvalidArgument);
    const QString context = QString::fromStdString(values.error().context);
    QVERIFY2(context.contains(named), qPrintable(context));
    QVERIFY2(context.endsWith(QLatin1Char('.')) && !context.contains(QLatin1Char('\n')), qPrintable(context));
}

void TestConfigFile::saysWhetherThereIsOne()
{
    QVERIFY(configFileExists(write("login=none\n")));
    QVERIFY(!configFileExists(m_dir.filePath(QStringLiteral("missing.conf"))));
}

void TestConfigFile::doesNotChangeTheFile()
{
    const QByteArray content = "# mine\nlogin=none\n";
    const QString path = write(content);
    QVERIFY(readConfigFile(path));
    QFile file(path);
    QVERIFY(file.open(QIODevice::ReadOnly));
    QCOMPARE(file.readAll(), content);
}

void TestConfigFile::aDirectoryIsNoFile()
{
    const auto values = readConfigFile(m_dir.path());
    QVERIFY(!values);
    QVERIFY(values.error().context.find(m_dir.path().toStdString()) != std::string::npos);
}

QTEST_APPLESS_MAIN(TestConfigFile)
#include "tst_config_file.moc"
