// The client's conversation with a server that says anything, at any time.
#include "conversation_script.h"

#include "protocol/client_conversation.h"

using namespace gvpn;
using namespace gvpn::protocol;
using fuzz::require;

namespace {

SharedSecret secret(std::string_view text)
{
    return SharedSecret(SecretBytes(asBytes(text)));
}

ClientOffer offerFor(unsigned variant)
{
    ClientOffer offer;
    offer.software = "gvpn";
    offer.takes = net::SegmentSupport::all();
    if ((variant & 1U) != 0)
        offer.maxVersion = 4;
    if ((variant & 2U) != 0)
        offer.address = {{{net::IpAddress::fromIPv4(0x0A560007), 24}}, true};
    if ((variant & 4U) != 0)
        offer.credentials.invite = secret("0123456789abcdef");
    if ((variant & 8U) != 0)
        offer.credentials.password = {"alice", secret("hunter2")};
    return offer;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    fuzz::Script script(data, size);
    ClientConversation conversation(offerFor(script.takeByte()));
    TimePoint now = TimePoint() + std::chrono::seconds(1000);
    require(!fuzz::checkActions(conversation.start(now)));
    bool isOver = false;
    while (!script.isAtEnd()) {
        Actions actions;
        const bool wasEstablished = conversation.isEstablished();
        const std::uint8_t step = script.takeByte();
        switch (step % 8) {
        case 0: now += std::chrono::seconds(script.takeByte()); break;
        case 1:
            if (conversation.deadline() != Never)
                now = std::max(now, conversation.deadline());
            [[fallthrough]];
        case 2: actions = conversation.tick(now); break;
        case 3: conversation.noteReceived(now); break;
        case 4: actions = conversation.leave(static_cast<GoodbyeCode>(script.takeByte() % 13), "bye"); break;
        default: actions = conversation.receive(script.takeBody(), now); break;
        }
        require(!isOver || actions.empty());
        isOver = fuzz::checkActions(actions) || isOver;
        require(isOver == (conversation.deadline() == Never));
        require(!(isOver && conversation.acceptsPackets()));
        if (!wasEstablished && conversation.isEstablished())
            require(std::holds_alternative<Established>(actions.back()));
    }
    return 0;
}
