#include "tun/fake_tun.h"

#include <QtTest>

#include <poll.h>

using namespace gvpn;
using tun::FakeTun;

namespace {

bool isReadable(const tun::TunDevice& device)
{
    pollfd entry{device.descriptor(), POLLIN, 0};
    return poll(&entry, 1, 0) == 1 && (entry.revents & POLLIN) != 0;
}

ByteVector packet(std::size_t size, int value)
{
    return ByteVector(size, static_cast<std::byte>(value));
}

}  // namespace

class TestFakeTun : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void isReadableWhileThereArePackets();
    void refusesWhatIsLargerThanTheBuffer();
    void collectsWhatIsWritten();
    void failsOnceWhenAsked();
    void aBrokenDeviceWakesAndFails();
    void remembersWhatItGives();

private:
    ByteVector m_buffer = ByteVector(net::MaxPacketBytes);
};

void TestFakeTun::isReadableWhileThereArePackets()
{
    FakeTun device;
    QVERIFY(!isReadable(device));
    QCOMPARE(device.read(m_buffer)->sizeBytes, std::size_t{0});
    const net::SegmentHeader wantsChecksum{net::SegmentType::Whole, true, false, 0, 0, 20, 6};
    device.inject(packet(30, 1));
    device.inject(packet(40, 2), wantsChecksum);
    QVERIFY(isReadable(device));
    const auto first = device.read(m_buffer);
    QVERIFY(first);
    QCOMPARE(first->sizeBytes, std::size_t{30});
    QVERIFY(first->segment.isPlain());
    QVERIFY(isReadable(device));
    const auto second = device.read(m_buffer);
    QVERIFY(second);
    QCOMPARE(second->sizeBytes, std::size_t{40});
    QVERIFY(second->segment == wantsChecksum);
    QVERIFY(std::equal(m_buffer.begin(), m_buffer.begin() + 40, packet(40, 2).begin()));
    QVERIFY(!isReadable(device));
    QCOMPARE(device.read(m_buffer)->sizeBytes, std::size_t{0});
    device.inject(packet(50, 3));
    QVERIFY(isReadable(device));
}

void TestFakeTun::refusesWhatIsLargerThanTheBuffer()
{
    FakeTun device;
    device.inject(packet(net::MaxPacketBytes + 1, 1));
    device.inject(packet(20, 2));
    const auto large = device.read(m_buffer);
    QVERIFY(!large);
    QCOMPARE(large.error().code, ErrorCode::LimitExceeded);
    QCOMPARE(device.read(m_buffer)->sizeBytes, std::size_t{20});
}

void TestFakeTun::collectsWhatIsWritten()
{
    FakeTun device("office", net::SegmentSupport::all());
    QCOMPARE(device.name(), std::string("office"));
    const net::SegmentHeader header{net::SegmentType::Tcp4, true, false, 40, 1000, 20, 16};
    QVERIFY(device.write(header, packet(2000, 4)).value_or(false));
    QVERIFY(device.write({}, packet(20, 5)).value_or(false));
    QCOMPARE(device.written().size(), std::size_t{2});
    QVERIFY(device.written()[0].segment == header);
    QVERIFY(device.written()[0].bytes == packet(2000, 4));
    QVERIFY(device.written()[1].bytes == packet(20, 5));
}

void TestFakeTun::failsOnceWhenAsked()
{
    FakeTun device;
    device.failNextWrite();
    QCOMPARE(device.write({}, packet(20, 1)).value_or(true), false);
    QVERIFY(device.written().empty());
    QVERIFY(device.write({}, packet(20, 1)).value_or(false));
}

void TestFakeTun::aBrokenDeviceWakesAndFails()
{
    FakeTun device;
    device.breakDevice();
    QVERIFY(isReadable(device));
    const auto read = device.read(m_buffer);
    QVERIFY(!read);
    QCOMPARE(read.error().code, ErrorCode::Closed);
    const auto written = device.write({}, packet(20, 1));
    QVERIFY(!written);
    QCOMPARE(written.error().code, ErrorCode::Closed);
    QVERIFY(isReadable(device));
}

void TestFakeTun::remembersWhatItGives()
{
    FakeTun device("gvpn0", net::SegmentSupport::all());
    QVERIFY(device.takes() == net::SegmentSupport::all());
    QVERIFY(device.gives() == net::SegmentSupport::all());
    QVERIFY(device.setGives({.checksum = true}));
    QVERIFY(device.gives() == net::SegmentSupport{.checksum = true});
}

QTEST_APPLESS_MAIN(TestFakeTun)
#include "tst_fake_tun.moc"
