#include "base/shared_secret.h"

namespace gvpn {

bool SharedSecret::operator==(const SharedSecret& other) const
{
    const ByteView one = view();
    const ByteView two = other.view();
    if (one.size() != two.size())
        return false;
    // Volatile: a compiler that knew what is asked for could leave the loop at the first difference.
    volatile unsigned difference = 0;
    for (std::size_t i = 0; i < one.size(); ++i)
        difference = difference | std::to_integer<unsigned>(one[i] ^ two[i]);
    return difference == 0;
}

}  // namespace gvpn
