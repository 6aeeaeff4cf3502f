// gvpn_microbench: what the parts of the packet path cost, one at a time. --quick: for a test, too short for figures.
#include "bench/micro.h"

#include <cstdio>
#include <cstdlib>
#include <string_view>

using namespace gvpn;
using namespace std::chrono_literals;

int main(int argc, char** argv)
{
    const bool isQuick = argc == 2 && std::string_view(argv[1]) == "--quick";
    if (argc > 1 && !isQuick) {
        std::fputs("usage: gvpn_microbench [--quick]\n", stderr);
        return 2;
    }
    bench::Micro micro(isQuick ? 5ms : 300ms);
    bench::measureFrames(micro);
    bench::measureSegments(micro);
    bench::measureLookUp(micro);
    bench::measureQueues(micro);
    bench::measureTls(micro);

    bool isGood = !micro.figures().empty();
    std::printf("%-50s %12s %10s\n", "", "ns", "GB/s");
    for (const bench::Figure& figure : micro.figures()) {
        std::printf("%-50s %12.1f ", figure.name.c_str(), figure.nanoseconds);
        if (figure.bytes > 0)
            std::printf("%10.2f\n", static_cast<double>(figure.bytes) / figure.nanoseconds);
        else
            std::puts("         -");
        isGood = isGood && figure.nanoseconds > 0;
    }
    return isGood ? EXIT_SUCCESS : EXIT_FAILURE;
}
