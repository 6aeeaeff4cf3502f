#include "system/foreign_filters.h"

#include <QFile>
#include <QTest>

using namespace gvpn;
using namespace gvpn::system;
using Path = FilterObstacle::Path;

namespace {

net::Prefix prefix(const char* text)
{
    return *net::Prefix::parse(text);
}

FilterQuestion question()
{
    return {.tunnelInterface = "gvpn0",
            .tunnelNetworks = {prefix("10.86.0.0/24"), prefix("fd86::/64")},
            .lanNetworks = {prefix("172.17.0.0/16"), prefix("fd00:17::/64")},
            .lanInterfaces = {"lan"},
            .port = 51005};
}

QByteArray recorded(const QString& name)
{
    QFile file(QStringLiteral(GVPN_TEST_DATA "/") + name);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

QString describe(const FilterObstacle& obstacle)
{
    const auto text = [](std::string_view value) {
        return QString::fromUtf8(value.data(), static_cast<qsizetype>(value.size()));
    };
    return text(keeperName(obstacle.keeper)) + QLatin1Char(' ') + text(pathName(obstacle.path))
           + (obstacle.isIPv6 ? QStringLiteral("6 ") : QStringLiteral("4 ")) + text(obstacle.table) + QLatin1Char('/')
           + text(obstacle.chain) + (obstacle.isMendedByUs ? QStringLiteral(" mended") : QString());
}

QString describeAll(const std::vector<FilterObstacle>& obstacles)
{
    QStringList all;
    for (const FilterObstacle& obstacle : obstacles)
        all.append(describe(obstacle));
    return all.join(QStringLiteral(", "));
}

}  // namespace

class TstForeignFilters : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void findsWhatRecordedRulesetsDrop_data();
    void findsWhatRecordedRulesetsDrop();
};

void TstForeignFilters::findsWhatRecordedRulesetsDrop_data()
{
    QTest::addColumn<QString>("file");
    QTest::addColumn<QString>("obstacles");

    const char* docker = "docker forward4 filter/DOCKER-USER mended, docker forward6 filter/DOCKER-USER mended";
    QTest::newRow("Docker 20.10") << "docker-20.10.json" << docker;
    QTest::newRow("Docker 28") << "docker-28.json" << docker;
    QTest::newRow("ufw")
        << "ufw.json"
        << "ufw forward4 filter/FORWARD, ufw forward6 filter/FORWARD, ufw input4 filter/INPUT, ufw input6 filter/INPUT";
    QTest::newRow("ufw after its remedies") << "ufw-allowed.json"
                                            << "";
    QTest::newRow("ufw switched off") << "ufw-disabled.json"
                                      << "";
    QTest::newRow("REJECT at the end") << "iptables-reject.json"
                                       << "iptables forward4 filter/FORWARD, iptables forward6 filter/FORWARD, "
                                          "iptables input4 filter/INPUT, iptables input6 filter/INPUT";
    QTest::newRow("a rule with a comment lets it pass") << "iptables-allowed-forward.json"
                                                        << "iptables input4 filter/INPUT, iptables input6 filter/INPUT";
}

void TstForeignFilters::findsWhatRecordedRulesetsDrop()
{
    QFETCH(QString, file);
    QFETCH(QString, obstacles);
    const auto found = findObstacles(recorded(file), question());
    QVERIFY(found);
    QCOMPARE(describeAll(*found), obstacles);
}

QTEST_APPLESS_MAIN(TstForeignFilters)
#include "tst_foreign_filters.moc"
