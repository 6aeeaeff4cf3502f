// A v1 server at the other end of a MemoryLink, for the tests of attempts and connections. It writes and reads the
// bytes itself, from the table in PROTOCOL.md, and knows nothing of the code under test.
#pragma once

#include "transport/byte_stream.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gvpn::test {

/// "3ff0 0000": blanks mean nothing.
inline ByteVector hex(std::string_view text)
{
    ByteVector result;
    unsigned value = 0;
    int digits = 0;
    for (const char c : text) {
        if (c == ' ')
            continue;
        value = value * 16 + static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10);
        if (++digits % 2 == 0)
            result.push_back(static_cast<std::byte>(value & 0xFFU));
    }
    return result;
}

inline ByteVector v1Frame(std::uint32_t command, std::uint32_t transaction, ByteView data)
{
    ByteVector result;
    for (const std::uint32_t field : {static_cast<std::uint32_t>(data.size() + 8), command, transaction}) {
        for (const unsigned shift : {24U, 16U, 8U, 0U})
            result.push_back(static_cast<std::byte>(field >> shift & 0xFFU));
    }
    result.insert(result.end(), data.begin(), data.end());
    return result;
}

struct V1Script {
    std::string handshakeReply = "01";                                                 // hex; empty: silence
    std::string answer = R"({"Success":true,"Message":"","Bypass":"172.17.0.0/16"})";  // empty: silence
    bool closesAtOnce = false;
    bool closesAfterRegistration = false;
};

class V1ServerEnd final : private transport::ByteStream::Observer {
public:
    V1ServerEnd(std::unique_ptr<transport::ByteStream> stream, const V1Script& script)
        : m_stream(std::move(stream))
        , m_script(script)
    {
        m_stream->setObserver(this);
        if (script.closesAtOnce)
            m_stream->close();
    }
    ~V1ServerEnd() { m_stream->setObserver(nullptr); }
    V1ServerEnd(const V1ServerEnd&) = delete;
    V1ServerEnd& operator=(const V1ServerEnd&) = delete;

    void send(ByteView bytes) { static_cast<void>(m_stream->write(bytes)); }
    void sendPacket(ByteView packet) { send(v1Frame(2, 0, packet)); }
    void close() { m_stream->close(); }

    ByteVector received;              // everything, as it came
    std::vector<ByteVector> packets;  // data of the frames with command 2
    std::optional<Error> ended;

private:
    void streamReadable() override
    {
        std::array<std::byte, 4096> chunk{};
        while (true) {
            const auto size = m_stream->read(chunk);
            if (!size || *size == 0)
                break;
            received.insert(received.end(), chunk.begin(), chunk.begin() + std::ptrdiff_t(*size));
        }
        takeHandshake();
        while (takeFrame()) {
        }
    }
    void streamWritable() override {}
    void streamClosed(const Error& error) override { ended = error; }

    void takeHandshake()
    {
        if (m_taken != 0 || received.size() < 8)
            return;
        m_taken = 8;
        send(hex(m_script.handshakeReply));
    }

    bool takeFrame()
    {
        if (m_taken == 0 || received.size() < m_taken + 12)
            return false;
        const std::uint32_t length = numberAt(m_taken);
        if (received.size() < m_taken + 4 + length)
            return false;
        const std::uint32_t command = numberAt(m_taken + 4);
        const std::uint32_t transaction = numberAt(m_taken + 8);
        const ByteView data = ByteView(received).subspan(m_taken + 12, length - 8);
        m_taken += 4 + length;
        if (command == 2)
            packets.emplace_back(data.begin(), data.end());
        if (command == 1 && !m_script.answer.empty())
            send(v1Frame(0xFFFFFFFF, transaction, asBytes(m_script.answer)));
        if (command == 1 && m_script.closesAfterRegistration)
            m_stream->close();
        return true;
    }

    [[nodiscard]] std::uint32_t numberAt(std::size_t offset) const
    {
        std::uint32_t result = 0;
        for (std::size_t i = 0; i < 4; ++i)
            result = result << 8U | std::to_integer<std::uint32_t>(received[offset + i]);
        return result;
    }

    std::unique_ptr<transport::ByteStream> m_stream;
    const V1Script& m_script;
    std::size_t m_taken = 0;  // of received
};

}  // namespace gvpn::test
