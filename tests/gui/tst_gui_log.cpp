#include "clicking.h"
#include "gui/log_model.h"
#include "gui/log_window.h"

#include <QAbstractItemModelTester>
#include <QComboBox>
#include <QFileDialog>
#include <QLineEdit>
#include <QTableView>
#include <QTemporaryDir>

#include <algorithm>

using namespace gvpn;
using namespace gvpn::gui;
using namespace gvpn::test;

namespace {

void fill(client::LogBook& book)
{
    const QDateTime now(QDate(2026, 2, 1), QTime(12, 0), Qt::UTC);
    book.append(now, QtDebugMsg, QStringLiteral("gvpn.client"), QStringLiteral("looked up"));
    book.append(now, QtInfoMsg, QStringLiteral("gvpn.client"), QStringLiteral("connected to Office"));
    book.append(now, QtWarningMsg, QStringLiteral("gvpn.client"), QStringLiteral("lost Office"));
}

int rows(const LogWindow& window)
{
    return window.findChild<QTableView*>(QStringLiteral("lines"))->model()->rowCount();
}

}  // namespace

class TestGuiLog : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void showsWhatIsGraveEnough();
    void filtersByText();
    void followsTheLog();
    void exportsWithoutSecrets();
    void saysThatItCouldNotWrite();
};

void TestGuiLog::showsWhatIsGraveEnough()
{
    client::LogBook book;
    fill(book);
    LogWindow window(book);
    window.show();
    auto* level = window.findChild<QComboBox*>(QStringLiteral("level"));
    QCOMPARE(rows(window), 2);
    level->setFocus();
    QTest::keyClick(level, Qt::Key_Home);
    QCOMPARE(rows(window), 3);
    QTest::keyClick(level, Qt::Key_End);
    QCOMPARE(rows(window), 1);
}

void TestGuiLog::filtersByText()
{
    client::LogBook book;
    fill(book);
    LogWindow window(book);
    window.show();
    auto* filter = window.findChild<QLineEdit*>(QStringLiteral("filter"));
    QTest::keyClicks(filter, QStringLiteral("LOST"));
    QCOMPARE(rows(window), 1);
    // No pattern: what is typed is what is looked for.
    filter->setText(QStringLiteral(".*"));
    QCOMPARE(rows(window), 0);
}

void TestGuiLog::followsTheLog()
{
    client::LogBook book;
    LogWindow window(book);
    const QAbstractItemModelTester tester(window.findChild<QTableView*>()->model(),
                                          QAbstractItemModelTester::FailureReportingMode::QtTest);
    window.show();
    QCOMPARE(rows(window), 0);
    fill(book);
    QTRY_COMPARE(rows(window), 2);
}

void TestGuiLog::exportsWithoutSecrets()
{
    client::LogBook book;
    const QString secret = QStringLiteral("AAECAwQFBgcICQoLDA0ODw");
    book.append(QDateTime::currentDateTimeUtc(), QtInfoMsg, QStringLiteral("gvpn.gui"),
                QStringLiteral("got gvpn://office:1/?pin=x&invite=%1").arg(secret));
    LogWindow window(book);
    window.show();
    const QTemporaryDir dir;
    const QString path = dir.filePath(QStringLiteral("log.txt"));
    for (QPushButton* button : window.findChildren<QPushButton*>()) {
        if (button->text() == QStringLiteral("&Export …"))
            QTest::mouseClick(button, Qt::LeftButton);
    }
    auto* dialog = openWindow<QFileDialog>();
    QVERIFY(dialog != nullptr);
    Q_EMIT dialog->fileSelected(path);
    dialog->reject();
    QFile file(path);
    QTRY_VERIFY(file.exists());
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QByteArray text = file.readAll();
    QVERIFY(text.contains("office"));
    QVERIFY(!text.contains(secret.toUtf8()));
}

void TestGuiLog::saysThatItCouldNotWrite()
{
    client::LogBook book;
    LogWindow window(book);
    window.show();
    for (QPushButton* button : window.findChildren<QPushButton*>()) {
        if (button->text() == QStringLiteral("&Export …"))
            QTest::mouseClick(button, Qt::LeftButton);
    }
    auto* dialog = openWindow<QFileDialog>();
    Q_EMIT dialog->fileSelected(QStringLiteral("/nonexistent/log.txt"));
    dialog->reject();
    const auto isSaid = [&window] {
        return std::ranges::any_of(window.findChildren<QLabel*>(), [](const QLabel* label) {
            return label->text().contains(QStringLiteral("Could not write"));
        });
    };
    QTRY_VERIFY(isSaid());
}

QTEST_MAIN(TestGuiLog)
#include "tst_gui_log.moc"
