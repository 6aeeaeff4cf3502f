// Finds out whether the desktop has a place for tray icons, without asking Qt: Qt decides at the first icon, and for
// good, which of the two protocols it speaks, so that a panel that comes later (at login, mostly) would never see it.
// GUI thread.
#pragma once

#include <QObject>
#include <QTimer>

#include <memory>

namespace gvpn::gui {

/// Is there an owner of the X11 tray's selection? Asks without waiting. One for each window system.
class TraySelection {
public:
    virtual ~TraySelection() = default;
    TraySelection(const TraySelection&) = delete;
    TraySelection& operator=(const TraySelection&) = delete;
    /// Takes the answer to the last call's question and asks again.
    [[nodiscard]] virtual bool poll() = 0;

protected:
    TraySelection() = default;
};

/// Null where there are no such selections.
[[nodiscard]] std::unique_ptr<TraySelection> makeTraySelection();

class TrayHost : public QObject {
    Q_OBJECT
public:
    /// selection may be null.
    explicit TrayHost(std::unique_ptr<TraySelection> selection, QObject* parent = nullptr);
    ~TrayHost() override;

    void start();
    [[nodiscard]] bool isThere() const { return m_isThere; }

Q_SIGNALS:
    /// Once: from now on an icon can be made.
    void found();
    /// Once, unless it was found before: nothing yet, some seconds after the start. found() may still come.
    void missing();

private Q_SLOTS:
    /// Of the bus, too, which connects by name.
    void onFound();

private:
    void askWatcher();
    void poll();

    std::unique_ptr<TraySelection> m_selection;
    QTimer m_poll;
    int m_polls = 0;
    bool m_isThere = false;
};

}  // namespace gvpn::gui
