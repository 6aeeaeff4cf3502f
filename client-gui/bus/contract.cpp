#include "bus/contract.h"

#include <algorithm>
#include <array>

namespace gvpn::bus {

namespace {

constexpr QLatin1String ErrorPrefix{"org.gvpn.Helper1.Error."};

struct ErrorName {
    ErrorCode code = ErrorCode::SystemFailure;
    QLatin1String name{};
};

constexpr std::array<ErrorName, 6> ErrorNames = {{
    {ErrorCode::PermissionDenied, QLatin1String("NotAuthorized")},
    {ErrorCode::InvalidArgument, QLatin1String("InvalidArgument")},
    {ErrorCode::AlreadyExists, QLatin1String("Conflict")},
    {ErrorCode::NotFound, QLatin1String("NotFound")},
    {ErrorCode::LimitExceeded, QLatin1String("LimitReached")},
    {ErrorCode::SystemFailure, QLatin1String("SystemFailure")},
}};

}  // namespace

QString errorNameOf(ErrorCode code)
{
    const auto known = std::ranges::find(ErrorNames, code, &ErrorName::code);
    return ErrorPrefix + (known != ErrorNames.end() ? known->name : ErrorNames.back().name);
}

Error errorFrom(const QString& name, const QString& message)
{
    const std::string cause = message.left(MaxCauseCharacters).toStdString();
    if (name.startsWith(ErrorPrefix)) {
        const auto known = std::ranges::find_if(
            ErrorNames, [&](const ErrorName& one) { return name.mid(ErrorPrefix.size()) == one.name; });
        if (known != ErrorNames.end())
            return {known->code, cause};
    }
    return {ErrorCode::SystemFailure, name.left(MaxCauseCharacters).toStdString() + ": " + cause};
}

bool isCongestionName(std::string_view name)
{
    const auto isCharacter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
    return !name.empty() && name.size() <= MaxCongestionNameBytes && std::ranges::all_of(name, isCharacter);
}

}  // namespace gvpn::bus
