#include "gui/tray_host.h"

#include <QGuiApplication>

#include <cstdlib>
#include <string>
#include <xcb/xcb.h>
#include <xcb/xcbext.h>

namespace gvpn::gui {

namespace {

struct Freed {
    void operator()(void* reply) const { std::free(reply); }
};

/// Both questions are sent and their answers taken at a later poll, so that nobody waits for the X server.
class XTraySelection : public TraySelection {
public:
    explicit XTraySelection(xcb_connection_t* connection)
        : m_connection(connection)
    {
        // System Tray Protocol Specification: one tray for each screen; Qt uses the first.
        const std::string name = "_NET_SYSTEM_TRAY_S0";
        m_atomAsked = xcb_intern_atom(connection, 0, static_cast<std::uint16_t>(name.size()), name.data()).sequence;
        xcb_flush(connection);
    }

    bool poll() override
    {
        if (m_atom == XCB_ATOM_NONE)
            takeAtom();
        if (m_ownerAsked != 0)
            takeOwner();
        if (m_atom != XCB_ATOM_NONE && m_ownerAsked == 0) {
            m_ownerAsked = xcb_get_selection_owner(m_connection, m_atom).sequence;
            xcb_flush(m_connection);
        }
        return m_hasOwner;
    }

private:
    void takeAtom()
    {
        if (const auto reply = take<xcb_intern_atom_reply_t>(m_atomAsked))
            m_atom = reply->atom;
    }

    void takeOwner()
    {
        if (const auto reply = take<xcb_get_selection_owner_reply_t>(m_ownerAsked))
            m_hasOwner = reply->owner != XCB_WINDOW_NONE;
    }

    /// Sets asked to 0 when the answer, or an error, is there.
    template <typename Reply>
    std::unique_ptr<Reply, Freed> take(unsigned& asked)
    {
        void* reply = nullptr;
        xcb_generic_error_t* error = nullptr;
        if (asked == 0 || xcb_poll_for_reply(m_connection, asked, &reply, &error) == 0)
            return nullptr;
        asked = 0;
        std::free(error);
        return std::unique_ptr<Reply, Freed>(static_cast<Reply*>(reply));
    }

    xcb_connection_t* m_connection;
    unsigned m_atomAsked = 0;
    unsigned m_ownerAsked = 0;
    xcb_atom_t m_atom = XCB_ATOM_NONE;
    bool m_hasOwner = false;
};

}  // namespace

std::unique_ptr<TraySelection> makeTraySelection()
{
    auto* x11 = qGuiApp->nativeInterface<QNativeInterface::QX11Application>();
    return x11 != nullptr ? std::make_unique<XTraySelection>(x11->connection()) : nullptr;
}

}  // namespace gvpn::gui
