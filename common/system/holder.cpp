#include "system/holder.h"

#include <QRandomGenerator>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <iterator>
#include <limits>
#include <sstream>
#include <unistd.h>

namespace gvpn::system {

namespace {

struct ProcessState {
    char state = '?';
    std::uint64_t startTime = 0;
};

std::optional<ProcessState> readProcessState(pid_t process)
{
    std::ifstream file("/proc/" + std::to_string(process) + "/stat");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    // The second field is the command's name in parentheses, and may itself hold blanks and parentheses.
    const std::size_t nameEnd = text.rfind(')');
    if (nameEnd == std::string::npos)
        return std::nullopt;
    std::istringstream fields(text.substr(nameEnd + 1));
    ProcessState result;
    fields >> result.state;
    constexpr int FieldsBetween = 18;  // 4 to 21
    std::string skipped;
    for (int i = 0; i < FieldsBetween; ++i)
        fields >> skipped;
    fields >> result.startTime;
    return fields.fail() ? std::nullopt : std::optional(result);
}

constexpr qsizetype TokenLength = 16;

bool isToken(const QString& text)
{
    return text.size() == TokenLength && std::ranges::all_of(text, [](QChar character) {
               return (character >= u'0' && character <= u'9') || (character >= u'a' && character <= u'f');
           });
}

}  // namespace

Holder Holder::makeOwn()
{
    Holder own;
    own.process = ::getpid();
    if (const auto state = readProcessState(own.process))
        own.startTime = state->startTime;
    const quint64 random = QRandomGenerator::system()->generate64();
    own.token = QString::number(random, 16).rightJustified(TokenLength, u'0').toStdString();
    return own;
}

std::optional<Holder> Holder::fromJson(const QJsonObject& object)
{
    const qint64 process = object.value(u"pid").toInteger();
    const QString token = object.value(u"token").toString();
    bool isNumber = false;
    const qulonglong startTime = object.value(u"started").toString().toULongLong(&isNumber);
    if (process <= 0 || process > std::numeric_limits<pid_t>::max() || !isNumber || !isToken(token))
        return std::nullopt;
    return Holder{static_cast<pid_t>(process), startTime, token.toStdString()};
}

QJsonObject Holder::toJson() const
{
    return {{QStringLiteral("pid"), static_cast<qint64>(process)},
            {QStringLiteral("started"), QString::number(startTime)},
            {QStringLiteral("token"), QString::fromStdString(token)}};
}

bool Holder::isAlive() const
{
    if (const auto state = readProcessState(process))
        return state->startTime == startTime && state->state != 'Z' && state->state != 'X';
    // Nothing to read may also mean that /proc hides other users' processes.
    return ::kill(process, 0) == 0 || errno == EPERM;
}

}  // namespace gvpn::system
