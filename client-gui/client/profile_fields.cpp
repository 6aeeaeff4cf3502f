#include "client/profile_fields.h"

#include "base/text.h"
#include "net/domain_name.h"
#include "protocol/link.h"

#include <QRegularExpression>

#include <algorithm>

namespace gvpn::client {

namespace {

tl::unexpected<FieldError> invalid(FieldFault fault, const QString& part = {})
{
    return tl::unexpected(FieldError{.fault = fault, .part = part});
}

tl::unexpected<FieldError> tooLong(std::size_t maxBytes)
{
    return tl::unexpected(FieldError{.fault = FieldFault::TooLong, .maxBytes = maxBytes});
}

bool isUnprintable(const QString& text)
{
    const std::string utf8 = text.toStdString();
    return escapeForDisplay(utf8) != utf8;
}

/// For texts that are kept as they are typed.
FieldResult<std::string> readPlain(const QString& text, std::size_t maxBytes)
{
    std::string utf8 = text.toStdString();
    if (utf8.size() > maxBytes)
        return tooLong(maxBytes);
    if (isUnprintable(text))
        return invalid(FieldFault::Character);
    return utf8;
}

QStringList entriesOf(const QString& text)
{
    static const QRegularExpression Separators(QStringLiteral("[\\s,;]+"));
    return text.split(Separators, Qt::SkipEmptyParts);
}

FieldResult<net::Prefix> readNetwork(const QString& entry)
{
    const std::string text = entry.toStdString();
    const auto prefix = net::Prefix::parse(text);
    if (prefix)
        return isNeverRouted(*prefix) ? FieldResult<net::Prefix>(invalid(FieldFault::NeverRouted, entry)) : *prefix;
    if (const auto host = net::InterfaceAddress::parse(text))
        return tl::unexpected(FieldError{
            .fault = FieldFault::HostBits, .part = entry, .meant = QString::fromStdString(host->prefix().toString())});
    return invalid(FieldFault::NotANetwork, entry);
}

}  // namespace

FieldResult<std::string> readName(const QString& text)
{
    if (text.trimmed().isEmpty())
        return invalid(FieldFault::Missing);
    std::string name = text.toStdString();
    if (validateProfileName(name))
        return name;
    if (name.size() > MaxProfileNameBytes)
        return tooLong(MaxProfileNameBytes);
    return invalid(name.front() == ' ' || name.back() == ' ' ? FieldFault::BlankAtEdge : FieldFault::Character);
}

FieldResult<std::string> readHost(const QString& text)
{
    const QString host = text.trimmed();
    if (host.isEmpty())
        return invalid(FieldFault::Missing);
    const auto parsed = net::HostPort::parse(host.toStdString());
    if (!parsed)
        return invalid(FieldFault::NotAHost);
    const bool namesPort =
        host.startsWith(QLatin1Char('[')) ? !host.endsWith(QLatin1Char(']')) : host.count(QLatin1Char(':')) == 1;
    return namesPort ? FieldResult<std::string>(invalid(FieldFault::HasPort)) : parsed->host;
}

FieldResult<std::uint16_t> readPort(const QString& text)
{
    const QString digits = text.trimmed();
    if (digits.isEmpty())
        return net::DefaultPort;
    const auto parsed = net::HostPort::parse("h:" + digits.toStdString());
    return parsed ? FieldResult<std::uint16_t>(parsed->port) : invalid(FieldFault::NotAPort);
}

FieldResult<std::string> readUser(const QString& text)
{
    return readPlain(text.trimmed(), protocol::MaxLinkNameBytes);
}

FieldResult<std::optional<Pin>> readPin(const QString& text)
{
    const QString typed = text.trimmed();
    if (typed.isEmpty())
        return std::optional<Pin>();
    const auto pin = Pin::parse(typed.toStdString());
    return pin ? FieldResult<std::optional<Pin>>(*pin) : invalid(FieldFault::NotAPin);
}

FieldResult<AcceptRoutes> readRoutes(const QString& text)
{
    const QStringList entries = entriesOf(text);
    if (entries.isEmpty())
        return AcceptRoutes{};
    AcceptRoutes routes{.isAuto = false, .named = {}};
    bool isNone = false;
    for (const QString& entry : entries) {
        if (entry.compare(QLatin1String("auto"), Qt::CaseInsensitive) == 0) {
            routes.isAuto = true;
            continue;
        }
        if (entry.compare(QLatin1String("none"), Qt::CaseInsensitive) == 0) {
            isNone = true;
            continue;
        }
        const auto network = readNetwork(entry);
        if (!network)
            return tl::unexpected(network.error());
        if (std::ranges::find(routes.named, *network) == routes.named.end())
            routes.named.push_back(*network);
    }
    if (isNone && (routes.isAuto || !routes.named.empty()))
        return invalid(FieldFault::MixedNone);
    // One of the file's entries may be "auto".
    if (routes.named.size() >= MaxProfileRoutes)
        return invalid(FieldFault::TooManyRoutes);
    return routes;
}

QString routesText(const AcceptRoutes& routes)
{
    QStringList entries;
    if (routes.isAuto)
        entries.append(QStringLiteral("auto"));
    for (const net::Prefix& network : routes.named)
        entries.append(QString::fromStdString(network.toString()));
    return entries.isEmpty() ? QStringLiteral("none") : entries.join(QStringLiteral(", "));
}

FieldResult<std::vector<std::string>> readDomains(const QString& text)
{
    std::vector<std::string> domains;
    for (const QString& entry : entriesOf(text)) {
        const std::string domain = entry.toLower().toStdString();
        if (!net::isDomainName(domain))
            return invalid(FieldFault::NotADomain, entry);
        if (std::ranges::find(domains, domain) == domains.end())
            domains.push_back(domain);
    }
    if (domains.size() > MaxProfileDomains)
        return invalid(FieldFault::TooManyDomains);
    return domains;
}

QString domainsText(const std::vector<std::string>& domains)
{
    QStringList entries;
    for (const std::string& domain : domains)
        entries.append(QString::fromStdString(domain));
    return entries.join(QStringLiteral(", "));
}

}  // namespace gvpn::client
