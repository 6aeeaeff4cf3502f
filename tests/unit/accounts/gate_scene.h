// A gatekeeper with a real database in a directory of its own, cheap hashes and a clock that the test moves. Its
// thread is the test's: what the hashers post back runs in settle().
#pragma once

#include "accounts/gatekeeper.h"
#include "support/packets.h"

#include <QDir>
#include <QFileInfo>
#include <QSqlDatabase>
#include <QSqlError>
#include <QSqlQuery>
#include <QTemporaryDir>

#include <future>

namespace gvpn::accounts::test {

using gvpn::test::address;

inline constexpr HashCost CheapHash{1, 8192};

inline SharedSecret secret(std::string_view text)
{
    return SharedSecret(SecretBytes(asBytes(text)));
}

inline Pin pin(unsigned number)
{
    std::array<std::byte, Pin::SizeBytes> hash{};
    writeBigEndian<std::uint32_t>(hash, 0, number);
    return Pin(hash);
}

template <typename T>
T require(Result<T> result)
{
    if (!result)
        qFatal("%s", result.error().context.c_str());
    return std::move(*result);
}
inline void require(const Result<void>& result)
{
    if (!result)
        qFatal("%s", result.error().context.c_str());
}

struct Caller {
    unsigned key = 1;
    std::string from = "198.51.100.7";
    bool isShared = false;
    std::string deviceName = "laptop";
};

inline LoginQuestion byDevice(const Caller& caller)
{
    return {pin(caller.key),
            {address(caller.from), 40000},
            caller.isShared,
            {protocol::LoginMethod::Device, caller.deviceName, "", {}}};
}
inline LoginQuestion byInvite(const Caller& caller, std::string_view invite)
{
    LoginQuestion question = byDevice(caller);
    question.login.method = protocol::LoginMethod::Invite;
    question.login.secret = secret(invite);
    return question;
}
inline LoginQuestion byPassword(const Caller& caller, const std::string& user, std::string_view password)
{
    LoginQuestion question = byDevice(caller);
    question.login.method = protocol::LoginMethod::Password;
    question.login.user = user;
    question.login.secret = secret(password);
    return question;
}

/// In memory where there is such a place: each commit waits for the disk, and a test makes hundreds.
inline QString directoryTemplate()
{
    const QString memory = QStringLiteral("/dev/shm");
    return (QFileInfo(memory).isWritable() ? memory : QDir::tempPath()) + QStringLiteral("/gvpn-XXXXXX");
}

/// Keeps a thread busy until it is let go.
class Gate {
public:
    explicit Gate(program::TaskThreads& threads)
    {
        auto begun = std::make_shared<std::promise<void>>();
        auto isBegun = begun->get_future();
        if (!threads.post([begun, left = m_left] {
                begun->set_value();
                left->get_future().wait();
            }))
            qFatal("no room for the gate");
        isBegun.wait();
    }
    /// A test that fails before it opens the gate must end, too.
    ~Gate()
    {
        if (!m_isOpen)
            open();
    }
    Gate(const Gate&) = delete;
    Gate& operator=(const Gate&) = delete;
    void open()
    {
        m_isOpen = true;
        m_left->set_value();
    }

private:
    bool m_isOpen = false;
    std::shared_ptr<std::promise<void>> m_left = std::make_shared<std::promise<void>>();
};

class GateScene {
public:
    explicit GateScene(std::size_t maxWaitingHashes = 64)
        : hashers({.threads = 1, .maxWaiting = maxWaitingHashes})
    {
        config.hashCost = CheapHash;
        store = require(AccountStore::open(path(), time(), true));
        restart();
    }
    ~GateScene() { hashers.stop(); }

    /// As the next run of the server.
    void restart()
    {
        gate.reset();
        gate = std::make_unique<Gatekeeper>(
            *store, hashers, [this](std::function<void()> task) { postBack(std::move(task)); }, time(), config);
    }
    [[nodiscard]] WallTime time()
    {
        return [this] { return now; };
    }
    void addUser(const std::string& name, std::string_view password)
    {
        (void)require(store->addUser(name, hash(password)));
    }
    [[nodiscard]] static std::string hash(std::string_view password)
    {
        return password.empty() ? std::string() : require(hashPassword(secret(password), CheapHash));
    }
    void invite(std::string_view invite, const std::string& user = {})
    {
        require(store->addInvite(secret(invite), user, std::chrono::hours(1)));
    }

