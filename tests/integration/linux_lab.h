// A laboratory for tests of the system layer against the real kernel: a network namespace of its own for every test,
// with a real TUN, an office LAN and a stranger's network behind veth pairs. Used by tst_linux_system*; main thread.
#pragma once

#include "base/unique_fd.h"
#include "system/linux_configurator.h"

#include <QProcess>
#include <QTemporaryDir>
#include <QtTest>

namespace gvpn::lab {

inline const QByteArray TunName = "gvpnt0";

struct Output {
    int exitCode = -1;
    QByteArray text;
    QByteArray errors;
};

/// Waits for it. The words are separated by single blanks.
[[nodiscard]] Output run(const QString& command, const QByteArray& input = {});
/// They end the test program when it fails.
void mustRun(const QString& command);
[[nodiscard]] QByteArray mustRead(const QString& command);

[[nodiscard]] QByteArray readFile(const QString& path);
/// Below /proc/sys/net.
[[nodiscard]] QByteArray readSwitch(const QString& path);
void writeSwitch(const QString& path, const QByteArray& value);

/// Not valid: no TUN to be had.
[[nodiscard]] UniqueFd openTun(const QByteArray& name);
/// The same, and once up and down again: a queueing discipline comes with the first time up, and stays.
[[nodiscard]] UniqueFd openUsedTun(const QByteArray& name);

/// Everything that must be the same after clear(): links, addresses, routes of all tables, rules, the nftables ruleset,
/// resolvers, forwarding switches. Without what counts down.
[[nodiscard]] QByteArray networkState();
/// The lines of the state that are other ones now, "-" before those of then and "+" before those of now.
[[nodiscard]] QByteArray changesSince(const QByteArray& state);
[[nodiscard]] QByteArray ruleset();

/// Another computer: a process in a namespace of its own, at the other end of a veth pair.
class OtherHost {
public:
    struct Link {
        QString nameHere;  // eth0 there
        QString address;
        QString address6;
        QString gateway;
        QString gateway6;
    };
    explicit OtherHost(const Link& link);
    ~OtherHost();
    OtherHost(const OtherHost&) = delete;
    OtherHost& operator=(const OtherHost&) = delete;

    /// A command line for run().
    [[nodiscard]] QString inside(const QString& command) const;
    [[nodiscard]] UniqueFd openSocketInside(int domain, int type, int protocol) const;

private:
    [[nodiscard]] qint64 pid() const { return m_process.processId(); }
    QProcess m_process;
};

/// 10.86.0.1/24 with the LAN 172.17.0.0/16; with IPv6 also fd00:86::1/64 and fd00:17::/64.
[[nodiscard]] system::NetworkConfig serverConfig(const QByteArray& tunName, bool withIPv6);
/// 10.86.0.2/24 and fd00:86::2/64, guarded, with routes to 172.20.0.0/16 and fd00:20::/64.
[[nodiscard]] system::NetworkConfig clientConfig(const QByteArray& tunName);

/// They wait for the answer.
[[nodiscard]] Result<void> apply(system::NetworkConfigurator& configurator, const system::NetworkConfig& config);
[[nodiscard]] Result<void> clear(system::NetworkConfigurator& configurator);
/// The "cleanup" command.
[[nodiscard]] system::CleanupReport cleanUp(const QString& runDirectory);

/// As on kernels before 6.17.
[[nodiscard]] Result<system::NetworkSnapshot> readSnapshotOfAnOlderKernel();
[[nodiscard]] bool hasForceForwarding();

/// "success" or the error's context. Valid until the next call.
[[nodiscard]] const char* reason(const Result<void>& result);

/// The frame of each test: skips what can't run here, makes the namespace and takes it down.
class LabTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void init();
    void cleanup();

protected:
    [[nodiscard]] std::unique_ptr<system::LinuxConfigurator> makeConfigurator(bool pretendsOlderKernel = false) const;
    /// In this namespace; has already written its first line, which is in *firstLine.
    [[nodiscard]] std::unique_ptr<QProcess> startProgram(const QStringList& arguments, QByteArray* firstLine) const;
    [[nodiscard]] QString runDirectory() const { return m_runDirectory->path(); }
    /// Also the lock and the directory.
    [[nodiscard]] QStringList recordFiles() const;

    static void pingThrough(const UniqueFd& tun, const char* source, const char* destination, std::uint16_t sequence);
    /// The sequence number of the next answer that comes out of the tunnel within three seconds; 0: none.
    [[nodiscard]] static int nextAnswer(const UniqueFd& tun);
    /// Who sent the next IPv4 packet that comes out of the tunnel within a second; empty: nobody.
    [[nodiscard]] static QString nextSource(const UniqueFd& tun);

    std::unique_ptr<QTemporaryDir> m_runDirectory;
    std::unique_ptr<OtherHost> m_lanHost;   // 172.17.0.9/16, fd00:17::9/64 behind lan0
    std::unique_ptr<OtherHost> m_stranger;  // 10.55.0.9/24, fd00:55::9/64 behind wan.0
    UniqueFd m_tun;
};

}  // namespace gvpn::lab
