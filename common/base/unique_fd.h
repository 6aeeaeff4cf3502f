// A file descriptor with one owner. Any thread.
#pragma once

#include <utility>

namespace gvpn {

class UniqueFd {
public:
    UniqueFd() = default;
    explicit UniqueFd(int descriptor)
        : m_descriptor(descriptor)
    {}
    UniqueFd(UniqueFd&& other) noexcept
        : m_descriptor(std::exchange(other.m_descriptor, -1))
    {}
    UniqueFd& operator=(UniqueFd&& other) noexcept
    {
        if (this != &other)
            reset(std::exchange(other.m_descriptor, -1));
        return *this;
    }
    UniqueFd(const UniqueFd&) = delete;
    UniqueFd& operator=(const UniqueFd&) = delete;
    ~UniqueFd() { reset(); }

    [[nodiscard]] int get() const { return m_descriptor; }
    [[nodiscard]] bool isValid() const { return m_descriptor >= 0; }
    [[nodiscard]] int release() { return std::exchange(m_descriptor, -1); }
    void reset(int descriptor = -1);

private:
    int m_descriptor = -1;
};

}  // namespace gvpn
