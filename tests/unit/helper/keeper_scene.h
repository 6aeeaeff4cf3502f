// A LeaseKeeper in a world of its own: who may is said by the test, what is set up is recorded.
#pragma once

#include "bus/contract.h"
#include "helper/lease_keeper.h"
#include "system/recording_configurator.h"
#include "system/recording_dns.h"

#include <QCoreApplication>

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

namespace gvpn::test {

inline const helper::Caller Alice{":1.1", 1000};
inline const helper::Caller Bob{":1.2", 1001};

/// Answers when the test says so.
class FakeAuthority final : public helper::Authority {
public:
    Question ask(const std::string& busName, const QString& action, Answer answer) override
    {
        asked.push_back(busName + ' ' + action.toStdString());
        m_open.emplace(++m_last, std::move(answer));
        return m_last;
    }
    void cancel(Question question) override { cancelled += m_open.erase(question); }

    /// The oldest question.
    void answer(const Result<void>& result = {})
    {
        const auto entry = m_open.extract(m_open.begin());
        entry.mapped()(result);
    }
    [[nodiscard]] std::size_t open() const { return m_open.size(); }

    std::vector<std::string> asked;
    std::size_t cancelled = 0;

private:
    std::map<Question, Answer> m_open;
    Question m_last = 0;
};

/// Forwards to a recorder that outlives the lease.
class BorrowedNetwork final : public system::NetworkConfigurator {
public:
    explicit BorrowedNetwork(system::RecordingConfigurator& recorder)
        : m_recorder(recorder)
    {}
    void apply(const system::NetworkConfig& config, Done done) override { m_recorder.apply(config, std::move(done)); }
    void clear(Done done) override { m_recorder.clear(std::move(done)); }

private:
    system::RecordingConfigurator& m_recorder;
};

class BorrowedDns final : public system::DnsConfigurator {
public:
    explicit BorrowedDns(system::RecordingDns& recorder)
        : m_recorder(recorder)
    {}
    void apply(unsigned linkIndex, const system::DnsConfig& config, Done done) override
    {
        m_recorder.apply(linkIndex, config, std::move(done));
    }
    void clear(Cleared done) override { m_recorder.clear(std::move(done)); }

private:
    system::RecordingDns& m_recorder;
};

inline bus::SettingsArgument settings(const char* route = "172.17.0.0/16", const char* address = "10.86.0.2/24")
{
    bus::TunnelRequest request;
    request.settings.addresses = {net::InterfaceAddress::parse(address).value()};
    request.settings.routes = {net::Prefix::parse(route).value()};
    return bus::toArgument(request);
}

/// At 172.17.0.53, which lies behind the route of settings().
inline bus::NamesArgument names(const QStringList& domains = {QStringLiteral("office.example")},
                                const char* server = "172.17.0.53")
{
    bus::NamesRequest request;
    request.servers = {net::IpAddress::parse(server).value()};
    bus::NamesArgument argument = bus::toArgument(request);
    argument.domains = domains;
    return argument;
}

struct Scene {
    FakeAuthority authority;
    std::vector<std::unique_ptr<system::RecordingConfigurator>> networks;
    std::vector<std::unique_ptr<system::RecordingDns>> resolvers;
    std::vector<net::IpAddress> tunnelServers;  // when networks were looked at last
    std::vector<unsigned> deleted;
    std::vector<unsigned> recorded;
    std::vector<std::string> algorithms;
    std::optional<Error> tunError;
    std::optional<Error> deleteError;
    unsigned tuns = 0;
    std::string nameNow;  // of any link; empty: the one it was opened with
    UniqueFd heldEnd;     // of a pipe whose other end is held like the TUN that was opened last
    net::Prefix own = net::Prefix::parse("192.168.1.0/24").value();  // this computer is on it
    helper::LeaseKeeper keeper{
        helper::World{.openTun = [this](bool) { return openTun(); },
                      .makeConfigurator = [this] { return makeConfigurator(); },
                      .makeDns = [this] { return makeDns(); },
                      .takesOwnNetworks =
                          [this](const std::vector<net::Prefix>& wanted, const std::vector<net::IpAddress>& servers) {
                              tunnelServers = servers;
                              return std::ranges::find(wanted, own) != wanted.end();
                          },
                      .deleteLink =
                          [this](unsigned index) {
                              deleted.push_back(index);
                              return deleteError ? Result<void>(fail(*deleteError)) : Result<void>();
                          },
                      .hasName = [this](unsigned index, const auto& name) { return hasName(index, name); },
                      .recordLinks = [this](const std::vector<unsigned>& indexes) { recorded = indexes; },
                      .setCongestionControl =
                          [this](int, const std::string& name) {
                              algorithms.push_back(name);
                              return Result<void>();
                          }},
        authority};

