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
    void addsARuleForEachDirection();
    void takesTheOldOnesAwayInTheSameStep();
    void comesBeforeWhatEndsTheChain_data();
    void comesBeforeWhatEndsTheChain();
    void findsRulesByOwner();
    void refusesWhatIsNoList_data();
    void refusesWhatIsNoList();
};

void ForeignRulesTest::addsARuleForEachDirection()
{
    const QJsonArray inserted = commands(makeRuleInsertion(rules(), {}));
    QCOMPARE(inserted.size(), 2);
    QCOMPARE(compact(inserted.at(0)),
             QByteArray(R"({"add":{"rule":{"chain":"DOCKER-USER","comment":"gvpn_gvpn0 owner_1f0c","expr":[)"
                        R"({"match":{"left":{"meta":{"key":"iifname"}},"op":"==","right":"gvpn0"}},)"
                        R"({"match":{"left":{"payload":{"field":"saddr","protocol":"ip"}},"op":"==",)"
                        R"("right":{"prefix":{"addr":"10.86.0.0","len":24}}}},)"
                        R"({"counter":null},{"accept":null}],"family":"ip","table":"filter"}}})"));
    QVERIFY(compact(inserted.at(1)).contains(R"("oifname")"));
    QVERIFY(compact(inserted.at(1)).contains(R"("daddr")"));
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
    const QJsonArray replaced = commands(makeRuleInsertion(rules(), {{}, {7, 9}, {}}));
    QCOMPARE(replaced.size(), 4);
    QCOMPARE(compact(replaced.at(0)),
             QByteArray(R"({"delete":{"rule":{"chain":"DOCKER-USER","family":"ip","handle":7,"table":"filter"}}})"));
    const QJsonArray removed = commands(makeRuleRemoval(rules(), {7, 9}));
    QCOMPARE(removed, (QJsonArray{replaced.at(0), replaced.at(1)}));
}

void ForeignRulesTest::comesBeforeWhatEndsTheChain_data()
{
    QTest::addColumn<QByteArray>("rules");
    QTest::addColumn<qint64>("last");
    constexpr qint64 None = 0;
    const QByteArray drop = R"({"rule":{"handle":4,"expr":[{"match":{}},{"drop":null}]}},)";
    const QByteArray end = R"({"rule":{"handle":5,"expr":[{"counter":{"packets":1,"bytes":2}},{"return":null}]}})";
    QTest::newRow("nothing") << QByteArray("7") << None;
    QTest::newRow("a rule of others") << drop + "7" << None;
    QTest::newRow("RETURN") << drop + end << qint64{5};
    QTest::newRow("the first of two") << end + "," + QByteArray(end).replace('5', '6') << qint64{5};
    QTest::newRow("with a comment") << QByteArray(end).replace(R"({"return")",
                                                               R"({"xt":{"type":"match","name":"comment"}},{"return")")
                                    << qint64{5};
    QTest::newRow("with a condition") << QByteArray(end).replace(R"({"return")", R"({"match":{}},{"return")") << None;
    QTest::newRow("no expressions") << QByteArray(R"({"rule":{"handle":5,"expr":{}}})") << None;
    QTest::newRow("no handle") << QByteArray(R"({"rule":{"expr":[{"return":null}]}})") << None;
}

void ForeignRulesTest::comesBeforeWhatEndsTheChain()
{
    QFETCH(QByteArray, rules);
    QFETCH(qint64, last);
    const auto chain = readDockerChain("{\"nftables\":[" + rules + "]}", ::rules());
    QVERIFY(chain);
    QCOMPARE(qint64{chain->last.value_or(0)}, last);
    const QJsonArray inserted = commands(makeRuleInsertion(::rules(), *chain));
    for (const QJsonValue command : inserted) {
        const QJsonObject rule = command.toObject().value(last ? u"insert" : u"add").toObject();
        QCOMPARE(rule.value(u"rule").toObject().value(u"handle").toInteger(), last);
    }
}

void ForeignRulesTest::findsRulesByOwner()
{
    const QByteArray listing = R"({"nftables":[{"metainfo":{}},{"chain":{"name":"DOCKER-USER","handle":3}},
        {"rule":{"handle":4,"comment":"gvpn_gvpn0 owner_1f0c"}},{"rule":{"handle":5,"comment":"gvpn_gvpn0 owner_2a"}},
        {"rule":{"handle":6,"comment":"gvpn_gvpn0"}},{"rule":{"handle":8,"comment":"gvpn_gvpn0 owner_1f0c"}},
        {"rule":{"handle":-1,"comment":"gvpn_gvpn0 owner_1f0c"}},{"rule":{"handle":"9","comment":"gvpn_gvpn0 owner_1f0c"}},
        {"rule":{"comment":"gvpn_gvpn0 owner_1f0c"}},{"rule":{"handle":10}},{"rule":{"handle":11,"comment":"gvpn_gvpn01"}},
        {"rule":{"handle":12,"comment":"gvpn_gvpn01 owner_2a"}},{"rule":{"handle":13,"comment":"gvpn_gvpn0 and mine"}},
        {"rule":7},7,null]})";
    using Handles = std::vector<std::int64_t>;
    const auto found = readDockerChain(listing, rules());
    QVERIFY(found);
    QCOMPARE(found->own, (Handles{4, 8}));
    QCOMPARE(found->ofInterface, (Handles{4, 5, 6, 8}));
    QCOMPARE(readDockerChain(listing, rules(""))->own, (Handles{6}));
    QVERIFY(readDockerChain(listing, rules("none"))->own.empty());
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
    const auto found = readDockerChain(text, rules());
    QVERIFY(!found);
    QCOMPARE(found.error().code, ErrorCode::Malformed);
}

QTEST_APPLESS_MAIN(ForeignRulesTest)
#include "tst_foreign_rules.moc"
