#include "system/planned_configurator.h"

#include "system/logging.h"

#include <algorithm>
#include <optional>

namespace gvpn::system {

namespace {

bool isIPv4Address(const Operation& operation)
{
    const auto* add = std::get_if<AddAddress>(&operation);
    return add && add->address.address.isIPv4();
}

}  // namespace

PlannedConfigurator::PlannedConfigurator(OperationRunner& runner, SnapshotSource readSnapshot, Preparation prepare)
    : m_runner(runner)
    , m_readSnapshot(std::move(readSnapshot))
    , m_prepare(std::move(prepare))
{}

void PlannedConfigurator::apply(const NetworkConfig& config, Done done)
{
    Q_ASSERT(m_activity == Activity::Idle);
    m_goal = config;
    m_applyDone = std::move(done);
    m_outcome = {};
    m_activity = Activity::Preparing;
    if (!m_prepare) {
        plan();
        return;
    }
    m_prepare([this, alive = std::weak_ptr(m_alive)] {
        if (!alive.expired())
            plan();
    });
}

void PlannedConfigurator::clear(Done done)
{
    m_clearDones.push_back(std::move(done));
    // Otherwise it starts when the step that is under way has ended.
    if (m_activity == Activity::Idle) {
        startClearing();
        run();
    }
}

void PlannedConfigurator::plan()
{
    if (!m_clearDones.empty()) {
        startClearing();
        run();
        return;
    }
    const auto snapshot = m_readSnapshot();
    auto wanted = snapshot ? system::plan(m_goal, *snapshot) : Result<std::vector<Operation>>(fail(snapshot.error()));
    if (!wanted) {
        m_outcome = fail(wanted.error());
        finish();
        return;
    }
    m_interfaceName = m_goal.interfaceName;
    m_wanted = std::move(*wanted);
    m_appliedBefore = m_applied;
    m_steps = stepsTo(m_wanted);
    m_next = 0;
    m_activity = Activity::Applying;
    run();
}

std::vector<PlannedConfigurator::Step> PlannedConfigurator::stepsTo(const std::vector<Operation>& wanted) const
{
    const auto findTarget = [](const std::vector<Operation>& operations, const Operation& operation) {
        return std::ranges::find_if(operations, [&](const Operation& other) { return isSameTarget(other, operation); });
    };
    const bool hasNewIPv4 = std::ranges::any_of(wanted, [&](const Operation& operation) {
        return isIPv4Address(operation) && findTarget(m_applied, operation) == m_applied.end();
    });
    std::vector<Step> steps;
    std::vector<AddAddress> leaving;  // IPv4 addresses that a new one takes the place of
    for (auto last = m_applied.rbegin(); last != m_applied.rend(); ++last) {
        const Operation& operation = *last;
        if (findTarget(wanted, operation) != wanted.end())
            continue;
        if (hasNewIPv4 && isIPv4Address(operation))
            leaving.push_back(std::get<AddAddress>(operation));
        else
            steps.emplace_back(Undo{operation});
    }
    for (const Operation& operation : wanted) {
        const auto present = findTarget(m_applied, operation);
        if (present == m_applied.end() && isIPv4Address(operation))
            appendChange(std::exchange(leaving, {}), std::get<AddAddress>(operation), steps);
        else if (present == m_applied.end())
            steps.emplace_back(Perform{operation});
        else if (*present != operation)
            steps.emplace_back(Replace{operation, *present});
    }
    return steps;
}

/// With the last IPv4 address of an interface, the kernel removes all IPv4 routes into it, and with the first one of a
/// network the others in there. So that no packet goes another way meanwhile, the new address is there as a network of
/// its own before the old one goes.
void PlannedConfigurator::appendChange(const std::vector<AddAddress>& leaving, const AddAddress& coming,
                                       std::vector<Step>& steps)
{
    constexpr unsigned HostLength = 32;
    const bool isSameAddress = std::ranges::any_of(
        leaving, [&](const AddAddress& other) { return other.address.address == coming.address.address; });
    const AddAddress bridge{coming.interfaceIndex, {coming.address.address, HostLength}};
    const bool needsBridge = !leaving.empty() && !isSameAddress && coming != bridge;
    steps.emplace_back(Perform{needsBridge ? bridge : coming});
    for (const AddAddress& address : leaving)
        steps.emplace_back(Undo{address});
    if (needsBridge) {
        steps.emplace_back(Perform{coming});
        steps.emplace_back(Undo{bridge});
    }
}

/// A loop and not a chain of callbacks, since most steps end at once and there may be hundreds.
void PlannedConfigurator::run()
{
    const auto alive = std::weak_ptr(m_alive);
    while (m_next < m_steps.size()) {
        m_ended.reset();
        m_isStarting = true;
        start(m_steps[m_next]);
        if (alive.expired())
            return;
        m_isStarting = false;
        if (!m_ended)
            return;
        complete(*m_ended);
    }
    finish();
}

void PlannedConfigurator::start(const Step& step)
{
    const auto ended = [this, alive = std::weak_ptr(m_alive)](Result<void> result) {
        if (!alive.expired())
            stepEnded(std::move(result));
    };
    if (const auto* undo = std::get_if<Undo>(&step))
        m_runner.undo(undo->operation, ended);
    else if (const auto* replace = std::get_if<Replace>(&step))
        m_runner.perform(replace->operation, ended);
    else
        m_runner.perform(std::get<Perform>(step).operation, ended);
}

void PlannedConfigurator::stepEnded(Result<void> result)
{
    if (m_isStarting) {
        m_ended = std::move(result);
        return;
    }
    complete(result);
    run();
}

void PlannedConfigurator::complete(const Result<void>& result)
{
    const Step& step = m_steps[m_next];
    if (result)
        record(step);
    if (m_activity != Activity::Clearing && !m_clearDones.empty()) {
        startClearing();
        return;
    }
    if (result) {
        ++m_next;
        return;
    }
    Error error{result.error().code, describeStep(step) + ": " + result.error().context};
    if (m_activity == Activity::Applying) {
        rollBack(std::move(error));
        return;
    }
    qCWarning(logSystem) << "can't put the network back:" << error.context.c_str();
    if (m_outcome)
        m_outcome = fail(std::move(error));
    ++m_next;
}

void PlannedConfigurator::record(const Step& step)
{
    if (const auto* perform = std::get_if<Perform>(&step))
        m_applied.push_back(perform->operation);
    else if (const auto* undo = std::get_if<Undo>(&step))
        std::erase(m_applied, undo->operation);
    else if (const auto* replace = std::get_if<Replace>(&step))
        std::ranges::replace(m_applied, replace->previous, replace->operation);
}

/// The steps before the failed one, in reverse.
void PlannedConfigurator::rollBack(Error error)
{
    m_outcome = fail(std::move(error));
    std::vector<Step> steps;
    for (std::size_t i = m_next; i > 0; --i)
        steps.push_back(inverse(m_steps[i - 1]));
    m_steps = std::move(steps);
    m_next = 0;
    m_activity = Activity::RollingBack;
}

PlannedConfigurator::Step PlannedConfigurator::inverse(const Step& step)
{
    if (const auto* perform = std::get_if<Perform>(&step))
        return Undo{perform->operation};
    if (const auto* undo = std::get_if<Undo>(&step))
        return Perform{undo->operation};
    const auto& replace = std::get<Replace>(step);
    return Replace{replace.previous, replace.operation};
}

/// What is under way is forgotten; its done is called in the end.
void PlannedConfigurator::startClearing()
{
    m_steps.clear();
    for (auto last = m_applied.rbegin(); last != m_applied.rend(); ++last)
        m_steps.emplace_back(Undo{*last});
    m_next = 0;
    m_outcome = {};
    m_activity = Activity::Clearing;
}

void PlannedConfigurator::finish()
{
    if (m_activity == Activity::Applying)
        m_applied = m_wanted;
    else if (m_activity == Activity::RollingBack && std::ranges::is_permutation(m_applied, m_appliedBefore))
        m_applied = m_appliedBefore;
    m_activity = Activity::Idle;
    m_steps.clear();

    // The callbacks may start the next thing, or delete this.
    const Done applyDone = std::exchange(m_applyDone, {});
    const std::vector<Done> clearDones = std::exchange(m_clearDones, {});
    const Result<void> outcome = std::exchange(m_outcome, {});
    if (applyDone)
        applyDone(clearDones.empty() ? outcome : fail(ErrorCode::Closed, "the network is put back"));
    for (const Done& clearDone : clearDones)
        clearDone(outcome);
}

std::string PlannedConfigurator::describeStep(const Step& step) const
{
    if (const auto* undo = std::get_if<Undo>(&step))
        return "undo: " + describe(undo->operation, m_interfaceName);
    if (const auto* replace = std::get_if<Replace>(&step))
        return describe(replace->operation, m_interfaceName);
    return describe(std::get<Perform>(step).operation, m_interfaceName);
}

}  // namespace gvpn::system
