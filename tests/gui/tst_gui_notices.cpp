#include "fake_core.h"
#include "gui/notices.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::gui;
using namespace gvpn::test;
using namespace std::chrono_literals;

using States = QList<client::State>;

class TestGuiNotices : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void saysEachEventOnce_data();
    void saysEachEventOnce();
    void keepsProfilesApart();
    void followsTheList();
    void saysNewNetworksWithTheConnection();
    void namesNewNetworks();
};

void TestGuiNotices::saysEachEventOnce_data()
{
    QTest::addColumn<States>("states");
    QTest::addColumn<QStringList>("titles");
    const client::State trying = connecting(client::Stage::Tcp);
    const client::State rest = client::Disconnected{};
    const QString isUp = QStringLiteral("Office: connected");
    const QString isLost = QStringLiteral("Office: connection lost");
    const QString isBack = QStringLiteral("Office: connected again");
    const QString isRefused = QStringLiteral("Office: could not connect");
    const QString isLate = QStringLiteral("Office: could not connect yet, trying again");
    QTest::newRow("nothing happens") << States{rest, rest} << QStringList{};
    QTest::newRow("connecting is no news") << States{trying} << QStringList{};
    QTest::newRow("connected, told twice") << States{trying, connected(), connected()} << QStringList{isUp};
    QTest::newRow("as asked") << States{connected(), client::Disconnecting{}, rest} << QStringList{isUp};
    QTest::newRow("lost and back") << States{connected(), waiting(1s), trying, waiting(2s), trying, connected()}
                                   << QStringList{isUp, isLost, isBack};
    QTest::newRow("lost for good") << States{connected(), failed()} << QStringList{isUp, isLost};
    QTest::newRow("lost, then refused") << States{connected(), waiting(1s), trying, failed(), failed()}
                                        << QStringList{isUp, isLost, isRefused};
    QTest::newRow("refused") << States{trying, failed()} << QStringList{isRefused};
    QTest::newRow("refused again") << States{trying, failed(), trying, failed()} << QStringList{isRefused, isRefused};
    QTest::newRow("not there yet") << States{trying, waiting(1s), trying, waiting(2s), trying, connected()}
                                   << QStringList{isLate, isUp};
    QTest::newRow("a new connection is not again")
        << States{connected(), rest, trying, connected()} << QStringList{isUp, isUp};
}

void TestGuiNotices::saysEachEventOnce()
{
    QFETCH(States, states);
    Notices notices;
    QStringList titles;
    for (const client::State& state : states) {
        if (const auto notice = notices.take({.profile = profileNamed("Office"), .state = state})) {
            titles.append(notice->title);
            QVERIFY(!notice->text.isEmpty());
        }
    }
    QTEST(titles, "titles");
}

void TestGuiNotices::keepsProfilesApart()
{
    Notices notices;
    QVERIFY(notices.take({.profile = profileNamed("A"), .state = connected()}));
    QVERIFY(notices.take({.profile = profileNamed("B"), .state = connected()}));
    QVERIFY(!notices.take({.profile = profileNamed("A"), .state = connected()}));
}

void TestGuiNotices::followsTheList()
{
    Notices notices;
    const client::ProfileEntry before{.profile = profileNamed("A"), .state = connected()};
    const client::ProfileEntry after{.profile = profileNamed("B"), .state = connected()};
    QVERIFY(notices.take(before));
    // It has got another name.
    notices.follow(std::vector{after});
    QVERIFY(!notices.take(after));
    // It is gone; another one of its first name is another one.
    notices.follow({});
    QVERIFY(notices.take(before));
    // In a list that has changed elsewhere, it goes on.
    notices.follow(std::vector{before});
    QVERIFY(!notices.take(before));
}

void TestGuiNotices::saysNewNetworksWithTheConnection()
{
    const auto textFor = [](const std::vector<const char*>& known) {
        Notices notices;
        client::ProfileEntry entry{.profile = profileNamed("Office"), .state = connected()};
        for (const char* route : known)
            entry.profile.knownRoutes.push_back(net::Prefix::parse(route).value());
        return notices.take(entry)->text;
    };
    QVERIFY(textFor({}).contains(QStringLiteral("gives you access to: 172.17.0.0/16")));
    QVERIFY(textFor({"10.0.0.0/8"}).contains(QStringLiteral("now also gives you access to: 172.17.0.0/16")));
    QVERIFY(!textFor({"172.17.0.0/16"}).contains(QStringLiteral("access")));
}

void TestGuiNotices::namesNewNetworks()
{
    const auto route = net::Prefix::parse("10.1.0.0/16").value();
    const Notice first = noticeOf({.profile = "Office", .routes = {route}, .isFirst = true});
    const Notice more = noticeOf({.profile = "Office", .routes = {route}, .isFirst = false});
    QVERIFY(first.text.contains(QStringLiteral("10.1.0.0/16")));
    QVERIFY(more.text.contains(QStringLiteral("10.1.0.0/16")));
    QVERIFY(first.title != more.title);
}

QTEST_GUILESS_MAIN(TestGuiNotices)
#include "tst_gui_notices.moc"
