#include "server/doctor_application.h"

#include "accounts/account_store.h"
#include "admin/admin_client.h"
#include "admin/admin_socket.h"
#include "program/identity_store.h"
#include "program/json_lines.h"
#include "program/privileges.h"
#include "program/state_dir.h"
#include "server/doctor_checks.h"
#include "server/port_holder.h"
#include "server/state_files.h"
#include "system/nft_ruleset.h"
#include "system/operation.h"
#include "transport/peer_address.h"
#include "tun/linux_tun.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QRandomGenerator>

#include <algorithm>
#include <array>

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace gvpn::server {

namespace {

constexpr const char* UnitName = "gvpn-server.service";
constexpr std::chrono::milliseconds StatusDeadline{2'000};
constexpr std::chrono::milliseconds LookupDeadline{3'000};
constexpr std::size_t MostOwnAddresses = 16;
constexpr qsizetype MaxTablesBytes = 1024 * 1024;
constexpr const char* NftProgram = "/usr/sbin/nft";

std::string userName(uid_t user)
{
    std::array<char, 16384> texts{};
    passwd entry{};
    passwd* found = nullptr;
    if (::getpwuid_r(user, &entry, texts.data(), texts.size(), &found) != 0 || found == nullptr)
        return std::to_string(user);
    return entry.pw_name;
}

FileFact lookAt(const std::string& path)
{
    FileFact fact;
    fact.path = path;
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0)
        return fact;
    fact.isThere = true;
    fact.mode = status.st_mode & 07777U;
    fact.owner = status.st_uid;
    fact.ownerName = userName(status.st_uid);
    fact.changed = accounts::UnixTime(std::chrono::seconds(status.st_mtim.tv_sec));
    return fact;
}

bool holdsTable(const QByteArray& listing, const std::string& name)
{
    const QJsonArray objects = QJsonDocument::fromJson(listing).object().value(QLatin1String("nftables")).toArray();
    return std::any_of(objects.begin(), objects.end(), [&name](const QJsonValue& object) {
        const QJsonObject table = object.toObject().value(QLatin1String("table")).toObject();
        return table.value(QLatin1String("name")).toString().toStdString() == name
               && table.value(QLatin1String("family")).toString() == QLatin1String("inet");
    });
}

}  // namespace

DoctorApplication::DoctorApplication(ServerOptions options, QObject* parent)
    : QObject(parent)
{
    m_facts.options = std::move(options);
    m_lookupDeadline.setSingleShot(true);
}

void DoctorApplication::start()
{
    m_facts.isRoot = ::geteuid() == 0;
    m_facts.mayChangeNetwork = program::hasNetAdmin();
    m_facts.now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    m_facts.built = accounts::UnixTime(std::chrono::seconds(GVPN_BUILT));
    begin();
    lookAtState();
    askServer();
    lookAtNetwork();
    choosePort();
    tryTun();
    askSystemd();
    askForTable();
    askForObstacles();
    askOwnAddresses();
    askResolvers();
    askForName();
    end();
}

void DoctorApplication::end()
{
    if (--m_pending > 0)
        return;
    Q_EMIT finished(print(judge(m_facts), m_facts.options.isJson));
}

void DoctorApplication::lookAtState()
{
    m_facts.stateDir = m_facts.options.stateDir;
    if (m_facts.stateDir.empty())
        m_facts.stateDir = program::defaultStateDir("gvpn", program::StateOwner::current()).value_or("");
    const std::string key = m_facts.stateDir + KeyFile;
    const std::string database = m_facts.stateDir + DatabaseFile;
    m_facts.directory = lookAt(m_facts.stateDir);
    m_facts.keyFile = lookAt(key);
    m_facts.databaseFile = lookAt(database);
    m_facts.memory = loadServerState(QString::fromStdString(m_facts.stateDir + StateFile));
    m_facts.key = program::loadIdentity(key).map([](const tls::Identity& identity) { return identity.pin(); });
    m_facts.database = accounts::AccountStore::inspect(database);
}

void DoctorApplication::askServer()
{
    const std::string path = admin::socketPath(m_facts.stateDir, std::string(DefaultStateDir));
    const auto answer = admin::askServer(path, admin::ShowStatus{}, StatusDeadline, m_facts.directory.owner);
    if (!answer)
        m_facts.server = fail(answer.error());
    else if (!*answer)
        m_facts.server = fail(answer->error());
    else
        m_facts.server = runningServerFrom(**answer);
}

/// As the server does at its start, while none runs.
void DoctorApplication::lookAtNetwork()
{
    m_facts.network = system::readNetworkSnapshot();
    if (m_facts.server) {
        m_facts.lanNetworks = m_facts.server->lanNetworks;
        m_facts.pools = m_facts.server->pools;
        return;
    }
    if (!m_facts.network)
        return;
    m_facts.lanNetworks = m_facts.options.lanNetworks;
    if (m_facts.lanNetworks.empty())
        m_facts.lanNetworks = chooseLan(*m_facts.network).networks;
    const std::vector<net::Prefix> remembered = m_facts.memory ? m_facts.memory->pools : std::vector<net::Prefix>();
    const PoolRequest request{m_facts.options.cidrs, remembered, m_facts.lanNetworks};
    // What was asked for and can't be had is shown by the check.
    m_facts.pools = choosePools(request, *m_facts.network, [] {
                        return QRandomGenerator::system()->generate64();
                    }).value_or(m_facts.options.cidrs);
}

void DoctorApplication::choosePort()
{
    m_facts.port = m_facts.server ? m_facts.server->port : m_facts.options.listen.port;
    if (!m_facts.server)
        m_facts.holder = findPortHolder(m_facts.port);
}

void DoctorApplication::tryTun()
{
    // No interface is made, which could take the name that a server wants at this moment.
    m_facts.tun = tun::lookForLinuxTun();
}

void DoctorApplication::askSystemd()
{
    begin();
    m_unit.read(UnitName, [this](Result<system::UnitState> state) {
        m_facts.unit = std::move(state);
        end();
    });
}

void DoctorApplication::askForTable()
{
    if (!m_facts.server)
        return;
    begin();
    const QStringList arguments{QStringLiteral("-j"), QStringLiteral("list"), QStringLiteral("tables")};
    m_nft.run(QLatin1String(NftProgram), arguments, MaxTablesBytes, [this](const Result<QByteArray>& listing) {
        const std::string name = system::tableNameFor(m_facts.server->interfaceName);
        m_facts.isTableLoaded = listing.map([&name](const QByteArray& text) { return holdsTable(text, name); });
        end();
    });
}

void DoctorApplication::askForObstacles()
{
    if (!m_facts.server || !m_facts.network)
        return;
    const auto question = filterQuestion(m_facts);
    if (!question)
        return;
    begin();
    m_filters.read(*question, [this](Result<std::vector<system::FilterObstacle>> obstacles) {
        m_facts.obstacles = std::move(obstacles);
        end();
    });
}

void DoctorApplication::askOwnAddresses()
{
    const auto stranger = tls::Identity::generate();
    if (!m_facts.server || !m_facts.network || !stranger)
        return;
    auto context = tls::TlsContext::create(tls::Role::Client, *stranger);
    if (!context)
        return;
    m_strangersTls = std::move(*context);
    for (const net::IpAddress& address : addressesToReach(m_facts)) {
        if (m_facts.reached.size() == MostOwnAddresses)
            break;
        const std::size_t place = m_facts.reached.size();
        m_facts.reached.push_back({{address, m_facts.server->port}, Pin()});
        begin();
        new PinProbe(
            *m_strangersTls, m_facts.reached.back().address,
            [this, place](Result<Pin> pin) {
                m_facts.reached[place].pin = std::move(pin);
                end();
            },
            this);
    }
}

void DoctorApplication::askResolvers()
{
    const std::string domain = m_facts.options.dnsDomains.empty() ? std::string() : m_facts.options.dnsDomains.front();
    for (const net::IpAddress& resolver : m_facts.options.dnsServers) {
        const std::size_t place = m_facts.resolvers.size();
        m_facts.resolvers.push_back({resolver, {}});
        begin();
        new ResolverProbe(
            resolver, domain,
            [this, place](Result<void> answer) {
                m_facts.resolvers[place].answer = std::move(answer);
                end();
            },
            this);
    }
}

void DoctorApplication::askForName()
{
    m_facts.publicHost = m_facts.options.publicHost;
    if (m_facts.publicHost.empty() && m_facts.memory)
        m_facts.publicHost = m_facts.memory->publicHost;
    if (m_facts.publicHost.empty())
        return;
    begin();
    const auto take = [this](Result<std::vector<net::IpAddress>> addresses) {
        if (!m_lookupDeadline.isActive())
            return;
        m_lookupDeadline.stop();
        m_facts.publicAddresses = std::move(addresses);
        end();
    };
    connect(&m_lookupDeadline, &QTimer::timeout, this, [this] {
        m_facts.publicAddresses = fail(ErrorCode::TimedOut, "no resolver of this computer answers");
        end();
    });
    m_lookupDeadline.start(LookupDeadline);
    m_lookup.emplace(m_facts.publicHost, [take](const transport::NameLookup::Answer& answer) {
        take(answer.map([](const QList<QHostAddress>& found) {
            std::vector<net::IpAddress> addresses;
            std::ranges::transform(found, std::back_inserter(addresses), transport::ipAddressOf);
            return addresses;
        }));
    });
}

int print(const program::Checkup& checkup, bool isJson)
{
    program::JsonLines out(STDOUT_FILENO);
    auto written = isJson ? Result<void>() : out.writeText(checkup.text().chopped(1));
    if (isJson) {
        for (const QJsonObject& line : checkup.json()) {
            if (written)
                written = out.write(line);
        }
    }
    if (!written)
        return program::toInt(program::ExitStatus::Failure);
    const program::Check* cause = checkup.cause();
    const bool isUsage = cause != nullptr && cause->name == QLatin1String("options");
    return program::toInt(isUsage ? program::ExitStatus::Usage : checkup.status());
}

}  // namespace gvpn::server
