#include "system/nft_process.h"

#include <QtTest>

#include <sys/resource.h>
#include <unistd.h>

using namespace gvpn;
using namespace gvpn::system;

class NftProcessTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void saysWhyItCantStart();
};

/// Without a descriptor to spare: installing nftables wouldn't help.
void NftProcessTest::saysWhyItCantStart()
{
#ifdef GVPN_IS_SANITIZED
    QSKIP("UndefinedBehaviorSanitizer looks at objects through a pipe, for which there is no descriptor here");
#endif
    const bool isInstalled = ::access("/usr/sbin/nft", X_OK) == 0;
    rlimit original{};
    QVERIFY(::getrlimit(RLIMIT_NOFILE, &original) == 0);
    const int next = ::dup(STDERR_FILENO);
    QVERIFY(next >= 0 && ::close(next) == 0);
    const rlimit used{static_cast<rlim_t>(next), original.rlim_max};
    std::optional<Result<void>> ended;
    NftProcess process;
    QVERIFY(::setrlimit(RLIMIT_NOFILE, &used) == 0);
    process.run("{}", [&](Result<void> result) { ended = std::move(result); });
    QVERIFY(::setrlimit(RLIMIT_NOFILE, &original) == 0);
    QTRY_VERIFY(ended.has_value());
    QVERIFY(!*ended);
    const QString reason = QString::fromStdString(ended->error().context);
    QVERIFY2(reason.startsWith(u"/usr/sbin/nft"), qPrintable(reason));
    QCOMPARE(reason.contains(u"install the package nftables"), !isInstalled);
    QCOMPARE(ended->error().code, isInstalled ? ErrorCode::SystemFailure : ErrorCode::NotFound);
}

QTEST_GUILESS_MAIN(NftProcessTest)

#include "tst_nft_process.moc"
