#include "client/known_servers.h"

#include <QFile>
#include <QFileInfo>
#include <QTemporaryDir>
#include <QtTest>

#include <sys/stat.h>
#include <unistd.h>

using namespace gvpn;
using namespace gvpn::client;

namespace {

Pin pin(int seed)
{
    return Pin{std::array<std::byte, Pin::SizeBytes>{static_cast<std::byte>(seed)}};
}

const net::HostPort Office{"office.example.com", 51005};

}  // namespace

class TestKnownServers : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { m_file = m_directory.filePath(QStringLiteral("servers.json")); }
    void cleanup() { QFile::remove(m_file); }
    void holdsNothingWithoutAFile();
    void findsWhatItRemembered();
    void keepsTheFileToItsOwner();
    void doesNotReplaceAKey();
    void replacesAKeyWhenTold();
    void findsOnlyAnotherKeyThanTheOneInHand();
    void tellsPortsApart();
    void ignoresTheCaseOfNames();
    void refusesADamagedFile_data();
    void refusesADamagedFile();
    void refusesAFileThatOthersMayWrite_data();
    void refusesAFileThatOthersMayWrite();
    void refusesAFileOfAnotherUser();
    void forgetsThatKeyOnly();

private:
    [[nodiscard]] Result<KnownServers> load() const { return KnownServers::load(m_file.toStdString()); }

    QTemporaryDir m_directory;
    QString m_file;
};

void TestKnownServers::holdsNothingWithoutAFile()
{
    const auto known = load();
    QVERIFY(known.has_value());
    QVERIFY(!known->find(Office).has_value());
    QVERIFY(!QFile::exists(m_file));
}

void TestKnownServers::findsWhatItRemembered()
{
    auto known = load();
    QVERIFY(known->remember(Office, pin(1)).has_value());
    QCOMPARE(known->find(Office), std::optional(pin(1)));
    QVERIFY(known->remember({"other", 1}, pin(2)).has_value());
    const auto again = load();
    QVERIFY(again.has_value());
    QCOMPARE(again->find(Office), std::optional(pin(1)));
    QCOMPARE(again->find({"other", 1}), std::optional(pin(2)));
}

void TestKnownServers::findsOnlyAnotherKeyThanTheOneInHand()
{
    auto known = load();
    QVERIFY(!known->findOther(Office, pin(1)));
    QVERIFY(known->remember(Office, pin(1)).has_value());
    QVERIFY(!known->findOther(Office, pin(1)));
    // An older profile, say.
    QCOMPARE(known->findOther({"OFFICE.example.com", Office.port}, pin(2)), std::optional(pin(1)));
    QVERIFY(!known->findOther({Office.host, 1}, pin(2)));
}

void TestKnownServers::keepsTheFileToItsOwner()
{
    QVERIFY(load()->remember(Office, pin(1)).has_value());
    const auto others = QFileDevice::ReadGroup | QFileDevice::WriteGroup | QFileDevice::ReadOther
                        | QFileDevice::WriteOther | QFileDevice::ExeOwner;
    QVERIFY(!(QFileInfo(m_file).permissions() & others));
}

void TestKnownServers::doesNotReplaceAKey()
{
    auto known = load();
    QVERIFY(known->remember(Office, pin(1)).has_value());
    QVERIFY(known->remember(Office, pin(1)).has_value());
    const auto replaced = known->remember(Office, pin(2));
    QVERIFY(!replaced.has_value());
    QCOMPARE(replaced.error().code, ErrorCode::AlreadyExists);
    QCOMPARE(load()->find(Office), std::optional(pin(1)));
}

void TestKnownServers::replacesAKeyWhenTold()
{
    auto known = load();
    QVERIFY(known->remember({"other", 1}, pin(3)).has_value());
    for (const int key : {1, 1, 2}) {
        QVERIFY(known->replace({"OFFICE.example.com", 51005}, pin(key)).has_value());
        QCOMPARE(load()->find(Office), std::optional(pin(key)));
    }
    QCOMPARE(load()->find({"other", 1}), std::optional(pin(3)));
}

void TestKnownServers::tellsPortsApart()
{
    auto known = load();
    QVERIFY(known->remember(Office, pin(1)).has_value());
    QVERIFY(!known->find({Office.host, 443}).has_value());
}

