#include "admin/command.h"

#include "accounts/account_store.h"
#include "admin/account_json.h"

#include <algorithm>
#include <array>
#include <limits>

namespace gvpn::admin {

namespace {

QJsonObject named(const char* command)
{
    return {{QStringLiteral("command"), QLatin1String(command)}};
}

QJsonObject named(const char* command, const char* key, const std::string& value)
{
    return {{QStringLiteral("command"), QLatin1String(command)}, {QLatin1String(key), fromStd(value)}};
}

QJsonObject encode(const AddUser& command)
{
    QJsonObject json = named("add-user", "name", command.name);
    json.insert(QStringLiteral("password_hash"), fromStd(command.passwordHash));
    return json;
}

QJsonObject encode(const SetPassword& command)
{
    QJsonObject json = named("set-password", "name", command.name);
    json.insert(QStringLiteral("password_hash"), fromStd(command.passwordHash));
    return json;
}

QJsonObject encode(const EnableUser& command)
{
    QJsonObject json = named("enable-user", "name", command.name);
    json.insert(QStringLiteral("enabled"), command.isEnabled);
    return json;
}

QJsonObject encode(const RemoveUser& command)
{
    return named("remove-user", "name", command.name);
}

QJsonObject encode(const ListUsers& /*command*/)
{
    return named("list-users");
}

QJsonObject encode(const MakeInvite& command)
{
    QJsonObject json = named("make-invite", "user", command.userName);
    json.insert(QStringLiteral("life_s"), static_cast<qint64>(command.life.count()));
    if (command.publicAddress) {
        json.insert(QStringLiteral("public_host"), fromStd(command.publicAddress->host));
        json.insert(QStringLiteral("public_port"), command.publicAddress->port);
    }
    return json;
}

QJsonObject encode(const ListDevices& /*command*/)
{
    return named("list-devices");
}

QJsonObject encode(const RevokeDevice& command)
{
    QJsonObject json = named("revoke-device");
    json.insert(QStringLiteral("id"), static_cast<qint64>(command.id));
    return json;
}

QJsonObject encode(const ListBans& /*command*/)
{
    return named("list-bans");
}

QJsonObject encode(const LiftBan& command)
{
    return named("lift-ban", "whose", command.addressOrName);
}

QJsonObject encode(const ListAudit& command)
{
    QJsonObject json = named("list-audit");
    json.insert(QStringLiteral("most"), static_cast<qint64>(command.most));
    return json;
}

QJsonObject encode(const ShowStatus& /*command*/)
{
    return named("show-status");
}

QJsonObject encode(const Kick& command)
{
    return named("kick", "whom", command.addressOrName);
}

/// Takes fields out of an object and remembers the first that is not what it should be.
class Fields {
public:
    explicit Fields(const QJsonObject& json)
        : m_json(json)
    {}

