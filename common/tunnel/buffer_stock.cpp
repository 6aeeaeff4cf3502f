#include "tunnel/buffer_stock.h"

#include <utility>

namespace gvpn::tunnel {

BufferStock::Buffer BufferStock::take()
{
    if (m_kept.empty())
        return std::make_unique_for_overwrite<std::byte[]>(m_bufferBytes);
    Buffer buffer = std::move(m_kept.back());
    m_kept.pop_back();
    return buffer;
}

void BufferStock::giveBack(Buffer buffer)
{
    if (m_kept.size() < MaxKept)
        m_kept.push_back(std::move(buffer));
}

}  // namespace gvpn::tunnel
