#include "admin/command_line.h"

#include "accounts/account_store.h"
#include "admin/account_json.h"

#include <QCommandLineParser>
#include <QFileInfo>

#include <algorithm>
#include <array>
#include <limits>

namespace gvpn::admin {

namespace {

constexpr const char* Help = R"(Usage: gvpn-server COMMAND [OPTIONS]

Looks after who may connect, while the server runs or not.

  user add NAME [--password-stdin|--password-fd N]      a user; the password is for --login password
  user passwd NAME [--password-stdin|--password-fd N]   a new password, asked for on the terminal
  user disable|enable|remove NAME
  user list
  invite [--user NAME] [--expires 7d] [--public-address HOST[:PORT]] [--qr]
                                                        a link that lets one device in, once
  device list
  device revoke ID
  ban list                                              who guessed too often
  ban lift ADDRESS|NAME|shared
  status                                                who is connected
  kick NAME|ADDRESS
  audit [--last N]                                      what happened, the newest first

Options of all commands:
  --state-dir DIR   the server's state directory; default /var/lib/gvpn for root
  --config FILE     its configuration file, which may name that directory; default /etc/gvpn/server.conf
  --json            JSON objects on standard output
  --help
)";

constexpr std::array Nouns = {"user", "invite", "device", "ban", "status", "kick", "audit"};
/// The server's and ours. Everything else that begins with "--" has a value, so that no value is taken for a command.
constexpr std::array Flags = {"--json",     "--qr",      "--password-stdin",   "--help",
                              "--help-all", "--version", "--client-to-client", "--allow-v1"};
/// With these every command can be run.
constexpr std::array CommonOptions = {"state-dir", "config", "json", "help"};

Failure usage(const QString& sentence)
{
    return fail(ErrorCode::InvalidArgument, sentence.toStdString());
}

QString option(const char* name)
{
    return QLatin1String(name);
}

/// What a subcommand has to work with.
struct Given {
    const QCommandLineParser& parser;
    QString argument;  // of those that take one

