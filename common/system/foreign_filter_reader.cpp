#include "system/foreign_filters.h"
#include "system/logging.h"
#include "system/nft_process.h"
#include "system/query_process.h"

#include <QFile>

#include <deque>

namespace gvpn::system {

namespace {

struct LegacyProgram {
    QString program;
    QString namesFile;
    bool isIPv6 = false;
};

/// The list is root's alone, so that a service without root only sees that the older kind is there.
void tellOfHiddenTables()
{
    static bool isTold = false;
    if (!std::exchange(isTold, true))
        qCInfo(logSystem) << "whether rules of iptables-legacy drop anything can't be looked at without root;"
                          << "\"sudo gvpn-server doctor\" does";
}

/// Whether tables of the older kind are loaded here. Asked without iptables-legacy, which would load them.
bool isLoaded(const LegacyProgram& legacy)
{
    constexpr qint64 MaxNamesBytes = 4096;
    QFile file(legacy.namesFile);
    if (file.open(QIODevice::ReadOnly))
        return file.read(MaxNamesBytes).split('\n').contains("filter");
    if (file.exists())
        tellOfHiddenTables();
    return false;
}

std::deque<LegacyProgram> loadedLegacy()
{
    std::deque<LegacyProgram> loaded;
    for (const LegacyProgram& legacy : {LegacyProgram{QStringLiteral("/usr/sbin/iptables-legacy"),
                                                      QStringLiteral("/proc/net/ip_tables_names"), false},
                                        LegacyProgram{QStringLiteral("/usr/sbin/ip6tables-legacy"),
                                                      QStringLiteral("/proc/net/ip6_tables_names"), true}}) {
        if (isLoaded(legacy))
            loaded.push_back(legacy);
    }
    return loaded;
}

}  // namespace

struct ForeignFilterReader::Reading : std::enable_shared_from_this<Reading> {
    FilterQuestion question;
    Done done;
    QueryProcess process;
    std::deque<LegacyProgram> legacy;
    std::vector<FilterObstacle> obstacles;

    void start()
    {
        // Without what is in named sets, which may be very much.
        process.run(QString::fromLatin1(NftProgram),
                    {QStringLiteral("-j"), QStringLiteral("-t"), QStringLiteral("list"), QStringLiteral("ruleset")},
                    MaxRulesetBytes, [this](const Result<QByteArray>& output) { onRuleset(output); });
    }

    void onRuleset(const Result<QByteArray>& output)
    {
        auto found =
            output ? findObstacles(*output, question) : Result<std::vector<FilterObstacle>>(fail(output.error()));
        if (!found) {
            end(fail(found.error()));
            return;
        }
        obstacles = std::move(*found);
        legacy = loadedLegacy();
        askLegacy();
    }

    void askLegacy()
    {
        if (legacy.empty()) {
            end(std::move(obstacles));
            return;
        }
        process.run(legacy.front().program, {QStringLiteral("-w"), QStringLiteral("1"), QStringLiteral("-S")},
                    MaxRulesetBytes, [this](const Result<QByteArray>& output) { onLegacy(output); });
    }

    void onLegacy(const Result<QByteArray>& output)
    {
        if (output)
            std::ranges::move(findLegacyObstacles(*output, legacy.front().isIPv6, question),
                              std::back_inserter(obstacles));
        else
            qCDebug(logSystem) << "rules that can't be looked at:" << output.error().context.c_str();
        legacy.pop_front();
        askLegacy();
    }

    void end(Result<std::vector<FilterObstacle>> result)
    {
        // The callback may start the next reading, or delete the reader.
        const auto self = shared_from_this();
        std::exchange(done, {})(std::move(result));
    }
};

ForeignFilterReader::ForeignFilterReader() = default;
ForeignFilterReader::~ForeignFilterReader() = default;

void ForeignFilterReader::read(const FilterQuestion& question, Done done)
{
    Q_ASSERT(!m_reading || !m_reading->done);
    m_reading = std::make_shared<Reading>();
    m_reading->question = question;
    m_reading->done = std::move(done);
    m_reading->start();
}

}  // namespace gvpn::system