    [[nodiscard]] bool has(const char* key) const { return m_json.contains(QLatin1String(key)); }
    [[nodiscard]] std::string text(const char* key)
    {
        const QJsonValue value = m_json.value(QLatin1String(key));
        if (!value.isString())
            blame(key);
        return value.toString().toStdString();
    }
    [[nodiscard]] qint64 number(const char* key, qint64 least, qint64 most)
    {
        const qint64 value = m_json.value(QLatin1String(key)).toInteger(-1);
        if (value < least || value > most)
            blame(key);
        return std::clamp(value, least, most);
    }
    [[nodiscard]] bool flag(const char* key)
    {
        const QJsonValue value = m_json.value(QLatin1String(key));
        if (!value.isBool())
            blame(key);
        return value.toBool();
    }
    void blame(const char* key)
    {
        if (m_fault.empty())
            m_fault = std::string("\"") + key + "\" is missing or can't be used";
    }
    [[nodiscard]] const std::string& fault() const { return m_fault; }

private:
    const QJsonObject& m_json;
    std::string m_fault;
};

Command decodeInvite(Fields& fields)
{
    MakeInvite command;
    command.userName = fields.text("user");
    command.life = std::chrono::seconds(fields.number("life_s", 1, accounts::MaxInviteLife.count()));
    if (fields.has("public_host")) {
        const net::HostPort given{fields.text("public_host"),
                                  static_cast<std::uint16_t>(fields.number("public_port", 0, UINT16_MAX))};
        // As a person would have to write it: the host alone could be anything.
        const auto parsed = net::HostPort::parse(net::HostPort{given.host}.toString());
        if (!parsed || parsed->host != given.host)
            fields.blame("public_host");
        command.publicAddress = given;
    }
    return command;
}

struct Form {
    std::string_view name;
    Command (*decode)(Fields& fields);
};

// In the order of a call's arguments nothing is promised: one field a statement.
const std::array Forms = {
    Form{"add-user",
         [](Fields& f) -> Command {
             AddUser command{f.text("name"), {}};
             command.passwordHash = f.text("password_hash");
             return command;
         }},
    Form{"set-password",
         [](Fields& f) -> Command {
             SetPassword command{f.text("name"), {}};
             command.passwordHash = f.text("password_hash");
             return command;
         }},
    Form{"enable-user",
         [](Fields& f) -> Command {
             EnableUser command{f.text("name")};
             command.isEnabled = f.flag("enabled");
             return command;
         }},
    Form{"remove-user", [](Fields& f) -> Command { return RemoveUser{f.text("name")}; }},
    Form{"list-users", [](Fields& /*f*/) -> Command { return ListUsers{}; }},
    Form{"make-invite", decodeInvite},
    Form{"list-devices", [](Fields& /*f*/) -> Command { return ListDevices{}; }},
    Form{"revoke-device",
         [](Fields& f) -> Command { return RevokeDevice{f.number("id", 1, std::numeric_limits<qint64>::max())}; }},
    Form{"list-bans", [](Fields& /*f*/) -> Command { return ListBans{}; }},
    Form{"lift-ban", [](Fields& f) -> Command { return LiftBan{f.text("whose")}; }},
    Form{"list-audit",
         [](Fields& f) -> Command {
             return ListAudit{
                 static_cast<unsigned>(f.number("most", 1, static_cast<qint64>(accounts::MaxAuditEntries)))};
         }},
    Form{"show-status", [](Fields& /*f*/) -> Command { return ShowStatus{}; }},
    Form{"kick", [](Fields& f) -> Command { return Kick{f.text("whom")}; }},
};
static_assert(std::tuple_size_v<decltype(Forms)> == std::variant_size_v<Command>);

ErrorCode codeOfName(const std::string& name)
{
    for (int i = 0; i < static_cast<int>(ErrorCode::SystemFailure); ++i) {
        if (errorCodeName(static_cast<ErrorCode>(i)) == name)
            return static_cast<ErrorCode>(i);
    }
    return ErrorCode::SystemFailure;
}

}  // namespace

QJsonObject toJson(const Command& command)
{
    return std::visit([](const auto& one) { return encode(one); }, command);
}

Result<Command> commandFromJson(const QJsonObject& json)
{
    Fields fields(json);
    const std::string name = fields.text("command");
    for (const Form& form : Forms) {
        if (form.name != name)
            continue;
        Command command = form.decode(fields);
        if (!fields.fault().empty())
            return fail(ErrorCode::Malformed, fields.fault());
        return command;
    }
    return fail(ErrorCode::Malformed, "no command that this version of gvpn-server knows");
}

bool needsServer(const Command& command)
{
    return std::holds_alternative<ShowStatus>(command) || std::holds_alternative<Kick>(command);
}

QJsonObject toJson(const Reply& reply)
{
    if (reply)
        return {{QStringLiteral("result"), *reply}};
    return {{QStringLiteral("error"), QJsonObject{{QStringLiteral("code"), fromStd(errorCodeName(reply.error().code))},
                                                  {QStringLiteral("context"), fromStd(reply.error().context)}}}};
}

Reply replyFromJson(const QJsonObject& json)
{
    const QJsonValue result = json.value(QLatin1String("result"));
    if (result.isObject())
        return result.toObject();
    const QJsonObject error = json.value(QLatin1String("error")).toObject();
    const QJsonValue code = error.value(QLatin1String("code"));
    const QJsonValue context = error.value(QLatin1String("context"));
    if (!code.isString() || !context.isString())
        return fail(ErrorCode::Malformed, "the answer is neither a result nor an error");
    return fail(codeOfName(code.toString().toStdString()), context.toString().toStdString());
}

}  // namespace gvpn::admin
