#include "transport/memory_stream.h"

#include "base/byte_buffer.h"

#include <algorithm>
#include <array>
#include <deque>
#include <optional>
#include <random>

namespace gvpn::transport {

namespace {

// TEST-NET-1, RFC 5737.
constexpr std::array<std::uint32_t, 2> EndAddresses = {0xC0000201, 0xC0000202};
constexpr std::array<std::uint16_t, 2> EndPorts = {40000, net::DefaultPort};

constexpr std::size_t otherEnd(std::size_t end)
{
    return 1 - end;
}

/// What closeAfter() may send beyond the window.
constexpr std::size_t LastWordsBytes = std::size_t{1} << 20U;

}  // namespace

/// What both ends and the link share. Index: the end. bytes[i] is on its way to, or waiting at, end i.
struct MemoryLink::State {
    class End;

    struct Batch {
        std::optional<TimePoint> due;  // none: written since the last pump(), whose `now` it waits for
        std::size_t sizeBytes;         // 0: the end of the stream
    };
    struct Direction {
        explicit Direction(std::size_t window)
            : bytes(window + LastWordsBytes)
            , windowBytes(window)
        {}
        ByteBuffer bytes;  // first what has arrived and is unread, then what is on its way
        std::size_t windowBytes;
        std::size_t arrivedBytes = 0;
        std::deque<Batch> onTheWay;
        bool isEnded = false;    // the writer has closed
        bool wantsRoom = false;  // the writer's last write was short
        bool isPaused = false;   // the reader doesn't read
        bool hasReader = true;   // false: it has closed, and what is sent to it is thrown away
        void dropUnread();
        void dropOnTheWay();
    };

    explicit State(const MemoryLinkOptions& linkOptions)
        : options(linkOptions)
        , random(linkOptions.seed)
    {}

    void stamp(TimePoint pumpTime);
    [[nodiscard]] std::size_t dueBytes(std::size_t end) const;
    void arrive(std::size_t end, std::size_t sizeBytes);
    bool deliver(std::size_t end);
    bool offerRoom(std::size_t end);
    bool tellEnd(std::size_t end);

    MemoryLinkOptions options;
    std::mt19937_64 random;
    std::array<Direction, 2> directions{Direction(options.windowBytes), Direction(options.windowBytes)};
    std::array<End*, 2> ends{};  // nullptr: not taken yet, or gone
    std::array<std::optional<Duration>, 2> deadPeerAfter{};
    std::array<Line*, 2> lines{};
    TimePoint now{};
    bool isPumping = false;
    bool isCut = false;
};

class MemoryLink::State::End : public ByteStream {
public:
    End(std::shared_ptr<State> state, std::size_t index)
        : m_state(std::move(state))
        , m_index(index)
    {
        m_state->ends[m_index] = this;
    }
    ~End() override
    {
        End::abort();
        m_state->ends[m_index] = nullptr;
    }

    void setObserver(Observer* observer) override { m_observer = observer; }
    [[nodiscard]] Result<std::size_t> read(ByteSpan into) override;
    [[nodiscard]] Result<std::size_t> peek(ByteSpan into) override;
    [[nodiscard]] Result<std::size_t> write(ByteView bytes) override;
    void closeAfter(ByteView lastWords) override;
    void abort() override;
    void watchForDeadPeer(Duration silence) override { m_state->deadPeerAfter[m_index] = silence; }
    [[nodiscard]] net::Endpoint peer() const override;
    [[nodiscard]] Line* line() override { return m_state->lines[m_index]; }

