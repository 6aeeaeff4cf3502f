// The server's configuration file: what is read has only known keys, what is refused is refused with a sentence, and
// the options that come of it are the same each time.
#include "server/config_file.h"
#include "server/server_options.h"

#include "base/bytes.h"

#include <QFile>
#include <QTemporaryDir>

#include <cstdlib>
#include <string>
#include <utility>

using namespace gvpn;
using namespace gvpn::server;

namespace {

void require(bool isTrue)
{
    if (!isTrue)
        std::abort();
}

/// A file of its own for each reading: QSettings remembers the last ones by path, size and time, but not that they
/// were malformed.
class ConfigFile {
public:
    explicit ConfigFile(std::string_view content)
    {
        static const QTemporaryDir directory;
        static unsigned count = 0;
        m_file.setFileName(directory.filePath(QString::number(++count)));
        require(m_file.open(QIODevice::WriteOnly)
                && m_file.write(content.data(), static_cast<qint64>(content.size()))
                       == static_cast<qint64>(content.size()));
        m_file.close();
    }
    ~ConfigFile() { m_file.remove(); }
    ConfigFile(const ConfigFile&) = delete;
    ConfigFile& operator=(const ConfigFile&) = delete;

    [[nodiscard]] QString path() const { return m_file.fileName(); }
    /// The error as it is for a file of any name.
    [[nodiscard]] std::string textOf(const Error& error) const
    {
        require(error.code == ErrorCode::InvalidArgument && error.context.ends_with('.'));
        return QString::fromStdString(error.context).remove(path()).toStdString();
    }

private:
    QFile m_file;
};

void checkValues(const ConfigValues& values)
{
    for (auto it = values.begin(); it != values.end(); ++it) {
        require(!it.key().isEmpty() && !it.key().contains(QLatin1Char('/')));
        for (const QString& value : it.value())
            require(value == value.trimmed());
    }
}

/// What parseOptions() makes of a file with this content, and the text of its error.
std::pair<Result<ServerOptions>, std::string> parse(std::string_view content)
{
    const ConfigFile file(content);
    auto options = parseOptions({QStringLiteral("gvpn-server")}, file.path());
    std::string text = options ? std::string() : file.textOf(options.error());
    return {std::move(options), std::move(text)};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view content = asText(std::as_bytes(std::span(data, size)));
    const ConfigFile file(content);
    const auto values = readConfigFile(file.path());
    const auto [options, text] = parse(content);
    if (values)
        checkValues(*values);
    else
        require(!options && text == file.textOf(values.error()));

    const auto [again, sameText] = parse(content);
    require(options.has_value() == again.has_value() && text == sameText);
    require(!options || (options->cidrs == again->cidrs && options->lanNetworks == again->lanNetworks));
    return 0;
}
