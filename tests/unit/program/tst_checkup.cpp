#include "program/checkup.h"

#include <QJsonDocument>
#include <QtTest>

namespace gvpn::program {

class CheckupTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void saysFirstThatAllIsWell();
    void saysTheFirstTroubleFirst();
    void letsNoFindingForgeALine();
    void tellsProgramsTheSame();
};

namespace {

Checkup troubled()
{
    Checkup checkup;
    checkup.add({QStringLiteral("tun"), Verdict::Good, QStringLiteral("It can be opened."), {}});
    checkup.add({QStringLiteral("clock"), Verdict::Note, QStringLiteral("It is slow."), QStringLiteral("Set it.")});
    checkup.add({QStringLiteral("port"), Verdict::Trouble, QStringLiteral("It is taken."), QStringLiteral("Free it.")});
    checkup.add({QStringLiteral("route"), Verdict::Trouble, QStringLiteral("There is none."), {}});
    checkup.add({QStringLiteral("service"), Verdict::Skipped, QStringLiteral("No systemd here."), {}});
    return checkup;
}

QByteArray line(const QJsonObject& object)
{
    return QJsonDocument(object).toJson(QJsonDocument::Compact);
}

}  // namespace

void CheckupTest::saysFirstThatAllIsWell()
{
    Checkup checkup;
    checkup.add({QStringLiteral("tun"), Verdict::Good, QStringLiteral("It can be opened."), {}});
    checkup.add({QStringLiteral("clock"), Verdict::Note, QStringLiteral("It is slow."), QStringLiteral("Set it.")});
    QCOMPARE(checkup.text(), QByteArray("Nothing stands in the way.\n"
                                        "good     tun    It can be opened.\n"
                                        "note     clock  It is slow. Set it.\n"));
    QCOMPARE(checkup.status(), ExitStatus::Success);
    QCOMPARE(checkup.cause(), nullptr);
}

void CheckupTest::saysTheFirstTroubleFirst()
{
    const Checkup checkup = troubled();
    QCOMPARE(checkup.text(), QByteArray("Trouble: It is taken. Free it.\n"
                                        "good     tun      It can be opened.\n"
                                        "note     clock    It is slow. Set it.\n"
                                        "trouble  port     It is taken. Free it.\n"
                                        "trouble  route    There is none.\n"
                                        "skipped  service  No systemd here.\n"));
    QCOMPARE(checkup.status(), ExitStatus::Failure);
}

void CheckupTest::letsNoFindingForgeALine()
{
    Checkup checkup;
    checkup.add({QStringLiteral("name"), Verdict::Trouble, QStringLiteral("bad\ngood     all\x1b[2J"), {}});
    QCOMPARE(checkup.text().count('\n'), 2);
    QVERIFY(!checkup.text().contains('\x1b'));
}

void CheckupTest::tellsProgramsTheSame()
{
    const auto lines = troubled().json();
    QCOMPARE(lines.size(), std::size_t{6});
    QCOMPARE(line(lines[0]), QByteArray(R"({"check":"port","event":"doctor","healthy":false,)"
                                        R"("reason":"It is taken.","remedy":"Free it."})"));
    QCOMPARE(line(lines[4]),
             QByteArray(R"({"check":"route","event":"check","reason":"There is none.","verdict":"trouble"})"));
    QCOMPARE(line(lines[5]),
             QByteArray(R"({"check":"service","event":"check","reason":"No systemd here.","verdict":"skipped"})"));
    QCOMPARE(line(Checkup{}.json().front()), QByteArray(R"({"event":"doctor","healthy":true})"));
}

}  // namespace gvpn::program

QTEST_GUILESS_MAIN(gvpn::program::CheckupTest)
#include "tst_checkup.moc"
