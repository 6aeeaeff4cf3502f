#include "server/server_state.h"

#include "net/endpoint.h"
#include "program/private_file.h"

#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

namespace gvpn::server {

namespace {

constexpr int StateVersion = 1;
constexpr std::size_t MaxStateBytes = 16 * 1024;

Failure damaged(const QString& path, const std::string& why)
{
    return fail(ErrorCode::Malformed, path.toStdString() + ": " + why);
}

Result<ServerState> fromJson(const QJsonObject& json, const QString& path)
{
    ServerState state;
    const QJsonArray pools = json.value(QLatin1String("pools")).toArray();
    for (const QJsonValueConstRef value : pools) {
        const auto pool = net::Prefix::parse(value.toString().toStdString());
        if (!pool)
            return damaged(path, "pools: " + pool.error().context);
        state.pools.push_back(*pool);
    }
    const QString host = json.value(QLatin1String("public_host")).toString();
    if (!host.isEmpty()) {
        const auto parsed = net::HostPort::parse(net::HostPort{host.toStdString()}.toString());
        if (!parsed)
            return damaged(path, "public_host: " + parsed.error().context);
        state.publicHost = parsed->host;
    }
    if (const int port = json.value(QLatin1String("public_port")).toInt(); port > 0 && port <= UINT16_MAX)
        state.publicPort = static_cast<std::uint16_t>(port);
    if (const QString link = json.value(QLatin1String("link")).toString(); !link.isEmpty()) {
        const auto parsed = net::HostPort::parse(link.toStdString());
        if (!parsed)
            return damaged(path, "link: " + parsed.error().context);
        state.link = *parsed;
        state.isPrivateLink = json.value(QLatin1String("is_private_link")).toBool();
    }
    return state;
}

}  // namespace

Result<ServerState> loadServerState(const QString& path)
{
    if (!QFile::exists(path))
        return ServerState{};
    const auto bytes = program::readFile(path.toStdString(), MaxStateBytes);
    if (!bytes)
        return fail(bytes.error());
    QJsonParseError error;
    const std::string_view content = asText(*bytes);
    const QJsonDocument document =
        QJsonDocument::fromJson(QByteArray(content.data(), static_cast<qsizetype>(content.size())), &error);
    if (!document.isObject())
        return damaged(path, "no JSON object: " + error.errorString().toStdString());
    const int version = document.object().value(QLatin1String("version")).toInt();
    if (version != StateVersion)
        return damaged(path, "version " + std::to_string(version) + " was written by another version of gvpn-server");
    return fromJson(document.object(), path);
}

Result<void> saveServerState(const QString& path, const ServerState& state)
{
    QJsonArray pools;
    for (const net::Prefix& pool : state.pools)
        pools.append(QString::fromStdString(pool.toString()));
    QJsonObject json{{QStringLiteral("version"), StateVersion}, {QStringLiteral("pools"), pools}};
    if (!state.publicHost.empty())
        json.insert(QStringLiteral("public_host"), QString::fromStdString(state.publicHost));
    if (state.publicPort)
        json.insert(QStringLiteral("public_port"), *state.publicPort);
    if (state.link) {
        json.insert(QStringLiteral("link"), QString::fromStdString(state.link->toString()));
        json.insert(QStringLiteral("is_private_link"), state.isPrivateLink);
    }
    const QByteArray content = QJsonDocument(json).toJson();
    return program::writeFile(path.toStdString(),
                              asBytes({content.constData(), static_cast<std::size_t>(content.size())}));
}

}  // namespace gvpn::server
