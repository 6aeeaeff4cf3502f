#include "base/error.h"
#include "base/result.h"

#include <QTest>

#include <cerrno>
#include <set>

using gvpn::ErrorCode;

class TestError : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyCodeHasItsOwnName();
    void errnoValuesBecomeCodes_data();
    void errnoValuesBecomeCodes();
    void errnoContextSaysWhatAndWhy();
    void failCarriesCodeAndContext();
};

void TestError::everyCodeHasItsOwnName()
{
    std::set<std::string_view> names;
    const int last = static_cast<int>(ErrorCode::SystemFailure);
    for (int code = 0; code <= last; ++code) {
        const std::string_view name = gvpn::errorCodeName(static_cast<ErrorCode>(code));
        QVERIFY(!name.empty());
        QCOMPARE(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz-"), std::string_view::npos);
        names.insert(name);
    }
    QCOMPARE(names.size(), static_cast<std::size_t>(last) + 1);
    QVERIFY(gvpn::errorCodeName(ErrorCode::LoginRefused) == "login-refused");
}

void TestError::errnoValuesBecomeCodes_data()
{
    QTest::addColumn<int>("errnoValue");
    QTest::addColumn<ErrorCode>("code");
    QTest::newRow("EACCES") << EACCES << ErrorCode::PermissionDenied;
    QTest::newRow("EPERM") << EPERM << ErrorCode::PermissionDenied;
    QTest::newRow("ENOENT") << ENOENT << ErrorCode::NotFound;
    QTest::newRow("ENODEV") << ENODEV << ErrorCode::NotFound;
    QTest::newRow("EEXIST") << EEXIST << ErrorCode::AlreadyExists;
    QTest::newRow("EADDRINUSE") << EADDRINUSE << ErrorCode::AddressInUse;
    QTest::newRow("ECONNREFUSED") << ECONNREFUSED << ErrorCode::Unreachable;
    QTest::newRow("EHOSTUNREACH") << EHOSTUNREACH << ErrorCode::Unreachable;
    QTest::newRow("ENETUNREACH") << ENETUNREACH << ErrorCode::Unreachable;
    QTest::newRow("ETIMEDOUT") << ETIMEDOUT << ErrorCode::TimedOut;
    QTest::newRow("ECONNRESET") << ECONNRESET << ErrorCode::Closed;
    QTest::newRow("EPIPE") << EPIPE << ErrorCode::Closed;
    QTest::newRow("EINVAL") << EINVAL << ErrorCode::InvalidArgument;
    QTest::newRow("EOPNOTSUPP") << EOPNOTSUPP << ErrorCode::Unsupported;
    QTest::newRow("EIO") << EIO << ErrorCode::SystemFailure;
    QTest::newRow("no such errno") << 99999 << ErrorCode::SystemFailure;
}

void TestError::errnoValuesBecomeCodes()
{
    QFETCH(int, errnoValue);
    QFETCH(ErrorCode, code);
    QCOMPARE(gvpn::errnoError("open", errnoValue).code, code);
}

void TestError::errnoContextSaysWhatAndWhy()
{
    const gvpn::Error error = gvpn::errnoError("open /dev/net/tun", ENOENT);
    QVERIFY(error.context.starts_with("open /dev/net/tun: "));
    QVERIFY(error.context.size() > std::string_view("open /dev/net/tun: ").size());
    QVERIFY(error.context != gvpn::errnoError("open /dev/net/tun", EACCES).context);
}

void TestError::failCarriesCodeAndContext()
{
    const gvpn::Result<int> result = gvpn::fail(ErrorCode::TimedOut, "no answer");
    QVERIFY(!result);
    QVERIFY((result.error() == gvpn::Error{ErrorCode::TimedOut, "no answer"}));
    const gvpn::Result<long> passedOn = gvpn::fail(result.error());
    QVERIFY(passedOn.error() == result.error());
}

QTEST_APPLESS_MAIN(TestError)
#include "tst_error.moc"