    [[nodiscard]] bool has(const char* name) const { return parser.isSet(option(name)); }
    /// The last one given.
    [[nodiscard]] std::optional<QString> value(const char* name) const
    {
        return has(name) ? std::optional(parser.values(option(name)).last()) : std::nullopt;
    }
    [[nodiscard]] std::string text() const { return argument.toStdString(); }
};

Failure badValue(const char* name, const QString& value, const QString& why)
{
    return usage(QStringLiteral("--%1 %2 can't be used: %3.").arg(option(name), value, why));
}

Result<void> checkName(const QString& name)
{
    if (const auto valid = accounts::validateUserName(name.toStdString()); !valid)
        return usage(QStringLiteral("\"%1\" can't be a user's name: %2.").arg(name, fromStd(valid.error().context)));
    return {};
}

/// "90s", "30m", "12h", "7d", "2w".
std::optional<std::chrono::seconds> parseDuration(const QString& text)
{
    constexpr std::array Units = {std::pair{u's', qint64{1}}, std::pair{u'm', qint64{60}},
                                  std::pair{u'h', qint64{3600}}, std::pair{u'd', qint64{86400}},
                                  std::pair{u'w', qint64{604800}}};
    const qsizetype digits =
        std::find_if(text.begin(), text.end(), [](QChar c) { return c < QLatin1Char('0') || c > QLatin1Char('9'); })
        - text.begin();
    if (digits == 0 || digits > 9 || digits + 1 != text.size())
        return std::nullopt;
    for (const auto& [unit, seconds] : Units) {
        if (text.back() == QChar(unit))
            return std::chrono::seconds(text.first(digits).toLongLong() * seconds);
    }
    return std::nullopt;
}

Result<Command> addUser(const Given& given)
{
    if (const auto valid = checkName(given.argument); !valid)
        return fail(valid.error());
    return AddUser{given.text(), {}};
}

Result<Command> setPassword(const Given& given)
{
    return SetPassword{given.text(), {}};
}

Result<Command> disableUser(const Given& given)
{
    return EnableUser{given.text(), false};
}

Result<Command> enableUser(const Given& given)
{
    return EnableUser{given.text(), true};
}

Result<Command> removeUser(const Given& given)
{
    return RemoveUser{given.text()};
}

Result<Command> invite(const Given& given)
{
    MakeInvite command;
    if (const auto user = given.value("user")) {
        if (const auto valid = checkName(*user); !valid)
            return fail(valid.error());
        command.userName = user->toStdString();
    }
    if (const auto expires = given.value("expires")) {
        const auto life = parseDuration(*expires);
        if (!life || life->count() < 1 || *life > accounts::MaxInviteLife) {
            return badValue("expires", *expires,
                            QStringLiteral("it must be a time such as 90s, 30m, 12h, 7d or 2w, and a year at most"));
        }
        command.life = *life;
    }
    if (const auto address = given.value("public-address")) {
        auto parsed = net::HostPort::parse(address->toStdString());
        if (!parsed)
            return badValue("public-address", *address, fromStd(parsed.error().context));
        // The default port is only meant if it was written.
        if (!address->endsWith(QStringLiteral(":%1").arg(parsed->port)))
            parsed->port = 0;
        command.publicAddress = *parsed;
    }
    return command;
}

Result<Command> revokeDevice(const Given& given)
{
    bool isNumber = false;
    const qint64 id = given.argument.toLongLong(&isNumber);
    if (!isNumber || id < 1)
        return usage(QStringLiteral("\"%1\" is no device's number; see gvpn-server device list.").arg(given.argument));
    return RevokeDevice{id};
}

Result<Command> liftBan(const Given& given)
{
    return LiftBan{given.text()};
}

Result<Command> kick(const Given& given)
{
    return Kick{given.text()};
}

Result<Command> audit(const Given& given)
{
    ListAudit command;
    if (const auto last = given.value("last")) {
        bool isNumber = false;
        command.most = last->toUInt(&isNumber);
        if (!isNumber || command.most < 1 || command.most > accounts::MaxAuditEntries) {
            return badValue("last", *last,
                            QStringLiteral("it must be a number from 1 to %1").arg(accounts::MaxAuditEntries));
        }
    }
    return command;
}

template <typename T>
Result<Command> plain(const Given& /*given*/)
{
    return T{};
}

struct Form {
    const char* words;
    const char* argument;  // its name in sentences; null: none
    std::initializer_list<const char*> options;
    Result<Command> (*make)(const Given& given);
};

const std::array Forms = {
    Form{"user add", "NAME", {"password-stdin", "password-fd"}, addUser},
    Form{"user passwd", "NAME", {"password-stdin", "password-fd"}, setPassword},
    Form{"user disable", "NAME", {}, disableUser},
    Form{"user enable", "NAME", {}, enableUser},
    Form{"user remove", "NAME", {}, removeUser},
    Form{"user list", nullptr, {}, plain<ListUsers>},
    Form{"invite", nullptr, {"user", "expires", "public-address", "qr"}, invite},
    Form{"device list", nullptr, {}, plain<ListDevices>},
    Form{"device revoke", "ID", {}, revokeDevice},
    Form{"ban list", nullptr, {}, plain<ListBans>},
    Form{"ban lift", "ADDRESS|NAME", {}, liftBan},
    Form{"status", nullptr, {}, plain<ShowStatus>},
    Form{"kick", "NAME|ADDRESS", {}, kick},
    Form{"audit", nullptr, {"last"}, audit},
};

void declare(QCommandLineParser& parser)
{
    for (const char* name : {"state-dir", "config", "user", "expires", "public-address", "password-fd", "last"})
        parser.addOption({option(name), QString(), QStringLiteral("VALUE")});
    for (const char* name : {"json", "qr", "password-stdin"})
        parser.addOption({option(name), QString()});
    parser.addHelpOption();
}

/// The form whose words these begin with, or the sentence that says what comes closest.
Result<Form> findForm(const QStringList& words)
{
    QStringList known;
    for (const Form& form : Forms) {
        const QStringList formWords = QString::fromLatin1(form.words).split(QLatin1Char(' '));
        if (words.mid(0, formWords.size()) == formWords)
            return form;
        if (formWords.first() == words.value(0))
            known.append(formWords.last());
    }
    if (known.isEmpty())
        return usage(QStringLiteral("\"%1\" is no command of gvpn-server; see gvpn-server user --help.")
                         .arg(words.join(QLatin1Char(' '))));
    return usage(
        QStringLiteral("gvpn-server %1 needs one of: %2.").arg(words.first(), known.join(QStringLiteral(", "))));
}

/// The argument, if the form has one, and nothing else.
Result<QString> readArgument(const Form& form, const QStringList& words)
{
    const QString name = QString::fromLatin1(form.words);
    const QStringList rest = words.mid(name.count(QLatin1Char(' ')) + 1);
    const qsizetype expected = form.argument != nullptr ? 1 : 0;
    if (rest.size() < expected || (expected == 1 && rest.first().isEmpty()))
        return usage(QStringLiteral("gvpn-server %1 needs %2.").arg(name, QLatin1String(form.argument)));
    if (rest.size() > expected)
        return usage(QStringLiteral("gvpn-server %1 takes no \"%2\".").arg(name, rest[expected]));
    return rest.value(0);
}

Result<void> checkOptions(const Form& form, const QCommandLineParser& parser)
{
    const QStringList given = parser.optionNames();
    for (const QString& name : given) {
        const auto isName = [&name](const char* allowed) { return name == QLatin1String(allowed); };
        if (name != QLatin1String("h") && std::none_of(CommonOptions.begin(), CommonOptions.end(), isName)
            && std::none_of(form.options.begin(), form.options.end(), isName))
            return usage(QStringLiteral("gvpn-server %1 takes no --%2.").arg(QLatin1String(form.words), name));
    }
    if (parser.isSet(option("json")) && parser.isSet(option("qr")))
        return usage(QStringLiteral("--qr is for people and --json for programs; give one of them."));
    return {};
}

Result<PasswordOrigin> readPasswordOrigin(const Given& given, const Command& command)
{
    if (given.has("password-stdin") && given.has("password-fd"))
        return usage(QStringLiteral("Give either --password-stdin or --password-fd."));
    if (given.has("password-stdin"))
        return 0;
    if (const auto text = given.value("password-fd")) {
        bool isNumber = false;
        const int descriptor = text->toInt(&isNumber);
        if (!isNumber || descriptor < 0)
            return badValue("password-fd", *text, QStringLiteral("it must be the number of an open descriptor"));
        return descriptor;
    }
    if (std::holds_alternative<SetPassword>(command))
        return PasswordOfTerminal{};
    return std::monostate{};
}

Result<std::string> readStateDir(const Given& given, const QString& defaultConfig, const ReadConfig& readConfig)
{
    if (const auto directory = given.value("state-dir")) {
        if (directory->isEmpty())
            return usage(QStringLiteral("--state-dir needs the name of a directory."));
        return directory->toStdString();
    }
    const auto named = given.value("config");
    if (!named && !QFileInfo::exists(defaultConfig))
        return std::string();
    const auto values = readConfig(named.value_or(defaultConfig));
    if (!values)
        return fail(values.error());
    const QStringList directories = values->value(QStringLiteral("state-dir"));
    return directories.isEmpty() ? std::string() : directories.last().toStdString();
}

}  // namespace

