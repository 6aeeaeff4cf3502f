#include "program/json_lines.h"

#include "base/unique_fd.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QtTest>

#include <array>
#include <thread>

#include <csignal>
#include <fcntl.h>
#include <unistd.h>

namespace gvpn::program {

class JsonLinesTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void init();
    void writesOneObjectALine();
    void keepsLineBreaksInsideOfText();
    void writesMoreThanThePipeHoldsWhileSomebodyReads_data();
    void writesMoreThanThePipeHoldsWhileSomebodyReads();
    void saysThatNobodyReadsAnyMore();
    void writesNothingAfterAFailure();

private:
    [[nodiscard]] QByteArray readToTheEnd();

    UniqueFd m_readEnd;
    UniqueFd m_writeEnd;
};

void JsonLinesTest::initTestCase()
{
    ::signal(SIGPIPE, SIG_IGN);
}

void JsonLinesTest::init()
{
    std::array<int, 2> ends{};
    QCOMPARE(::pipe2(ends.data(), O_CLOEXEC), 0);
    m_readEnd.reset(ends[0]);
    m_writeEnd.reset(ends[1]);
}

QByteArray JsonLinesTest::readToTheEnd()
{
    QByteArray all;
    std::array<char, 4096> buffer{};
    ssize_t size = 0;
    while ((size = ::read(m_readEnd.get(), buffer.data(), buffer.size())) > 0)
        all.append(buffer.data(), static_cast<qsizetype>(size));
    return all;
}

void JsonLinesTest::writesOneObjectALine()
{
    JsonLines lines(m_writeEnd.get());
    QVERIFY(lines.write({{u"event"_qs, u"listening"_qs}, {u"port"_qs, 51005}}));
    QVERIFY(lines.write({}));
    m_writeEnd.reset();
    QCOMPARE(readToTheEnd(), QByteArray("{\"event\":\"listening\",\"port\":51005}\n{}\n"));
}

void JsonLinesTest::keepsLineBreaksInsideOfText()
{
    const QJsonObject object{{u"reason"_qs, u"a\nb\r\x1b"_qs}};
    JsonLines lines(m_writeEnd.get());
    QVERIFY(lines.write(object));
    m_writeEnd.reset();
    const QByteArray written = readToTheEnd();
    QCOMPARE(written.count('\n'), 1);
    QCOMPARE(QJsonDocument::fromJson(written).object(), object);
}

void JsonLinesTest::writesMoreThanThePipeHoldsWhileSomebodyReads_data()
{
    QTest::addColumn<bool>("isNonBlocking");
    QTest::newRow("blocking") << false;
    QTest::newRow("made non-blocking by somebody") << true;
}

void JsonLinesTest::writesMoreThanThePipeHoldsWhileSomebodyReads()
{
    QFETCH(bool, isNonBlocking);
    if (isNonBlocking)
        QCOMPARE(::fcntl(m_writeEnd.get(), F_SETFL, O_NONBLOCK), 0);
    const QJsonObject object{{u"text"_qs, QString(500'000, u'x')}};
    QByteArray received;
    std::thread reader([&] { received = readToTheEnd(); });
    JsonLines lines(m_writeEnd.get());
    const auto written = lines.write(object);
    m_writeEnd.reset();
    reader.join();
    QVERIFY(written.has_value());
    QCOMPARE(QJsonDocument::fromJson(received).object(), object);
}

void JsonLinesTest::saysThatNobodyReadsAnyMore()
{
    m_readEnd.reset();
    JsonLines lines(m_writeEnd.get());
    QCOMPARE(lines.write({}).error().code, ErrorCode::Closed);
    QCOMPARE(lines.write({}).error().code, ErrorCode::Closed);
}

void JsonLinesTest::writesNothingAfterAFailure()
{
    JsonLines lines(m_writeEnd.get());
    const UniqueFd good(::dup(m_writeEnd.get()));
    QCOMPARE(::dup3(m_readEnd.get(), m_writeEnd.get(), O_CLOEXEC), m_writeEnd.get());  // can't be written to
    QVERIFY(!lines.write({}));
    QCOMPARE(::dup3(good.get(), m_writeEnd.get(), O_CLOEXEC), m_writeEnd.get());
    QVERIFY(!lines.write({}));
}

}  // namespace gvpn::program

QTEST_APPLESS_MAIN(gvpn::program::JsonLinesTest)
#include "tst_json_lines.moc"
