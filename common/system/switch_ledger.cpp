#include "system/switch_ledger.h"

#include "system/logging.h"

#include <QDir>
#include <QJsonArray>
#include <QRegularExpression>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace gvpn::system {

namespace {

const std::string AllIPv6Forwarding = "ipv6/conf/all/forwarding";
const std::string DefaultIPv4Forwarding = "ipv4/conf/default/forwarding";
const std::string DefaultAcceptRa = "ipv6/conf/default/accept_ra";

/// The files that a ledger may name: what is in it comes from outside and is written to as root.
bool isSwitchPath(const QString& path)
{
    static const QRegularExpression Pattern(
        QStringLiteral("^ipv[46]/conf/(?!\\.\\.?/)[^/\\s]{1,15}/(forwarding|force_forwarding|accept_ra)\\z"));
    return Pattern.match(path).hasMatch();
}

bool isSwitchValue(const QString& value)
{
    static const QRegularExpression Pattern(QStringLiteral("^-?[0-9]{1,4}\\z"));
    return Pattern.match(value).hasMatch();
}

bool addHolder(std::vector<Holder>& holders, const Holder& holder)
{
    if (std::ranges::find(holders, holder) != holders.end())
        return false;
    holders.push_back(holder);
    return true;
}

std::optional<std::string> interfaceOfPath(std::string_view path, std::string_view prefix, std::string_view suffix)
{
    if (!path.starts_with(prefix) || !path.ends_with(suffix) || path.size() <= prefix.size() + suffix.size())
        return std::nullopt;
    return std::string(path.substr(prefix.size(), path.size() - prefix.size() - suffix.size()));
}

InterfaceInfo* findInterface(NetworkSnapshot& snapshot, const std::optional<std::string>& name)
{
    const auto at = std::ranges::find(snapshot.interfaces, name.value_or(""), &InterfaceInfo::name);
    return at == snapshot.interfaces.end() ? nullptr : &*at;
}

void overlay(NetworkSnapshot& snapshot, const std::string& path, const std::string& original)
{
    const int value = QString::fromStdString(original).toInt();
    if (path == AllIPv6Forwarding)
        snapshot.forwardsAllIPv6 = value != 0;
    else if (path == DefaultAcceptRa)
        snapshot.defaultAcceptRa = value;
    else if (auto* v4 = findInterface(snapshot, interfaceOfPath(path, "ipv4/conf/", "/forwarding")))
        v4->forwardsIPv4 = value != 0;
    else if (auto* v6 = findInterface(snapshot, interfaceOfPath(path, "ipv6/conf/", "/forwarding")))
        v6->forwardsIPv6 = value != 0;
    else if (auto* forced = findInterface(snapshot, interfaceOfPath(path, "ipv6/conf/", "/force_forwarding")))
        forced->forcesForwardingIPv6 = value != 0;
    else if (auto* advertised = findInterface(snapshot, interfaceOfPath(path, "ipv6/conf/", "/accept_ra")))
        advertised->acceptRa = value;
}

}  // namespace

SwitchLedger::SwitchLedger(RunDirectory directory, std::string sysctlRoot, Holder self)
    : m_directory(std::move(directory))
    , m_root(std::move(sysctlRoot))
    , m_self(std::move(self))
{}

Result<void> SwitchLedger::hold(const std::string& path, const std::string& value)
{
    if (!isSwitchPath(QString::fromStdString(path)) || !isSwitchValue(QString::fromStdString(value)))
        return fail(ErrorCode::InvalidArgument, "not a switch of this layer");
    const auto lock = m_directory.lock();
    if (!lock)
        return fail(lock.error());
    const auto current = readSwitch(path);
    if (!current)
        return fail(current.error());

    Entries entries = load();
    Entry& entry = entries[path];
    std::erase_if(entry.holders, [](const Holder& holder) { return !holder.isAlive(); });
    const bool isOnlyOurs = std::ranges::all_of(entry.holders, [&](const Holder& holder) { return holder == m_self; });
    if (!isOnlyOurs && entry.value != value)
        return fail(ErrorCode::AlreadyExists, "another gvpn program needs it to be " + entry.value);
    // When it is not what the ledger says, somebody has changed it since, and that is what goes back in the end.
    if (entry.value != *current) {
        entry.original = *current;
        entry.dependents = readDependents(path);
        entry.forwardingDefault = readForwardingDefault(path);
    }
    entry.value = value;
    const bool isNew = addHolder(entry.holders, m_self);
    if (auto saved = save(entries); !saved)
        return saved;
    if (*current == value)
        return {};
    auto written = writeSwitch(path, value);
    if (!written && isNew) {
        std::erase(entry.holders, m_self);
        if (entry.holders.empty())
            entries.erase(path);
        if (auto saved = save(entries); !saved)
            qCWarning(logSystem) << "can't take back a record:" << saved.error().context.c_str();
    }
    return written;
}

