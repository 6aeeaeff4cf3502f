// Whether one condition of a rule holds for a packet of which not everything is known. Used by filter_walk.cpp; pure.
#pragma once

#include "system/filter_walk.h"

#include <QJsonObject>

namespace gvpn::system {

enum class Truth { No, Maybe, Yes };

struct MatchAnswer {
    Truth truth = Truth::Maybe;
    bool isAboutUs = false;  // it holds because of something that belongs to the server
};

/// match: the value of "match" in an expression. What isn't understood is Maybe.
[[nodiscard]] MatchAnswer answerMatch(const QJsonObject& match, const FilterPacket& packet);
/// Whether `key` (the left side of a match, or the key of a verdict map) is `value`.
[[nodiscard]] MatchAnswer answerEqual(const QJsonObject& key, const QJsonValue& value, const FilterPacket& packet);

}  // namespace gvpn::system
