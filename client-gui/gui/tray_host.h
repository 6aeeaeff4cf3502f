// Finds out whether the desktop has a place for tray icons, and whether that goes away, without asking Qt: Qt decides
// at the first icon, and for good, which of the two protocols it speaks, so that a panel that comes later (at login,
// mostly) would never see it. GUI thread.
#pragma once

#include <QObject>
#include <QTimer>

#include <chrono>
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
    /// selection may be null. step: between two looks, at the beginning.
    explicit TrayHost(std::unique_ptr<TraySelection> selection,
                      std::chrono::milliseconds step = std::chrono::milliseconds(500), QObject* parent = nullptr);
    ~TrayHost() override;

    void start();
    [[nodiscard]] bool isThere() const { return m_isThere; }

Q_SIGNALS:
    /// From now on an icon can be made.
    void found();
    /// After found(): nobody shows it any more.
    void lost();
    /// Nothing some seconds after the start, or after lost(). found() may still come.
    void missing();

private Q_SLOTS:
    /// Of the bus, too, which connects by name.
    void askWatcher();

private:
    /// Which of the two Qt has decided for.
    enum class Protocol { Undecided, Notifier, Selection };
    void onNotifier(bool isThere);
    void poll();
    void onFound(Protocol protocol);
    void onLost();

    std::unique_ptr<TraySelection> m_selection;
    std::chrono::milliseconds m_step;
    QTimer m_poll;
    int m_polls = 0;
    Protocol m_protocol = Protocol::Undecided;
    bool m_isThere = false;
};

}  // namespace gvpn::gui
