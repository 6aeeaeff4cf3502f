#include "helper/link_record.h"

#include <QFile>
#include <QJsonArray>
#include <QTemporaryDir>
#include <QtTest>

using namespace gvpn;
using helper::LinkRecord;
using system::RunDirectory;

class TestLinkRecord : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { m_base = std::make_unique<QTemporaryDir>(); }
    void leavesTheLinksOfALivingHelperAlone();
    void takesTheLinksOfADeadHelperOnce();
    void leavesNothingWhenThereAreNoLinks();
    void ignoresNumbersThatAreNoLinks();

private:
    [[nodiscard]] RunDirectory directory() const
    {
        return RunDirectory::locate((m_base->path() + QStringLiteral("/run")).toStdString()).value();
    }
    void writeRecordOfDead(const QJsonArray& links) const
    {
        system::Holder dead = system::Holder::makeOwn();
        ++dead.startTime;  // another process, with our number
        const RunDirectory place = directory();
        const auto lock = place.lock();
        QVERIFY(lock.has_value());
        QVERIFY(
            place
                .write("links-dead.json", {{QStringLiteral("holder"), dead.toJson()}, {QStringLiteral("links"), links}})
                .has_value());
    }
    std::unique_ptr<QTemporaryDir> m_base;
};

void TestLinkRecord::leavesTheLinksOfALivingHelperAlone()
{
    const LinkRecord first(directory());
    first.write({7, 8});
    QVERIFY(LinkRecord(directory()).takeLeftovers().empty());
    QCOMPARE(directory().list("links-", ".json").size(), std::size_t{1});
}

void TestLinkRecord::takesTheLinksOfADeadHelperOnce()
{
    writeRecordOfDead({7, 8});
    const LinkRecord record(directory());
    QCOMPARE(record.takeLeftovers(), (std::vector<unsigned>{7, 8}));
    QVERIFY(record.takeLeftovers().empty());
    QVERIFY(!QFile::exists(QString::fromStdString(directory().path())));
}

void TestLinkRecord::leavesNothingWhenThereAreNoLinks()
{
    const LinkRecord record(directory());
    record.write({});
    QVERIFY(!QFile::exists(QString::fromStdString(directory().path())));
    record.write({7});
    QCOMPARE(directory().list("links-", ".json").size(), std::size_t{1});
    record.write({});
    QVERIFY(!QFile::exists(QString::fromStdString(directory().path())));
}

void TestLinkRecord::ignoresNumbersThatAreNoLinks()
{
    writeRecordOfDead({0, -3, 1.5, QStringLiteral("9"), QJsonArray{4}, 12});
    QCOMPARE(LinkRecord(directory()).takeLeftovers(), std::vector<unsigned>{12});
}

QTEST_GUILESS_MAIN(TestLinkRecord)
#include "tst_link_record.moc"
