#include "server/server_state.h"

#include <QTemporaryDir>
#include <QtTest>

using namespace gvpn;
using namespace gvpn::server;

class TestServerState : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init();
    void aMissingFileIsAnEmptyState();
    void comesBackAsItWas_data();
    void comesBackAsItWas();
    void replacesAnOlderState();
    void refusesWhatItCannotRead_data();
    void refusesWhatItCannotRead();
    void onlyTheOwnerReadsTheFile();

private:
    [[nodiscard]] QString path() const { return m_dir->filePath(QStringLiteral("server.json")); }

    std::unique_ptr<QTemporaryDir> m_dir;
};

void TestServerState::init()
{
    m_dir = std::make_unique<QTemporaryDir>();
    QVERIFY(m_dir->isValid());
}

void TestServerState::aMissingFileIsAnEmptyState()
{
    const auto state = loadServerState(path());
    QVERIFY(state);
    QVERIFY(*state == ServerState());
    QVERIFY(!QFile::exists(path()));
}

void TestServerState::comesBackAsItWas_data()
{
    QTest::addColumn<QStringList>("pools");
    QTest::addColumn<QString>("host");
    QTest::addColumn<int>("port");
    QTest::newRow("empty") << QStringList() << "" << 0;
    QTest::newRow("a pool") << QStringList{QStringLiteral("10.86.0.0/24")} << "" << 0;
    QTest::newRow("two pools and a name")
        << QStringList{QStringLiteral("10.86.0.0/24"), QStringLiteral("fd00:86::/64")} << "office.example" << 443;
    QTest::newRow("an IPv6 address") << QStringList() << "2001:db8::1" << 65535;
    QTest::newRow("no port") << QStringList() << "203.0.113.5" << 0;
}

void TestServerState::comesBackAsItWas()
{
    QFETCH(QStringList, pools);
    QFETCH(QString, host);
    QFETCH(int, port);
    ServerState state;
    for (const QString& pool : pools)
        state.pools.push_back(*net::Prefix::parse(pool.toStdString()));
    state.publicHost = host.toStdString();
    if (port > 0)
        state.publicPort = static_cast<std::uint16_t>(port);
    QVERIFY(saveServerState(path(), state));
    const auto loaded = loadServerState(path());
    QVERIFY2(loaded, loaded ? "" : loaded.error().context.c_str());
    QVERIFY(*loaded == state);
}

void TestServerState::replacesAnOlderState()
{
    QVERIFY(saveServerState(path(), {{*net::Prefix::parse("10.86.0.0/24")}, "a.example", std::uint16_t{1}}));
    const ServerState newer{{*net::Prefix::parse("10.87.0.0/24")}, {}, {}};
    QVERIFY(saveServerState(path(), newer));
    QVERIFY(loadServerState(path()) == newer);
    QCOMPARE(QDir(m_dir->path()).entryList(QDir::Files | QDir::Hidden).size(), 1);
}

void TestServerState::refusesWhatItCannotRead_data()
{
    QTest::addColumn<QByteArray>("content");
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("no JSON") << QByteArray("pools=10.86.0.0/24");
    QTest::newRow("cut off") << QByteArray(R"({"version": 1, "pools": ["10.86)");
    QTest::newRow("an array") << QByteArray(R"([{"version": 1}])");
    QTest::newRow("no version") << QByteArray(R"({"pools": []})");
    QTest::newRow("a newer version") << QByteArray(R"({"version": 2, "pools": []})");
    QTest::newRow("version as a text") << QByteArray(R"({"version": "1"})");
    QTest::newRow("a bad pool") << QByteArray(R"({"version": 1, "pools": ["10.86.0.0/33"]})");
    QTest::newRow("a pool with host bits") << QByteArray(R"({"version": 1, "pools": ["10.86.0.1/24"]})");
    QTest::newRow("a pool that is a number") << QByteArray(R"({"version": 1, "pools": [7]})");
    QTest::newRow("a bad host") << QByteArray(R"({"version": 1, "public_host": "a b"})");
    QTest::newRow("a host with a port") << QByteArray(R"({"version": 1, "public_host": "a.example:5"})");
    QTest::newRow("too large") << QByteArray(R"({"version": 1, "x": ")") + QByteArray(20'000, 'x') + QByteArray("\"}");
}

void TestServerState::refusesWhatItCannotRead()
{
    QFETCH(QByteArray, content);
    {
        QFile file(path());
        QVERIFY(file.open(QIODevice::WriteOnly) && file.write(content) == content.size());
    }
    const auto state = loadServerState(path());
    QVERIFY(!state);
    QVERIFY2(state.error().context.find(path().toStdString()) != std::string::npos, state.error().context.c_str());
    QFile file(path());
    QVERIFY(file.open(QIODevice::ReadOnly));
    QCOMPARE(file.readAll(), content);
}

void TestServerState::onlyTheOwnerReadsTheFile()
{
    QVERIFY(saveServerState(path(), {}));
    const auto others =
        QFileDevice::ReadGroup | QFileDevice::WriteGroup | QFileDevice::ReadOther | QFileDevice::WriteOther;
    QVERIFY((QFile::permissions(path()) & others) == QFileDevice::Permissions());
}

QTEST_APPLESS_MAIN(TestServerState)
#include "tst_server_state.moc"
