#include "protocol/cbor_reader.h"

#include "protocol/messages.h"

#include <QByteArrayView>

namespace gvpn::protocol {

namespace {

bool isUtf8(std::string_view text)
{
    return QByteArrayView(text.data(), static_cast<qsizetype>(text.size())).isValidUtf8();
}

}  // namespace

CborReader::CborReader(ByteView body)
    : m_body(body)
    , m_reader(reinterpret_cast<const char*>(body.data()), static_cast<qsizetype>(body.size()))
{
    if (!m_reader.isMap())
        setFault("not a CBOR map");
    else if (hasKnownLength(body.size() / 2) && !m_reader.enterContainer())
        setFault("not CBOR");
}

std::optional<std::uint64_t> CborReader::nextKey()
{
    if (hasFault() || !m_reader.hasNext())
        return {};
    if (!m_reader.isUnsignedInteger()) {
        setFault("a key that is no unsigned integer");
        return {};
    }
    const std::uint64_t key = m_reader.toUnsignedInteger();
    if (m_key && key <= *m_key) {
        setFault("a key twice or out of order");
        return {};
    }
    m_key = key;
    if (key < 64)
        m_seenKeys |= std::uint64_t{1} << key;
    advance();
    return hasFault() ? std::nullopt : m_key;
}

std::uint64_t CborReader::readUnsigned(std::uint64_t max)
{
    if (hasFault())
        return 0;
    if (!m_reader.isUnsignedInteger()) {
        setFault("not an unsigned integer");
        return 0;
    }
    const std::uint64_t value = m_reader.toUnsignedInteger();
    if (value > max) {
        setFault("a number out of range");
        return 0;
    }
    advance();
    return value;
}

bool CborReader::readBool()
{
    if (hasFault())
        return false;
    if (!m_reader.isBool()) {
        setFault("not a boolean");
        return false;
    }
    const bool value = m_reader.toBool();
    advance();
    return value;
}

std::string CborReader::readText(std::size_t maxBytes)
{
    if (hasFault())
        return {};
    if (!m_reader.isString()) {
        setFault("not a text");
        return {};
    }
    std::string text = readString(maxBytes);
    if (!isUtf8(text))
        setFault("a text that is no UTF-8");
    return hasFault() ? std::string() : text;
}

ByteVector CborReader::readBytes(std::size_t maxBytes)
{
    if (hasFault())
        return {};
    if (!m_reader.isByteArray()) {
        setFault("not a byte string");
        return {};
    }
    const std::string bytes = readString(maxBytes);
    const ByteView view = asBytes(bytes);
    return {view.begin(), view.end()};
}

SecretBytes CborReader::readSecret(std::size_t maxBytes)
{
    if (hasFault())
        return {};
    if (!m_reader.isByteArray()) {
        setFault("not a byte string");
        return {};
    }
    SecretBytes room(roomForString(maxBytes));
    const std::size_t size = readStringInto(room.span());
    return SecretBytes(room.view().first(size));
}

void CborReader::skip()
{
    skipValue(MaxNesting);
}

void CborReader::finish(unsigned lastRequiredKey)
{
    if (hasFault())
        return;
    for (unsigned key = 1; key <= lastRequiredKey; ++key) {
        if ((m_seenKeys >> key & 1U) == 0) {
            m_key = key;
            setFault("missing");
            return;
        }
    }
    m_key.reset();
    leave();
    if (!hasFault() && m_reader.currentOffset() != static_cast<qint64>(m_body.size()))
        setFault("bytes behind the end");
}

void CborReader::setFault(std::string what)
{
    if (hasFault())
        return;
    m_fault = m_key ? "key " + std::to_string(*m_key) + ": " + what : std::move(what);
}

bool CborReader::enterArray(std::size_t maxItems)
{
    if (hasFault())
        return false;
    if (!m_reader.isArray())
        setFault("not an array");
    else if (hasKnownLength(maxItems) && !m_reader.enterContainer())
        setFault("not CBOR");
    return !hasFault();
}

void CborReader::leave()
{
    if (!hasFault() && !m_reader.leaveContainer())
        setFault("not CBOR");
}

/// Own recursion instead of QCborStreamReader::next(), which allocates strings by the lengths that they declare.
void CborReader::skipValue(int levels)
{
    while (!hasFault() && m_reader.isTag())
        advance();
    if (hasFault())
        return;
    if (m_reader.isString()) {
        static_cast<void>(readText(m_body.size()));
    } else if (m_reader.isByteArray()) {
        static_cast<void>(readSecret(m_body.size()));  // of a newer program's login, perhaps
    } else if (!m_reader.isContainer()) {
        advance();
    } else if (levels == 0) {
        setFault("nested too deeply");
    } else if (hasKnownLength(m_body.size())) {
        if (!m_reader.enterContainer())
            setFault("not CBOR");
        while (!hasFault() && m_reader.hasNext())
            skipValue(levels - 1);
        leave();
    }
}

/// Past an integer, tag, simple value or float.
void CborReader::advance()
{
    if (!m_reader.isValid() || !m_reader.next(0))
        setFault("not CBOR");
}

/// Of a string or container: its length is given in front and at most max.
bool CborReader::hasKnownLength(std::size_t max)
{
    if (!m_reader.isLengthKnown())
        setFault("indefinite length");
    else if (m_reader.length() > max)
        setFault("too long");
    return !hasFault();
}

std::string CborReader::readString(std::size_t maxBytes)
{
    std::string text(roomForString(maxBytes), '\0');
    text.resize(readStringInto(std::as_writable_bytes(std::span(text))));
    return text;
}

/// For readStringInto(): one byte more than needed, since with no room at all the reader could not tell the end from a
/// full buffer. 0 after a fault.
std::size_t CborReader::roomForString(std::size_t maxBytes)
{
    if (!hasKnownLength(maxBytes))
        return 0;
    const auto offset = static_cast<std::uint64_t>(m_reader.currentOffset());
    const std::uint64_t length = m_reader.length();
    if (length > m_body.size() - offset) {
        setFault("cut off");
        return 0;
    }
    return length + 1;
}

/// The bytes of the whole string, of which there are one less than there is room. 0 after a fault.
std::size_t CborReader::readStringInto(ByteSpan room)
{
    if (hasFault())
        return 0;
    const std::size_t length = room.size() - 1;
    auto* const target = reinterpret_cast<char*>(room.data());
    std::size_t size = 0;
    auto chunk = m_reader.readStringChunk(target, static_cast<qsizetype>(room.size()));
    while (chunk.status == QCborStreamReader::Ok && size + static_cast<std::size_t>(chunk.data) <= length) {
        size += static_cast<std::size_t>(chunk.data);
        chunk = m_reader.readStringChunk(target + size, static_cast<qsizetype>(room.size() - size));
    }
    if (chunk.status != QCborStreamReader::EndOfString || size != length) {
        setFault("not CBOR");
        return 0;
    }
    return size;
}

}  // namespace gvpn::protocol
