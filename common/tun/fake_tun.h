// A TUN in memory for tests: packets that the test injects are read by the product, packets that the product writes are
// collected. Its descriptor is an eventfd, so that real event loops wake up.
#pragma once

#include "base/unique_fd.h"
#include "tun/tun_device.h"

#include <deque>
#include <vector>

namespace gvpn::tun {

class FakeTun : public TunDevice {
public:
    struct Packet {
        net::SegmentHeader segment;
        ByteVector bytes;
    };

    explicit FakeTun(std::string name = "gvpn0", net::SegmentSupport support = {});

    // What a test does.
    void inject(ByteVector packet, const net::SegmentHeader& segment = {});
    [[nodiscard]] std::vector<Packet>& written() { return m_written; }
    void failNextWrite() { m_failsNextWrite = true; }  // write() answers false once
    void breakDevice();                                // read() and write() answer Closed from now on
    [[nodiscard]] const net::SegmentSupport& gives() const { return m_gives; }

    [[nodiscard]] const std::string& name() const override { return m_name; }
    [[nodiscard]] unsigned index() const override { return 1; }
    [[nodiscard]] int descriptor() const override { return m_event.get(); }
    [[nodiscard]] net::SegmentSupport takes() const override { return m_support; }
    [[nodiscard]] Result<void> setGives(const net::SegmentSupport& support) override;
    [[nodiscard]] Result<TunRead> read(ByteSpan buffer) override;
    [[nodiscard]] Result<bool> write(const net::SegmentHeader& segment, ByteView packet) override;

private:
    void wake() const;

    std::string m_name;
    net::SegmentSupport m_support;
    net::SegmentSupport m_gives;
    UniqueFd m_event;
    std::deque<Packet> m_toRead;
    std::vector<Packet> m_written;
    bool m_failsNextWrite = false;
    bool m_isBroken = false;
};

}  // namespace gvpn::tun
