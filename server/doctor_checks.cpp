#include "server/doctor_checks.h"

#include "program/privileges.h"
#include "server/doctor_sentences.h"

#include <QDateTime>
#include <QTimeZone>

#include <algorithm>
#include <array>

namespace gvpn::server {

namespace {

using program::Check;

/// A file that was written a little later than now is a clock that was put right.
constexpr std::chrono::hours ClockSlack{1};
constexpr unsigned OthersMask = 077;

QString day(accounts::UnixTime time)
{
    return QDateTime::fromSecsSinceEpoch(time.time_since_epoch().count(), QTimeZone::utc())
        .toString(QStringLiteral("yyyy-MM-dd hh:mm 'UTC'"));
}

/// The files of a server belong to one user, whose the directory is. Nothing: this one does, and nobody else may read
/// it.
std::optional<Check> troubleWith(const FileFact& file, const FileFact& directory, const QString& name,
                                 const QString& what)
{
    if ((file.mode & OthersMask) != 0) {
        return trouble(name,
                       QStringLiteral("%1 %2 can be used by others than its owner (mode %3).")
                           .arg(what, fromStd(file.path), QString::number(file.mode, 8).rightJustified(4, u'0')),
                       QStringLiteral("Run: chmod 600 %1").arg(fromStd(file.path)));
    }
    if (file.owner != directory.owner) {
        return trouble(name,
                       QStringLiteral("%1 %2 belongs to %3, the state directory to %4.")
                           .arg(what, fromStd(file.path), fromStd(file.ownerName), fromStd(directory.ownerName)),
                       QStringLiteral("Run: chown %1: %2").arg(fromStd(directory.ownerName), fromStd(file.path)));
    }
    return std::nullopt;
}

}  // namespace

Check checkOptions(const Error& error)
{
    return trouble(QStringLiteral("options"), fromStd(error.context),
                   QStringLiteral("Correct the command line or the configuration file."));
}

Check checkOptions(const DoctorFacts& facts)
{
    const QString name = QStringLiteral("options");
    const auto runsWith = [](const std::vector<net::Prefix>& given, const std::vector<net::Prefix>& running) {
        return given.empty() || std::ranges::is_permutation(given, running);
    };
    if (facts.server
        && (!runsWith(facts.options.cidrs, facts.server->pools)
            || !runsWith(facts.options.lanNetworks, facts.server->lanNetworks))) {
        return note(name,
                    QStringLiteral("The running server has other networks than the options say: %1 and %2.")
                        .arg(fromStd(net::joinPrefixes(facts.server->pools)),
                             fromStd(net::joinPrefixes(facts.server->lanNetworks))),
                    QStringLiteral("New options take effect when it is started again."));
    }
    return good(name, QStringLiteral("The options and the configuration file can be used."));
}

Check checkRights(const DoctorFacts& facts)
{
    const QString name = QStringLiteral("rights");
    if (facts.mayChangeNetwork)
        return good(name, QStringLiteral("This program may look at everything that a server needs."));
    if (facts.isRoot)
        return trouble(name, sentenceOf(program::netAdminMissing("gvpn-server", true).context));
    return trouble(name, QStringLiteral("Only root can look at everything that a server needs."),
                   QStringLiteral("Run: sudo gvpn-server doctor"));
}

Check checkStateDir(const DoctorFacts& facts)
{
    const QString name = QStringLiteral("state");
    const FileFact& directory = facts.directory;
    if (!directory.isThere)
        return note(name, QStringLiteral("No server has run with the state directory %1 yet; its first start makes it.")
                              .arg(fromStd(facts.stateDir)));
    constexpr unsigned WritableByOthers = 022;
    if ((directory.mode & WritableByOthers) != 0) {
        return trouble(
            name,
            QStringLiteral("Others than its owner may write to the state directory %1.").arg(fromStd(directory.path)),
            QStringLiteral("Run: chmod 700 %1").arg(fromStd(directory.path)));
    }
    if (!facts.memory)
        return trouble(name, sentenceOf("What the server remembers can't be used: " + facts.memory.error().context),
                       QStringLiteral("Mend that file or move it away."));
    return good(name, QStringLiteral("The state directory %1 belongs to %2.")
                          .arg(fromStd(directory.path), fromStd(directory.ownerName)));
}

Check checkKey(const DoctorFacts& facts)
{
    const QString name = QStringLiteral("key");
    if (!facts.keyFile.isThere)
        return skipped(name, QStringLiteral("There is no key yet; the first start makes it."));
    if (const auto found = troubleWith(facts.keyFile, facts.directory, name, QStringLiteral("The server's key")))
        return *found;
    if (!facts.key) {
        return trouble(name, sentenceOf("The server's key can't be used: " + facts.key.error().context),
                       QStringLiteral("Put back a copy of it, or move it away to get a new one (clients then need a "
                                      "new link)."));
    }
    return good(
        name,
        QStringLiteral("The server's key is there and private; its pin is %1.").arg(fromStd(facts.key->toString())));
}

Check checkDatabase(const DoctorFacts& facts)
{
    const QString name = QStringLiteral("database");
    if (!facts.databaseFile.isThere)
        return skipped(name, QStringLiteral("There are no accounts yet; the first start makes them."));
    if (const auto found = troubleWith(facts.databaseFile, facts.directory, name, QStringLiteral("The accounts' file")))
        return *found;
    if (!facts.database) {
        return trouble(name, sentenceOf("The accounts can't be used: " + facts.database.error().context),
                       QStringLiteral("Stop the server and put back a copy of %1, or move it away to begin with none.")
                           .arg(fromStd(facts.databaseFile.path)));
    }
    return good(name, QStringLiteral("The accounts in %1 are sound.").arg(fromStd(facts.databaseFile.path)));
}

Check checkClock(const DoctorFacts& facts)
{
    const QString name = QStringLiteral("clock");
    const QString remedy = QStringLiteral("Set it; to have it kept right, run: timedatectl set-ntp true");
    if (facts.now < facts.built) {
        return trouble(name,
                       QStringLiteral("The clock says %1, but this program was built on %2.")
                           .arg(day(facts.now), day(facts.built)),
                       remedy);
    }
    for (const FileFact& file : {facts.keyFile, facts.databaseFile}) {
        if (file.isThere && file.changed > facts.now + ClockSlack) {
            return trouble(name,
                           QStringLiteral("The clock says %1, but %2 was written at %3.")
                               .arg(day(facts.now), fromStd(file.path), day(file.changed)),
                           remedy);
        }
    }
    return good(name, QStringLiteral("The clock says %1.").arg(day(facts.now)));
}

Check checkTun(const DoctorFacts& facts)
{
    const QString name = QStringLiteral("tun");
    if (facts.tun)
        return good(name, QStringLiteral("/dev/net/tun can be opened."));
    if (facts.tun.error().code == ErrorCode::PermissionDenied && !facts.mayChangeNetwork)
        return skipped(name, QStringLiteral("Whether tunnel interfaces can be made, only root can try."));
    return trouble(name, sentenceOf("No tunnel interface can be made: " + facts.tun.error().context),
                   QStringLiteral("Load the kernel module: modprobe tun (in a container, give it --device "
                                  "/dev/net/tun)."));
}

Check checkService(const DoctorFacts& facts)
{
    const QString name = QStringLiteral("service");
    if (!facts.unit)
        return skipped(name, sentenceOf(facts.unit.error().context));
    const system::UnitState& unit = *facts.unit;
    const QString unitName = fromStd(unit.name);
    if (!unit.isActive() && !facts.server) {
        return trouble(name, QStringLiteral("%1 is %2.").arg(unitName, fromStd(unit.activeState)),
                       QStringLiteral("Read why: journalctl -u %1 -n 20").arg(unitName));
    }
    if (!unit.isActive())
        return note(
            name,
            QStringLiteral("The server was not started by %1, which is %2.").arg(unitName, fromStd(unit.activeState)));
    if (unit.fileState == "disabled") {
        return note(name, QStringLiteral("%1 runs, but will not start with the computer.").arg(unitName),
                    QStringLiteral("Run: systemctl enable %1").arg(unitName));
    }
    if (unit.restarts > 0) {
        return note(name, QStringLiteral("%1 runs; it was restarted %2 times.").arg(unitName).arg(unit.restarts),
                    QStringLiteral("Read why: journalctl -u %1").arg(unitName));
    }
    return good(name, QStringLiteral("%1 runs.").arg(unitName));
}

program::Checkup judge(const DoctorFacts& facts)
{
    using Step = Check (*)(const DoctorFacts&);
    constexpr std::array<Step, 13> ToForwarding = {checkOptions, checkRights, checkStateDir,  checkKey, checkDatabase,
                                                   checkClock,   checkLan,    checkOverlap,   checkTun, checkPort,
                                                   checkReach,   checkFilter, checkForwarding};
    constexpr std::array<Step, 5> FromWayBack = {checkWayBack, checkResolvers, checkService, checkName, checkRouter};
    program::Checkup checkup;
    for (const auto step : ToForwarding)
        checkup.add(step(facts));
    for (Check& check : checkFirewall(facts))
        checkup.add(std::move(check));
    for (const auto step : FromWayBack)
        checkup.add(step(facts));
    return checkup;
}

}  // namespace gvpn::server
