#include "client/known_servers.h"

#include "program/private_file.h"

#include <QJsonDocument>
#include <QJsonObject>

#include <algorithm>

namespace gvpn::client {

namespace {

constexpr int FormatVersion = 1;

Result<std::map<std::string, Pin>> parse(const QByteArray& text)
{
    const QJsonObject root = QJsonDocument::fromJson(text).object();
    if (root.value(u"version").toInt() != FormatVersion || !root.value(u"servers").isObject())
        return fail(ErrorCode::Malformed, "not a list of servers in a format that this program knows");
    std::map<std::string, Pin> pins;
    const QJsonObject servers = root.value(u"servers").toObject();
    for (auto it = servers.begin(); it != servers.end(); ++it) {
        const auto pin = Pin::parse(it.value().toString().toStdString());
        if (!pin)
            return fail(ErrorCode::Malformed, it.key().toStdString() + " has no valid pin");
        pins.emplace(it.key().toStdString(), *pin);
    }
    return pins;
}

}  // namespace

std::string serverKey(const net::HostPort& server)
{
    // Host names are the same in any case.
    std::string key = server.toString();
    std::ranges::transform(key, key.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
    return key;
}

Result<KnownServers> KnownServers::load(const std::string& path)
{
    KnownServers known(path);
    const auto content = program::readTrustedFile(path, MaxKnownServersBytes);
    if (!content && content.error().code == ErrorCode::NotFound)
        return known;
    if (!content)
        return fail(content.error());
    auto pins = parse(QByteArray::fromRawData(asText(*content).data(), qsizetype(content->size())));
    if (!pins)
        return fail(pins.error().code, path + ": " + pins.error().context);
    known.m_pins = std::move(*pins);
    return known;
}

std::optional<Pin> KnownServers::find(const net::HostPort& server) const
{
    const auto at = m_pins.find(serverKey(server));
    return at == m_pins.end() ? std::nullopt : std::optional(at->second);
}

std::optional<Pin> KnownServers::findOther(const net::HostPort& server, const Pin& pin) const
{
    const auto known = find(server);
    return known == pin ? std::nullopt : known;
}

Result<void> KnownServers::remember(const net::HostPort& server, const Pin& pin)
{
    const auto known = find(server);
    if (known == pin)
        return {};
    if (known)
        return fail(ErrorCode::AlreadyExists, m_file + " has another key for " + server.toString());
    return replace(server, pin);
}

Result<void> KnownServers::replace(const net::HostPort& server, const Pin& pin)
{
    if (find(server) == pin)
        return {};
    auto pins = m_pins;
    pins.insert_or_assign(serverKey(server), pin);
    if (auto saved = save(pins); !saved)
        return saved;
    m_pins = std::move(pins);
    return {};
}

Result<void> KnownServers::forget(const net::HostPort& server, const Pin& pin)
{
    if (find(server) != pin)
        return {};
    auto pins = m_pins;
    pins.erase(serverKey(server));
    if (auto saved = save(pins); !saved)
        return saved;
    m_pins = std::move(pins);
    return {};
}

Result<void> KnownServers::save(const std::map<std::string, Pin>& pins) const
{
    QJsonObject servers;
    for (const auto& [key, pin] : pins)
        servers.insert(QString::fromStdString(key), QString::fromStdString(pin.toString()));
    const QJsonObject root{{QStringLiteral("version"), FormatVersion}, {QStringLiteral("servers"), servers}};
    const QByteArray text = QJsonDocument(root).toJson();
    return program::writeFile(m_file, asBytes({text.constData(), static_cast<std::size_t>(text.size())}));
}

}  // namespace gvpn::client
