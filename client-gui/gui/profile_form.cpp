#include "gui/profile_form.h"

#include "client/sentences.h"
#include "gui/widgets.h"

#include <QCheckBox>
#include <QComboBox>
#include <QFormLayout>
#include <QLabel>
#include <QLineEdit>
#include <QVBoxLayout>

namespace gvpn::gui {

namespace {

enum RouteChoice { AutoRoutes, NoRoutes, NamedRoutes };

}  // namespace

ProfileForm::ProfileForm(QWidget* parent)
    : QWidget(parent)
{
    auto* form = new QFormLayout(this);
    form->setContentsMargins(0, 0, 0, 0);
    form->setFieldGrowthPolicy(QFormLayout::ExpandingFieldsGrow);
    m_name = addField(*form, tr("&Name:"), tr("Office"), "name");
    m_host = addField(*form, tr("&Server:"), tr("office.example.com"), "host");
    m_port = addField(*form, tr("&Port:"), QString::number(net::DefaultPort), "port");
    m_user = addField(*form, tr("&User:"), tr("only if the server asks for a password"), "user");
    m_pin = addField(*form, tr("Server's &fingerprint:"), tr("empty: you are asked at the first connection"), "pin");
    addRoutes(*form);
    addNames(*form);
    addSwitches(*form);
    set({});
}

ProfileForm::Field ProfileForm::addField(QFormLayout& form, const QString& label, const QString& hint, const char* name)
{
    const Field field{new QLineEdit(this), reasonLabel(this)};
    field.edit->setObjectName(QLatin1String(name));
    field.edit->setPlaceholderText(hint);
    field.reason->setObjectName(QStringLiteral("%1Reason").arg(QLatin1String(name)));
    form.addRow(label, field.edit);
    form.addRow(QString(), field.reason);
    connect(field.edit, &QLineEdit::textChanged, this, &ProfileForm::check);
    return field;
}

void ProfileForm::addRoutes(QFormLayout& form)
{
    m_routeChoice = new QComboBox(this);
    m_routeChoice->setObjectName(QStringLiteral("routeChoice"));
    m_routeChoice->addItem(tr("Private networks that the server names"), AutoRoutes);
    m_routeChoice->addItem(tr("None"), NoRoutes);
    m_routeChoice->addItem(tr("Only these:"), NamedRoutes);
    form.addRow(tr("Accept net&works:"), m_routeChoice);
    m_routes = {new QLineEdit(this), reasonLabel(this)};
    m_routes.edit->setObjectName(QStringLiteral("routes"));
    m_routes.reason->setObjectName(QStringLiteral("routesReason"));
    m_routes.edit->setAccessibleName(tr("Networks to accept"));
    m_routes.edit->setPlaceholderText(tr("for example 192.168.10.0/24, 10.1.0.0/16"));
    form.addRow(QString(), m_routes.edit);
    form.addRow(QString(), m_routes.reason);
    connect(m_routeChoice, &QComboBox::currentIndexChanged, this, &ProfileForm::check);
    connect(m_routes.edit, &QLineEdit::textChanged, this, &ProfileForm::check);
}

void ProfileForm::addNames(QFormLayout& form)
{
    m_usesDns = new QCheckBox(tr("Ask the office for names of its own &domains"), this);
    m_usesDns->setObjectName(QStringLiteral("usesDns"));
    form.addRow(QString(), m_usesDns);
    m_domains = addField(form, tr("Als&o ask it for:"), tr("other domains, such as lan"), "domains");
    connect(m_usesDns, &QCheckBox::toggled, this, &ProfileForm::check);
}

void ProfileForm::addSwitches(QFormLayout& form)
{
    m_connectsAtStart = new QCheckBox(tr("&Connect when gvpn starts"), this);
    m_reconnects = new QCheckBox(tr("&Reconnect when the connection is lost"), this);
    m_remembersPassword = new QCheckBox(tr("Re&member the password in the keyring"), this);
    m_connectsAtStart->setObjectName(QStringLiteral("connectsAtStart"));
    m_reconnects->setObjectName(QStringLiteral("reconnects"));
    m_remembersPassword->setObjectName(QStringLiteral("remembersPassword"));
    for (QCheckBox* box : {m_connectsAtStart, m_reconnects, m_remembersPassword})
        form.addRow(QString(), box);
}

void ProfileForm::set(const client::Profile& profile)
{
    m_profile = profile;
    m_name.edit->setText(QString::fromStdString(profile.name));
    m_host.edit->setText(QString::fromStdString(profile.server.host));
    m_port.edit->setText(profile.server.port == net::DefaultPort ? QString() : QString::number(profile.server.port));
    m_user.edit->setText(QString::fromStdString(profile.user));
    m_pin.edit->setText(profile.pin ? QString::fromStdString(profile.pin->toString()) : QString());
    const auto& routes = profile.acceptRoutes;
    // "auto" beside networks: these are public ones that are wanted as well, which the text can say, too.
    const bool isNamed = !routes.named.empty();
    m_routeChoice->setCurrentIndex(isNamed ? NamedRoutes : routes.isAuto ? AutoRoutes : NoRoutes);
    m_routes.edit->setText(isNamed ? client::routesText(routes) : QString());
    m_usesDns->setChecked(profile.usesDns);
    m_domains.edit->setText(client::domainsText(profile.acceptDomains));
    m_connectsAtStart->setChecked(profile.connectsAtStart);
    m_reconnects->setChecked(profile.reconnects);
    m_remembersPassword->setChecked(profile.remembersPassword);
    // Only a password that is typed can be kept: whoever types it is asked whether to.
    m_remembersPassword->setVisible(profile.remembersPassword);
    check();
}

void ProfileForm::lockServer()
{
    for (QLineEdit* edit : {m_host.edit, m_port.edit, m_user.edit, m_pin.edit}) {
        edit->setEnabled(false);
        edit->setToolTip(tr("Disconnect first to change this"));
    }
}

template <typename T>
std::optional<T> ProfileForm::take(const Field& field, const client::FieldResult<T>& result) const
{
    const bool isUntouched = field.edit->text().isEmpty() && !field.edit->isModified();
    const QString reason = result || isUntouched ? QString() : client::sentenceFor(result.error());
    field.reason->setText(reason);
    field.edit->setAccessibleDescription(reason);
    return result ? std::optional<T>(*result) : std::nullopt;
}

client::FieldResult<client::AcceptRoutes> ProfileForm::readChosenRoutes() const
{
    switch (m_routeChoice->currentData().toInt()) {
    case AutoRoutes: return client::AcceptRoutes{};
    case NoRoutes: return client::AcceptRoutes{.isAuto = false, .named = {}};
    default: break;
    }
    if (m_routes.edit->text().trimmed().isEmpty())
        return tl::unexpected(client::FieldError{});
    return client::readRoutes(m_routes.edit->text());
}

std::optional<client::Profile> ProfileForm::profile() const
{
    // Each is read, so that each has its reason.
    const auto name = take(m_name, client::readName(m_name.edit->text()));
    const auto host = take(m_host, client::readHost(m_host.edit->text()));
    const auto port = take(m_port, client::readPort(m_port.edit->text()));
    const auto user = take(m_user, client::readUser(m_user.edit->text()));
    const auto pin = take(m_pin, client::readPin(m_pin.edit->text()));
    const auto routes = take(m_routes, readChosenRoutes());
    const auto domains = take(m_domains, client::readDomains(m_domains.edit->text()));
    if (!name || !host || !port || !user || !pin || !routes || !domains)
        return {};
    client::Profile profile = m_profile;
    profile.name = *name;
    profile.server = {*host, *port};
    profile.user = *user;
    profile.pin = *pin;
    profile.acceptRoutes = *routes;
    profile.usesDns = m_usesDns->isChecked();
    profile.acceptDomains = *domains;
    profile.connectsAtStart = m_connectsAtStart->isChecked();
    profile.reconnects = m_reconnects->isChecked();
    profile.remembersPassword = m_remembersPassword->isChecked();
    return profile;
}

void ProfileForm::check()
{
    m_routes.edit->setVisible(m_routeChoice->currentData().toInt() == NamedRoutes);
    m_routes.reason->setVisible(m_routes.edit->isVisibleTo(this));
    m_domains.edit->setEnabled(m_usesDns->isChecked());
    Q_EMIT changed(profile().has_value());
}

}  // namespace gvpn::gui
