#include "system/journal.h"

#include "system/logging.h"
#include "system/nft_ruleset.h"

#include <QJsonArray>

#include <algorithm>
#include <array>
#include <net/if.h>

namespace gvpn::system {

namespace {

using namespace Qt::StringLiterals;

constexpr std::string_view NamePrefix = "journal-";
constexpr std::string_view NameSuffix = ".json";

std::string nameOfInterface(unsigned index)
{
    std::array<char, IF_NAMESIZE> name{};
    return ::if_indextoname(index, name.data()) ? name.data() : "";
}

struct ToJson {
    std::optional<QJsonObject> operator()(const AddAddress& operation) const
    {
        return link(u"add-address"_s, operation.interfaceIndex, u"address"_s, operation.address.toString());
    }
    std::optional<QJsonObject> operator()(const AddRoute& operation) const
    {
        return link(u"add-route"_s, operation.interfaceIndex, u"destination"_s, operation.destination.toString());
    }
    std::optional<QJsonObject> operator()(const SetLinkUp& operation) const
    {
        return QJsonObject{{u"do"_s, u"set-link-up"_s}, {u"index"_s, static_cast<qint64>(operation.interfaceIndex)}};
    }
    std::optional<QJsonObject> operator()(const LoadTable& operation) const
    {
        return QJsonObject{{u"do"_s, u"load-table"_s}, {u"table"_s, QString::fromStdString(operation.tableName)}};
    }
    std::optional<QJsonObject> operator()(const AddDockerRules& operation) const
    {
        return QJsonObject{{u"do"_s, u"add-docker-rules"_s},
                           {u"family"_s, static_cast<int>(operation.family)},
                           {u"tunnel"_s, QString::fromStdString(operation.interfaceName)}};
    }
    template <typename Other>
    std::optional<QJsonObject> operator()(const Other&) const
    {
        return std::nullopt;
    }

private:
    static QJsonObject link(const QString& what, unsigned index, const QString& key, const std::string& value)
    {
        return {{u"do"_s, what}, {u"index"_s, static_cast<qint64>(index)}, {key, QString::fromStdString(value)}};
    }
};

std::optional<Operation> linkOperation(const QJsonObject& object, unsigned index)
{
    const QString what = object.value(u"do").toString();
    if (what == u"set-link-up")
        return SetLinkUp{index};
    if (what == u"add-address") {
        if (const auto address = net::InterfaceAddress::parse(object.value(u"address").toString().toStdString()))
            return AddAddress{index, *address};
    }
    if (what == u"add-route") {
        if (const auto prefix = net::Prefix::parse(object.value(u"destination").toString().toStdString()))
            return AddRoute{index, *prefix};
    }
    return std::nullopt;
}

std::optional<JournalEntry> dockerEntry(const QJsonObject& object, const Holder& holder)
{
    const int family = object.value(u"family").toInt();
    const std::string tunnel = object.value(u"tunnel").toString().toStdString();
    const bool isFamily =
        family == static_cast<int>(net::Family::IPv4) || family == static_cast<int>(net::Family::IPv6);
    if (!isFamily || tunnel.empty() || tunnel.size() >= IF_NAMESIZE)
        return std::nullopt;
    return JournalEntry{AddDockerRules{static_cast<net::Family>(family), tunnel, {}, holder.token}, ""};
}

std::optional<JournalEntry> parseEntry(const QJsonObject& object, const Holder& holder)
{
    if (object.value(u"do").toString() == u"load-table") {
        const std::string table = object.value(u"table").toString().toStdString();
        // Whoever wrote this: no table but ours is ever removed.
        if (!table.starts_with(tableNameFor("")) || table.size() > tableNameFor("").size() + IF_NAMESIZE)
            return std::nullopt;
        return JournalEntry{LoadTable{table, "", false, holder.token}, ""};
    }
    if (object.value(u"do").toString() == u"add-docker-rules")
        return dockerEntry(object, holder);
    const qint64 index = object.value(u"index").toInteger();
    if (index <= 0 || index > std::numeric_limits<int>::max())
        return std::nullopt;
    const auto operation = linkOperation(object, static_cast<unsigned>(index));
    if (!operation)
        return std::nullopt;
    return JournalEntry{*operation, object.value(u"interface").toString().toStdString()};
}

std::optional<JournalRecord> parseRecord(const std::string& fileName, const QJsonObject& object)
{
    const auto holder = Holder::fromJson(object.value(u"holder").toObject());
    if (!holder)
        return std::nullopt;
    JournalRecord record{fileName, *holder, {}};
    const QJsonArray operations = object.value(u"operations").toArray();
    for (const QJsonValueConstRef value : operations) {
        auto entry = parseEntry(value.toObject(), *holder);
        if (!entry)
            return std::nullopt;
        record.entries.push_back(std::move(*entry));
    }
    return record;
}

Result<void> write(const RunDirectory& directory, const JournalRecord& record)
{
    if (record.entries.empty()) {
        directory.remove(record.fileName);
        return {};
    }
    QJsonArray operations;
    for (const JournalEntry& entry : record.entries) {
        QJsonObject object = std::visit(ToJson(), entry.operation).value_or(QJsonObject());
        if (!entry.interfaceName.empty())
            object.insert(u"interface", QString::fromStdString(entry.interfaceName));
        operations.append(object);
    }
    return directory.write(record.fileName, {{u"holder"_s, record.holder.toJson()}, {u"operations"_s, operations}});
}

bool isNameOf(unsigned index, const std::string& name)
{
    std::array<char, IF_NAMESIZE> current{};
    return ::if_indextoname(index, current.data()) && name == current.data();
}

unsigned indexOf(const Operation& operation)
{
    if (const auto* address = std::get_if<AddAddress>(&operation))
        return address->interfaceIndex;
    if (const auto* route = std::get_if<AddRoute>(&operation))
        return route->interfaceIndex;
    const auto* up = std::get_if<SetLinkUp>(&operation);
    return up ? up->interfaceIndex : 0;
}

}  // namespace

Journal::Journal(RunDirectory directory, Holder self)
    : m_directory(std::move(directory))
    , m_self(std::move(self))
{}

Result<bool> Journal::add(const Operation& operation)
{
    const auto isSame = [&](const JournalEntry& entry) { return isSameTarget(entry.operation, operation); };
    if (!std::visit(ToJson(), operation) || std::ranges::any_of(m_entries, isSame))
        return false;
    m_entries.push_back({operation, nameOfInterface(indexOf(operation))});
    if (auto saved = save(); !saved) {
        m_entries.pop_back();
        return fail(saved.error());
    }
    return true;
}

Result<void> Journal::takeOver(const Operation& operation) const
{
    const auto lock = m_directory.lock();
    if (!lock)
        return fail(lock.error());
    for (JournalRecord& record : readJournals(m_directory)) {
        const auto isDone = [&](const JournalEntry& entry) {
            return isSameTarget(entry.operation, operation) || !isStillThere(entry);
        };
        if (record.holder == m_self || record.holder.isAlive() || std::erase_if(record.entries, isDone) == 0)
            continue;
        if (auto written = write(m_directory, record); !written)
            return written;
    }
    return {};
}

Result<void> Journal::remove(const Operation& operation)
{
    const auto isSame = [&](const JournalEntry& entry) { return isSameTarget(entry.operation, operation); };
    if (std::erase_if(m_entries, isSame) == 0)
        return {};
    return save();
}

Result<void> Journal::save() const
{
    const std::string fileName = std::string(NamePrefix) + m_self.token + std::string(NameSuffix);
    const auto lock = m_directory.lock();
    if (!lock)
        return fail(lock.error());
    return write(m_directory, {fileName, m_self, m_entries});
}

bool isStillThere(const JournalEntry& entry)
{
    if (const auto* address = std::get_if<AddAddress>(&entry.operation))
        return isNameOf(address->interfaceIndex, entry.interfaceName);
    if (const auto* route = std::get_if<AddRoute>(&entry.operation))
        return isNameOf(route->interfaceIndex, entry.interfaceName);
    if (const auto* up = std::get_if<SetLinkUp>(&entry.operation))
        return isNameOf(up->interfaceIndex, entry.interfaceName);
    return true;
}

std::vector<JournalRecord> readJournals(const RunDirectory& directory)
{
    std::vector<JournalRecord> records;
    for (const std::string& name : directory.list(std::string(NamePrefix), std::string(NameSuffix))) {
        const auto file = directory.read(name);
        if (!file)
            continue;
        if (auto record = parseRecord(name, *file))
            records.push_back(std::move(*record));
        else
            qCWarning(logSystem) << "ignoring a damaged journal name=" << name.c_str();
    }
    return records;
}

}  // namespace gvpn::system
