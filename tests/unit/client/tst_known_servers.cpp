#include "client/known_servers.h"

#include <QFile>
#include <QFileInfo>
#include <QTemporaryDir>
#include <QtTest>

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
    void tellsPortsApart();
    void ignoresTheCaseOfNames();
    void refusesADamagedFile_data();
    void refusesADamagedFile();

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

QTEST_APPLESS_MAIN(TestKnownServers)
#include "tst_known_servers.moc"
