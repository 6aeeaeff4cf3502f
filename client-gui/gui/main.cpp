#include "client/background_work.h"
#include "gui/application.h"
#include "gui/desktop_client.h"
#include "gui/options.h"
#include "gui/single_instance.h"
#include "program/unix_signals.h"

#include <QApplication>
#include <QDir>
#include <QStandardPaths>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string_view>
#include <strings.h>
#include <sys/resource.h>

namespace {

using namespace gvpn;

constexpr int Failed = 1;
constexpr int Usage = 2;

/// Keys and packets stay out of core dumps. PR_SET_DUMPABLE would take the file dialogs away: their portal looks at
/// /proc of who asks.
void forbidCoreDumps()
{
    const rlimit none{0, 0};
    static_cast<void>(::setrlimit(RLIMIT_CORE, &none));
}

/// An invite may be given as an argument, but other users need not see it for as long as we run (ps).
void wipeLinks(std::span<char* const> arguments)
{
    constexpr std::string_view Scheme = "gvpn:";
    for (char* argument : arguments) {
        const std::string_view text(argument);
        const std::size_t begin = std::min(text.find_first_not_of(" \t\r\n"), text.size());
        if (::strncasecmp(argument + begin, Scheme.data(), Scheme.size()) == 0)
            std::fill_n(argument, text.size(), '*');
    }
}

int complain(const std::string& reason)
{
    std::fprintf(stderr, "gvpn-gui could not start: %s.\n", reason.c_str());
    return Failed;
}

/// For the socket of the single instance: nobody else may enter it.
QString runtimeDirectory()
{
    const QString path =
        QStringLiteral("%1/gvpn").arg(QStandardPaths::writableLocation(QStandardPaths::RuntimeLocation));
    constexpr auto OwnerOnly = QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner;
    return QDir().mkpath(path) && QFile::setPermissions(path, OwnerOnly) ? path : QString();
}

/// What exists once this is known to be the only instance.
class Session {
public:
    Session(client::LogBook& log, std::unique_ptr<gui::DesktopClient> desktop)
        : m_desktop(std::move(desktop))
        , m_application({.core = m_desktop->core(),
                         .log = log,
                         .settings = client::readSettings(m_desktop->settingsPlaces()),
                         .keepSettings = [this](const client::Settings& settings, const client::Settings& before,
                                                const auto& kept) { keep(settings, before, kept); },
                         .traySelection = gui::makeTraySelection(),
                         .version = QCoreApplication::applicationVersion()})
    {}
    [[nodiscard]] gui::Application& application() { return m_application; }

private:
    void keep(const client::Settings& settings, const client::Settings& before, const gui::ApplicationParts::Kept& kept)
    {
        m_disk.run<Result<void>>(
            [settings, before, places = m_desktop->settingsPlaces(),
             program = QCoreApplication::applicationFilePath().toStdString()] {
                return client::writeSettings(settings, before, places, program);
            },
            kept);
    }

    std::unique_ptr<gui::DesktopClient> m_desktop;
    gui::Application m_application;
    client::ThreadedWork m_disk;  // the last one: its answers go to the application
};

int run(const gui::StartRequest& request, client::LogBook& log)
{
    const QString directory = runtimeDirectory();
    if (directory.isEmpty())
        return complain("there is no runtime directory; set XDG_RUNTIME_DIR");
    const auto signals = program::UnixSignals::create();
    if (!signals)
        return complain(signals.error().context);
    std::unique_ptr<Session> session;
    gui::SingleInstance instance(directory);
    QObject::connect(
        &instance, &gui::SingleInstance::handedOver, qApp, [] { QCoreApplication::exit(0); }, Qt::QueuedConnection);
    QObject::connect(
        &instance, &gui::SingleInstance::failed, qApp,
        [](const QString& reason) { QCoreApplication::exit(complain(reason.toStdString())); }, Qt::QueuedConnection);
    QObject::connect(
        &instance, &gui::SingleInstance::first, qApp,
        [&] {
            auto desktop = gui::DesktopClient::create(QCoreApplication::applicationVersion());
            if (!desktop) {
                QCoreApplication::exit(complain(desktop.error().context));
                return;
            }
            session = std::make_unique<Session>(log, std::move(*desktop));
            gui::Application& application = session->application();
            QObject::connect(&instance, &gui::SingleInstance::requested, &application, &gui::Application::handle);
            QObject::connect(&application, &gui::Application::ending, &instance, &gui::SingleInstance::retire);
            QObject::connect(signals->get(), &program::UnixSignals::signalled, &application, &gui::Application::end);
            QObject::connect(
                &application, &gui::Application::finished, qApp, [] { QCoreApplication::exit(0); },
                Qt::QueuedConnection);
            application.start(request);
        },
        Qt::QueuedConnection);
    instance.start(request);
    const int status = QCoreApplication::exec();
    session.reset();
    return status;
}

}  // namespace

int main(int argc, char** argv)
{
    forbidCoreDumps();
    const QApplication app(argc, argv);
    QApplication::setApplicationName(QStringLiteral("gvpn-gui"));
    QApplication::setApplicationDisplayName(QStringLiteral("gvpn"));
    QApplication::setApplicationVersion(QStringLiteral(GVPN_VERSION));
    QApplication::setDesktopFileName(QStringLiteral("org.gvpn.Gui"));
    // With a tray the program goes on without a window.
    QApplication::setQuitOnLastWindowClosed(false);
    // Qt reads its arguments from argv each time.
    const QStringList arguments = QCoreApplication::arguments();
    wipeLinks({argv, static_cast<std::size_t>(argc)});
    auto parsed = gui::parseOptions(arguments);
    if (!parsed) {
        std::fprintf(stderr, "%s\n", parsed.error().context.c_str());
        return Usage;
    }
    if (const auto* info = std::get_if<gui::InfoText>(&*parsed)) {
        std::fprintf(stdout, "%s", info->text.toUtf8().constData());
        return 0;
    }
    const auto& options = std::get<gui::GuiOptions>(*parsed);
    client::LogBook log;
    program::installLogSink(options.logLevel, [&log](QtMsgType type, const char* category, const QString& message) {
        log.append(QDateTime::currentDateTimeUtc(), type, QString::fromLatin1(category), message);
    });
    const int status = run(options.request, log);
    // All that is ours is put back and gone. A thread may sit in a name lookup until the resolver's last timeout: a
    // usual exit would take the libraries' statics away under it.
    std::fflush(nullptr);
    std::_Exit(status);
}
