#include "system/filter_walk.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QSet>
#include <QStringList>

#include <algorithm>

namespace gvpn::system {

namespace {

using namespace Qt::StringLiterals;

QString placeOf(const QString& family, const QString& table, const QString& name)
{
    // None of the first two has a blank in it, unless somebody wants to be confused.
    return family + u' ' + table + u' ' + name;
}

bool isSwitchedOff(const QJsonObject& table)
{
    const QJsonValue flags = table.value(u"flags");
    return flags.toString() == u"dormant" || flags.toArray().contains(u"dormant"_s);
}

QJsonObject equals(const QJsonObject& left, const QJsonValue& right, bool isNegated)
{
    return {
        {u"match"_s, QJsonObject{{u"op"_s, isNegated ? u"!="_s : u"=="_s}, {u"left"_s, left}, {u"right"_s, right}}}};
}

QJsonObject metaKey(const QString& key)
{
    return {{u"meta"_s, QJsonObject{{u"key"_s, key}}}};
}

QJsonObject payloadKey(const QString& protocol, const QString& field)
{
    return {{u"payload"_s, QJsonObject{{u"protocol"_s, protocol}, {u"field"_s, field}}}};
}

QJsonValue addressValue(const QString& text)
{
    const qsizetype slash = text.indexOf(u'/');
    if (slash < 0)
        return text;
    return QJsonObject{
        {u"prefix"_s, QJsonObject{{u"addr"_s, text.left(slash)}, {u"len"_s, text.mid(slash + 1).toInt()}}}};
}

/// One rule as `iptables -S` shows it, in nft's words.
class IptablesRule {
public:
    IptablesRule(const QStringList& words, const QString& family)
        : m_words(words)
        , m_protocol(family)
    {}

    [[nodiscard]] QJsonArray expressions()
    {
        while (m_next < m_words.size()) {
            const QString word = take();
            if (word == u"-j" || word == u"-g") {
                // The target's own options are all that follows.
                if (const QJsonObject verdict = verdictOf(take(), word == u"-g"); !verdict.isEmpty())
                    m_expressions.append(verdict);
                break;
            }
            if (word == u"!")
                m_isNegated = true;
            else
                addOption(word);
        }
        return m_expressions;
    }

private:
    QString take() { return m_next < m_words.size() ? m_words.at(m_next++) : QString(); }

    void add(const QJsonObject& left, const QJsonValue& right)
    {
        m_expressions.append(equals(left, right, std::exchange(m_isNegated, false)));
    }

    void addOption(const QString& word)
    {
        if (word == u"-i" || word == u"-o")
            add(metaKey(word == u"-i" ? u"iifname"_s : u"oifname"_s), wildcard(take()));
        else if (word == u"-s" || word == u"-d")
            add(payloadKey(m_protocol, word == u"-s" ? u"saddr"_s : u"daddr"_s), addressValue(take()));
        else if (word == u"-p")
            add(metaKey(u"l4proto"_s), take());
        else if (word == u"--dport")
            addPort(take());
        else if (word == u"--ctstate" || word == u"--state")
            add({{u"ct"_s, QJsonObject{{u"key"_s, u"state"_s}}}},
                QJsonArray::fromStringList(take().toLower().split(u',')));
        else if (word == u"-m" || word == u"--comment")
            static_cast<void>(take());
        else if (word.startsWith(u'-'))
            m_expressions.append(QJsonObject{{u"xt"_s, QJsonObject{{u"type"_s, u"match"_s}}}});
    }

    void addPort(const QString& text)
    {
        const QStringList ends = text.split(u':');
        if (ends.size() == 2)
            add(payloadKey(u"tcp"_s, u"dport"_s),
                QJsonObject{{u"range"_s, QJsonArray{ends.at(0).toInt(), ends.at(1).toInt()}}});
        else
            add(payloadKey(u"tcp"_s, u"dport"_s), text.toInt());
    }

    static QString wildcard(const QString& name) { return name.endsWith(u'+') ? name.chopped(1) + u'*' : name; }

    static QJsonObject verdictOf(const QString& target, bool isGoto)
    {
        if (target == u"ACCEPT" || target == u"DROP" || target == u"REJECT" || target == u"RETURN")
            return {{target.toLower(), QJsonValue::Null}};
        if (target == u"NFQUEUE" || target == u"QUEUE")
            return {{u"queue"_s, QJsonValue::Null}};
        if (target.isEmpty() || isTargetThatGoesOn(target))
            return {};
        return {{isGoto ? u"goto"_s : u"jump"_s, QJsonObject{{u"target"_s, target}}}};
    }