void TestKnownServers::ignoresTheCaseOfNames()
{
    auto known = load();
    QVERIFY(known->remember(Office, pin(1)).has_value());
    QCOMPARE(known->find({"Office.Example.COM", 51005}), std::optional(pin(1)));
}

void TestKnownServers::refusesADamagedFile_data()
{
    QTest::addColumn<QByteArray>("content");
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("cut") << QByteArray(R"({"version":1,"servers":{"a:1":)");
    QTest::newRow("no object") << QByteArray("[]");
    QTest::newRow("newer version") << QByteArray(R"({"version":2,"servers":{}})");
    QTest::newRow("no version") << QByteArray(R"({"servers":{}})");
    QTest::newRow("no servers") << QByteArray(R"({"version":1})");
    QTest::newRow("short pin") << QByteArray(R"({"version":1,"servers":{"a:1":"AAAA"}})");
    QTest::newRow("pin is a number") << QByteArray(R"({"version":1,"servers":{"a:1":7}})");
    QTest::newRow("too large") << QByteArray(int(MaxKnownServersBytes) + 1, ' ');
}

void TestKnownServers::refusesADamagedFile()
{
    QFETCH(QByteArray, content);
    QFile file(m_file);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(content);
    file.close();
    const auto known = load();
    QVERIFY(!known.has_value());
    QVERIFY(known.error().context.find("servers.json") != std::string::npos);
    QVERIFY(file.open(QIODevice::ReadOnly));
    QCOMPARE(file.readAll(), content);
}

void TestKnownServers::refusesAFileThatOthersMayWrite_data()
{
    QTest::addColumn<int>("mode");
    QTest::addColumn<bool>("isRefused");
    QTest::newRow("owner") << 0600 << false;
    QTest::newRow("everybody reads") << 0644 << false;
    QTest::newRow("group writes") << 0660 << true;
    QTest::newRow("others write") << 0602 << true;
    QTest::newRow("everybody writes") << 0666 << true;
}

void TestKnownServers::refusesAFileThatOthersMayWrite()
{
    QFETCH(int, mode);
    QFETCH(bool, isRefused);
    QVERIFY(load()->remember(Office, pin(1)).has_value());
    QCOMPARE(::chmod(m_file.toUtf8().constData(), static_cast<mode_t>(mode)), 0);
    const auto known = load();
    QCOMPARE(!known.has_value(), isRefused);
    if (isRefused) {
        QCOMPARE(known.error().code, ErrorCode::PermissionDenied);
        QVERIFY(known.error().context.find("servers.json") != std::string::npos);
    }
}

void TestKnownServers::refusesAFileOfAnotherUser()
{
    if (::geteuid() != 0)
        QSKIP("only root can give a file away");
    QVERIFY(load()->remember(Office, pin(1)).has_value());
    QCOMPARE(::chown(m_file.toUtf8().constData(), 12345, 12345), 0);
    const auto known = load();
    QVERIFY(!known.has_value());
    QCOMPARE(known.error().code, ErrorCode::PermissionDenied);
    // A service's file in the service's directory, which root looks after.
    const QByteArray directory = m_directory.path().toUtf8();
    QCOMPARE(::chown(directory.constData(), 12345, 12345), 0);
    QVERIFY(load().has_value());
    QCOMPARE(::chown(directory.constData(), 0, 0), 0);
}

void TestKnownServers::forgetsThatKeyOnly()
{
    auto known = load();
    QVERIFY(known->remember(Office, pin(1)).has_value());
    QVERIFY(known->remember({"home.example.com", 443}, pin(1)).has_value());
    QVERIFY(known->forget(Office, pin(2)).has_value());
    QVERIFY(known->find(Office) == pin(1));
    QVERIFY(known->forget({"OFFICE.example.com", 51005}, pin(1)).has_value());
    QVERIFY(!known->find(Office));
    known = load();
    QVERIFY(!known->find(Office));
    QVERIFY(known->find({"home.example.com", 443}) == pin(1));
}

QTEST_APPLESS_MAIN(TestKnownServers)
#include "tst_known_servers.moc"
