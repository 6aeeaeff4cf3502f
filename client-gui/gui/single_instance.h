// One program for each person: the first start listens on a socket in the runtime directory, later ones hand over what
// they are for and end. Only the same user is heard. GUI thread.
#pragma once

#include "gui/start_request.h"

#include <QLocalServer>
#include <QLocalSocket>
#include <QLockFile>
#include <QObject>
#include <QTimer>

namespace gvpn::gui {

class SingleInstance : public QObject {
    Q_OBJECT
public:
    /// directory: exists, only its owner may enter.
    explicit SingleInstance(const QString& directory, QObject* parent = nullptr);

    /// One of first(), handedOver() and failed() follows.
    void start(const StartRequest& request);
    /// This one is about to end and takes nothing more. Who starts now waits until it is gone, and is the first then.
    void retire();

Q_SIGNALS:
    /// This is the one that runs.
    void first();
    /// Another one runs and has taken the request.
    void handedOver();
    /// It can't be known, or the other one doesn't answer. reason: for a log.
    void failed(const QString& reason);
    /// Another start wants this.
    void requested(const gvpn::gui::StartRequest& request);

private:
    void listen();
    void onConnection();
    void onLine(QLocalSocket& socket);
    void tryToHandOver();
    void onHandOverError();
    void endWith(void (SingleInstance::*signal)());

    QString m_path;
    QLockFile m_lock;
    QLocalServer m_server;
    QLocalSocket m_other;
    QTimer m_retry;
    QTimer m_deadline;
    QByteArray m_line;
    bool m_isDone = false;
    bool m_isRetired = false;
};

}  // namespace gvpn::gui
