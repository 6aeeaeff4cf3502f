# The Debian packages: cmake --preset package && cmake --build --preset package.
configure_file(debian/changelog.in changelog @ONLY)
foreach(component gvpn-server gvpn gvpn-gui)
    install(FILES "${CMAKE_CURRENT_BINARY_DIR}/changelog" "${CMAKE_CURRENT_SOURCE_DIR}/debian/copyright"
        DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/${component}" COMPONENT ${component})
endforeach()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME gvpn)
set(CPACK_PACKAGE_VERSION "${PROJECT_VERSION}")
set(CPACK_PACKAGE_CONTACT "gvpn developers <gvpn@gvpn.invalid>")
set(CPACK_INSTALL_PREFIX /usr)
# Into a folder in the place of the root directory: files have places outside of the prefix.
set(CPACK_SET_DESTDIR ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_COMPONENTS_ALL gvpn-server gvpn gvpn-gui)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_PRE_BUILD_SCRIPTS "${CMAKE_CURRENT_SOURCE_DIR}/cmake/compress_documents.cmake")

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SOURCE gvpn)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_ENABLE_COMPONENT_DEPENDS ON)

set(debian "${CMAKE_CURRENT_SOURCE_DIR}/debian")
# What dpkg-shlibdeps can't see: programs that are started, plugins, services on the bus.
set(makes_user "systemd | systemd-standalone-sysusers | systemd-sysusers")
set(makes_directories "systemd | systemd-standalone-tmpfiles | systemd-tmpfiles")
set(CPACK_DEBIAN_GVPN-SERVER_PACKAGE_NAME gvpn-server)
set(CPACK_DEBIAN_GVPN-SERVER_PACKAGE_DEPENDS "nftables, libqt6sql6-sqlite, ${makes_user}, ${makes_directories}")
set(CPACK_DEBIAN_GVPN-SERVER_PACKAGE_CONTROL_EXTRA
    "${debian}/gvpn-server/conffiles;${debian}/gvpn-server/postinst;${debian}/gvpn-server/prerm;${debian}/gvpn-server/postrm")
set(CPACK_DEBIAN_GVPN-SERVER_DESCRIPTION "VPN server for an office LAN behind one TCP port
Lets computers elsewhere reach a local network on its real addresses. One
forwarded TCP port is enough; the server prints an invite link, and who
clicks it in gvpn-gui, or hands it to gvpn-client, is connected. Everything
is encrypted (TLS 1.3) and both ends are authenticated by keys which they
make themselves.
.
The server runs as a user of its own. It sets up forwarding and address
translation while it runs and takes them back when it stops.")

set(CPACK_DEBIAN_GVPN_PACKAGE_NAME gvpn)
set(CPACK_DEBIAN_GVPN_PACKAGE_DEPENDS "nftables, polkitd, default-dbus-system-bus | dbus-system-bus")
set(CPACK_DEBIAN_GVPN_PACKAGE_CONTROL_EXTRA "${debian}/gvpn/postinst;${debian}/gvpn/prerm;${debian}/gvpn/postrm")
set(CPACK_DEBIAN_GVPN_DESCRIPTION "VPN client for the command line, and its helper
Connects this computer to an office network in which gvpn-server runs: with
the invite link from the network's administrator, and without certificates,
configuration files or routes to type.
.
gvpn-client works on computers without a display. The helper, a small
service on the system bus, opens the tunnel for people who are not root;
polkit decides who may.")

set(CPACK_DEBIAN_GVPN-GUI_PACKAGE_NAME gvpn-gui)
set(CPACK_COMPONENT_GVPN-GUI_DEPENDS gvpn)
set(CPACK_DEBIAN_GVPN-GUI_PACKAGE_DEPENDS "libqt6svg6")
# Without it Qt shows its windows by XWayland. What file dialogs say in other languages.
set(CPACK_DEBIAN_GVPN-GUI_PACKAGE_RECOMMENDS "qt6-wayland, qt6-translations-l10n")
set(CPACK_DEBIAN_GVPN-GUI_DESCRIPTION "VPN client in the desktop's tray
Connects this computer to one or several office networks in which
gvpn-server runs. Click the link that the network's administrator sent,
say yes once, and from then on click Connect in the tray.
.
Passwords and keys are kept in the desktop's keyring. The program speaks
English and Chinese.")

include(CPack)
