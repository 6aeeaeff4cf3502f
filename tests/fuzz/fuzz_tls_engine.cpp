// What a stranger can send to a TLS engine: bytes before the handshake, and changed or foreign bytes in the middle of
// an established connection. The first byte chooses the case, the second the size of the chunks.
#include "tls/tls_engine.h"

#include <algorithm>
#include <cstdlib>

using namespace gvpn;
using namespace gvpn::tls;

namespace {

constexpr TimePoint Now = TimePoint{} + std::chrono::hours(1);

void require(bool condition)
{
    if (!condition)
        std::abort();
}

const Identity& identity()
{
    static const Identity instance = std::move(*Identity::generate());
    return instance;
}

const TlsContext& contextFor(Role role)
{
    static const TlsContext client = std::move(*TlsContext::create(Role::Client, identity()));
    static const TlsContext server = std::move(*TlsContext::create(Role::Server, identity()));
    return role == Role::Client ? client : server;
}

struct End {
    explicit End(Role role)
        : engine(contextFor(role), [](const Pin&) { return true; })
    {
        require(engine.start(out).has_value());
    }

    bool take(ByteView bytes)
    {
        room.resize(std::max(room.size(), TlsEngine::plaintextRoom(bytes.size())));
        const auto received = engine.receive(bytes, room, out, Now);
        if (!received) {
            // A failed engine stays failed, and says the same again.
            const auto again = engine.receive(bytes, room, out, Now);
            require(!again && again.error() == received.error());
            return false;
        }
        plaintext.insert(plaintext.end(), room.begin(),
                         room.begin() + static_cast<std::ptrdiff_t>(received->plaintextBytes));
        return true;
    }

    ByteVector taken()
    {
        const ByteVector bytes(std::as_const(out).data().begin(), std::as_const(out).data().end());
        out.clear();
        return bytes;
    }

    TlsEngine engine;
    ByteBuffer out{128 * 1024};
    ByteVector plaintext;
    ByteVector room;
};

void giveInChunks(End& end, ByteView bytes, std::size_t chunkBytes)
{
    while (!bytes.empty() && end.out.freeBytes() >= ControlRoomBytes) {
        const std::size_t size = std::min(bytes.size(), chunkBytes);
        if (!end.take(bytes.first(size)))
            return;
        bytes = bytes.subspan(size);
    }
}

/// data: pairs of (distance to the next place, difference), applied to what a client sends.
void changeRecords(ByteView data, std::size_t chunkBytes, bool isInsertion)
{
    End client(Role::Client);
    End server(Role::Server);
    require(server.take(client.taken()) && client.take(server.taken()) && server.take(client.taken()));
    require(client.engine.isEstablished() && server.engine.isEstablished());

    const ByteVector message(300, std::byte{0x5A});
    for (int i = 0; i < 3; ++i)
        require(client.engine.send(message, client.out, Now).has_value());
    client.engine.close(client.out);
    ByteVector bytes = client.taken();
    if (isInsertion) {
        const std::size_t place = data.empty() ? 0 : std::to_integer<std::size_t>(data[0]) * 4 % (bytes.size() + 1);
        bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(place), data.begin(), data.end());
    } else {
        std::size_t place = 0;
        for (std::size_t i = 0; i + 1 < data.size(); i += 2) {
            place = (place + std::to_integer<std::size_t>(data[i]) * 4) % bytes.size();
            bytes[place] ^= data[i + 1];
        }
    }
    giveInChunks(server, bytes, chunkBytes);
    // Whatever was done to the records: only what was sent may come out, in order.
    require(server.plaintext.size() % message.size() == 0 && server.plaintext.size() <= 3 * message.size());
    require(std::all_of(server.plaintext.begin(), server.plaintext.end(),
                        [](std::byte byte) { return byte == std::byte{0x5A}; }));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size < 2)
        return 0;
    const ByteView bytes = std::as_bytes(std::span(data, size)).subspan(2);
    const std::size_t chunkBytes = data[1] == 0 ? bytes.size() + 1 : std::size_t{data[1]} * 8;
    const unsigned which = data[0] % 4U;
    if (which < 2) {
        End end(which == 0 ? Role::Server : Role::Client);
        end.out.clear();
        giveInChunks(end, bytes, chunkBytes);
        require(!end.engine.isEstablished() && end.plaintext.empty());
    } else {
        changeRecords(bytes, chunkBytes, which == 3);
    }
    return 0;
}
