// Over a line of its own in place of the session bus, with a service at its other end.
#include "gui/notifier.h"

#include <QDBusServer>
#include <QSignalSpy>
#include <QtTest>

using namespace gvpn::gui;

namespace {

/// What came, as far as it matters here.
struct Shown {
    uint replaced = 0;
    QString title;
    QString body;
    QStringList actions;
};

class FakeService : public QObject {
    Q_OBJECT
    Q_CLASSINFO("D-Bus Interface", "org.freedesktop.Notifications")
public:
    QStringList capabilities{QStringLiteral("body"), QStringLiteral("body-markup"), QStringLiteral("actions")};
    std::vector<Shown> shown;

public Q_SLOTS:
    [[nodiscard]] QStringList GetCapabilities() const { return capabilities; }
    uint Notify(const QString& /*program*/, uint replaced, const QString& /*icon*/, const QString& title,
                const QString& body, const QStringList& actions, const QVariantMap& /*hints*/, int /*expires*/)
    {
        shown.push_back({replaced, title, body, actions});
        return replaced != 0 ? replaced : ++m_lastId;
    }

Q_SIGNALS:
    void ActionInvoked(uint id, const QString& action);

private:
    uint m_lastId = 0;
};

/// A service, the line to it, and a notifier that uses it.
class Desktop {
public:
    explicit Desktop(bool hasService = true)
    {
        QObject::connect(&m_server, &QDBusServer::newConnection, &service, [this, hasService](QDBusConnection line) {
            if (hasService)
                line.registerObject(QStringLiteral("/org/freedesktop/Notifications"), &service,
                                    QDBusConnection::ExportAllSlots | QDBusConnection::ExportAllSignals);
            isThere = true;
        });
    }
    ~Desktop() { QDBusConnection::disconnectFromPeer(m_name); }
    Desktop(const Desktop&) = delete;
    Desktop& operator=(const Desktop&) = delete;

    FakeService service;
    bool isThere = false;

private:
    QDBusServer m_server{QStringLiteral("unix:tmpdir=/tmp")};
    QString m_name = QStringLiteral("desktop-%1").arg(reinterpret_cast<quintptr>(this), 0, 16);

public:
    Notifier notifier{QDBusConnection::connectToPeer(m_server.address(), m_name)};
};

Notice notice(const char* title, const char* text = "text")
{
    return {QString::fromUtf8(title), QString::fromUtf8(text), Phase::Connected};
}

}  // namespace

class TestGuiNotifier : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void replacesTheLastOneOfTheSameProfile();
    void leavesOutWhatIsOldAlready();
    void escapesForWhoReadsMarkup_data();
    void escapesForWhoReadsMarkup();
    void tellsOfAClickOnOneOfItsOwn();
    void offersNoActionToWhoKnowsNone();
    void handsBackWhatNobodyShows();
    void handsBackWithoutABus();
};

void TestGuiNotifier::replacesTheLastOneOfTheSameProfile()
{
    Desktop desktop;
    QTRY_VERIFY(desktop.isThere);
    auto& shown = desktop.service.shown;
    desktop.notifier.show("A", notice("A: connected"));
    desktop.notifier.show("B", notice("B: connected"));
    QTRY_COMPARE(shown.size(), std::size_t{2});
    desktop.notifier.show("A", notice("A: connection lost"));
    QTRY_COMPARE(shown.size(), std::size_t{3});
    QCOMPARE(shown[0].replaced, 0U);
    QCOMPARE(shown[1].replaced, 0U);
    QCOMPARE(shown[2].replaced, 1U);
    QCOMPARE(shown[2].title, QStringLiteral("A: connection lost"));
}

void TestGuiNotifier::leavesOutWhatIsOldAlready()
{
    Desktop desktop;
    QTRY_VERIFY(desktop.isThere);
    auto& shown = desktop.service.shown;
    for (const char* title : {"first", "second", "third"})
        desktop.notifier.show("A", notice(title));
    QTRY_COMPARE(shown.size(), std::size_t{2});
    QCOMPARE(shown[0].title, QStringLiteral("first"));
    QCOMPARE(shown[1].title, QStringLiteral("third"));
    QCOMPARE(shown[1].replaced, 1U);
}

void TestGuiNotifier::escapesForWhoReadsMarkup_data()
{
    QTest::addColumn<QString>("capability");
    QTest::addColumn<QString>("body");
    QTest::newRow("reads it") << QStringLiteral("body-markup") << QStringLiteral("&lt;b&gt;x&lt;/b&gt; &amp; y");
    QTest::newRow("does not") << QStringLiteral("body") << QStringLiteral("<b>x</b> & y");
}

void TestGuiNotifier::escapesForWhoReadsMarkup()
{
    QFETCH(QString, capability);
    Desktop desktop;
    QTRY_VERIFY(desktop.isThere);
    desktop.service.capabilities = {capability};
    desktop.notifier.show("A", notice("title", "<b>x</b> & y"));
    QTRY_COMPARE(desktop.service.shown.size(), std::size_t{1});
    QTEST(desktop.service.shown[0].body, "body");
}

void TestGuiNotifier::tellsOfAClickOnOneOfItsOwn()
{
    Desktop desktop;
    QTRY_VERIFY(desktop.isThere);
    const QSignalSpy clicked(&desktop.notifier, &Notifier::clicked);
    desktop.notifier.show("A", notice("title"));
    QTRY_COMPARE(desktop.service.shown.size(), std::size_t{1});
    // The answer with the id is behind that of the next one.
    desktop.notifier.show("A", notice("title"));
    QTRY_COMPARE(desktop.service.shown.size(), std::size_t{2});
    Q_EMIT desktop.service.ActionInvoked(7, QStringLiteral("default"));
    Q_EMIT desktop.service.ActionInvoked(1, QStringLiteral("else"));
    Q_EMIT desktop.service.ActionInvoked(1, QStringLiteral("default"));
    QTRY_COMPARE(clicked.count(), 1);
}

void TestGuiNotifier::offersNoActionToWhoKnowsNone()
{
    Desktop desktop;
    QTRY_VERIFY(desktop.isThere);
    desktop.notifier.show("A", notice("title"));
    QTRY_COMPARE(desktop.service.shown.size(), std::size_t{1});
    QCOMPARE(desktop.service.shown[0].actions.size(), 2);
    desktop.service.capabilities = {QStringLiteral("body")};
    desktop.notifier.show("A", notice("title"));
    QTRY_COMPARE(desktop.service.shown.size(), std::size_t{2});
    QVERIFY(desktop.service.shown[1].actions.isEmpty());
}

void TestGuiNotifier::handsBackWhatNobodyShows()
{
    Desktop desktop(false);
    QTRY_VERIFY(desktop.isThere);
    QStringList refused;
    connect(&desktop.notifier, &Notifier::refused, this, [&refused](const Notice& one) { refused.append(one.title); });
    desktop.notifier.show("A", notice("first"));
    desktop.notifier.show("B", notice("second"));
    QTRY_COMPARE(refused, (QStringList{QStringLiteral("first"), QStringLiteral("second")}));
}

void TestGuiNotifier::handsBackWithoutABus()
{
    Notifier notifier{QDBusConnection(QStringLiteral("there is none"))};
    QStringList refused;
    connect(&notifier, &Notifier::refused, this, [&refused](const Notice& one) { refused.append(one.title); });
    notifier.show("A", notice("first"));
    QCOMPARE(refused, QStringList{QStringLiteral("first")});
}

QTEST_MAIN(TestGuiNotifier)
#include "tst_gui_notifier.moc"
