#include "client/sentences.h"

#include <QtTest>

using namespace gvpn;
using namespace gvpn::client;

namespace {

constexpr std::array Stages{Stage::Resolve, Stage::Tcp,    Stage::Tls, Stage::Login, Stage::Address,
                            Stage::Tun,     Stage::Routes, Stage::Dns, Stage::Probe};
const net::HostPort Office{"office.example.com", 443};

Pin pin(int seed)
{
    return Pin{std::array<std::byte, Pin::SizeBytes>{static_cast<std::byte>(seed)}};
}

}  // namespace

class TestClientSentences : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void everyFailureHasASentence_data();
    void everyFailureHasASentence();
    void showsBothFingerprints();
    void showsTheFingerprintOfAnUnknownServer();
    void tellsALossFromAFailure();
    void escapesTextsOfTheServer();
    void everySkippedRouteHasASentence();
    void aContradictionShowsBothKeysAndTheFile();
};

void TestClientSentences::everyFailureHasASentence_data()
{
    QTest::addColumn<ErrorCode>("code");
    for (int i = 0; i <= int(ErrorCode::SystemFailure); ++i)
        QTest::newRow(std::string(errorCodeName(ErrorCode(i))).c_str()) << ErrorCode(i);
}

void TestClientSentences::everyFailureHasASentence()
{
    QFETCH(ErrorCode, code);
    const QString name = QString::fromUtf8(errorCodeName(code).data(), qsizetype(errorCodeName(code).size()));
    for (const Stage stage : Stages) {
        const QString sentence = sentenceFor(Fault{.stage = stage, .error = {code, "the cause"}}, Office);
        const QString stageText = QString::fromStdString(std::string(stageName(stage)));
        QVERIFY2(sentence.contains(QStringLiteral("(stage %1): the cause; ").arg(stageText)), qPrintable(sentence));
        QVERIFY2(sentence.contains(QStringLiteral("office.example.com:443")), qPrintable(sentence));
        QVERIFY2(sentence.endsWith(QLatin1Char('.')), qPrintable(sentence));
        QVERIFY2(!sentence.endsWith(QStringLiteral("; .")), qPrintable(sentence));
        QVERIFY2(!sentence.contains(QLatin1Char('\n')) && !sentence.contains(QLatin1Char('%')), qPrintable(sentence));
        QVERIFY2(!name.contains(QLatin1Char('-')) || !sentence.contains(name), qPrintable(sentence));
    }
}

void TestClientSentences::showsBothFingerprints()
{
    const Fault fault{
        .stage = Stage::Tls, .error = {ErrorCode::IdentityMismatch, {}}, .expectedPin = pin(1), .presentedPin = pin(2)};
    const QString sentence = sentenceFor(fault, Office);
    QVERIFY(sentence.contains(QString::fromStdString(pin(1).toString())));
    QVERIFY(sentence.contains(QString::fromStdString(pin(2).toString())));
}

void TestClientSentences::showsTheFingerprintOfAnUnknownServer()
{
    Fault fault{.stage = Stage::Tls, .error = {ErrorCode::IdentityUnknown, {}}};
    fault.presentedPin = pin(2);
    const QString sentence = sentenceFor(fault, Office);
    QVERIFY(sentence.contains(QString::fromStdString(pin(2).toString())));
    QVERIFY(sentence.contains(QStringLiteral("--pin")));
    QVERIFY(sentence.contains(QStringLiteral("--trust-on-first-use")));
}

void TestClientSentences::tellsALossFromAFailure()
{
    Fault fault{.stage = Stage::Probe, .error = {ErrorCode::TimedOut, "silence"}};
    const QString failure = sentenceFor(fault, Office);
    fault.wasUp = true;
    QVERIFY(sentenceFor(fault, Office).startsWith(QStringLiteral("The connection to office.example.com:443 was lost")));
    QVERIFY(!failure.contains(QStringLiteral("was lost")));
}

void TestClientSentences::escapesTextsOfTheServer()
{
    const Fault fault{.stage = Stage::Login, .error = {ErrorCode::LoginRefused, "no\x1b[2J\nway"}};
    const QString sentence = sentenceFor(fault, Office);
    QVERIFY(!sentence.contains(QChar(0x1b)));
    QVERIFY(!sentence.contains(QLatin1Char('\n')));
}

void TestClientSentences::everySkippedRouteHasASentence()
{
    for (int i = 0; i <= int(SkipReason::AlreadyRouted); ++i) {
        const SkippedRoute skipped{net::Prefix::parse("192.168.1.0/24").value(), SkipReason(i), "what is there"};
        const QString sentence = sentenceFor(skipped);
        QVERIFY2(sentence.startsWith(QStringLiteral("The route 192.168.1.0/24 is not used: ")), qPrintable(sentence));
        QVERIFY2(sentence.endsWith(QLatin1Char('.')), qPrintable(sentence));
        QVERIFY2(!sentence.contains(QLatin1Char('%')), qPrintable(sentence));
    }
}

void TestClientSentences::aContradictionShowsBothKeysAndTheFile()
{
    const QString sentence = sentenceForContradiction(Office, pin(1), pin(2), QStringLiteral("dir/servers.json"));
    for (const auto& part : {pin(1).toString(), pin(2).toString(), std::string("dir/servers.json")})
        QVERIFY2(sentence.contains(QString::fromStdString(part)), qPrintable(sentence));
}

QTEST_APPLESS_MAIN(TestClientSentences)
#include "tst_client_sentences.moc"
