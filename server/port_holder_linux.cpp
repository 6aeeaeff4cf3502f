#include "server/port_holder.h"

#include <QDir>
#include <QFile>

#include <algorithm>
#include <array>
#include <charconv>

namespace gvpn::server {

namespace {

constexpr qint64 MaxTableBytes = 16 * 1024 * 1024;
constexpr qint64 MaxNameBytes = 64;
constexpr std::string_view Listening = "0A";  // include/net/tcp_states.h: TCP_LISTEN

template <typename Number>
std::optional<Number> parseNumber(std::string_view text, int base)
{
    Number number{};
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number, base);
    if (text.empty() || parsed.ec != std::errc() || parsed.ptr != text.data() + text.size())
        return std::nullopt;
    return number;
}

/// Of "0: 00000000:C73D 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 4711 …".
struct SocketLine {
    std::uint16_t port = 0;
    bool isListening = false;
    std::uint64_t inode = 0;
};

std::optional<SocketLine> parseLine(std::string_view line)
{
    constexpr std::size_t Local = 1;
    constexpr std::size_t State = 3;
    constexpr std::size_t Inode = 9;
    std::array<std::string_view, Inode + 1> fields;
    std::size_t count = 0;
    while (count < fields.size()) {
        const std::size_t begin = line.find_first_not_of(' ');
        if (begin == std::string_view::npos)
            return std::nullopt;
        line.remove_prefix(begin);
        const std::size_t end = std::min(line.find(' '), line.size());
        fields[count++] = line.substr(0, end);
        line.remove_prefix(end);
    }
    const std::size_t colon = fields[Local].rfind(':');
    if (colon == std::string_view::npos)
        return std::nullopt;
    const auto port = parseNumber<std::uint16_t>(fields[Local].substr(colon + 1), 16);
    const auto inode = parseNumber<std::uint64_t>(fields[Inode], 10);
    if (!port || !inode)
        return std::nullopt;
    return SocketLine{*port, fields[State] == Listening, *inode};
}

QByteArray readAll(const QString& path, qint64 most)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.read(most) : QByteArray();
}

/// Whether a process has one of these sockets open.
bool holdsOneOf(const QString& process, const QStringList& links)
{
    const QDir descriptors(process + QStringLiteral("/fd"));
    const QStringList names = descriptors.entryList(QDir::AllEntries | QDir::System | QDir::NoDotAndDotDot);
    return std::any_of(names.begin(), names.end(), [&](const QString& name) {
        // Sockets are links to nothing, which QFileInfo makes a path of.
        return links.contains(QFile::symLinkTarget(descriptors.filePath(name)).section(u'/', -1));
    });
}

}  // namespace

std::vector<std::uint64_t> listeningSockets(std::string_view table, std::uint16_t port)
{
    std::vector<std::uint64_t> inodes;
    while (!table.empty()) {
        const std::size_t end = std::min(table.find('\n'), table.size());
        const auto socket = parseLine(table.substr(0, end));
        if (socket && socket->isListening && socket->port == port)
            inodes.push_back(socket->inode);
        table.remove_prefix(std::min(end + 1, table.size()));
    }
    return inodes;
}

std::optional<PortHolder> findPortHolder(std::uint16_t port)
{
    QStringList links;
    for (const char* name : {"/proc/net/tcp", "/proc/net/tcp6"}) {
        const QByteArray table = readAll(QLatin1String(name), MaxTableBytes);
        for (const std::uint64_t inode :
             listeningSockets({table.constData(), static_cast<std::size_t>(table.size())}, port))
            links.append(QStringLiteral("socket:[%1]").arg(inode));
    }
    if (links.isEmpty())
        return std::nullopt;
    const QDir proc(QStringLiteral("/proc"));
    const QStringList processes = proc.entryList({QStringLiteral("[0-9]*")}, QDir::Dirs);
    for (const QString& process : processes) {
        if (!holdsOneOf(proc.filePath(process), links))
            continue;
        const QByteArray program = readAll(proc.filePath(process) + QStringLiteral("/comm"), MaxNameBytes).trimmed();
        return PortHolder{program.toStdString(), process.toInt()};
    }
    return PortHolder{};
}

}  // namespace gvpn::server
