#include "system/filter_walk.h"

#include "system/filter_match.h"

#include <QSet>

#include <algorithm>

namespace gvpn::system {

namespace {

using namespace Qt::StringLiterals;

constexpr unsigned MaxDepth = 16;       // NFT_JUMP_STACK_SIZE, include/net/netfilter/nf_tables.h
constexpr unsigned MaxSteps = 200'000;  // rules looked at for one packet; a large ruleset has some thousands

enum class Ending { Accepted, Dropped, Passed };

struct Outcome {
    Ending ending = Ending::Passed;
    bool isAboutUs = false;  // the accept names something of ours
};

/// What the conditions of a rule come to.
struct Condition {
    Truth truth = Truth::Yes;
    bool isUnreadable = false;  // a match of iptables was among them
    bool isAboutUs = false;

    void add(const MatchAnswer& answer)
    {
        truth = std::min(truth, answer.truth);
        isAboutUs = isAboutUs || (answer.isAboutUs && answer.truth != Truth::No);
    }
    [[nodiscard]] bool isCertain() const { return truth == Truth::Yes && !isUnreadable; }
};

bool isHarmless(const QString& statement)
{
    return statement == u"counter" || statement == u"log" || statement == u"mangle" || statement == u"notrack"
           || statement == u"comment";
}

QJsonArray pairsOf(const QJsonObject& vmap)
{
    return vmap.value(u"data").toObject().value(u"set").toArray();
}

class Walk {
public:
    Walk(const FilterRuleset& ruleset, const FilterPacket& packet)
        : m_ruleset(ruleset)
        , m_packet(packet)
    {}

    [[nodiscard]] Outcome through(const FilterChain& chain, unsigned depth)
    {
        if (depth > MaxDepth)
            return {Ending::Accepted, true};
        bool mayHaveLeft = false;
        for (const QJsonArray& rule : chain.rules) {
            // What takes longer to find out isn't known.
            if (++m_steps > MaxSteps)
                return {Ending::Accepted, true};
            bool leaves = false;
            const Outcome outcome = throughRule(chain, rule, depth, leaves, mayHaveLeft);
            if (outcome.ending == Ending::Dropped && mayHaveLeft)
                return {};
            if (outcome.ending != Ending::Passed || leaves)
                return outcome;
        }
        return {};
    }

private:
    /// leaves: the rule ends the chain without a verdict; mayHaveLeft: it may have.
    [[nodiscard]] Outcome throughRule(const FilterChain& chain, const QJsonArray& rule, unsigned depth, bool& leaves,
                                      bool& mayHaveLeft)
    {
        Condition condition;
        for (const QJsonValue value : rule) {
            const QJsonObject statement = value.toObject();
            const QString kind = statement.isEmpty() ? QString() : statement.begin().key();
            if (kind == u"match")
                condition.add(answerMatch(statement.value(kind).toObject(), m_packet));
            else if (kind == u"vmap")
                return throughMap(chain, condition, statement.value(kind).toObject(), depth, leaves, mayHaveLeft);
            else if (const QJsonObject xt = statement.value(u"xt").toObject(); isEndingTarget(xt))
                return target(xt, condition);
            else if (kind == u"xt")
                condition.isUnreadable = condition.isUnreadable || isUnreadableMatch(xt);
            else if (isVerdict(kind))
                return verdict(chain, condition, statement, depth, leaves, mayHaveLeft);
            else if (!isHarmless(kind))
                condition.add({});
            if (condition.truth == Truth::No)
                return {};
        }
        return {};
    }

    [[nodiscard]] static bool isEndingTarget(const QJsonObject& xt)
    {
        return xt.value(u"type").toString() == u"target" && !isTargetThatGoesOn(xt.value(u"name").toString());
    }

    [[nodiscard]] static bool isUnreadableMatch(const QJsonObject& xt)
    {
        return xt.value(u"type").toString() != u"target" && xt.value(u"name").toString() != u"comment";
    }

    /// Those of iptables that aren't verdicts of nft. Of one that isn't known (NFQUEUE, for a program that looks into
    /// the packets), someone else decides.
    [[nodiscard]] Outcome target(const QJsonObject& xt, const Condition& condition) const
    {
        if (xt.value(u"name").toString() == u"REJECT")
            return {condition.isCertain() ? Ending::Dropped : Ending::Passed, false};
        return accepted(condition, false);
    }

    [[nodiscard]] static bool isVerdict(const QString& kind)
    {
        return kind == u"accept" || kind == u"drop" || kind == u"reject" || kind == u"jump" || kind == u"goto"
               || kind == u"return" || kind == u"continue" || kind == u"queue";
    }

