#include "client/qt_edges.h"

#include "transport/tcp_connector.h"

#include <QTimer>

namespace gvpn::client {

namespace {

class TcpEdge final : public Connector {
public:
    TcpEdge(const net::HostPort& server, transport::EpollLoop& loop)
        : m_connector({.server = server}, loop)
    {}

    void start(Callbacks callbacks) override
    {
        m_callbacks = std::move(callbacks);
        QObject::connect(&m_connector, &transport::TcpConnector::resolved, &m_connector,
                         [this] { m_callbacks.resolved(); });
        QObject::connect(&m_connector, &transport::TcpConnector::connected, &m_connector,
                         [this] { m_callbacks.connected(m_connector.takeStream()); });
        QObject::connect(&m_connector, &transport::TcpConnector::failed, &m_connector,
                         [this](const Error& error) { m_callbacks.failed(error); });
        m_connector.start();
    }

private:
    Callbacks m_callbacks;
    transport::TcpConnector m_connector;
};

class QtTimer final : public Timer {
public:
    QtTimer() { m_timer.setSingleShot(true); }

    void start(Duration delay, std::function<void()> expired) override
    {
        stop();
        m_connection = QObject::connect(&m_timer, &QTimer::timeout, &m_timer, std::move(expired));
        m_timer.start(delay);
    }

    void stop() override
    {
        m_timer.stop();
        QObject::disconnect(m_connection);
    }

private:
    QTimer m_timer;
    QMetaObject::Connection m_connection;
};

}  // namespace

std::unique_ptr<Connector> makeTcpConnector(const net::HostPort& server, transport::EpollLoop& loop)
{
    return std::make_unique<TcpEdge>(server, loop);
}

std::unique_ptr<Timer> makeQtTimer()
{
    return std::make_unique<QtTimer>();
}

}  // namespace gvpn::client
