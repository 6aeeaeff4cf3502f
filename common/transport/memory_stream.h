// Two connected streams in memory for tests. Nothing moves until the test says so: pump() delivers what was written, in
// chunks whose borders have nothing to do with the writes, and not before its delay has passed.
#pragma once

#include "base/clock.h"
#include "transport/byte_stream.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

namespace gvpn::transport {

struct MemoryLinkOptions {
    std::size_t maxChunkBytes = 1 << 16U;  // each delivery carries 1 .. maxChunkBytes, from the seed
    std::size_t windowBytes = 1 << 20U;    // write() takes no more than this beyond what was read
    Duration delay{0};
    std::uint64_t seed = 1;
};

class MemoryLink {
public:
    explicit MemoryLink(const MemoryLinkOptions& options = {});
    ~MemoryLink();
    MemoryLink(const MemoryLink&) = delete;
    MemoryLink& operator=(const MemoryLink&) = delete;

    /// The two ends, once each. They may outlive the link, which then is cut.
    [[nodiscard]] std::unique_ptr<ByteStream> takeFirst();
    [[nodiscard]] std::unique_ptr<ByteStream> takeSecond();

    /// Delivers everything that is due at `now`, both ways, until nothing moves. False: nothing moved.
    bool pump(TimePoint now);
    /// When the next byte is due, or Never.
    [[nodiscard]] TimePoint deadline() const;
    /// From now on nothing is delivered and nobody is told: a cut line.
    void cutSilently();
    /// Both ends see the connection break.
    void reset();
    /// What watchForDeadPeer() was called with, if it was. Nobody is told here: reset() is what a real stream would
    /// see.
    [[nodiscard]] std::optional<Duration> deadPeerAfterOfFirst() const;
    [[nodiscard]] std::optional<Duration> deadPeerAfterOfSecond() const;
    /// What line() of an end says from now on; it outlives the end. Without: nullptr.
    void setLineOfFirst(Line* line);
    void setLineOfSecond(Line* line);
    /// Nothing is read any more by this end: back-pressure reaches the other end.
    void pauseReadingOfFirst(bool isPaused);
    void pauseReadingOfSecond(bool isPaused);

private:
    struct State;
    std::shared_ptr<State> m_state;
};

}  // namespace gvpn::transport
