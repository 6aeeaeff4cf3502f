// The server's conversation with a client that says anything, at any time, and a program that decides anything.
#include "conversation_script.h"

#include "protocol/server_conversation.h"

using namespace gvpn;
using namespace gvpn::protocol;
using fuzz::require;

namespace {

net::TunnelSettings exampleSettings()
{
    net::TunnelSettings settings;
    settings.addresses = {{net::IpAddress::fromIPv4(0x0A560007), 24}};
    settings.gateways = {net::IpAddress::fromIPv4(0x0A560001)};
    return settings;
}

/// What the program does about an open question, or has to say.
Actions decide(ServerConversation& conversation, bool isYes, TimePoint now)
{
    if (conversation.isLoginOpen())
        return isYes ? conversation.acceptLogin(now) : conversation.refuseLogin(GoodbyeCode::LoginRefused, "no");
    if (conversation.isAddressOpen())
        return isYes ? conversation.assign(exampleSettings(), now)
                     : conversation.refuseAddress(GoodbyeCode::PoolExhausted, "no");
    if (conversation.isEstablished())
        return conversation.notify("look");
    return {};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    fuzz::Script script(data, size);
    TimePoint now = TimePoint() + std::chrono::seconds(1000);
    ServerOffer offer{.software = "gvpn-server", .takes = {}, .loginMethods = {LoginMethod::None}};
    const std::uint8_t variant = script.takeByte();
    offer.maxVersion = static_cast<std::uint16_t>(2 + (variant & 1U));
    if ((variant & 2U) != 0)
        offer.loginMethods = {LoginMethod::Device, LoginMethod::Password, LoginMethod::Invite};
    ServerConversation conversation(offer, now);
    bool isOver = false;
    while (!script.isAtEnd()) {
        Actions actions;
        const bool wasLoggedIn = conversation.isLoggedIn();
        bool isDecision = false;
        const std::uint8_t step = script.takeByte();
        switch (step % 8) {
        case 0: now += std::chrono::seconds(script.takeByte()); break;
        case 1: actions = conversation.tick(now); break;
        case 2: conversation.noteReceived(now); break;
        case 3: actions = conversation.leave(static_cast<GoodbyeCode>(script.takeByte() % 13), "bye"); break;
        case 4:
            isDecision = true;
            actions = decide(conversation, script.takeByte() != 0, now);
            break;
        default: actions = conversation.receive(script.takeBody(), now); break;
        }
        require(!isOver || actions.empty());
        isOver = fuzz::checkActions(actions) || isOver;
        require(isOver == (conversation.deadline() == Never));
        require(!(isOver && (conversation.isLoggedIn() || conversation.isLoginOpen() || conversation.isAddressOpen())));
        require(wasLoggedIn || isDecision || !conversation.isLoggedIn());  // nobody gets in by talking
        require(!conversation.acceptsPackets() || conversation.isLoggedIn());
    }
    return 0;
}
