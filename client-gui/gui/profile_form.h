// The fields of a profile, checked at every key stroke with a reason beside each field. Part of ProfileDialog. GUI
// thread.
#pragma once

#include "client/profile.h"
#include "client/profile_fields.h"

#include <QWidget>

#include <optional>

class QCheckBox;
class QComboBox;
class QFormLayout;
class QLabel;
class QLineEdit;

namespace gvpn::gui {

class ProfileForm : public QWidget {
    Q_OBJECT
public:
    explicit ProfileForm(QWidget* parent = nullptr);

    void set(const client::Profile& profile);
    /// While it is connected: only the name, the networks and the switches can be changed.
    void lockServer();
    /// The profile that set() was given, with what was typed. Nothing: a field can't be used.
    [[nodiscard]] std::optional<client::Profile> profile() const;

Q_SIGNALS:
    void changed(bool isValid);

private:
    struct Field {
        QLineEdit* edit;
        QLabel* reason;
    };
    [[nodiscard]] Field addField(QFormLayout& form, const QString& label, const QString& hint, const char* name);
    void addRoutes(QFormLayout& form);
    void addNames(QFormLayout& form);
    void addSwitches(QFormLayout& form);
    void check();
    /// Shows the reason, if any. Nothing is said of a field that is empty because nobody has typed yet.
    template <typename T>
    std::optional<T> take(const Field& field, const client::FieldResult<T>& result) const;
    [[nodiscard]] client::FieldResult<client::AcceptRoutes> readChosenRoutes() const;

    client::Profile m_profile;
    Field m_name{};
    Field m_host{};
    Field m_port{};
    Field m_user{};
    Field m_pin{};
    QComboBox* m_routeChoice = nullptr;
    Field m_routes{};
    QCheckBox* m_usesDns = nullptr;
    Field m_domains{};
    QCheckBox* m_connectsAtStart = nullptr;
    QCheckBox* m_reconnects = nullptr;
    QCheckBox* m_remembersPassword = nullptr;
};

}  // namespace gvpn::gui
