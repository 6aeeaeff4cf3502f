#include "system/foreign_rules.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QtTest>

using namespace gvpn;
using namespace gvpn::system;

namespace {

AddDockerRules rules(const char* owner = "1f0c")
{
    return {net::Family::IPv4, "gvpn0", {*net::Prefix::parse("10.86.0.0/24")}, owner};
}

QJsonArray commands(const std::string& text)
{
    return QJsonDocument::fromJson(QByteArray::fromStdString(text)).object().value(QLatin1String("nftables")).toArray();
}

QByteArray compact(const QJsonValue& value)
{
    return QJsonDocument(value.toObject()).toJson(QJsonDocument::Compact);
}

}  // namespace

class ForeignRulesTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void insertsARuleForEachDirection();
    void takesTheOldOnesAwayInTheSameStep();
    void findsRulesByOwner();
    void refusesWhatIsNoList_data();
    void refusesWhatIsNoList();
};

void ForeignRulesTest::insertsARuleForEachDirection()
{
    const QJsonArray inserted = commands(makeRuleInsertion(rules(), {}));
    QCOMPARE(inserted.size(), 2);
    // The second comes before the first: each is put at the head.
    QCOMPARE(compact(inserted.at(1)),
             QByteArray(R"({"insert":{"rule":{"chain":"DOCKER-USER","comment":"gvpn_gvpn0 owner_1f0c","expr":[)"
                        R"({"match":{"left":{"meta":{"key":"iifname"}},"op":"==","right":"gvpn0"}},)"
                        R"({"match":{"left":{"payload":{"field":"saddr","protocol":"ip"}},"op":"==",)"
                        R"("right":{"prefix":{"addr":"10.86.0.0","len":24}}}},)"
                        R"({"counter":null},{"accept":null}],"family":"ip","table":"filter"}}})"));
    QVERIFY(compact(inserted.at(0)).contains(R"("oifname")"));
    QVERIFY(compact(inserted.at(0)).contains(R"("daddr")"));
    const AddDockerRules both{
        net::Family::IPv6, "gvpn0", {*net::Prefix::parse("fd86::/64"), *net::Prefix::parse("fd87::/64")}, ""};
    const QJsonArray four = commands(makeRuleInsertion(both, {}));
    QCOMPARE(four.size(), 4);
    QVERIFY(compact(four.at(3)).contains(R"("family":"ip6")"));
    QVERIFY(compact(four.at(3)).contains(R"("protocol":"ip6")"));
    QVERIFY(compact(four.at(3)).contains(R"("comment":"gvpn_gvpn0")"));
}

void ForeignRulesTest::takesTheOldOnesAwayInTheSameStep()
{
    const QJsonArray replaced = commands(makeRuleInsertion(rules(), {7, 9}));
    QCOMPARE(replaced.size(), 4);
    QCOMPARE(compact(replaced.at(0)),
             QByteArray(R"({"delete":{"rule":{"chain":"DOCKER-USER","family":"ip","handle":7,"table":"filter"}}})"));
    const QJsonArray removed = commands(makeRuleRemoval(rules(), {7, 9}));
    QCOMPARE(removed, (QJsonArray{replaced.at(0), replaced.at(1)}));
}

void ForeignRulesTest::findsRulesByOwner()
{
    const QByteArray listing = R"({"nftables":[{"metainfo":{}},{"chain":{"name":"DOCKER-USER","handle":3}},
        {"rule":{"handle":4,"comment":"gvpn_gvpn0 owner_1f0c"}},{"rule":{"handle":5,"comment":"gvpn_gvpn0 owner_2a"}},
        {"rule":{"handle":6,"comment":"gvpn_gvpn0"}},{"rule":{"handle":8,"comment":"gvpn_gvpn0 owner_1f0c"}},
        {"rule":{"handle":-1,"comment":"gvpn_gvpn0 owner_1f0c"}},{"rule":{"handle":"9","comment":"gvpn_gvpn0 owner_1f0c"}},
        {"rule":{"comment":"gvpn_gvpn0 owner_1f0c"}},{"rule":{"handle":10}},{"rule":7},7,null]})";
    const auto found = findTaggedRules(listing, ruleTag(rules()));
    QVERIFY(found);
    QCOMPARE(*found, (std::vector<std::int64_t>{4, 8}));
    QCOMPARE(*findTaggedRules(listing, ruleTag(rules(""))), (std::vector<std::int64_t>{6}));
    QVERIFY(findTaggedRules(listing, ruleTag(rules("none")))->empty());
}

void ForeignRulesTest::refusesWhatIsNoList_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("nothing") << QByteArray();
    QTest::newRow("text") << QByteArray("chain DOCKER-USER {}");
    QTest::newRow("cut off") << QByteArray("{\"nftables\":[{\"rule\":");
    QTest::newRow("not a list") << QByteArray("{\"nftables\":7}");
}

void ForeignRulesTest::refusesWhatIsNoList()
{
    QFETCH(QByteArray, text);
    const auto found = findTaggedRules(text, "gvpn_gvpn0");
    QVERIFY(!found);
    QCOMPARE(found.error().code, ErrorCode::Malformed);
}

QTEST_APPLESS_MAIN(ForeignRulesTest)
#include "tst_foreign_rules.moc"