Result<void> SwitchLedger::release(const std::string& path)
{
    const auto lock = m_directory.lock();
    if (!lock)
        return fail(lock.error());
    Entries entries = load();
    const auto at = entries.find(path);
    if (at == entries.end() || std::erase(at->second.holders, m_self) == 0)
        return {};
    std::erase_if(at->second.holders, [](const Holder& holder) { return !holder.isAlive(); });
    if (!at->second.holders.empty())
        return save(entries);
    // First the switch, then the record: killed in between, the record is found stale instead of missing.
    const auto restored = putBack(path, at->second);
    if (!restored)
        return fail(restored.error());
    entries.erase(at);
    return save(entries);
}

Result<std::vector<std::string>> SwitchLedger::releaseDead()
{
    std::vector<std::string> restoredPaths;
    if (m_directory.list(std::string(FileName), "").empty())
        return restoredPaths;
    const auto lock = m_directory.lock();
    if (!lock)
        return fail(lock.error());
    Entries entries = load();
    bool hasChanged = false;
    for (auto at = entries.begin(); at != entries.end();) {
        auto& [path, entry] = *at;
        hasChanged =
            std::erase_if(entry.holders, [](const Holder& holder) { return !holder.isAlive(); }) > 0 || hasChanged;
        const auto restored = entry.holders.empty() ? putBack(path, entry) : Result<bool>(false);
        if (!restored)
            return fail(restored.error());
        if (*restored)
            restoredPaths.push_back(path);
        at = entry.holders.empty() ? entries.erase(at) : std::next(at);
    }
    if (hasChanged) {
        if (auto saved = save(entries); !saved)
            return fail(saved.error());
    }
    return restoredPaths;
}

void SwitchLedger::restoreOriginals(NetworkSnapshot& snapshot) const
{
    for (const auto& [path, entry] : load()) {
        const auto current = readSwitch(path);
        if (!current || *current != entry.value || isNeededByOthers(path, entry))
            continue;
        overlay(snapshot, path, entry.original);
        for (const auto& [dependent, original] : entry.dependents)
            overlay(snapshot, dependent, original);
    }
}

SwitchLedger::Entries SwitchLedger::load() const
{
    Entries entries;
    const auto file = m_directory.read(std::string(FileName));
    if (!file)
        return entries;
    const QJsonObject switches = file->value(u"switches").toObject();
    for (auto at = switches.begin(); at != switches.end(); ++at) {
        auto entry = parseEntry(at.value().toObject());
        if (isSwitchPath(at.key()) && entry)
            entries.emplace(at.key().toStdString(), std::move(*entry));
        else
            qCWarning(logSystem) << "ignoring a damaged record of a switch path=" << at.key();
    }
    return entries;
}

std::optional<SwitchLedger::Entry> SwitchLedger::parseEntry(const QJsonObject& object)
{
    Entry entry;
    entry.original = object.value(u"original").toString().toStdString();
    entry.value = object.value(u"value").toString().toStdString();
    if (!isSwitchValue(object.value(u"original").toString()) || !isSwitchValue(object.value(u"value").toString()))
        return std::nullopt;
    const QString forwardingDefault = object.value(u"default").toString();
    if (!forwardingDefault.isEmpty() && !isSwitchValue(forwardingDefault))
        return std::nullopt;
    entry.forwardingDefault = forwardingDefault.toStdString();
    const QJsonArray holders = object.value(u"holders").toArray();
    for (const QJsonValueConstRef value : holders) {
        const auto holder = Holder::fromJson(value.toObject());
        if (!holder)
            return std::nullopt;
        entry.holders.push_back(*holder);
    }
    const QJsonObject dependents = object.value(u"dependents").toObject();
    for (auto at = dependents.begin(); at != dependents.end(); ++at) {
        if (!isSwitchPath(at.key()) || !isSwitchValue(at.value().toString()))
            return std::nullopt;
        entry.dependents.emplace(at.key().toStdString(), at.value().toString().toStdString());
    }
    return entry;
}

