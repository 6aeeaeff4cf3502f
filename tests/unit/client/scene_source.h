// A Scene as the source of an engine's edges.
#pragma once

#include "client/engine_room.h"
#include "scene.h"

namespace gvpn::test {

class SceneSource final : public client::EdgeSource {
public:
    explicit SceneSource(Scene& scene)
        : m_scene(scene)
    {}
    Result<std::unique_ptr<client::EdgeSet>> makeEdges() override { return std::make_unique<Set>(m_scene.edges, lost); }

    /// Of the newest connection.
    client::EdgeSet::LostHandler lost;

    std::unique_ptr<client::Timer> makeTimer() override { return m_scene.edges.makeTimer(); }
    [[nodiscard]] std::size_t lingering() const override { return m_scene.edges.loop.lingering(); }

private:
    class Set final : public client::EdgeSet {
    public:
        Set(const client::Edges& edges, LostHandler& lost)
            : m_edges(edges)
            , m_lost(lost)
        {}
        [[nodiscard]] const client::Edges& edges() const override { return m_edges; }
        void setLostHandler(LostHandler lost) override { m_lost = std::move(lost); }

    private:
        const client::Edges& m_edges;
        LostHandler& m_lost;
    };
    Scene& m_scene;
};

}  // namespace gvpn::test
