#include "system/unit_state.h"

#include <QtTest>

namespace gvpn::system {

class UnitStateTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void readsWhatSystemdSays();
    void tellsAUnitThatIsNotThere();
    void refusesGarbage_data();
    void refusesGarbage();
    void tellsWhichStatesServe_data();
    void tellsWhichStatesServe();
    void answersWithoutABus();
};

void UnitStateTest::readsWhatSystemdSays()
{
    const QVariantMap unit{{QStringLiteral("LoadState"), QStringLiteral("loaded")},
                           {QStringLiteral("ActiveState"), QStringLiteral("active")},
                           {QStringLiteral("UnitFileState"), QStringLiteral("enabled")}};
    const auto state = unitStateFrom("gvpn-server.service", unit, {{QStringLiteral("NRestarts"), 3U}});
    QVERIFY(state.has_value());
    QCOMPARE(state->name, std::string("gvpn-server.service"));
    QCOMPARE(state->activeState, std::string("active"));
    QCOMPARE(state->fileState, std::string("enabled"));
    QCOMPARE(state->restarts, 3U);
}

void UnitStateTest::tellsAUnitThatIsNotThere()
{
    const QVariantMap unit{{QStringLiteral("LoadState"), QStringLiteral("not-found")},
                           {QStringLiteral("ActiveState"), QStringLiteral("inactive")}};
    const auto state = unitStateFrom("gvpn-server.service", unit, {});
    QVERIFY(!state.has_value());
    QVERIFY(state.error().code == ErrorCode::NotFound);
}

void UnitStateTest::refusesGarbage_data()
{
    QTest::addColumn<QVariantMap>("unit");
    QTest::newRow("nothing") << QVariantMap();
    QTest::newRow("no text") << QVariantMap{{QStringLiteral("ActiveState"), QVariantList{1, 2}}};
    QTest::newRow("other properties") << QVariantMap{{QStringLiteral("LoadState"), QStringLiteral("loaded")}};
}

void UnitStateTest::refusesGarbage()
{
    QFETCH(QVariantMap, unit);
    const auto state = unitStateFrom("gvpn-server.service", unit, {{QStringLiteral("NRestarts"), QStringLiteral("x")}});
    QVERIFY(!state.has_value());
    QVERIFY(state.error().code == ErrorCode::Malformed);
}

void UnitStateTest::tellsWhichStatesServe_data()
{
    QTest::addColumn<QString>("state");
    QTest::addColumn<bool>("isActive");
    QTest::newRow("active") << QStringLiteral("active") << true;
    QTest::newRow("reloading") << QStringLiteral("reloading") << true;
    QTest::newRow("failed") << QStringLiteral("failed") << false;
    QTest::newRow("inactive") << QStringLiteral("inactive") << false;
    QTest::newRow("activating") << QStringLiteral("activating") << false;
}

void UnitStateTest::tellsWhichStatesServe()
{
    QFETCH(QString, state);
    QFETCH(bool, isActive);
    UnitState unit;
    unit.activeState = state.toStdString();
    QCOMPARE(unit.isActive(), isActive);
}

void UnitStateTest::answersWithoutABus()
{
    qputenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus");
    UnitStateReader reader;
    std::optional<Result<UnitState>> answer;
    reader.read("gvpn-server.service", [&answer](Result<UnitState> state) { answer = std::move(state); });
    QVERIFY(QTest::qWaitFor([&answer] { return answer.has_value(); }));
    QVERIFY(!answer->has_value());
    QVERIFY(answer->error().code == ErrorCode::NotFound);
}

}  // namespace gvpn::system

QTEST_GUILESS_MAIN(gvpn::system::UnitStateTest)
#include "tst_unit_state.moc"