    /// The question's answer comes into a place of its own.
    std::shared_ptr<std::optional<LoginVerdict>> ask(LoginQuestion question)
    {
        auto verdict = std::make_shared<std::optional<LoginVerdict>>();
        gate->judge(std::move(question), [verdict](const LoginVerdict& given) {
            if (*verdict)
                qFatal("answered twice");
            *verdict = given;
        });
        return verdict;
    }
    /// Runs what the hashers post back until there is an answer.
    LoginVerdict settle(const std::shared_ptr<std::optional<LoginVerdict>>& verdict)
    {
        while (!*verdict) {
            std::unique_lock lock(m_mutex);
            if (!m_hasPosted.wait_for(lock, std::chrono::seconds(10), [this] { return !m_posted.empty(); }))
                qFatal("no answer");
            const auto task = std::move(m_posted.front());
            m_posted.pop_front();
            lock.unlock();
            task();
        }
        return **verdict;
    }
    LoginVerdict judge(LoginQuestion question) { return settle(ask(std::move(question))); }

    [[nodiscard]] std::vector<AuditEntry> trail(const std::string& event)
    {
        std::vector<AuditEntry> found;
        for (const AuditEntry& entry : require(store->auditTrail(1000))) {
            if (entry.event == event)
                found.push_back(entry);
        }
        return found;
    }
    /// Behind the store's back.
    void runSql(const char* statement)
    {
        {
            QSqlDatabase other = QSqlDatabase::addDatabase(QStringLiteral("QSQLITE"), QStringLiteral("other"));
            other.setDatabaseName(QString::fromStdString(path()));
            if (!other.open() || QSqlQuery(other).exec(QString::fromLatin1(statement)) == false)
                qFatal("%s", qPrintable(other.lastError().text()));
        }
        QSqlDatabase::removeDatabase(QStringLiteral("other"));
    }
    [[nodiscard]] std::string path() const { return m_directory.filePath(QStringLiteral("gvpn.db")).toStdString(); }

    UnixTime now{std::chrono::sys_days(std::chrono::year(2026) / 1 / 2)};
    GatekeeperConfig config;
    program::TaskThreads hashers;
    std::unique_ptr<AccountStore> store;
    std::unique_ptr<Gatekeeper> gate;

private:
    void postBack(std::function<void()> task)
    {
        const std::lock_guard lock(m_mutex);
        m_posted.push_back(std::move(task));
        m_hasPosted.notify_one();
    }

    QTemporaryDir m_directory{directoryTemplate()};
    std::mutex m_mutex;
    std::condition_variable m_hasPosted;
    std::deque<std::function<void()>> m_posted;
};

/// "refused: …", "busy: …", or who it is.
inline QString text(const LoginVerdict& verdict)
{
    if (verdict)
        return QString::fromStdString(verdict->userName + "/" + verdict->deviceName);
    const bool isBusy = verdict.error().code == protocol::GoodbyeCode::ServerBusy;
    const bool isRefused = verdict.error().code == protocol::GoodbyeCode::LoginRefused;
    return QLatin1String(isBusy      ? "busy: "
                         : isRefused ? "refused: "
                                     : "other: ")
           + QString::fromStdString(verdict.error().text);
}

inline const QString RevokedText = QStringLiteral("refused: this device has been revoked");
inline const QString WrongText = QStringLiteral("refused: user or password is wrong");
inline const QString UnknownKeyText = QStringLiteral("refused: this device is not known here");
inline const QString BadInviteText =
    QStringLiteral("refused: the invite is not valid: it has expired or was used by another device");
inline const QString BusyText = QStringLiteral("busy: the server is busy; try again in a moment");
inline const QString BannedText =
    QStringLiteral("refused: too many wrong attempts from here: new logins are locked for 1 minute");

}  // namespace gvpn::accounts::test
