// Reads one message: a CBOR map (RFC 8949) with ascending unsigned keys. Used by message_decoder.cpp; any thread.
// The first fault sticks: from then on nothing is read, values are empty and nextKey() says that the map has ended.
#pragma once

#include "base/secret_bytes.h"

#include <QCborStreamReader>

#include <limits>
#include <optional>
#include <string>

namespace gvpn::protocol {

class CborReader {
public:
    /// Enters the map. body stays valid while the reader lives.
    explicit CborReader(ByteView body);

    /// The next key, or nothing at the end of the map. Its value must be read or skipped before the next call.
    /// Keys ascend (RFC 8949 section 4.2.1), so a key that comes twice is found without remembering them all.
    [[nodiscard]] std::optional<std::uint64_t> nextKey();

    [[nodiscard]] std::uint64_t readUnsigned(std::uint64_t max);
    template <std::unsigned_integral T>
    [[nodiscard]] T readUnsigned()
    {
        return static_cast<T>(readUnsigned(std::numeric_limits<T>::max()));
    }
    [[nodiscard]] bool readBool();
    /// UTF-8 of at most maxBytes.
    [[nodiscard]] std::string readText(std::size_t maxBytes);
    [[nodiscard]] ByteVector readBytes(std::size_t maxBytes);
    /// The same, without a copy that stays in memory.
    [[nodiscard]] SecretBytes readSecret(std::size_t maxBytes);
    /// Calls readItem for each item of an array of at most maxItems; it must read exactly one value.
    template <typename ReadItem>
    void readArray(std::size_t maxItems, const ReadItem& readItem)
    {
        if (!enterArray(maxItems))
            return;
        while (!hasFault() && m_reader.hasNext())
            readItem();
        leave();
    }
    /// Any well-formed value of at most MaxNesting levels.
    void skip();

    /// The map has ended: checks that the keys 1..lastRequiredKey were all there and that nothing follows it.
    void finish(unsigned lastRequiredKey);

    void setFault(std::string what);
    [[nodiscard]] bool hasFault() const { return !m_fault.empty(); }
    [[nodiscard]] const std::string& fault() const { return m_fault; }

private:
    [[nodiscard]] bool enterArray(std::size_t maxItems);
    void leave();
    void skipValue(int levels);
    void advance();
    [[nodiscard]] bool hasKnownLength(std::size_t max);
    [[nodiscard]] std::string readString(std::size_t maxBytes);
    [[nodiscard]] std::size_t roomForString(std::size_t maxBytes);
    [[nodiscard]] std::size_t readStringInto(ByteSpan room);

    ByteView m_body;
    QCborStreamReader m_reader;
    std::optional<std::uint64_t> m_key;
    std::uint64_t m_seenKeys = 0;  // bit n: key n, of the first 64
    std::string m_fault;
};

}  // namespace gvpn::protocol
