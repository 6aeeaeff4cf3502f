# Runs at each installation, for one file: see gvpn_system_file(). GVPN_SOURCE, GVPN_DESTINATION and the programs'
# folders are set.
cmake_path(GET GVPN_SOURCE FILENAME name)
set(target "${GVPN_DESTINATION}/${name}")
execute_process(COMMAND id -u OUTPUT_VARIABLE user OUTPUT_STRIP_TRAILING_WHITESPACE)
if("$ENV{DESTDIR}" STREQUAL "" AND NOT user STREQUAL "0")
    message(STATUS "Only root can install: ${target}")
elseif("$ENV{DESTDIR}" STREQUAL "" AND GVPN_DESTINATION MATCHES "^/etc/" AND EXISTS "${target}")
    message(STATUS "Stays as it is: ${target}")
else()
    foreach(folder IN ITEMS GVPN_BINDIR GVPN_LIBEXECDIR)
        cmake_path(ABSOLUTE_PATH ${folder} BASE_DIRECTORY "${CMAKE_INSTALL_PREFIX}")
    endforeach()
    execute_process(COMMAND mktemp -d OUTPUT_VARIABLE scratch OUTPUT_STRIP_TRAILING_WHITESPACE
                    COMMAND_ERROR_IS_FATAL ANY)
    configure_file("${GVPN_SOURCE}" "${scratch}/${name}" @ONLY)
    file(INSTALL "${scratch}/${name}" DESTINATION "${GVPN_DESTINATION}")
    file(REMOVE_RECURSE "${scratch}")
endif()
