#include "gui/options.h"

#include <QCommandLineParser>
#include <QCoreApplication>

namespace gvpn::gui {

namespace {

struct Tr {
    Q_DECLARE_TR_FUNCTIONS(Options)
};

Failure usage(const QString& sentence)
{
    return fail(ErrorCode::InvalidArgument, sentence.toStdString());
}

void declare(QCommandLineParser& parser)
{
    parser.setApplicationDescription(Tr::tr("Connects this computer to office networks, from the tray."));
    parser.addPositionalArgument(QStringLiteral("LINK"),
                                 Tr::tr("A server's link: it is shown and, after a yes, remembered."),
                                 QStringLiteral("[LINK]"));
    parser.addOption({QStringLiteral("hidden"), Tr::tr("Start in the tray, without a window.")});
    parser.addOption({QStringLiteral("log-level"), Tr::tr("debug, info (default) or warning."), QStringLiteral("LEVEL"),
                      QStringLiteral("info")});
    // Not addHelpOption(), which would add --help-all as well.
    parser.addOption({{QStringLiteral("h"), QStringLiteral("help")}, Tr::tr("Show this text.")});
    parser.addOption({{QStringLiteral("v"), QStringLiteral("version")}, Tr::tr("Show the version.")});
}

}  // namespace

Result<std::variant<GuiOptions, InfoText>> parseOptions(const QStringList& arguments)
{
    QCommandLineParser parser;
    declare(parser);
    if (!parser.parse(arguments))
        return usage(Tr::tr("%1. See gvpn-gui --help.").arg(parser.errorText()));
    if (parser.isSet(QStringLiteral("help")))
        return InfoText{parser.helpText()};
    if (parser.isSet(QStringLiteral("version")))
        return InfoText{QStringLiteral("gvpn-gui %1\n").arg(QCoreApplication::applicationVersion())};
    const QStringList links = parser.positionalArguments();
    if (links.size() > 1)
        return usage(Tr::tr("Give one link, in quotes: there is more than one argument."));
    const auto level = program::parseLogLevel(parser.value(QStringLiteral("log-level")).toStdString());
    if (!level)
        return usage(Tr::tr("--log-level has to be debug, info or warning."));
    return GuiOptions{.request = {.isHidden = parser.isSet(QStringLiteral("hidden")), .link = links.value(0)},
                      .logLevel = *level};
}

}  // namespace gvpn::gui
