#include "accounts/logging.h"

namespace gvpn::accounts {

Q_LOGGING_CATEGORY(logAccounts, "gvpn.accounts")

}  // namespace gvpn::accounts
