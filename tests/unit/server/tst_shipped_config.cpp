// The configuration file that is installed says what is true: each key is an option, each option a key, and every line
// can be used as it stands.
#include "server/config_file.h"
#include "server/server_options.h"

#include <QFile>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QtTest>

using namespace gvpn;
using namespace gvpn::server;

namespace {

const QString ShippedFile = QStringLiteral(GVPN_SERVER_CONF);

QString readShipped()
{
    QFile file(ShippedFile);
    return file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.readAll()) : QString();
}

/// "key=value" of each line that is a setting with a "#" in front.
QStringList settings()
{
    QStringList found;
    static const QRegularExpression Setting(QStringLiteral("^#([a-z0-9-]+=\\S+)$"));
    for (const QString& line : readShipped().split(u'\n')) {
        if (const auto match = Setting.match(line); match.hasMatch())
            found.append(match.captured(1));
    }
    return found;
}

QStringList keys()
{
    QStringList found;
    for (const QString& setting : settings())
        found.append(setting.section(u'=', 0, 0));
    return found;
}

Result<ServerOptions> optionsOf(const QString& path)
{
    return parseOptions({QStringLiteral("gvpn-server")}, path);
}

}  // namespace

class TestShippedConfig : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void isAcceptedAsItStandsAndSetsNothing();
    void eachOptionIsAKeyAndEachKeyAnOption();
    void eachKeyIsExplained();
    void eachSettingIsAccepted_data();
    void eachSettingIsAccepted();
    void fitsTheWindow();
};

void TestShippedConfig::isAcceptedAsItStandsAndSetsNothing()
{
    QVERIFY(!readShipped().isEmpty());
    const auto values = readConfigFile(ShippedFile);
    QVERIFY2(values, values ? "" : values.error().context.c_str());
    QVERIFY(values->isEmpty());
    QVERIFY(optionsOf(ShippedFile));
}

void TestShippedConfig::eachOptionIsAKeyAndEachKeyAnOption()
{
    const auto help = parseOptions({QStringLiteral("gvpn-server"), QStringLiteral("--help")}, QString());
    QVERIFY(help);
    static const QRegularExpression Option(QStringLiteral("^ .*--([a-z][a-z0-9-]*)"),
                                           QRegularExpression::MultilineOption);
    QSet<QString> options;
    for (auto found = Option.globalMatch(help->helpText); found.hasNext();)
        options.insert(found.next().captured(1));
    QVERIFY(options.contains(QStringLiteral("bypass")));
    for (const char* name : {"config", "help", "help-all", "version"})
        options.remove(QLatin1String(name));
    const QStringList all = keys();
    QCOMPARE(QSet<QString>(all.begin(), all.end()), options);
    QCOMPARE(all.size(), options.size());
}

void TestShippedConfig::eachKeyIsExplained()
{
    const QStringList lines = readShipped().split(u'\n');
    bool isExplained = false;
    for (const QString& line : lines) {
        if (line.isEmpty())
            isExplained = false;
        else if (line.startsWith(QLatin1String("# ")))
            isExplained = true;
        else
            QVERIFY2(isExplained || line == u'#', qPrintable(line));
    }
}

void TestShippedConfig::eachSettingIsAccepted_data()
{
    QTest::addColumn<QString>("setting");
    for (const QString& setting : settings())
        QTest::newRow(qPrintable(setting)) << setting;
}

void TestShippedConfig::eachSettingIsAccepted()
{
    QFETCH(QString, setting);
    const QTemporaryDir directory;
    QFile file(directory.filePath(QStringLiteral("server.conf")));
    QVERIFY(file.open(QIODevice::WriteOnly));
    QString text = readShipped().replace(u'#' + setting, setting);
    if (setting.startsWith(QLatin1String("dns-domain=")))
        text.replace(QLatin1String("#dns="), QLatin1String("dns="));
    file.write(text.toUtf8());
    file.close();
    const auto values = readConfigFile(file.fileName());
    QVERIFY2(values, values ? "" : values.error().context.c_str());
    QCOMPARE(values->value(setting.section(u'=', 0, 0)), setting.section(u'=', 1).split(u','));
    const auto options = optionsOf(file.fileName());
    QVERIFY2(options, options ? "" : options.error().context.c_str());
}

void TestShippedConfig::fitsTheWindow()
{
    for (const QString& line : readShipped().split(u'\n'))
        QVERIFY2(line.size() <= 120, qPrintable(line));
}

QTEST_APPLESS_MAIN(TestShippedConfig)
#include "tst_shipped_config.moc"
