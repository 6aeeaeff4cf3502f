// The profiles as a list for views: name and state of each, with an icon. Follows a ClientCore. GUI thread.
#pragma once

#include "client/client_core.h"

#include <QAbstractListModel>

namespace gvpn::gui {

class ProfileListModel : public QAbstractListModel {
    Q_OBJECT
public:
    enum Role { NameRole = Qt::UserRole };

    explicit ProfileListModel(const client::ClientCore& core, QObject* parent = nullptr);

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;

    /// -1: there is none of that name.
    [[nodiscard]] int rowOf(const QString& name) const;
    /// Empty: no such row.
    [[nodiscard]] QString nameAt(int row) const;
    /// The texts are in another language now.
    void retranslate();
    /// A second is over, for those that wait.
    void countDown();

private:
    void reload();
    void onStateChanged(const std::string& profile);

    const client::ClientCore& m_core;
    /// Rows are told from names: the core's list may have changed before its signal arrives.
    QStringList m_names;
};

}  // namespace gvpn::gui
