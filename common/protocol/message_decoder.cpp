#include "protocol/cbor_reader.h"
#include "protocol/message_numbers.h"
#include "protocol/messages.h"

#include <QByteArrayView>

#include <algorithm>

namespace gvpn::protocol {

namespace {

constexpr net::SettingsLimits Limits{};
constexpr std::size_t MaxFamilies = 2;
constexpr std::size_t MaxLoginMethods = 16;
constexpr std::size_t MaxDomainBytes = 253;

bool isKnown(LoginMethod method)
{
    switch (method) {
    case LoginMethod::None:
    case LoginMethod::Device:
    case LoginMethod::Password:
    case LoginMethod::Invite: return true;
    }
    return false;
}

/// A number that is not of this program's codes is Unspecified.
GoodbyeCode toGoodbyeCode(std::uint64_t number)
{
    const auto last = static_cast<std::uint64_t>(GoodbyeCode::ServerBusy);
    return number <= last ? static_cast<GoodbyeCode>(number) : GoodbyeCode::Unspecified;
}

net::IpAddress readAddress(CborReader& in)
{
    const ByteVector bytes = in.readBytes(16);
    if (in.hasFault())
        return {};
    if (bytes.size() != 4 && bytes.size() != 16) {
        in.setFault("not an address");
        return {};
    }
    return net::IpAddress::fromBytes(bytes);
}

/// The bytes of the address and then one byte with the length of the network.
net::InterfaceAddress readInterfaceAddress(CborReader& in)
{
    const ByteVector bytes = in.readBytes(17);
    if (in.hasFault())
        return {};
    if (bytes.size() != 5 && bytes.size() != 17) {
        in.setFault("not an address with a length");
        return {};
    }
    const net::InterfaceAddress value{net::IpAddress::fromBytes(ByteView(bytes).first(bytes.size() - 1)),
                                      std::to_integer<unsigned>(bytes.back())};
    if (value.length > net::bitCount(value.address.family())) {
        in.setFault("a network length out of range");
        return {};
    }
    return value;
}

net::Prefix readPrefix(CborReader& in)
{
    const net::InterfaceAddress value = readInterfaceAddress(in);
    if (in.hasFault())
        return {};
    if (value.prefix().network() != value.address)
        in.setFault("a network with host bits");
    return value.prefix();
}

/// Reads the keys of one message in any version: readField(key) returns false for keys that it doesn't know.
template <typename ReadField>
void readFields(CborReader& in, unsigned lastRequiredKey, const ReadField& readField)
{
    while (const auto key = in.nextKey()) {
        if (!readField(*key))
            in.skip();
    }
    in.finish(lastRequiredKey);
}

Hello readHello(CborReader& in)
{
    Hello hello;
    readFields(in, 5, [&](std::uint64_t key) {
        switch (key) {
        case 1: hello.minVersion = in.readUnsigned<std::uint16_t>(); return true;
        case 2: hello.maxVersion = in.readUnsigned<std::uint16_t>(); return true;
        case 3: hello.capabilities = in.readUnsigned<std::uint64_t>(); return true;
        case 4: hello.software = in.readText(MaxTextBytes); return true;
        case 5: {
            const ByteVector bytes = in.readBytes(hello.instance.size());
            if (bytes.size() == hello.instance.size())
                std::copy(bytes.begin(), bytes.end(), hello.instance.begin());
            else
                in.setFault("not an instance");
            return true;
        }
        default: return false;
        }
    });
    if (hello.minVersion > hello.maxVersion)
        in.setFault("the lowest version is above the highest");
    return hello;
}

HelloReply readHelloReply(CborReader& in)
{
    HelloReply reply;
    readFields(in, 4, [&](std::uint64_t key) {
        switch (key) {
        case 1: reply.version = in.readUnsigned<std::uint16_t>(); return true;
        case 2: reply.capabilities = in.readUnsigned<std::uint64_t>(); return true;
        case 3: reply.software = in.readText(MaxTextBytes); return true;
        case 4:
            in.readArray(MaxLoginMethods, [&] {
                const auto method = static_cast<LoginMethod>(in.readUnsigned<std::uint8_t>());
                if (!in.hasFault() && isKnown(method))
                    reply.loginMethods.push_back(method);
            });
            return true;
        default: return false;
        }
    });
    return reply;
}

std::string readUser(CborReader& in)
{
    std::string user = in.readText(MaxUserBytes);
    if (user.empty())
        in.setFault("no user");
    return user;
}

SharedSecret readPassword(CborReader& in)
{
    SecretBytes password = in.readSecret(MaxSecretBytes);
    const std::string_view text = asText(password.view());
    if (text.empty())
        in.setFault("no password");
    else if (!QByteArrayView(text.data(), static_cast<qsizetype>(text.size())).isValidUtf8())
        in.setFault("a password that is no UTF-8");
    return SharedSecret(std::move(password));
}

SharedSecret readInvite(CborReader& in)
{
    SecretBytes invite = in.readSecret(InviteBytes);
    if (invite.view().size() != InviteBytes)
        in.setFault("not an invite");
    return SharedSecret(std::move(invite));
}

/// A method that this program doesn't know has keys that it doesn't know: the conversation refuses it.
Login readLogin(CborReader& in)
{
    Login login;
    const auto isBy = [&login](LoginMethod method) { return login.method == method; };
    readFields(in, 2, [&](std::uint64_t key) {
        switch (key) {
        case 1: login.method = static_cast<LoginMethod>(in.readUnsigned<std::uint8_t>()); return true;
        case 2: login.deviceName = in.readText(MaxTextBytes); return true;
        case 3:
            if (isBy(LoginMethod::Password))
                login.user = readUser(in);
            return isBy(LoginMethod::Password);
        case 4:
            if (isBy(LoginMethod::Password))
                login.secret = readPassword(in);
            else if (isBy(LoginMethod::Invite))
                login.secret = readInvite(in);
            return isBy(LoginMethod::Password) || isBy(LoginMethod::Invite);
        default: return false;
        }
    });
    if (isBy(LoginMethod::Password) && login.user.empty())
        in.setFault("key 3: missing");
    if ((isBy(LoginMethod::Password) || isBy(LoginMethod::Invite)) && login.secret.isEmpty())
        in.setFault("key 4: missing");
    return login;
}

LoginReply readLoginReply(CborReader& in)
{
    readFields(in, 0, [](std::uint64_t) { return false; });
    return {};
}

AddressRequest readAddressRequest(CborReader& in)
{
    AddressRequest request;
    readFields(in, 2, [&](std::uint64_t key) {
        switch (key) {
        case 1: in.readArray(MaxFamilies, [&] { request.wanted.push_back(readInterfaceAddress(in)); }); return true;
        case 2: request.isRequired = in.readBool(); return true;
        default: return false;
        }
    });
    if (request.wanted.size() == 2 && request.wanted[0].address.family() == request.wanted[1].address.family())
        in.setFault("two addresses of one family");
    return request;
}

AddressReply readAddressReply(CborReader& in)
{
    AddressReply reply;
    net::TunnelSettings& settings = reply.settings;
    readFields(in, 7, [&](std::uint64_t key) {
        switch (key) {
        case 1: in.readArray(MaxFamilies, [&] { settings.addresses.push_back(readInterfaceAddress(in)); }); return true;
        case 2: in.readArray(MaxFamilies, [&] { settings.gateways.push_back(readAddress(in)); }); return true;
        case 3: in.readArray(Limits.maxRoutes, [&] { settings.routes.push_back(readPrefix(in)); }); return true;
        case 4:
            in.readArray(Limits.maxDnsServers, [&] { settings.dnsServers.push_back(readAddress(in)); });
            return true;
        case 5:
            in.readArray(Limits.maxDnsDomains, [&] { settings.dnsDomains.push_back(in.readText(MaxDomainBytes)); });
            return true;
        case 6: settings.mtu = in.readUnsigned<std::uint16_t>(); return true;
        case 7: settings.keepalive = std::chrono::seconds(in.readUnsigned<std::uint16_t>()); return true;
        default: return false;
        }
    });
    return reply;
}

/// Ping or Pong.
template <typename Echo>
Echo readEcho(CborReader& in)
{
    Echo echo;
    readFields(in, 1, [&](std::uint64_t key) {
        if (key != 1)
            return false;
        echo.id = in.readUnsigned<std::uint64_t>();
        return true;
    });
    return echo;
}

Goodbye readGoodbye(CborReader& in)
{
    Goodbye goodbye;
    readFields(in, 2, [&](std::uint64_t key) {
        switch (key) {
        case 1: goodbye.code = toGoodbyeCode(in.readUnsigned<std::uint64_t>()); return true;
        case 2: goodbye.text = in.readText(MaxTextBytes); return true;
        default: return false;
        }
    });
    return goodbye;
}

Notice readNotice(CborReader& in)
{
    Notice notice;
    readFields(in, 1, [&](std::uint64_t key) {
        if (key != 1)
            return false;
        notice.text = in.readText(MaxTextBytes);
        return true;
    });
    return notice;
}

Message readMessage(CborReader& in, std::uint64_t number)
{
    switch (static_cast<MessageNumber>(number)) {
    case MessageNumber::Hello: return readHello(in);
    case MessageNumber::HelloReply: return readHelloReply(in);
    case MessageNumber::Login: return readLogin(in);
    case MessageNumber::LoginReply: return readLoginReply(in);
    case MessageNumber::AddressRequest: return readAddressRequest(in);
    case MessageNumber::AddressReply: return readAddressReply(in);
    case MessageNumber::Ping: return readEcho<Ping>(in);
    case MessageNumber::Pong: return readEcho<Pong>(in);
    case MessageNumber::Goodbye: return readGoodbye(in);
    case MessageNumber::Notice: return readNotice(in);
    }
    readFields(in, 0, [](std::uint64_t) { return false; });
    return UnknownMessage{number};
}

}  // namespace

Result<Message> decode(ByteView body)
{
    if (body.size() > MaxControlBytes)
        return fail(ErrorCode::Malformed, "control message: too long");
    CborReader in(body);
    const auto firstKey = in.nextKey();
    if (firstKey != std::uint64_t{0})
        in.setFault("no message number");
    const auto number = in.readUnsigned<std::uint64_t>();
    if (in.hasFault())
        return fail(ErrorCode::Malformed, "control message: " + in.fault());
    Message message = readMessage(in, number);
    if (in.hasFault())
        return fail(ErrorCode::Malformed, std::string(messageName(message)) + ": " + in.fault());
    return message;
}

}  // namespace gvpn::protocol
