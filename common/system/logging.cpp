#include "system/logging.h"

namespace gvpn::system {

Q_LOGGING_CATEGORY(logSystem, "gvpn.system")

}  // namespace gvpn::system
