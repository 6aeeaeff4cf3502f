#include "program/identity_store.h"
#include "scratch_directory.h"

#include <QtTest>

#include <algorithm>
#include <array>
#include <latch>
#include <optional>
#include <thread>
#include <vector>

namespace gvpn::program {

class IdentityStoreTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void makesAPrivateKeyOnceAndKeepsIt();
    void givesAllThatComeAtOnceTheSameKey();
    void neverOverwritesAFileThatItCantUse_data();
    void neverOverwritesAFileThatItCantUse();
    void refusesAKeyThatOthersCanRead();
    void makesNoKeyWhenItIsOnlyToLoadOne();
    void saysThatItCantCreateTheFile();
};

void IdentityStoreTest::makesAPrivateKeyOnceAndKeepsIt()
{
    const ScratchDirectory directory;
    const auto made = loadOrCreateIdentity(directory.path("key.pem"));
    QVERIFY2(made.has_value(), made ? "" : made.error().context.c_str());
    QCOMPARE(directory.modeOf("key.pem"), 0600);
    QCOMPARE(directory.entries(), QStringList({u"key.pem"_qs}));
    const QByteArray content = directory.content("key.pem");

    QCOMPARE(loadOrCreateIdentity(directory.path("key.pem")).value().pin(), made->pin());
    QCOMPARE(loadIdentity(directory.path("key.pem")).value().pin(), made->pin());
    QCOMPARE(directory.content("key.pem"), content);
}

void IdentityStoreTest::givesAllThatComeAtOnceTheSameKey()
{
    constexpr std::ptrdiff_t Count = 6;
    const ScratchDirectory directory;
    std::array<std::optional<Pin>, Count> pins;
    std::latch start(Count);
    std::vector<std::thread> threads;
    for (std::optional<Pin>& pin : pins) {
        threads.emplace_back([&] {
            start.arrive_and_wait();
            if (const auto identity = loadOrCreateIdentity(directory.path("key.pem")))
                pin = identity->pin();
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    const Pin kept = loadIdentity(directory.path("key.pem")).value().pin();
    QVERIFY(std::ranges::all_of(pins, [&](const auto& pin) { return pin == kept; }));
    QCOMPARE(directory.entries(), QStringList({u"key.pem"_qs}));
}

void IdentityStoreTest::neverOverwritesAFileThatItCantUse_data()
{
    QTest::addColumn<QByteArray>("content");
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("text") << QByteArray("hello\n");
    QTest::newRow("zeros") << QByteArray(1000, '\0');
    QTest::newRow("a frame without a key") << QByteArray("-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n");
    QTest::newRow("too large") << QByteArray(static_cast<qsizetype>(MaxIdentityFileBytes) + 1, 'x');
}

void IdentityStoreTest::neverOverwritesAFileThatItCantUse()
{
    QFETCH(QByteArray, content);
    const ScratchDirectory directory;
    directory.put("key.pem", content, 0600);
    const auto identity = loadOrCreateIdentity(directory.path("key.pem"));
    QVERIFY(!identity);
    QCOMPARE(identity.error().code, ErrorCode::Malformed);
    QVERIFY(identity.error().context.starts_with(directory.path("key.pem")));
    QCOMPARE(directory.content("key.pem"), content);
}

void IdentityStoreTest::refusesAKeyThatOthersCanRead()
{
    const ScratchDirectory directory;
    QVERIFY(loadOrCreateIdentity(directory.path("key.pem")).has_value());
    QCOMPARE(::chmod(directory.path("key.pem").c_str(), 0644), 0);
    QCOMPARE(loadOrCreateIdentity(directory.path("key.pem")).error().code, ErrorCode::PermissionDenied);
}

void IdentityStoreTest::makesNoKeyWhenItIsOnlyToLoadOne()
{
    const ScratchDirectory directory;
    QCOMPARE(loadIdentity(directory.path("key.pem")).error().code, ErrorCode::NotFound);
    QVERIFY(directory.entries().isEmpty());
}

void IdentityStoreTest::saysThatItCantCreateTheFile()
{
    const ScratchDirectory directory;
    const auto identity = loadOrCreateIdentity(directory.path("nowhere/key.pem"));
    QVERIFY(!identity);
    QVERIFY(identity.error().context.find(directory.path("nowhere/key.pem")) != std::string::npos);
}

}  // namespace gvpn::program

QTEST_APPLESS_MAIN(gvpn::program::IdentityStoreTest)
#include "tst_identity_store.moc"
