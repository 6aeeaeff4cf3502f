// What a program says on standard output: with --json one object a line, for other programs. A reader that doesn't read
// never stops the program. One thread.
#pragma once

#include "base/result.h"

class QByteArray;
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
    /// The same for lines that people read.
    [[nodiscard]] Result<void> writeText(const QByteArray& text);

private:
    int m_descriptor;
    bool m_isBroken = false;
};

}  // namespace gvpn::program
