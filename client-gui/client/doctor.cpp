#include "client/doctor.h"

#include "base/text.h"
#include "bus/contract.h"
#include "client/doctor_checks.h"
#include "client/sentences.h"

#include <QStringList>

namespace gvpn::client {

namespace {

/// It is no check: without a target there is nothing to be in the way.
Check checkChoice(const ProfileFacts& profile)
{
    constexpr const char* Name = "profile";
    if (profile.known.empty())
        return noteCheck(Name, QStringLiteral("There is no profile, so that only this computer was looked at."),
                         QStringLiteral("Give the server's link, or --server HOST[:PORT]."));
    QStringList names;
    for (const std::string& name : profile.known)
        names.append(QLatin1Char('"') + doctorText(name) + QLatin1Char('"'));
    return noteCheck(Name, QStringLiteral("Only this computer was looked at, since there are several profiles."),
                     QStringLiteral("Choose one with --profile: %1.").arg(names.join(QStringLiteral(", "))));
}

Check checkProfile(const DoctorFacts& facts)
{
    constexpr const char* Name = "profile";
    const ProfileFacts& profile = facts.profile;
    if (profile.failure && profile.failure->code == ErrorCode::NotFound && !profile.asked.empty())
        return troubleCheck(Name, sentenceForUnknownProfile(profile.asked, profile.known));
    if (profile.failure)
        return troubleCheck(Name, sentenceForProfile(*profile.failure));
    // Who names another one is not kept by a broken file.
    if (!profile.unusable.empty() && profile.asked.empty() && !(facts.target && profile.used.empty()))
        return troubleCheck(Name, sentenceForProfile(profile.unusable.front()));
    if (!facts.target)
        return checkChoice(profile);
    if (profile.used.empty())
        return goodCheck(Name, QStringLiteral("None was asked for: the server %1 was given.")
                                   .arg(QString::fromStdString(facts.target->server.toString())));
    const QString sentence = QStringLiteral("\"%1\" can be read.").arg(doctorText(profile.used));
    if (profile.isPending)
        return noteCheck(Name, sentence + QStringLiteral(" Its invite has not been redeemed yet."),
                         QStringLiteral("Connect once: that redeems it."));
    return goodCheck(Name, sentence);
}

Check checkKeyring(const DoctorFacts& facts)
{
    constexpr const char* Name = "keyring";
    const KeyringFacts& keyring = facts.keyring;
    if (!keyring.isNeeded)
        return goodCheck(Name, QStringLiteral("Nothing that is needed here lies in a keyring."));
    if (keyring.deviceKey)
        return troubleCheck(Name, sentenceForKeyInKeyring(facts.profile.used, *keyring.deviceKey));
    if (keyring.password)
        return noteCheck(Name, sentenceForKeyring(*keyring.password));
    return goodCheck(Name, QStringLiteral("It is open and has what belongs to the profile."));
}

QString sentenceForTun(const DoctorFacts& facts, const Error& error)
{
    const Fault fault{.stage = Stage::Tun, .error = error};
    if (facts.target)
        return sentenceFor(fault, facts.target->server);
    return QStringLiteral("Could not use a tunnel interface: %1; %2.").arg(doctorText(error.context), adviceFor(fault));
}

/// That somebody is to be asked for a password is no trouble; whether a program can ask, only the question tells.
Check checkPolkit(const DoctorFacts& facts)
{
    constexpr const char* Name = "polkit";
    const std::optional<Error>& denied = facts.computer.polkit;
    if (!denied)
        return goodCheck(Name, QStringLiteral("The system's rules let this session connect."));
    if (denied->context == bus::NoAgentCause)
        return noteCheck(Name, QStringLiteral("An administrator's password will be asked for."),
                         QStringLiteral("Where no program can ask for it, as over ssh, connect with sudo."));
    return troubleCheck(Name, sentenceForTun(facts, *denied));
}

void addRights(program::Checkup& checkup, const DoctorFacts& facts)
{
    const ComputerFacts& computer = facts.computer;
    if (computer.hasRights) {
        checkup.add(goodCheck("helper", QStringLiteral("Not needed: this program may open a tunnel by itself.")));
        checkup.add(computer.tunDevice ? troubleCheck("tun", sentenceForTun(facts, *computer.tunDevice))
                                       : goodCheck("tun", QStringLiteral("The kernel has tunnel interfaces.")));
        return;
    }
    if (computer.helper) {
        checkup.add(troubleCheck("helper", sentenceForTun(facts, *computer.helper)));
        checkup.add(skippedCheck("polkit", QStringLiteral("Not looked at: gvpn-helper asks it.")));
        return;
    }
    checkup.add(goodCheck("helper", QStringLiteral("gvpn-helper answers.")));
    checkup.add(checkPolkit(facts));
}

Check checkTray(TrayFact tray)
{
    constexpr const char* Name = "tray";
    switch (tray) {
    case TrayFact::NoDesktop: break;
    case TrayFact::Shown: return goodCheck(Name, QStringLiteral("The desktop shows tray icons."));
    case TrayFact::None:
        return noteCheck(
            Name, QStringLiteral("The desktop names no place for tray icons, where gvpn-gui would have its icon."),
            QStringLiteral("gvpn-gui works in its window without one, or with a panel of the older kind; "
                           "GNOME needs the extension AppIndicator."));
    }
    return skippedCheck(Name, QStringLiteral("No desktop session here."));
}

}  // namespace

Check goodCheck(const char* name, const QString& sentence)
{
    return {QString::fromLatin1(name), Verdict::Good, sentence, {}};
}

Check noteCheck(const char* name, const QString& sentence, const QString& remedy)
{
    return {QString::fromLatin1(name), Verdict::Note, sentence, remedy};
}

Check troubleCheck(const char* name, const QString& sentence, const QString& remedy)
{
    return {QString::fromLatin1(name), Verdict::Trouble, sentence, remedy};
}

Check skippedCheck(const char* name, const QString& sentence)
{
    return {QString::fromLatin1(name), Verdict::Skipped, sentence, {}};
}

QString doctorText(const std::string& text)
{
    return QString::fromStdString(escapeForDisplay(text));
}

program::Checkup judge(const DoctorFacts& facts)
{
    program::Checkup checkup;
    checkup.add(checkProfile(facts));
    if (facts.target) {
        const TargetFacts& target = *facts.target;
        checkup.add(checkKeyring(facts));
        for (const auto check : {checkName, checkPort})
            checkup.add(check(target));
        checkup.add(checkTls(facts));
        for (const auto check : {checkProtocol, checkLogin})
            checkup.add(check(target));
        for (const auto check : {checkAddress, checkRoutes, checkRoute, checkDns, checkMtu})
            checkup.add(check(facts));
    } else {
        checkup.add(facts.computer.hasResolved
                        ? goodCheck("dns", QStringLiteral("systemd-resolved can be told of the office's names."))
                        : noteCheck("dns",
                                    QStringLiteral("There is no systemd-resolved: names of the office are not "
                                                   "resolved there."),
                                    QStringLiteral("Use addresses there, or install and start systemd-resolved.")));
    }
    addRights(checkup, facts);
    checkup.add(checkTray(facts.computer.tray));
    return checkup;
}

}  // namespace gvpn::client