Result<void> SwitchLedger::save(const Entries& entries) const
{
    if (entries.empty()) {
        m_directory.remove(std::string(FileName));
        return {};
    }
    QJsonObject switches;
    for (const auto& [path, entry] : entries) {
        QJsonArray holders;
        for (const Holder& holder : entry.holders)
            holders.append(holder.toJson());
        QJsonObject dependents;
        for (const auto& [dependent, original] : entry.dependents)
            dependents.insert(QString::fromStdString(dependent), QString::fromStdString(original));
        QJsonObject object{{QStringLiteral("original"), QString::fromStdString(entry.original)},
                           {QStringLiteral("value"), QString::fromStdString(entry.value)},
                           {QStringLiteral("holders"), holders}};
        if (!dependents.isEmpty())
            object.insert(u"dependents", dependents);
        if (!entry.forwardingDefault.empty())
            object.insert(u"default", QString::fromStdString(entry.forwardingDefault));
        switches.insert(QString::fromStdString(path), object);
    }
    return m_directory.write(std::string(FileName), {{QStringLiteral("switches"), switches}});
}

Result<std::string> SwitchLedger::readSwitch(const std::string& path) const
{
    const std::string fullPath = m_root + "/" + path;
    const UniqueFd file(::open(fullPath.c_str(), O_RDONLY | O_CLOEXEC));
    std::array<char, 32> text{};
    const ssize_t size = file.isValid() ? ::read(file.get(), text.data(), text.size()) : -1;
    if (size < 0)
        return fail(errnoError("read " + fullPath, errno));
    const std::string_view value(text.data(), static_cast<std::size_t>(size));
    return std::string(value.substr(0, value.find_last_not_of(" \n\t") + 1));
}

Result<void> SwitchLedger::writeSwitch(const std::string& path, const std::string& value) const
{
    const std::string fullPath = m_root + "/" + path;
    const UniqueFd file(::open(fullPath.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC));
    if (!file.isValid() || ::write(file.get(), value.data(), value.size()) != static_cast<ssize_t>(value.size()))
        return fail(errnoError("write " + fullPath, errno));
    return {};
}

/// Writing ipv6/conf/all/forwarding sets the switch of every interface, and the default for those to come.
std::map<std::string, std::string> SwitchLedger::readDependents(const std::string& path) const
{
    std::map<std::string, std::string> dependents;
    if (path != AllIPv6Forwarding)
        return dependents;
    const QDir directory(QString::fromStdString(m_root + "/ipv6/conf"));
    for (const QString& name : directory.entryList(QDir::Dirs | QDir::Hidden | QDir::NoDotAndDotDot)) {
        const QString dependent = QStringLiteral("ipv6/conf/%1/forwarding").arg(name);
        if (name == u"all" || !isSwitchPath(dependent))
            continue;
        if (const auto value = readSwitch(dependent.toStdString()))
            dependents.emplace(dependent.toStdString(), *value);
    }
    return dependents;
}

std::string SwitchLedger::readForwardingDefault(const std::string& path) const
{
    return interfaceOfPath(path, "ipv4/conf/", "/forwarding") ? readSwitch(DefaultIPv4Forwarding).value_or("") : "";
}

/// Writing ip_forward sets the switch of every interface, where nobody sees it if it is on already, and the default.
bool SwitchLedger::isNeededByOthers(const std::string& path, const Entry& entry) const
{
    return entry.value == "1" && entry.forwardingDefault == "0" && readForwardingDefault(path) == "1";
}

/// Whether the switch was put back: not when it's gone together with its interface, or when somebody has changed it.
Result<bool> SwitchLedger::putBack(const std::string& path, const Entry& entry) const
{
    const auto current = readSwitch(path);
    if (!current && current.error().code == ErrorCode::NotFound)
        return false;
    if (!current)
        return fail(current.error());
    if (*current != entry.value || entry.value == entry.original || isNeededByOthers(path, entry))
        return false;
    const auto before = readDependents(path);
    if (auto written = writeSwitch(path, entry.original); !written)
        return fail(written.error());
    for (const auto& [dependent, value] : before) {
        // An interface that came meanwhile took its value from the default.
        auto recorded = entry.dependents.find(dependent);
        if (recorded == entry.dependents.end())
            recorded = entry.dependents.find("ipv6/conf/default/forwarding");
        const bool isOurs = value == entry.value && recorded != entry.dependents.end();
        const std::string& wanted = isOurs ? recorded->second : value;
        const auto now = readSwitch(dependent);
        if (!now || *now == wanted)
            continue;
        if (auto written = writeSwitch(dependent, wanted); !written)
            qCWarning(logSystem) << "can't put back a switch:" << written.error().context.c_str();
    }
    return true;
}

}  // namespace gvpn::system
