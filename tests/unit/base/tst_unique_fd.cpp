#include "base/unique_fd.h"

#include <QTest>

#include <fcntl.h>
#include <unistd.h>

using gvpn::UniqueFd;

class TestUniqueFd : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void closesWhatItOwns();
    void movingHandsTheDescriptorOver();
    void moveAssignmentClosesTheOldOne();
    void survivesAssigningToItself();
    void releaseGivesUpTheDescriptor();
    void resetClosesAndTakesTheNext();
    void isInvalidByDefault();
};

namespace {

int openNull()
{
    return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

bool isOpen(int descriptor)
{
    return ::fcntl(descriptor, F_GETFD) >= 0;
}

}  // namespace

void TestUniqueFd::closesWhatItOwns()
{
    const int raw = openNull();
    QVERIFY(isOpen(raw));
    {
        const UniqueFd owner(raw);
        QVERIFY(owner.isValid());
        QCOMPARE(owner.get(), raw);
    }
    QVERIFY(!isOpen(raw));
}

void TestUniqueFd::movingHandsTheDescriptorOver()
{
    const int raw = openNull();
    UniqueFd first(raw);
    {
        const UniqueFd second(std::move(first));
        QVERIFY(!first.isValid());  // NOLINT(bugprone-use-after-move): that is what is tested
        QCOMPARE(second.get(), raw);
        QVERIFY(isOpen(raw));
    }
    QVERIFY(!isOpen(raw));
}

void TestUniqueFd::moveAssignmentClosesTheOldOne()
{
    const int rawOld = openNull();
    const int rawNew = openNull();
    UniqueFd target(rawOld);
    target = UniqueFd(rawNew);
    QVERIFY(!isOpen(rawOld));
    QVERIFY(isOpen(rawNew));
    QCOMPARE(target.get(), rawNew);
}

void TestUniqueFd::survivesAssigningToItself()
{
    const int raw = openNull();
    UniqueFd owner(raw);
    UniqueFd& same = owner;
    owner = std::move(same);
    QCOMPARE(owner.get(), raw);
    QVERIFY(isOpen(raw));
}

void TestUniqueFd::releaseGivesUpTheDescriptor()
{
    const int raw = openNull();
    {
        UniqueFd owner(raw);
        QCOMPARE(owner.release(), raw);
        QVERIFY(!owner.isValid());
    }
    QVERIFY(isOpen(raw));
    ::close(raw);
}

void TestUniqueFd::resetClosesAndTakesTheNext()
{
    const int rawOld = openNull();
    const int rawNew = openNull();
    UniqueFd owner(rawOld);
    owner.reset(rawNew);
    QVERIFY(!isOpen(rawOld));
    QCOMPARE(owner.get(), rawNew);
    owner.reset();
    QVERIFY(!isOpen(rawNew));
    QVERIFY(!owner.isValid());
}

void TestUniqueFd::isInvalidByDefault()
{
    const UniqueFd none;
    QVERIFY(!none.isValid());
    QVERIFY(none.get() < 0);
}

QTEST_APPLESS_MAIN(TestUniqueFd)
#include "tst_unique_fd.moc"