    [[nodiscard]] Outcome throughMap(const FilterChain& chain, const Condition& condition, const QJsonObject& vmap,
                                     unsigned depth, bool& leaves, bool& mayHaveLeft)
    {
        const QJsonArray pairs = pairsOf(vmap);
        // A named map, whose elements nobody has read.
        if (!vmap.value(u"data").toObject().contains(u"set"))
            return {Ending::Accepted, true};
        for (const QJsonValue value : pairs) {
            const QJsonArray pair = value.toArray();
            Condition both = condition;
            both.add(answerEqual(vmap.value(u"key").toObject(), pair.at(0), m_packet));
            if (both.truth == Truth::No)
                continue;
            const Outcome outcome = verdict(chain, both, pair.at(1).toObject(), depth, leaves, mayHaveLeft);
            if (outcome.ending != Ending::Passed || leaves)
                return outcome;
        }
        return {};
    }

    [[nodiscard]] Outcome verdict(const FilterChain& chain, const Condition& condition, const QJsonObject& statement,
                                  unsigned depth, bool& leaves, bool& mayHaveLeft)
    {
        const QString kind = statement.isEmpty() ? QString() : statement.begin().key();
        // Whoever reads the queue decides.
        if (kind == u"accept" || kind == u"queue")
            return accepted(condition, false);
        if (kind == u"drop" || kind == u"reject")
            return {condition.isCertain() ? Ending::Dropped : Ending::Passed, false};
        if (kind == u"return") {
            leaves = condition.isCertain();
            mayHaveLeft = mayHaveLeft || !leaves;
            return {};
        }
        if (kind != u"jump" && kind != u"goto")
            return {};
        const FilterChain* target = m_ruleset.find(chain, statement.value(kind).toObject().value(u"target").toString());
        if (!target)
            return {Ending::Accepted, true};
        const Outcome outcome = through(*target, depth + 1);
        if (outcome.ending == Ending::Accepted)
            return accepted(condition, outcome.isAboutUs);
        leaves = kind == u"goto" && condition.isCertain();
        mayHaveLeft = mayHaveLeft || (kind == u"goto" && !leaves);
        return condition.isCertain() ? outcome : Outcome();
    }

    /// innerIsAboutUs: of the chain that the condition leads to.
    [[nodiscard]] Outcome accepted(const Condition& condition, bool innerIsAboutUs) const
    {
        const bool isAboutUs = condition.isAboutUs || innerIsAboutUs;
        if (condition.isUnreadable && !isAboutUs && !m_packet.isReply)
            return {};
        return {Ending::Accepted, isAboutUs};
    }

    const FilterRuleset& m_ruleset;
    const FilterPacket& m_packet;
    unsigned m_steps = 0;
};

}  // namespace

bool alwaysReturns(const QJsonArray& expressions)
{
    for (const QJsonValue value : expressions) {
        const QJsonObject statement = value.toObject();
        if (statement.contains(u"return"))
            return true;
        const bool isComment = statement.value(u"xt").toObject().value(u"name") == u"comment"_s;
        if (!isComment && !statement.contains(u"counter"))
            return false;
    }
    return false;
}

bool isTargetThatGoesOn(const QString& name)
{
    static const QSet<QString> Targets{u"AUDIT"_s,       u"CHECKSUM"_s, u"CLASSIFY"_s, u"CONNMARK"_s, u"CONNSECMARK"_s,
                                       u"CT"_s,          u"DSCP"_s,     u"ECN"_s,      u"HL"_s,       u"HMARK"_s,
                                       u"IDLETIMER"_s,   u"LED"_s,      u"LOG"_s,      u"MARK"_s,     u"NFLOG"_s,
                                       u"NOTRACK"_s,     u"RATEEST"_s,  u"SECMARK"_s,  u"SET"_s,      u"TCPMSS"_s,
                                       u"TCPOPTSTRIP"_s, u"TEE"_s,      u"TOS"_s,      u"TRACE"_s,    u"TTL"_s};
    return Targets.contains(name);
}

bool isDroppedBy(const FilterRuleset& ruleset, const FilterChain& baseChain, const FilterPacket& packet)
{
    switch (Walk(ruleset, packet).through(baseChain, 0).ending) {
    case Ending::Accepted: return false;
    case Ending::Dropped: return true;
    case Ending::Passed: break;
    }
    return baseChain.dropsByPolicy;
}

}  // namespace gvpn::system
