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
    Result<std::unique_ptr<client::EdgeSet>> makeEdges() override { return std::make_unique<Set>(m_scene.edges); }
    std::unique_ptr<client::Timer> makeTimer() override { return m_scene.edges.makeTimer(); }
    [[nodiscard]] std::size_t lingering() const override { return m_scene.edges.loop.lingering(); }

private:
    class Set final : public client::EdgeSet {
    public:
        explicit Set(const client::Edges& edges)
            : m_edges(edges)
        {}
        [[nodiscard]] const client::Edges& edges() const override { return m_edges; }

    private:
        const client::Edges& m_edges;
    };
    Scene& m_scene;
};

}  // namespace gvpn::test
