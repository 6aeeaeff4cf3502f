#include "base/unique_fd.h"

#include <unistd.h>

namespace gvpn {

void UniqueFd::reset(int descriptor)
{
    const int old = std::exchange(m_descriptor, descriptor);
    if (old >= 0)
        ::close(old);
}

}  // namespace gvpn
