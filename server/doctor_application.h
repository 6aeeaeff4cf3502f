// gvpn-server doctor: gathers the facts, asks what has to be asked all at once, prints what they mean. A composition
// root; main thread of a process of its own. Changes nothing but for a TUN that is there for a moment.
#pragma once

#include "program/checkup.h"
#include "server/doctor_facts.h"
#include "server/doctor_probes.h"
#include "system/foreign_filters.h"
#include "system/query_process.h"
#include "transport/name_lookup.h"

#include <QObject>

#include <memory>
#include <optional>
#include <vector>

namespace gvpn::server {

class DoctorApplication : public QObject {
    Q_OBJECT
public:
    explicit DoctorApplication(ServerOptions options, QObject* parent = nullptr);

    /// From inside the event loop. Ends with finished(), within five seconds also where nobody answers.
    void start();

Q_SIGNALS:
    void finished(int exitStatus);

private:
    void lookAtState();
    void askServer();
    void lookAtNetwork();
    void choosePort();
    void tryTun();

    void askSystemd();
    void askForTable();
    void askForObstacles();
    void askOwnAddresses();
    void askResolvers();
    void askForName();
    /// Each of the questions has begun, has ended.
    void begin() { ++m_pending; }
    void end();

    DoctorFacts m_facts;
    std::optional<tls::TlsContext> m_strangersTls;
    system::UnitStateReader m_unit;
    system::QueryProcess m_nft;
    system::ForeignFilterReader m_filters;
    std::optional<transport::NameLookup> m_lookup;
    QTimer m_lookupDeadline;
    unsigned m_pending = 0;
};

/// The lines for people, or for programs, on standard output; 0, 1 or, if a command line that can't be used is the
/// trouble, 2.
[[nodiscard]] int print(const program::Checkup& checkup, bool isJson);

}  // namespace gvpn::server
