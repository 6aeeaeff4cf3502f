// Counts what a test program allocates: include it in the one source file of a single-threaded test.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>

namespace gvpn::protocol::fixtures {
inline std::size_t allocatedBytes = 0;
inline std::size_t allocations = 0;
}  // namespace gvpn::protocol::fixtures

void* operator new(std::size_t size)
{
    gvpn::protocol::fixtures::allocatedBytes += size;
    ++gvpn::protocol::fixtures::allocations;
    void* memory = std::malloc(size);
    if (!memory)
        std::abort();
    return memory;
}
void operator delete(void* memory) noexcept
{
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept
{
    std::free(memory);
}
