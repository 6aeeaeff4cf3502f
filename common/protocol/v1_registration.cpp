#include "protocol/v1_registration.h"

#include "protocol/wire_text.h"

#include <QJsonDocument>
#include <QJsonObject>

#include <algorithm>
#include <cassert>

namespace gvpn::protocol::v1 {

namespace {

constexpr std::size_t Ipv4Bytes = 4;
constexpr std::array<std::byte, 12> MappedPrefix = {std::byte{0}, std::byte{0}, std::byte{0},    std::byte{0},
                                                    std::byte{0}, std::byte{0}, std::byte{0},    std::byte{0},
                                                    std::byte{0}, std::byte{0}, std::byte{0xFF}, std::byte{0xFF}};

Failure violation(std::string what)
{
    return fail(ErrorCode::ProtocolViolation, "registration: " + std::move(what));
}

/// Undefined if there is none.
QJsonValue valueOf(const QJsonObject& object, QLatin1String key)
{
    if (const auto exact = object.constFind(key); exact != object.constEnd())
        return *exact;
    for (auto it = object.constBegin(); it != object.constEnd(); ++it) {
        if (it.key().compare(key, Qt::CaseInsensitive) == 0)
            return *it;
    }
    return QJsonValue::Undefined;
}

/// "" for null and for what isn't there.
Result<std::string> textOf(const QJsonObject& object, QLatin1String key)
{
    const QJsonValue value = valueOf(object, key);
    if (!value.isString() && !value.isUndefined() && !value.isNull())
        return violation(std::string(key.data()) + " is no string");
    return value.toString().toStdString();
}

Result<net::Prefix> parseBypass(const std::string& text)
{
    const auto address = net::InterfaceAddress::parse(text);
    if (!address || !address->address.isIPv4())
        return violation("the bypass \"" + toWireText(text).toStdString() + "\" is no IPv4 network");
    return address->prefix();
}

}  // namespace

ByteVector encodeRegistration(const net::IpAddress& address)
{
    assert(address.isIPv4());
    ByteVector data(MappedPrefix.size() + Ipv4Bytes);
    std::ranges::copy(MappedPrefix, data.begin());
    writeBigEndian(ByteSpan(data), MappedPrefix.size(), address.toIPv4());
    return data;
}

Result<net::IpAddress> decodeRegistration(ByteView data)
{
    if (data.size() == Ipv4Bytes)
        return net::IpAddress::fromBytes(data);
    if (data.size() != MappedPrefix.size() + Ipv4Bytes)
        return violation("an address of " + std::to_string(data.size()) + " bytes");
    if (!std::ranges::equal(data.first(MappedPrefix.size()), MappedPrefix))
        return violation(net::IpAddress::fromBytes(data).toString() + " is not an IPv4 address");
    return net::IpAddress::fromBytes(data.last(Ipv4Bytes));
}

ByteVector encodeAnswer(const Answer& answer)
{
    const QJsonObject object{
        {QStringLiteral("Success"), answer.isSuccess},
        {QStringLiteral("Message"), QString::fromUtf8(toWireText(answer.message))},
        {QStringLiteral("Bypass"), answer.bypass ? QString::fromStdString(answer.bypass->toString()) : QString()},
    };
    const QByteArray json = QJsonDocument(object).toJson(QJsonDocument::Compact);
    const ByteView bytes = asBytes({json.constData(), static_cast<std::size_t>(json.size())});
    return {bytes.begin(), bytes.end()};
}

Result<Answer> decodeAnswer(ByteView json)
{
    const std::string_view text = asText(json);
    QJsonParseError error{};
    const auto document =
        QJsonDocument::fromJson(QByteArray::fromRawData(text.data(), static_cast<qsizetype>(text.size())), &error);
    if (error.error != QJsonParseError::NoError)
        return violation("the answer is no JSON: " + error.errorString().toStdString());
    if (!document.isObject())
        return violation("the answer is no JSON object");
    const QJsonObject object = document.object();
    const QJsonValue success = valueOf(object, QLatin1String("Success"));
    if (!success.isBool())
        return violation("the answer does not say whether it is a success");
    if (!success.toBool()) {
        const auto message = textOf(object, QLatin1String("Message"));
        if (!message)
            return fail(message.error());
        return Answer{.isSuccess = false, .message = toWireText(*message).toStdString(), .bypass = {}};
    }
    const auto bypass = textOf(object, QLatin1String("Bypass"));
    if (!bypass)
        return fail(bypass.error());
    if (bypass->empty())
        return Answer{.isSuccess = true, .message = {}, .bypass = {}};
    const auto network = parseBypass(*bypass);
    if (!network)
        return fail(network.error());
    return Answer{.isSuccess = true, .message = {}, .bypass = *network};
}

}  // namespace gvpn::protocol::v1
