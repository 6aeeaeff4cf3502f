#include "client/device_keys.h"
#include "core_fakes.h"
#include "profile_samples.h"

#include "program/identity_store.h"

#include <QtTest>

#include <sys/stat.h>

using namespace gvpn;
using namespace gvpn::client;
using namespace gvpn::test;

namespace {

struct Keys {
    std::optional<Result<DeviceKey>> obtain(DeviceKeyPlace place)
    {
        std::optional<Result<DeviceKey>> answer;
        keys.obtain(pinOf(7), place, [&answer](const Result<DeviceKey>& key) { answer = key; });
        for (int i = 0; i < 20; ++i)
            QCoreApplication::sendPostedEvents();
        return answer;
    }
    [[nodiscard]] QString file() const
    {
        return QString::fromStdString(deviceKeyFile(directory.path().toStdString(), pinOf(7)));
    }
    static std::optional<Pin> pinIn(const Result<DeviceKey>& key)
    {
        const auto identity = tls::Identity::fromPem(key->pem.view());
        return identity ? std::optional(identity->pin()) : std::nullopt;
    }

    QTemporaryDir directory;
    FakeKeyring keyring;
    InlineWork work;
    DeviceKeys keys{directory.path().toStdString(), keyring, work};
};

}  // namespace

class TestDeviceKeys : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void putsANewKeyIntoTheKeyring();
    void putsANewKeyIntoAFileWithoutAKeyring();
    void opensNoLockedKeyringForANewKey();
    void usesTheFileThatIsThere();
    void makesNoNewKeyForALockedKeyring();
    void makesNoNewKeyForADamagedOne();
    void usesTheKeyOfAFasterProcess();
};

void TestDeviceKeys::putsANewKeyIntoTheKeyring()
{
    Keys scene;
    const auto made = scene.obtain(DeviceKeyPlace::File);
    QVERIFY(made && *made);
    QVERIFY((*made)->place == DeviceKeyPlace::Keyring);
    QVERIFY(!QFile::exists(scene.file()));
    const auto again = scene.obtain(DeviceKeyPlace::Keyring);
    QVERIFY(again && *again);
    QVERIFY(Keys::pinIn(*made) && Keys::pinIn(*made) == Keys::pinIn(*again));
    QCOMPARE(scene.keyring.calls.size(), std::size_t{2});
}

void TestDeviceKeys::putsANewKeyIntoAFileWithoutAKeyring()
{
    Keys scene;
    scene.keyring.error = Error{ErrorCode::Unsupported, "none"};
    const auto made = scene.obtain(DeviceKeyPlace::File);
    QVERIFY(made && *made);
    QVERIFY((*made)->place == DeviceKeyPlace::File);
    struct stat status {};
    QCOMPARE(::stat(scene.file().toLocal8Bit().constData(), &status), 0);
    QCOMPARE(status.st_mode & 0777U, 0600U);
    QVERIFY(program::loadIdentity(scene.file().toStdString())->pin() == Keys::pinIn(*made));
}

void TestDeviceKeys::opensNoLockedKeyringForANewKey()
{
    Keys scene;
    scene.keyring.locked = Error{ErrorCode::PermissionDenied, "locked"};
    const auto made = scene.obtain(DeviceKeyPlace::File);
    QVERIFY(made && *made);
    QVERIFY((*made)->place == DeviceKeyPlace::File && QFile::exists(scene.file()));
    QVERIFY(scene.keyring.calls.empty());
}

void TestDeviceKeys::usesTheFileThatIsThere()
{
    Keys scene;
    QDir().mkpath(scene.directory.filePath(QStringLiteral("devices")));
    const auto identity = program::loadOrCreateIdentity(scene.file().toStdString());
    const auto found = scene.obtain(DeviceKeyPlace::File);
    QVERIFY(found && *found);
    QVERIFY((*found)->place == DeviceKeyPlace::File && Keys::pinIn(*found) == identity->pin());
    QVERIFY(scene.keyring.calls.empty());
}

void TestDeviceKeys::makesNoNewKeyForALockedKeyring()
{
    for (const ErrorCode code : {ErrorCode::NotFound, ErrorCode::PermissionDenied, ErrorCode::Unsupported}) {
        Keys scene;
        scene.keyring.error = Error{code, "why"};
        const auto refused = scene.obtain(DeviceKeyPlace::Keyring);
        QVERIFY(refused && !*refused);
        QCOMPARE(refused->error().code, code);
        QCOMPARE(scene.keyring.calls.size(), std::size_t{1});
        QVERIFY(!QFile::exists(scene.file()));
    }
}

void TestDeviceKeys::makesNoNewKeyForADamagedOne()
{
    Keys scene;
    scene.keyring.secrets.emplace(deviceKeyKey(pinOf(7)), secretOf("no key"));
    QCOMPARE(scene.obtain(DeviceKeyPlace::Keyring)->error().code, ErrorCode::Malformed);
    QDir().mkpath(scene.directory.filePath(QStringLiteral("devices")));
    QFile file(scene.file());
    QVERIFY(file.open(QIODevice::WriteOnly) && file.setPermissions(QFile::ReadOwner | QFile::WriteOwner));
    QCOMPARE(scene.obtain(DeviceKeyPlace::File)->error().code, ErrorCode::Malformed);
    QCOMPARE(scene.keyring.calls.size(), std::size_t{1});
}

void TestDeviceKeys::usesTheKeyOfAFasterProcess()
{
    Keys scene;
    std::optional<Pin> faster;
    scene.keyring.error = Error{ErrorCode::Unsupported, "none"};
    scene.keyring.meanwhile = [&] {
        QDir().mkpath(scene.directory.filePath(QStringLiteral("devices")));
        faster = program::loadOrCreateIdentity(scene.file().toStdString())->pin();
    };
    const auto made = scene.obtain(DeviceKeyPlace::File);
    QVERIFY(made && *made && faster);
    QVERIFY(Keys::pinIn(*made) == faster);
}

QTEST_GUILESS_MAIN(TestDeviceKeys)
#include "tst_device_keys.moc"
