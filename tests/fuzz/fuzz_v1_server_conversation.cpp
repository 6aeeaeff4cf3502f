// The server's end of v1 from bytes on: a client that says anything in any chunks, and a program that decides anything.
#include "v1_script.h"

using namespace gvpn;
using namespace gvpn::protocol::v1;
using fuzz::require;

namespace {

/// What the program does about an open question.
Actions decide(ServerConversation& conversation, std::uint8_t how)
{
    if (!conversation.isAddressOpen())
        return {};
    if (how % 2 != 0)
        return conversation.accept({net::IpAddress::fromIPv4(0xAC110000), how % 33U});
    return conversation.refuse(std::string(how, static_cast<char>(how)), {ErrorCode::AddressRefused, "no"});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    fuzz::Script script(data, size);
    TimePoint now = TimePoint() + std::chrono::seconds(1000);
    ServerConversation conversation(now);
    Decoder decoder(HandshakeBytes);
    bool isOver = false;
    unsigned questions = 0;
    const auto onActions = [&](const Actions& actions) {
        require(!isOver || actions.empty());
        isOver = fuzz::checkActions(actions) || isOver;
        for (const Action& action : actions) {
            if (const auto* requested = std::get_if<RegistrationRequested>(&action)) {
                ++questions;
                require(conversation.isAddressOpen() && requested->address.isIPv4());
            }
        }
    };
    while (!script.isAtEnd()) {
        const bool wasRegistered = conversation.acceptsPackets();
        bool isDecision = false;
        switch (script.takeByte() % 8) {
        case 0: now += std::chrono::seconds(script.takeByte()); break;
        case 1: onActions(conversation.tick(now)); break;
        case 2: {
            isDecision = conversation.isAddressOpen();
            Actions actions = decide(conversation, script.takeByte());
            require(isDecision == !actions.empty());
            onActions(actions);
            if (isDecision)
                static_cast<void>(fuzz::readFrame(std::get<protocol::v1::SendBytes>(actions[0]).bytes));
            if (conversation.acceptsPackets())
                decoder.allowPackets();
            break;
        }
        default: fuzz::deliver(script.takeBody(), decoder, conversation, now, onActions); break;
        }
        require(questions <= 1);
        require(wasRegistered || isDecision || !conversation.acceptsPackets());  // nobody gets in by talking
        require((isOver || conversation.acceptsPackets()) == (conversation.deadline() == Never));
        require(!(isOver && (conversation.isAddressOpen() || conversation.acceptsPackets())));
    }
    return 0;
}
