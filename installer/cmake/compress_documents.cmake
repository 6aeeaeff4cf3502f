# CPack runs this between installing and packing: Debian wants man pages and changelogs compressed, and always to the
# same bytes.
file(GLOB_RECURSE documents
    "${CPACK_TEMPORARY_INSTALL_DIRECTORY}/*/usr/share/man/*.[1-9]"
    "${CPACK_TEMPORARY_INSTALL_DIRECTORY}/*/usr/share/doc/*/changelog")
foreach(document IN LISTS documents)
    execute_process(COMMAND gzip -9 -n -f "${document}" COMMAND_ERROR_IS_FATAL ANY)
endforeach()
