#include "tunnel/buffer_stock.h"

#include <QtTest>

#include <algorithm>
#include <set>

using namespace gvpn;
using tunnel::BufferStock;

class TestBufferStock : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void givesBuffersOfItsSize();
    void givesEachBufferToOneOnly();
    void givesTheSameMemoryAgain();
    void keepsNoMoreThanAFew();
};

void TestBufferStock::givesBuffersOfItsSize()
{
    BufferStock stock(5000);
    QCOMPARE(stock.bufferBytes(), std::size_t{5000});
    BufferStock::Buffer buffer = stock.take();
    std::fill_n(buffer.get(), 5000, std::byte{1});
    stock.giveBack(std::move(buffer));
}

void TestBufferStock::givesEachBufferToOneOnly()
{
    BufferStock stock(10);
    stock.giveBack(stock.take());
    std::set<const std::byte*> places;
    std::vector<BufferStock::Buffer> buffers;
    for (int i = 0; i < 20; ++i)
        places.insert(buffers.emplace_back(stock.take()).get());
    QCOMPARE(places.size(), std::size_t{20});
}

void TestBufferStock::givesTheSameMemoryAgain()
{
    BufferStock stock(100);
    std::set<const std::byte*> places;
    for (int round = 0; round < 10; ++round) {
        BufferStock::Buffer first = stock.take();
        BufferStock::Buffer second = stock.take();
        places.insert({first.get(), second.get()});
        stock.giveBack(std::move(first));
        stock.giveBack(std::move(second));
    }
    QCOMPARE(places.size(), std::size_t{2});
}

void TestBufferStock::keepsNoMoreThanAFew()
{
    // Those beyond its few are freed (the leak checker sees to that), and nobody notices.
    BufferStock stock(100);
    std::vector<BufferStock::Buffer> buffers;
    for (int i = 0; i < 100; ++i)
        buffers.push_back(stock.take());
    for (BufferStock::Buffer& buffer : buffers)
        stock.giveBack(std::move(buffer));
    std::set<const std::byte*> places;
    for (BufferStock::Buffer& buffer : buffers) {
        buffer = stock.take();
        QVERIFY(places.insert(buffer.get()).second);
    }
}

QTEST_APPLESS_MAIN(TestBufferStock)
#include "tst_buffer_stock.moc"
