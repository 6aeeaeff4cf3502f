// What a program says with --json: one object a line, for other programs. One thread.
#pragma once

#include "base/result.h"

class QJsonObject;

namespace gvpn::program {

class JsonLines {
public:
    /// The descriptor (standard output) is borrowed.
    explicit JsonLines(int descriptor)
        : m_descriptor(descriptor)
    {}

    /// Writes the object and a line feed. Closed: nobody reads any more (SIGPIPE must be ignored). TimedOut: the reader
    /// has not read for a while. After an error every call fails, since the reader may have half a line.
    [[nodiscard]] Result<void> write(const QJsonObject& object);

private:
    int m_descriptor;
    bool m_isBroken = false;
};

}  // namespace gvpn::program
