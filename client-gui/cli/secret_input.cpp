#include "cli/secret_input.h"

#include "cli/option_values.h"
#include "cli/target_options.h"
#include "program/password_source.h"
#include "program/unix_signals.h"
#include "protocol/link.h"

#include <QCoreApplication>

#include <cerrno>
#include <unistd.h>

namespace gvpn::cli {

namespace {

struct Tr {
    Q_DECLARE_TR_FUNCTIONS(gvpn::cli)
};

Result<void> readLink(CliOptions& options)
{
    const auto line = readLine(STDIN_FILENO, protocol::MaxLinkBytes);
    if (!line)
        return usage(
            Tr::tr("The link on standard input can't be used: %1.").arg(QString::fromStdString(line.error().context)));
    const std::string_view text = asText(line->view());
    return takeLink(QString::fromUtf8(text.data(), qsizetype(text.size())), options);
}

Result<void> readGivenPassword(int descriptor, CliOptions& options)
{
    auto password = program::readPassword(descriptor);
    if (!password && password.error().code == ErrorCode::InvalidArgument)
        return usage(Tr::tr("The password can't be used: %1.").arg(QString::fromStdString(password.error().context)));
    if (!password)
        return fail(password.error().code, Tr::tr("Could not read the password: %1; give a descriptor that is open.")
                                               .arg(QString::fromStdString(password.error().context))
                                               .toStdString());
    options.password = std::move(*password);
    if (descriptor > STDERR_FILENO)
        ::close(descriptor);
    return {};
}

Result<void> askForPassword(CliOptions& options)
{
    // A signal gives up the question, as it ends a connection later on.
    const auto signals = program::UnixSignals::create();
    if (!signals)
        return fail(signals.error());
    auto password =
        program::askPassword(Tr::tr("Password of %1: ").arg(QString::fromStdString(options.user)).toStdString());
    if (!password && password.error().code == ErrorCode::NotFound)
        return {};
    if (!password && password.error().code == ErrorCode::InvalidArgument)
        return usage(Tr::tr("The password can't be used: %1.").arg(QString::fromStdString(password.error().context)));
    if (!password)
        return fail(
            password.error().code,
            Tr::tr("No password was given: %1.").arg(QString::fromStdString(password.error().context)).toStdString());
    options.password = std::move(*password);
    return {};
}

}  // namespace

Result<SecretBytes> readLine(int descriptor, std::size_t maxBytes)
{
    SecretBytes buffer(maxBytes + 1);
    std::size_t size = 0;
    while (true) {
        if (size > maxBytes)
            return fail(ErrorCode::InvalidArgument, "it is longer than " + std::to_string(maxBytes) + " bytes");
        // One byte at a time: what follows belongs to somebody else.
        const ssize_t count = ::read(descriptor, buffer.span().data() + size, 1);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return fail(errnoError("read", errno));
        if (count == 0 || buffer.view()[size] == std::byte{'\n'})
            break;
        ++size;
    }
    if (size == 0)
        return fail(ErrorCode::InvalidArgument, "there is none");
    return SecretBytes(buffer.view().first(size));
}

Result<void> readSecrets(CliOptions& options)
{
    if (options.readsLink) {
        if (const auto read = readLink(options); !read)
            return read;
    }
    if (options.passwordDescriptor)
        return readGivenPassword(*options.passwordDescriptor, options);
    const bool asks = !options.user.empty() && ::isatty(STDIN_FILENO) == 1;
    return asks ? askForPassword(options) : Result<void>();
}

}  // namespace gvpn::cli
