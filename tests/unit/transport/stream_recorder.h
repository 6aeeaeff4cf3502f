// What the tests of all streams share: an observer that reads and writes as it is told and keeps what it saw, and
// bytes whose order shows.
#pragma once

#include "transport/byte_stream.h"

#include <QtTest>

#include <algorithm>
#include <functional>
#include <limits>
#include <optional>

namespace gvpn::transport {

/// No two stretches of it are alike, so that a lost, repeated or moved chunk shows.
inline ByteVector patternOf(std::size_t sizeBytes)
{
    ByteVector bytes(sizeBytes);
    std::uint32_t value = 1;
    for (std::byte& byte : bytes) {
        value = value * 1664525U + 1013904223U;
        byte = static_cast<std::byte>(value >> 24U);
    }
    return bytes;
}

class StreamRecorder final : public ByteStream::Observer {
public:
    explicit StreamRecorder(ByteStream& stream)
        : m_stream(stream)
    {
        stream.setObserver(this);
    }

    /// Writes as much of `bytes` as goes, and the rest when there is room.
    void send(ByteVector bytes)
    {
        m_unsent = std::move(bytes);
        writeOn();
    }
    [[nodiscard]] bool hasSentAll() const { return m_sentBytes == m_unsent.size(); }
    [[nodiscard]] std::size_t sentBytes() const { return m_sentBytes; }

    void streamReadable() override
    {
        ++readableCalls;
        if (onReadable) {
            onReadable();
            return;
        }
        readSome();
    }
    void streamWritable() override
    {
        ++writableCalls;
        writeOn();
    }
    void streamClosed(const Error& error) override
    {
        QVERIFY2(!closed, "streamClosed came twice");
        closed = error;
        if (onClosed)
            onClosed();
    }

    /// One read of at most readBytes, not beyond stopAfterBytes in all.
    void readSome()
    {
        m_buffer.resize(readBytes);
        const auto size =
            m_stream.read(ByteSpan(m_buffer).first(std::min(readBytes, stopAfterBytes - received.size())));
        QVERIFY(size.has_value());
        received.insert(received.end(), m_buffer.begin(), m_buffer.begin() + static_cast<std::ptrdiff_t>(*size));
    }

    std::size_t readBytes = 64 * 1024;
    std::size_t stopAfterBytes = std::numeric_limits<std::size_t>::max();
    std::function<void()> onReadable;
    std::function<void()> onClosed;
    ByteVector received;
    std::optional<Error> closed;
    int readableCalls = 0;
    int writableCalls = 0;

private:
    void writeOn()
    {
        const auto size = m_stream.write(ByteView(m_unsent).subspan(m_sentBytes));
        QVERIFY(size.has_value());
        m_sentBytes += *size;
    }

    ByteStream& m_stream;
    ByteVector m_buffer;
    ByteVector m_unsent;
    std::size_t m_sentBytes = 0;
};

}  // namespace gvpn::transport
