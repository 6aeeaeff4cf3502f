#include "gui/peer_user.h"
#include "gui/single_instance.h"

#include <QSignalSpy>
#include <QTemporaryDir>
#include <QtTest>

#include <array>
#include <memory>
#include <sys/socket.h>
#include <unistd.h>

using namespace gvpn::gui;

namespace {

struct Start {
    SingleInstance instance;
    QSignalSpy first{&instance, &SingleInstance::first};
    QSignalSpy handedOver{&instance, &SingleInstance::handedOver};
    QSignalSpy failed{&instance, &SingleInstance::failed};
    QList<StartRequest> requests;
    explicit Start(const QString& directory)
        : instance(directory)
    {
        QObject::connect(&instance, &SingleInstance::requested, &instance,
                         [this](const StartRequest& request) { requests.append(request); });
    }
};

}  // namespace

class TestGuiInstance : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void isTheFirst();
    void handsItsLinkOver();
    void takesOverFromOneThatIsGone();
    void waitsForOneThatEnds();
    void takesTheSocketOfAKilledOne();
    void refusesWhatIsNoRequest_data();
    void refusesWhatIsNoRequest();
    void letsNobodyElseIn();
    void knowsItsOwnUser();
    void failsWithoutADirectory();
};

void TestGuiInstance::isTheFirst()
{
    const QTemporaryDir dir;
    Start one(dir.path());
    one.instance.start({});
    QCOMPARE(one.first.count(), 1);
}

void TestGuiInstance::handsItsLinkOver()
{
    const QTemporaryDir dir;
    Start one(dir.path());
    one.instance.start({});
    Start two(dir.path());
    two.instance.start({.link = QStringLiteral("gvpn://office/?pin=x")});
    QTRY_COMPARE(two.handedOver.count(), 1);
    QTRY_COMPARE(one.requests, QList<StartRequest>({{.link = QStringLiteral("gvpn://office/?pin=x")}}));
    Start three(dir.path());
    three.instance.start({.isHidden = true});
    QTRY_COMPARE(three.handedOver.count(), 1);
    QCOMPARE(one.requests.size(), 2);
    QCOMPARE(two.first.count() + three.first.count(), 0);
}

void TestGuiInstance::takesOverFromOneThatIsGone()
{
    const QTemporaryDir dir;
    auto one = std::make_unique<Start>(dir.path());
    one->instance.start({});
    one.reset();
    Start two(dir.path());
    two.instance.start({});
    QCOMPARE(two.first.count(), 1);
}

void TestGuiInstance::waitsForOneThatEnds()
{
    const QTemporaryDir dir;
    auto one = std::make_unique<Start>(dir.path());
    one->instance.start({});
    // It was heard, but has not said yet what it wants.
    QLocalSocket early;
    early.connectToServer(dir.filePath(QStringLiteral("gui.socket")));
    QTRY_COMPARE(early.state(), QLocalSocket::ConnectedState);
    one->instance.retire();
    early.write("\n");
    QTRY_COMPARE(early.state(), QLocalSocket::UnconnectedState);
    Start two(dir.path());
    two.instance.start({.link = QStringLiteral("gvpn://office/?pin=x")});
    QCoreApplication::processEvents();
    QCOMPARE(two.first.count() + two.handedOver.count() + two.failed.count(), 0);
    one.reset();
    QTRY_COMPARE(two.first.count(), 1);
    QCOMPARE(two.handedOver.count(), 0);
}

void TestGuiInstance::takesTheSocketOfAKilledOne()
{
    const QTemporaryDir dir;
    QFile left(dir.filePath(QStringLiteral("gui.socket")));
    QVERIFY(left.open(QIODevice::WriteOnly));
    Start one(dir.path());
    one.instance.start({});
    QCOMPARE(one.first.count(), 1);
    Start two(dir.path());
    two.instance.start({});
    QTRY_COMPARE(two.handedOver.count(), 1);
}

void TestGuiInstance::refusesWhatIsNoRequest_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::newRow("another word") << QByteArray("quit\n");
    QTest::newRow("binary") << QByteArray("\0\xff\n", 3);
    QTest::newRow("an endless line") << QByteArray(3 * MaxRequestBytes, 'x');
}

void TestGuiInstance::refusesWhatIsNoRequest()
{
    QFETCH(QByteArray, bytes);
    const QTemporaryDir dir;
    Start one(dir.path());
    one.instance.start({});
    QLocalSocket stranger;
    QSignalSpy closed(&stranger, &QLocalSocket::disconnected);
    stranger.connectToServer(dir.filePath(QStringLiteral("gui.socket")));
    stranger.write(bytes);
    QTRY_COMPARE(closed.count(), 1);
    QVERIFY(one.requests.isEmpty());
    Start two(dir.path());
    two.instance.start({});
    QTRY_COMPARE(two.handedOver.count(), 1);
}

void TestGuiInstance::letsNobodyElseIn()
{
    const QTemporaryDir dir;
    Start one(dir.path());
    one.instance.start({});
    const auto others = QFile::ReadGroup | QFile::WriteGroup | QFile::ReadOther | QFile::WriteOther;
    QCOMPARE(QFile::permissions(dir.filePath(QStringLiteral("gui.socket"))) & others, QFile::Permissions());
}

void TestGuiInstance::knowsItsOwnUser()
{
    std::array<int, 2> pair{};
    QCOMPARE(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair.data()), 0);
    QVERIFY(isOwnPeer(pair[0]));
    ::close(pair[0]);
    ::close(pair[1]);
    QVERIFY(!isOwnPeer(-1));
}

void TestGuiInstance::failsWithoutADirectory()
{
    const QTemporaryDir dir;
    Start one(dir.filePath(QStringLiteral("missing")));
    one.instance.start({});
    QCOMPARE(one.failed.count(), 1);
    QCOMPARE(one.first.count(), 0);
}

QTEST_GUILESS_MAIN(TestGuiInstance)
#include "tst_gui_instance.moc"
