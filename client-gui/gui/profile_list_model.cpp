#include "gui/profile_list_model.h"

#include "gui/icons.h"
#include "gui/presenter.h"
#include "gui/units.h"

namespace gvpn::gui {

ProfileListModel::ProfileListModel(const client::ClientCore& core, QObject* parent)
    : QAbstractListModel(parent)
    , m_core(core)
{
    connect(&core, &client::ClientCore::ready, this, &ProfileListModel::reload);
    connect(&core, &client::ClientCore::profilesChanged, this, &ProfileListModel::reload);
    connect(&core, &client::ClientCore::stateChanged, this, &ProfileListModel::onStateChanged);
    reload();
}

int ProfileListModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_names.size());
}

QVariant ProfileListModel::data(const QModelIndex& index, int role) const
{
    const QString name = nameAt(index.row());
    const client::ProfileEntry* entry = index.isValid() ? m_core.find(name.toStdString()) : nullptr;
    if (entry == nullptr)
        return {};
    switch (role) {
    case Qt::DisplayRole: return QStringLiteral("%1\n%2").arg(name, shortStatus(*entry, QDateTime::currentDateTime()));
    case Qt::DecorationRole: return listIcon(phaseOf(*entry));
    case Qt::ToolTipRole: return plain(present(*entry).detail);
    // Without the countdown: it would be read out each second.
    case Qt::AccessibleTextRole: return tr("%1: %2").arg(name, shortStatus(*entry));
    case NameRole: return name;
    default: return {};
    }
}

int ProfileListModel::rowOf(const QString& name) const
{
    return static_cast<int>(m_names.indexOf(name));
}

QString ProfileListModel::nameAt(int row) const
{
    return m_names.value(row);
}

void ProfileListModel::retranslate()
{
    if (!m_names.isEmpty())
        Q_EMIT dataChanged(index(0), index(rowCount() - 1));
}

void ProfileListModel::countDown()
{
    for (const client::ProfileEntry& entry : m_core.profiles()) {
        if (isCountingDown(entry))
            onStateChanged(entry.profile.name);
    }
}

void ProfileListModel::reload()
{
    beginResetModel();
    m_names.clear();
    for (const client::ProfileEntry& entry : m_core.profiles())
        m_names.append(nameOf(entry));
    endResetModel();
}

void ProfileListModel::onStateChanged(const std::string& profile)
{
    if (const int row = rowOf(QString::fromStdString(profile)); row >= 0)
        Q_EMIT dataChanged(index(row), index(row));
}

}  // namespace gvpn::gui