    const QStringList& m_words;
    QString m_protocol;
    qsizetype m_next = 0;
    bool m_isNegated = false;
    QJsonArray m_expressions;
};

/// The words of a line, quoted ones as one.
QStringList wordsOf(const QString& line)
{
    QStringList words;
    QString word;
    bool isQuoted = false;
    bool isWord = false;
    for (qsizetype i = 0; i < line.size(); ++i) {
        const QChar character = line.at(i);
        if (character == u'\\' && isQuoted && i + 1 < line.size()) {
            word += line.at(++i);
        } else if (character == u'"') {
            isQuoted = !isQuoted;
            isWord = true;
        } else if (character.isSpace() && !isQuoted) {
            if (isWord)
                words.append(std::exchange(word, {}));
            isWord = false;
        } else {
            word += character;
            isWord = true;
        }
    }
    if (isWord)
        words.append(word);
    return words;
}

}  // namespace

FilterChain& FilterRuleset::add(FilterChain chain)
{
    const QString place = placeOf(chain.family, chain.table, chain.name);
    if (const auto known = m_places.find(place); known != m_places.end())
        return m_chains[known->second];
    m_places.emplace(place, m_chains.size());
    return m_chains.emplace_back(std::move(chain));
}

FilterChain* FilterRuleset::findToFill(const QString& family, const QString& table, const QString& name)
{
    const auto found = m_places.find(placeOf(family, table, name));
    return found == m_places.end() ? nullptr : &m_chains[found->second];
}

void FilterRuleset::acceptLast(const FilterChain& sameTable, const QString& name)
{
    if (FilterChain* chain = findToFill(sameTable.family, sameTable.table, name))
        chain->rules.insert(std::ranges::find_if(chain->rules, alwaysReturns),
                            QJsonArray{QJsonObject{{u"accept"_s, QJsonValue::Null}}});
}

const FilterChain* FilterRuleset::find(const FilterChain& sameTable, const QString& name) const
{
    const auto found = m_places.find(placeOf(sameTable.family, sameTable.table, name));
    return found == m_places.end() ? nullptr : &m_chains[found->second];
}

Result<FilterRuleset> FilterRuleset::parse(QByteArrayView json)
{
    const QJsonDocument document = QJsonDocument::fromJson(json.toByteArray());
    const QJsonValue list = document.object().value(u"nftables");
    if (!list.isArray())
        return fail(ErrorCode::Malformed, "nft: its list of rules is not what libnftables-json(5) describes");
    FilterRuleset ruleset;
    QSet<QString> switchedOff;
    const QJsonArray objects = list.toArray();
    for (const QJsonValue value : objects) {
        const QJsonObject object = value.toObject();
        if (const QJsonObject table = object.value(u"table").toObject(); isSwitchedOff(table))
            switchedOff.insert(placeOf(table.value(u"family").toString(), table.value(u"name").toString(), {}));
        // Chains are listed before the rules.
        const bool isChain = object.contains(u"chain");
        const QJsonObject part = object.value(isChain ? u"chain" : u"rule").toObject();
        const QString family = part.value(u"family").toString();
        const QString table = part.value(u"table").toString();
        if (part.isEmpty() || switchedOff.contains(placeOf(family, table, {})))
            continue;
        if (isChain)
            ruleset.add({family,
                         table,
                         part.value(u"name").toString(),
                         part.value(u"hook").toString(),
                         part.value(u"policy").toString() == u"drop",
                         {}});
        else if (FilterChain* chain = ruleset.findToFill(family, table, part.value(u"chain").toString()))
            chain->rules.push_back(part.value(u"expr").toArray());
    }
    return ruleset;
}

FilterRuleset FilterRuleset::parseIptables(QByteArrayView rules, const QString& family)
{
    const QString table = u"filter"_s;
    FilterRuleset ruleset;
    const QStringList lines = QString::fromUtf8(rules).split(u'\n');
    for (const QString& line : lines) {
        const QStringList words = wordsOf(line);
        if (words.size() < 2)
            continue;
        const QString& name = words.at(1);
        if (words.first() == u"-P" && words.size() > 2)
            ruleset.add({family, table, name, name.toLower(), words.at(2) == u"DROP", {}});
        else if (words.first() == u"-N")
            ruleset.add({family, table, name, {}, false, {}});
        else if (FilterChain* chain = words.first() == u"-A" ? ruleset.findToFill(family, table, name) : nullptr)
            chain->rules.push_back(IptablesRule(words.sliced(2), family == u"ip6" ? u"ip6"_s : u"ip"_s).expressions());
    }
    return ruleset;
}

}  // namespace gvpn::system
