#include "accounts/gatekeeper.h"

#include "accounts/logging.h"

#include <sodium.h>

#include <cassert>

namespace gvpn::accounts {

namespace {

using protocol::GoodbyeCode;
using protocol::LoginMethod;

constexpr std::size_t ShortPinLength = 10;

constexpr const char* RevokedText = "this device has been revoked";
constexpr const char* WrongPasswordText = "user or password is wrong";
constexpr const char* BusyText = "the server is busy; try again in a moment";

LoginVerdict refuse(std::string text, GoodbyeCode code = GoodbyeCode::LoginRefused)
{
    return tl::unexpected(LoginRefusal{code, std::move(text), true});
}

std::string counted(long long count, const std::string& what)
{
    return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

std::string methodName(LoginMethod method)
{
    switch (method) {
    case LoginMethod::Device: return "device";
    case LoginMethod::Password: return "password";
    case LoginMethod::Invite: return "invite";
    case LoginMethod::None: break;
    }
    return "none";
}

/// The user's name that was given with a password, as far as such a name can reach; cut between two characters.
std::string givenUser(const protocol::Login& login)
{
    if (login.method != LoginMethod::Password)
        return {};
    std::size_t end = std::min(login.user.size(), MaxUserNameBytes);
    while (end < login.user.size() && end > 0 && (static_cast<unsigned char>(login.user[end]) & 0xC0U) == 0x80U)
        --end;
    return login.user.substr(0, end);
}

GuessSource toSource(const LoginQuestion& question)
{
    return {question.peer.address, question.isSharedSource, question.device, givenUser(question.login)};
}

std::string hashingSource(const LoginQuestion& question)
{
    return question.isSharedSource ? question.device.toString() : guessAddress(question.peer.address).toString();
}

std::string shortForm(const Pin& key)
{
    return key.toString().substr(0, ShortPinLength);
}

/// The name comes last and in quotes: it was given by somebody outside, who must not write fields of his own.
std::string describeSource(const Ban& ban)
{
    std::string text = ban.address ? "from=" + ban.address->toString() + (ban.address->isIPv4() ? "" : "/64")
                       : ban.key   ? "device=" + shortForm(*ban.key)
                                   : "from=shared";
    if (ban.user.empty())
        return text;
    text += " user=\"";
    for (const char c : ban.user) {
        if (c == '"' || c == '\\')
            text += '\\';
        text += c;
    }
    return text + '"';
}

}  // namespace

Gatekeeper::Gatekeeper(AccountStore& store, program::TaskThreads& hashers,
                       std::function<void(std::function<void()>)> postBack, WallTime time, GatekeeperConfig config)
    : m_store(store)
    , m_hashers(hashers)
    , m_postBack(std::move(postBack))
    , m_time(std::move(time))
    , m_config(config)
    , m_ledger(config.guesses)
    , m_digestKey(crypto_generichash_KEYBYTES)
{
    [[maybe_unused]] const int initialised = ::sodium_init();
    assert(initialised >= 0);
    ::randombytes_buf(m_digestKey.span().data(), m_digestKey.span().size());
    const auto bans = m_store.bans();
    if (!bans) {
        qCWarning(logAccounts, "bans of earlier runs are forgotten: %s", bans.error().context.c_str());
        return;
    }
    for (const Ban& ban : *bans)
        m_ledger.restore(ban);
}

void Gatekeeper::judge(LoginQuestion question, const std::function<void(const LoginVerdict&)>& answer)
{
    switch (question.login.method) {
    case LoginMethod::Device: answer(judgeDevice(question)); return;
    case LoginMethod::Invite: answer(judgeInvite(question)); return;
    case LoginMethod::Password: judgePassword(std::move(question), answer); return;
    case LoginMethod::None: break;
    }
    answer(refuse("this server asks for a login"));
}

LoginVerdict Gatekeeper::judgeDevice(const LoginQuestion& question)
{
    const auto device = m_store.findDevice(question.device);
    if (!device)
        return refuseForStorage(device.error());
    if (!*device) {
        if (auto banned = findBan(question))
            return tl::unexpected(std::move(*banned));
        return refuseGuess(question, "this device is not known here");
    }
    // A known key proves itself: whatever others guess from there, it is no guess.
    if ((*device)->isRevoked)
        return refuse(RevokedText);
    if (!(*device)->isUserEnabled)
        return refuse("the user of this device is disabled");
    return admit(question, **device);
}

/// Lets in by its key, whatever became of the secret that it shows: the answer to its invite may have been lost, and
/// the invite have expired since. None: the key is not known, or not welcome.
std::optional<LoginVerdict> Gatekeeper::admitByKey(LoginQuestion question)
{
    const auto device = m_store.findDevice(question.device);
    if (!device || !*device || (*device)->isRevoked || !(*device)->isUserEnabled)
        return std::nullopt;
    question.login.method = LoginMethod::Device;
    return admit(question, **device);
}

LoginVerdict Gatekeeper::judgeInvite(const LoginQuestion& question)
{
    if (auto banned = findBan(question))
        return admitByKey(question).value_or(tl::unexpected(std::move(*banned)));
    const auto device =
        m_store.redeemInvite(question.login.secret, {question.device, question.login.deviceName,
                                                     question.peer.address.toString(), m_config.maxDevices});
    if (device)
        return admit(question, *device);
    switch (device.error().code) {
    case ErrorCode::LoginRefused:
        if (const auto admitted = admitByKey(question))
            return *admitted;
        return refuseGuess(question, "the invite is not valid: it has expired or was used by another device");
    case ErrorCode::PermissionDenied: return refuse("the user of this invite is disabled");
    default: return refuseEnrolment(device.error());
    }
}

void Gatekeeper::judgePassword(LoginQuestion question, const std::function<void(const LoginVerdict&)>& answer)
{
    if (auto banned = findBan(question)) {
        answer(tl::unexpected(std::move(*banned)));
        return;
    }
    const std::string source = hashingSource(question);
    const auto waiting = m_hashing.find(source);
    if (waiting != m_hashing.end() && waiting->second >= m_config.maxHashesPerSource) {
        answer(refuse(BusyText, GoodbyeCode::ServerBusy));
        return;
    }
    // What can be no user's name (with an invisible character in it, say) must not find one by another spelling.
    auto hash = validateUserName(question.login.user) ? m_store.passwordHashOf(question.login.user)
                                                      : Result<std::string>(std::string());
    if (!hash) {
        answer(refuseForStorage(hash.error()));
        return;
    }
    const SharedSecret secret = question.login.secret;
    auto finish = [this, source, answer, question = std::move(question), hash = *hash](const Result<bool>& isRight) {
        if (const auto done = m_hashing.find(source); --done->second == 0)
            m_hashing.erase(done);
        answer(finishPassword(question, hash, isRight));
    };
    // An empty hash (no such user, disabled, no password) takes the same work; the gatekeeper outlives the hashers.
    const bool isTaken = m_hashers.post(
        [secret, hash = std::move(*hash), cost = m_config.hashCost, postBack = m_postBack, finish = std::move(finish)] {
            postBack([finish, isRight = verifyPassword(secret, hash, cost)] { finish(isRight); });
        });
    if (isTaken)
        ++m_hashing[source];
    else
        answer(refuse(BusyText, GoodbyeCode::ServerBusy));
}

LoginVerdict Gatekeeper::finishPassword(const LoginQuestion& question, const std::string& hash,
                                        const Result<bool>& isRight)
{
    if (!isRight) {
        qCWarning(logAccounts, "a password could not be checked: %s", isRight.error().context.c_str());
        return refuse(BusyText, GoodbyeCode::ServerBusy);
    }
    if (!*isRight)
        return refuseGuess(question, WrongPasswordText);
    const auto device = m_store.enrolByPassword(
        question.login.user, hash,
        {question.device, question.login.deviceName, question.peer.address.toString(), m_config.maxDevices});
    if (device) {
        m_ledger.noteRight(toSource(question));
        return admit(question, *device);
    }
    switch (device.error().code) {
    // Changed or disabled while the hash was made: it is wrong now.
    case ErrorCode::LoginRefused: return refuseGuess(question, WrongPasswordText);
    case ErrorCode::PermissionDenied: return refuse(RevokedText);
    default: return refuseEnrolment(device.error());
    }
}

LoginVerdict Gatekeeper::admit(const LoginQuestion& question, const Device& device)
{
    const std::string from = question.peer.address.toString();
    noteStorage(m_store.noteLogin(device.id, from).and_then([&] {
        return m_store.audit({{}, "login", device.userName, device.name, from, methodName(question.login.method)});
    }));
    return Account{device.userId, device.userName, device.id, device.name};
}

std::optional<LoginRefusal> Gatekeeper::findBan(const LoginQuestion& question)
{
    const UnixTime now = m_time();
    const auto ban = m_ledger.findBan(toSource(question), now);
    if (!ban)
        return std::nullopt;
    const auto minutes = std::chrono::ceil<std::chrono::minutes>(ban->until - now).count();
    return LoginRefusal{GoodbyeCode::LoginRefused,
                        "too many wrong attempts from here: new logins are locked for " + counted(minutes, "minute"),
                        m_ledger.noteStopped(*ban)};
}

LoginVerdict Gatekeeper::refuseGuess(const LoginQuestion& question, const std::string& text)
{
    const GuessLedger::Wrong wrong = m_ledger.noteWrong(toSource(question), digestOf(question), m_time());
    if (wrong.isCounted)
        noteStorage(m_store.audit({{},
                                   "login-refused",
                                   givenUser(question.login),
                                   shortForm(question.device),
                                   question.peer.address.toString(),
                                   methodName(question.login.method)}));
    for (const Ban& ban : wrong.bans)
        noteBan(question, ban);
    return tl::unexpected(LoginRefusal{GoodbyeCode::LoginRefused, text, wrong.isCounted});
}

/// What can be wrong with a secret that is right.
LoginVerdict Gatekeeper::refuseEnrolment(const Error& error)
{
    if (error.code == ErrorCode::AlreadyExists)
        return refuse("the user has " + counted(m_config.maxDevices, "device") + " already, and may have no more");
    return refuseForStorage(error);
}

LoginVerdict Gatekeeper::refuseForStorage(const Error& error)
{
    noteStorage(fail(error));
    return refuse("the server can't store this now", GoodbyeCode::ServerBusy);
}

void Gatekeeper::noteBan(const LoginQuestion& question, const Ban& ban)
{
    const auto length = std::chrono::duration_cast<std::chrono::seconds>(ban.until - m_time()).count();
    qCWarning(logAccounts, "too many wrong logins, banned for a while seconds=%lld %s", static_cast<long long>(length),
              describeSource(ban).c_str());
    const std::string from = ban.isShared ? "shared" : question.peer.address.toString();
    noteStorage(m_store.saveBan(ban).and_then([&] {
        return m_store.audit(
            {{}, "ban", ban.user, ban.key ? shortForm(*ban.key) : "", from, std::to_string(length) + " s"});
    }));
}

/// A full disk fails each login's notes: one line, until it works again.
void Gatekeeper::noteStorage(const Result<void>& done)
{
    if (!done && !m_isStorageFailing)
        qCWarning(logAccounts, "the accounts can't be written or read: %s", done.error().context.c_str());
    m_isStorageFailing = !done;
}

GuessDigest Gatekeeper::digestOf(const LoginQuestion& question) const
{
    const std::string user = givenUser(question.login);
    const ByteView secret =
        question.login.method == LoginMethod::Device ? ByteView(question.device.hash()) : question.login.secret.view();
    const std::array<unsigned char, 2> head{static_cast<unsigned char>(question.login.method),
                                            static_cast<unsigned char>(user.size())};
    const auto bytes = [](ByteView view) { return reinterpret_cast<const unsigned char*>(view.data()); };
    crypto_generichash_state state;
    GuessDigest digest{};
    ::crypto_generichash_init(&state, bytes(m_digestKey.view()), m_digestKey.view().size(), digest.size());
    ::crypto_generichash_update(&state, head.data(), head.size());
    ::crypto_generichash_update(&state, bytes(asBytes(user)), user.size());
    ::crypto_generichash_update(&state, bytes(secret), secret.size());
    ::crypto_generichash_final(&state, reinterpret_cast<unsigned char*>(digest.data()), digest.size());
    ::sodium_memzero(&state, sizeof state);
    return digest;
}

std::vector<Ban> Gatekeeper::bans() const
{
    return m_ledger.bans(m_time());
}

Result<std::vector<Ban>> Gatekeeper::lift(const std::string& addressOrName)
{
    std::vector<Ban> lifted = m_ledger.lift(addressOrName, m_time());
    if (lifted.empty())
        return fail(ErrorCode::NotFound, "there is no ban of " + addressOrName);
    for (const Ban& ban : lifted) {
        if (const auto removed = m_store.removeBan(ban); !removed)
            return fail(removed.error());
    }
    return lifted;
}

}  // namespace gvpn::accounts