QString commandWord(const QStringList& arguments)
{
    for (qsizetype i = 1; i < arguments.size(); ++i) {
        const QString& argument = arguments[i];
        const auto isArgument = [&argument](const char* one) { return argument == QLatin1String(one); };
        if (!argument.startsWith(QLatin1Char('-')))
            return argument;
        const bool hasValueBehind = argument.startsWith(QLatin1String("--")) && argument.size() > 2
                                    && !argument.contains(QLatin1Char('='))
                                    && std::none_of(Flags.begin(), Flags.end(), isArgument);
        if (hasValueBehind)
            ++i;
    }
    return {};
}

bool isAdminCommandLine(const QStringList& arguments)
{
    const QString word = commandWord(arguments);
    return std::any_of(Nouns.begin(), Nouns.end(), [&word](const char* noun) { return word == QLatin1String(noun); });
}

Result<Invocation> parseInvocation(const QStringList& arguments, const QString& defaultConfig,
                                   const ReadConfig& readConfig)
{
    QCommandLineParser parser;
    declare(parser);
    Invocation invocation;
    const bool isUnderstood = parser.parse(arguments);
    if (parser.isSet(option("help"))) {
        invocation.helpText = QString::fromUtf8(Help);
        return invocation;
    }
    const QStringList words = parser.positionalArguments();
    if (!isUnderstood)
        return usage(parser.errorText() + QStringLiteral(" See gvpn-server user --help."));
    const auto form = findForm(words);
    if (!form)
        return fail(form.error());
    if (const auto allowed = checkOptions(*form, parser); !allowed)
        return fail(allowed.error());
    const auto argument = readArgument(*form, words);
    if (!argument)
        return fail(argument.error());
    const Given given{parser, *argument};
    auto command = form->make(given);
    if (!command)
        return fail(command.error());
    const auto password = readPasswordOrigin(given, *command);
    if (!password)
        return fail(password.error());
    auto stateDir = readStateDir(given, defaultConfig, readConfig);
    if (!stateDir)
        return fail(stateDir.error());
    invocation.command = std::move(*command);
    invocation.password = *password;
    invocation.stateDir = std::move(*stateDir);
    invocation.isJson = given.has("json");
    invocation.wantsQr = given.has("qr");
    return invocation;
}

}  // namespace gvpn::admin