    [[nodiscard]] Observer* listener() const { return m_isOver ? nullptr : m_observer; }
    void finish(const Error& error);

private:
    std::shared_ptr<State> m_state;
    std::size_t m_index;
    Observer* m_observer = nullptr;
    bool m_isOver = false;
};

Result<std::size_t> MemoryLink::State::End::read(ByteSpan into)
{
    const auto size = peek(into);
    if (size) {
        Direction& incoming = m_state->directions[m_index];
        incoming.bytes.consume(*size);
        incoming.arrivedBytes -= *size;
    }
    return size;
}

Result<std::size_t> MemoryLink::State::End::peek(ByteSpan into)
{
    if (m_isOver)
        return fail(ErrorCode::Closed, "read from a closed stream");
    Direction& incoming = m_state->directions[m_index];
    if (incoming.isPaused)
        return 0;
    const std::size_t size = std::min(into.size(), incoming.arrivedBytes);
    std::ranges::copy(ByteView(incoming.bytes.data()).first(size), into.begin());
    return size;
}

Result<std::size_t> MemoryLink::State::End::write(ByteView bytes)
{
    if (m_isOver)
        return fail(ErrorCode::Closed, "write to a closed stream");
    Direction& outgoing = m_state->directions[otherEnd(m_index)];
    if (!outgoing.hasReader)
        return bytes.size();
    const std::size_t size =
        std::min(bytes.size(), outgoing.windowBytes - std::min(outgoing.windowBytes, outgoing.bytes.size()));
    if (size > 0) {
        static_cast<void>(outgoing.bytes.append(bytes.first(size)));
        outgoing.onTheWay.push_back({std::nullopt, size});
        if (m_state->isPumping)
            m_state->stamp(m_state->now);
    }
    if (size < bytes.size())
        outgoing.wantsRoom = true;
    return size;
}

void MemoryLink::State::End::closeAfter(ByteView lastWords)
{
    if (m_isOver)
        return;
    m_isOver = true;
    m_state->directions[m_index].dropUnread();
    Direction& outgoing = m_state->directions[otherEnd(m_index)];
    if (!outgoing.hasReader)
        return;
    if (!lastWords.empty() && outgoing.bytes.append(lastWords))
        outgoing.onTheWay.push_back({std::nullopt, lastWords.size()});
    outgoing.isEnded = true;
    outgoing.onTheWay.push_back({std::nullopt, 0});
    if (m_state->isPumping)
        m_state->stamp(m_state->now);
}

void MemoryLink::State::End::abort()
{
    if (m_isOver)
        return;
    m_state->directions[otherEnd(m_index)].dropOnTheWay();
    End::closeAfter({});
}

net::Endpoint MemoryLink::State::End::peer() const
{
    const std::size_t other = otherEnd(m_index);
    return {net::IpAddress::fromIPv4(EndAddresses[other]), EndPorts[other]};
}

void MemoryLink::State::End::finish(const Error& error)
{
    Observer* observer = listener();
    m_isOver = true;
    if (observer)
        observer->streamClosed(error);
}

void MemoryLink::State::Direction::dropUnread()
{
    bytes.clear();
    arrivedBytes = 0;
    onTheWay.clear();
    hasReader = false;
}

void MemoryLink::State::Direction::dropOnTheWay()
{
    const ByteView all = std::as_const(bytes).data();
    const ByteVector arrived(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(arrivedBytes));
    bytes.clear();
    static_cast<void>(bytes.append(arrived));
    onTheWay.clear();
}

void MemoryLink::State::stamp(TimePoint pumpTime)
{
    for (Direction& direction : directions) {
        for (auto batch = direction.onTheWay.rbegin(); batch != direction.onTheWay.rend() && !batch->due; ++batch)
            batch->due = pumpTime + options.delay;
    }
}

std::size_t MemoryLink::State::dueBytes(std::size_t end) const
{
    std::size_t sizeBytes = 0;
    for (const Batch& batch : directions[end].onTheWay) {
        if (batch.due > now)
            break;
        sizeBytes += batch.sizeBytes;
    }
    return sizeBytes;
}

void MemoryLink::State::arrive(std::size_t end, std::size_t sizeBytes)
{
    Direction& direction = directions[end];
    direction.arrivedBytes += sizeBytes;
    while (sizeBytes > 0) {
        Batch& batch = direction.onTheWay.front();
        const std::size_t part = std::min(sizeBytes, batch.sizeBytes);
        batch.sizeBytes -= part;
        sizeBytes -= part;
        if (batch.sizeBytes == 0)
            direction.onTheWay.pop_front();
    }
}

bool MemoryLink::State::deliver(std::size_t end)
{
    Direction& direction = directions[end];
    ByteStream::Observer* observer = ends[end] ? ends[end]->listener() : nullptr;
    if (!observer || direction.isPaused)
        return false;
    std::size_t chunkBytes = 0;
    if (const std::size_t due = dueBytes(end); due > 0) {
        chunkBytes = std::min<std::size_t>(due, 1 + random() % options.maxChunkBytes);
        arrive(end, chunkBytes);
    }
    const std::size_t unreadBytes = direction.arrivedBytes;
    if (unreadBytes == 0)
        return false;
    observer->streamReadable();
    return chunkBytes > 0 || direction.arrivedBytes < unreadBytes;
}

bool MemoryLink::State::offerRoom(std::size_t end)
{
    Direction& outgoing = directions[otherEnd(end)];
    ByteStream::Observer* observer = ends[end] ? ends[end]->listener() : nullptr;
    if (!observer || !outgoing.wantsRoom || outgoing.bytes.size() >= outgoing.windowBytes)
        return false;
    outgoing.wantsRoom = false;
    observer->streamWritable();
    return true;
}

bool MemoryLink::State::tellEnd(std::size_t end)
{
    Direction& direction = directions[end];
    const bool isAtEnd = direction.isEnded && direction.bytes.isEmpty() && !direction.onTheWay.empty()
                         && direction.onTheWay.front().due <= now;
    if (!isAtEnd || direction.isPaused || !ends[end] || !ends[end]->listener())
        return false;
    direction.onTheWay.clear();
    ends[end]->finish({ErrorCode::Closed, "the peer closed the connection"});
    return true;
}

MemoryLink::MemoryLink(const MemoryLinkOptions& options)
    : m_state(std::make_shared<State>(options))
{}

MemoryLink::~MemoryLink()
{
    cutSilently();
}

std::unique_ptr<ByteStream> MemoryLink::takeFirst()
{
    return std::make_unique<State::End>(m_state, 0);
}

std::unique_ptr<ByteStream> MemoryLink::takeSecond()
{
    return std::make_unique<State::End>(m_state, 1);
}

bool MemoryLink::pump(TimePoint now)
{
    const std::shared_ptr<State> state = m_state;
    state->now = now;
    state->stamp(now);
    state->isPumping = true;
    bool hasMoved = false;
    for (bool isMoving = true; isMoving && !state->isCut;) {
        isMoving = false;
        for (const std::size_t end : {0U, 1U}) {
            isMoving = state->deliver(end) || isMoving;
            isMoving = (!state->isCut && state->offerRoom(end)) || isMoving;
            isMoving = (!state->isCut && state->tellEnd(end)) || isMoving;
        }
        hasMoved = hasMoved || isMoving;
    }
    state->isPumping = false;
    return hasMoved;
}

TimePoint MemoryLink::deadline() const
{
    if (m_state->isCut)
        return Never;
    TimePoint earliest = Never;
    for (const State::Direction& direction : m_state->directions) {
        if (!direction.isPaused && !direction.onTheWay.empty())
            earliest = std::min(earliest, direction.onTheWay.front().due.value_or(m_state->now));
    }
    return earliest;
}

void MemoryLink::cutSilently()
{
    m_state->isCut = true;
}

void MemoryLink::reset()
{
    const std::shared_ptr<State> state = m_state;
    state->isCut = true;
    for (const std::size_t end : {0U, 1U}) {
        if (state->ends[end])
            state->ends[end]->finish({ErrorCode::Closed, "connection reset"});
    }
}

std::optional<Duration> MemoryLink::deadPeerAfterOfFirst() const
{
    return m_state->deadPeerAfter[0];
}

std::optional<Duration> MemoryLink::deadPeerAfterOfSecond() const
{
    return m_state->deadPeerAfter[1];
}

void MemoryLink::setLineOfFirst(Line* line)
{
    m_state->lines[0] = line;
}

void MemoryLink::setLineOfSecond(Line* line)
{
    m_state->lines[1] = line;
}

void MemoryLink::pauseReadingOfFirst(bool isPaused)
{
    m_state->directions[0].isPaused = isPaused;
}

void MemoryLink::pauseReadingOfSecond(bool isPaused)
{
    m_state->directions[1].isPaused = isPaused;
}

}  // namespace gvpn::transport