    Result<helper::OpenedTun> openTun()
    {
        if (tunError)
            return fail(*tunError);
        ++tuns;
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0)
            qFatal("no pipe");
        heldEnd.reset(ends[0]);
        return helper::OpenedTun{UniqueFd(::dup(STDERR_FILENO)), nameOf(100 + tuns), 100 + tuns, UniqueFd(ends[1])};
    }
    static std::string nameOf(unsigned index) { return "gvpn" + std::to_string(index - 101); }
    [[nodiscard]] bool hasName(unsigned index, const std::string& name) const
    {
        return name == (nameNow.empty() ? nameOf(index) : nameNow);
    }
    [[nodiscard]] bool isHeld() const
    {
        char byte = 0;
        return ::read(heldEnd.get(), &byte, 1) < 0 && errno == EAGAIN;
    }
    Result<std::unique_ptr<system::NetworkConfigurator>> makeConfigurator()
    {
        networks.push_back(std::make_unique<system::RecordingConfigurator>());
        return std::make_unique<BorrowedNetwork>(*networks.back());
    }

    std::unique_ptr<system::DnsConfigurator> makeDns()
    {
        resolvers.push_back(std::make_unique<system::RecordingDns>());
        return std::make_unique<BorrowedDns>(*resolvers.back());
    }

    /// Not answered yet.
    std::shared_ptr<std::optional<Result<helper::HandedTun>>> ask(const helper::Caller& caller)
    {
        auto answer = std::make_shared<std::optional<Result<helper::HandedTun>>>();
        keeper.open(caller, true, [answer](Result<helper::HandedTun> result) { answer->emplace(std::move(result)); });
        return answer;
    }
    helper::LeaseId open(const helper::Caller& caller)
    {
        const auto answer = ask(caller);
        authority.answer();
        return answer->value().value().lease;
    }
    std::shared_ptr<std::optional<Result<void>>> apply(const helper::Caller& caller, helper::LeaseId id,
                                                       const bus::SettingsArgument& argument)
    {
        auto answer = std::make_shared<std::optional<Result<void>>>();
        keeper.apply(caller.busName, id, argument, [answer](const Result<void>& result) { answer->emplace(result); });
        return answer;
    }
    std::shared_ptr<std::optional<Result<void>>> close(const helper::Caller& caller, helper::LeaseId id)
    {
        auto answer = std::make_shared<std::optional<Result<void>>>();
        keeper.close(caller.busName, id, [answer](const Result<void>& result) { answer->emplace(result); });
        return answer;
    }
    std::shared_ptr<std::optional<Result<system::DnsOutcome>>>
    setNames(const helper::Caller& caller, helper::LeaseId id, const bus::NamesArgument& argument)
    {
        auto answer = std::make_shared<std::optional<Result<system::DnsOutcome>>>();
        keeper.setNames(caller.busName, id, argument,
                        [answer](const Result<system::DnsOutcome>& result) { answer->emplace(result); });
        return answer;
    }
    static void settle()
    {
        QCoreApplication::sendPostedEvents();
        QCoreApplication::sendPostedEvents();
    }
};

inline const Error Denied{ErrorCode::PermissionDenied, "no"};

}  // namespace gvpn::test
