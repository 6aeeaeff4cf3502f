#include "client/boot_time.h"

#include <QtTest>

#include <ctime>

using namespace gvpn;

namespace {

TimePoint kernelTime()
{
    timespec time{};
    ::clock_gettime(CLOCK_BOOTTIME, &time);
    return TimePoint(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
}

}  // namespace

class TestBootTime : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void isTheKernelsTimeSinceTheBoot();
};

void TestBootTime::isTheKernelsTimeSinceTheBoot()
{
    const TimePoint before = kernelTime();
    const TimePoint now = client::BootTime().now();
    const TimePoint after = kernelTime();
    QVERIFY(before <= now);
    QVERIFY(now <= after);
}

QTEST_APPLESS_MAIN(TestBootTime)
#include "tst_boot_time.moc"
