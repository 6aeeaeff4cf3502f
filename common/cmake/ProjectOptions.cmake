# Language level, the one strict warnings target, sanitizers, and how a layer is declared.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_AUTOMOC ON)
set(CMAKE_AUTOGEN_ORIGIN_DEPENDS OFF)
if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()

add_library(gvpn_strict INTERFACE)
target_compile_options(gvpn_strict INTERFACE
    -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wold-style-cast -Wnon-virtual-dtor -Werror
    -fno-exceptions -fstack-protector-strong -fvisibility=hidden)
target_compile_definitions(gvpn_strict INTERFACE
    QT_NO_KEYWORDS QT_NO_FOREACH QT_NO_CAST_FROM_ASCII QT_NO_CAST_TO_ASCII QT_NO_URL_CAST_FROM_STRING
    QT_NO_NARROWING_CONVERSIONS_IN_CONNECT QT_STRICT_ITERATORS QT_NO_JAVA_STYLE_ITERATORS
    QT_DISABLE_DEPRECATED_BEFORE=0x060400
    $<$<NOT:$<CONFIG:Debug>>:_FORTIFY_SOURCE=2>)
target_link_options(gvpn_strict INTERFACE -Wl,-z,relro,-z,now)

if(GVPN_SANITIZE)
    add_compile_options(-fsanitize=${GVPN_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${GVPN_SANITIZE})
endif()
if(GVPN_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# gvpn_layer(NAME SOURCES … LINKS …): a static library gvpn_NAME whose headers are included as "NAME/file.h".
# LINKS names what the layer may see: lower layers and libraries. tests/arch checks the includes against it.
function(gvpn_layer name)
    cmake_parse_arguments(arg "" "" "SOURCES;LINKS" ${ARGN})
    add_library(gvpn_${name} STATIC ${arg_SOURCES})
    target_include_directories(gvpn_${name} PUBLIC "${CMAKE_CURRENT_SOURCE_DIR}/..")
    target_link_libraries(gvpn_${name} PUBLIC ${arg_LINKS} PRIVATE gvpn_strict)
endfunction()

# gvpn_unit_test(LAYER NAME [THREADS] LINKS …): tests/unit/LAYER/tst_NAME.cpp as the test unit.LAYER.NAME. No root, no
# network. THREADS: it has threads of its own and nothing of Qt in them; such tests (label and target "threads") are
# also run with ThreadSanitizer.
function(gvpn_unit_test layer name)
    cmake_parse_arguments(arg "THREADS" "" "LINKS" ${ARGN})
    # moc on the one file: AUTOMOC would make three more targets for each test.
    qt_generate_moc(tst_${name}.cpp "${CMAKE_CURRENT_BINARY_DIR}/tst_${name}.moc")
    add_executable(tst_${name} tst_${name}.cpp "${CMAKE_CURRENT_BINARY_DIR}/tst_${name}.moc")
    set_target_properties(tst_${name} PROPERTIES AUTOMOC OFF)
    target_include_directories(tst_${name} PRIVATE "${CMAKE_CURRENT_BINARY_DIR}")
    target_link_libraries(tst_${name} PRIVATE gvpn_test_options Qt6::Test ${arg_LINKS})
    target_precompile_headers(tst_${name} REUSE_FROM gvpn_test_headers)
    add_test(NAME unit.${layer}.${name} COMMAND tst_${name})
    set_tests_properties(unit.${layer}.${name} PROPERTIES LABELS unit TIMEOUT 60)
    if(arg_THREADS)
        set_tests_properties(unit.${layer}.${name} PROPERTIES LABELS "unit;threads")
        if(NOT TARGET threads)
            add_custom_target(threads)
        endif()
        add_dependencies(threads tst_${name})
    endif()
endfunction()

# gvpn_fuzzer(NAME LINKS …): tests/fuzz/fuzz_NAME.cpp. With GVPN_FUZZ a libFuzzer program; always a test that replays
# tests/fuzz/corpus/NAME.
function(gvpn_fuzzer name)
    cmake_parse_arguments(arg "" "" "LINKS" ${ARGN})
    if(GVPN_FUZZ)
        add_executable(fuzz_${name} fuzz_${name}.cpp)
        target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
        set(replay fuzz_${name} -runs=0)
    else()
        add_executable(fuzz_${name} fuzz_${name}.cpp replay_main.cpp)
        set(replay fuzz_${name})
    endif()
    target_link_libraries(fuzz_${name} PRIVATE gvpn_strict ${arg_LINKS})
    add_test(NAME fuzz.${name} COMMAND ${replay} "${CMAKE_CURRENT_SOURCE_DIR}/corpus/${name}")
    set_tests_properties(fuzz.${name} PROPERTIES LABELS "unit;fuzz" TIMEOUT 60)
endfunction()
