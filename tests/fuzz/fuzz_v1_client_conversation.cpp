// The client's end of v1 from bytes on: a server that says anything in any chunks.
#include "v1_script.h"

using namespace gvpn;
using namespace gvpn::protocol::v1;
using fuzz::require;

namespace {

constexpr std::size_t MaxContextBytes = 512;  // an error is for a log, whatever the server says

const net::InterfaceAddress Wanted{net::IpAddress::fromIPv4(0x0A560065), 24};

/// Nothing that the server says may make the tunnel more than what it is.
void checkEstablished(const protocol::Established& established)
{
    net::TunnelSettings expected;
    expected.addresses = {Wanted};
    expected.routes = established.settings.routes;
    require(established.settings == expected && established.settings.routes.size() <= 1);
    require(net::validate(established.settings, {.allowsReservedRoutes = true}).has_value());
    require(established.peerTakes == net::SegmentSupport{});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    fuzz::Script script(data, size);
    TimePoint now = TimePoint() + std::chrono::seconds(1000);
    ClientConversation conversation({.address = Wanted, .transaction = 1});
    Decoder decoder(HandshakeReplyBytes);
    bool isOver = fuzz::checkActions(conversation.start(now));
    require(!isOver);
    unsigned times = 0;
    const auto onActions = [&](const Actions& actions) {
        require(!isOver || actions.empty());
        isOver = fuzz::checkActions(actions) || isOver;
        for (const Action& action : actions) {
            require(!std::holds_alternative<RegistrationRequested>(action));
            if (const auto* established = std::get_if<protocol::Established>(&action)) {
                ++times;
                checkEstablished(*established);
            }
            if (const auto* close = std::get_if<protocol::CloseConversation>(&action))
                require(close->error.context.size() <= MaxContextBytes);
        }
    };
    while (!script.isAtEnd()) {
        switch (script.takeByte() % 8) {
        case 0: now += std::chrono::seconds(script.takeByte()); break;
        case 1: onActions(conversation.tick(now)); break;
        default: fuzz::deliver(script.takeBody(), decoder, conversation, now, onActions); break;
        }
        require(times <= 1 && (times == 1 || !conversation.acceptsPackets()));
        require((isOver || conversation.acceptsPackets()) == (conversation.deadline() == Never));
        require(!(isOver && (conversation.acceptsPackets() || conversation.isGreeted())));
        require(!conversation.acceptsPackets() || conversation.isGreeted());
    }
    return 0;
}
