#include "helper/link_record.h"

#include "helper/logging.h"

#include <QJsonArray>

namespace gvpn::helper {

namespace {

const std::string NamePrefix = "links-";
const std::string NameSuffix = ".json";
const QString HolderKey = QStringLiteral("holder");
const QString LinksKey = QStringLiteral("links");

}  // namespace

LinkRecord::LinkRecord(system::RunDirectory directory)
    : m_directory(std::move(directory))
    , m_self(system::Holder::makeOwn())
{}

std::string LinkRecord::fileName() const
{
    return NamePrefix + m_self.token + NameSuffix;
}

void LinkRecord::write(const std::vector<unsigned>& indexes) const
{
    if (indexes.empty() && !m_directory.read(fileName()))
        return;
    const auto lock = m_directory.lock();
    Result<void> written;
    if (!lock) {
        written = fail(lock.error());
    } else if (indexes.empty()) {
        m_directory.remove(fileName());
    } else {
        QJsonArray links;
        for (const unsigned index : indexes)
            links.append(static_cast<qint64>(index));
        written = m_directory.write(fileName(), {{HolderKey, m_self.toJson()}, {LinksKey, links}});
    }
    if (!written)
        qCWarning(logHelper).noquote() << "can't record the links:" << written.error().context.c_str();
}

std::vector<unsigned> LinkRecord::takeLeftovers() const
{
    std::vector<unsigned> indexes;
    std::vector<std::string> outdated;
    for (const std::string& name : m_directory.list(NamePrefix, NameSuffix)) {
        const auto record = m_directory.read(name);
        const auto holder = record ? system::Holder::fromJson(record->value(HolderKey).toObject()) : std::nullopt;
        if (holder && holder->isAlive())
            continue;
        outdated.push_back(name);
        const QJsonArray links = record ? record->value(LinksKey).toArray() : QJsonArray();
        for (const auto link : links) {
            if (const int index = link.toInt(); index > 0)
                indexes.push_back(static_cast<unsigned>(index));
        }
    }
    if (outdated.empty())
        return indexes;
    if (const auto lock = m_directory.lock()) {
        for (const std::string& name : outdated)
            m_directory.remove(name);
    }
    return indexes;
}

}  // namespace gvpn::helper
