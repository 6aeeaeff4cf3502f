// A secret that travels as a value: copies share the same bytes, which never change and are wiped when the last copy is
// gone. For passwords and invite secrets inside messages and questions. Any thread.
#pragma once

#include "base/secret_bytes.h"

#include <memory>

namespace gvpn {

class SharedSecret {
public:
    SharedSecret() = default;
    explicit SharedSecret(SecretBytes bytes)
        : m_bytes(std::make_shared<const SecretBytes>(std::move(bytes)))
    {}

    [[nodiscard]] ByteView view() const { return m_bytes ? m_bytes->view() : ByteView(); }
    [[nodiscard]] bool isEmpty() const { return view().empty(); }
    /// Takes as long wherever the first difference is.
    [[nodiscard]] bool operator==(const SharedSecret& other) const;

private:
    std::shared_ptr<const SecretBytes> m_bytes;
};

}  // namespace gvpn
