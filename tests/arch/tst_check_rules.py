"""Each rule of check_rules.py finds a file that breaks it, and lets a good one pass."""

import unittest

from check_rules import check

HEADER = "// What.\n#pragma once\n\n"
WORD = "TO" + "DO"

# (name of the row, path, text, a part of the sentence expected)
VIOLATIONS = (
    ("a layer above", "common/net/a.cpp", '#include "tunnel/x.h"\n', "must not include"),
    ("base includes anything", "common/base/a.cpp", '#include "net/prefix.h"\n', "must not include"),
    ("protocol sees transport", "common/protocol/a.cpp", '#include "transport/byte_stream.h"\n', "must not include"),
    ("transport sees protocol", "common/transport/a.cpp", '#include "protocol/frame.h"\n', "must not include"),
    ("tunnel sees system", "common/tunnel/a.cpp", '#include "system/network_config.h"\n', "must not include"),
    ("the server sees the client", "server/a.cpp", '#include "client/machine.h"\n', "must not include"),
    ("the client sees the server", "client-gui/client/a.cpp", '#include "server/pool.h"\n', "must not include"),
    ("the helper sees tls", "client-gui/helper/a.cpp", '#include "tls/identity.h"\n', "must not include"),
    ("the gui sees more than the client", "client-gui/gui/a.cpp", '#include "tunnel/path.h"\n', "must not include"),
    ("dots", "common/net/a.cpp", '#include "../base/error.h"\n', '".."'),
    ("dots in a test", "tests/unit/net/tst_a.cpp", '#include "../a.h"\n', '".."'),
    ("no layer", "common/net/a.cpp", '#include "prefix.h"\n', "layer/file.h"),
    ("indented", "common/net/a.cpp", '  #  include "tunnel/x.h"\n', "must not include"),
    ("a socket in protocol", "common/protocol/a.cpp", "#include <sys/socket.h>\n", "bytes in, actions out"),
    ("Qt networking in protocol", "common/protocol/a.h", HEADER + "#include <QTcpSocket>\n", "bytes in, actions out"),
    ("the network module in protocol", "common/protocol/a.cpp", "#include <QtNetwork/QHostAddress>\n", "bytes in"),
    ("a file in protocol", "common/protocol/a.cpp", "#include <fstream>\n", "bytes in, actions out"),
    ("a thread in protocol", "common/protocol/a.cpp", "#include <thread>\n", "bytes in, actions out"),
    ("widgets in the server", "server/a.cpp", "#include <QWidget>\n", "windows only in"),
    ("OpenSSL in the tunnel", "common/tunnel/a.cpp", "#include <openssl/ssl.h>\n", "OpenSSL only in"),
    ("ours in brackets", "common/net/prefix.h", HEADER + "#include <net/prefix.h>\n", "is ours"),
    ("a real TUN", "client-gui/client/engine.cpp", '#include "tun/linux_tun.h"\n', "composition root"),
    ("a real configurator", "server/session.cpp", '#include "system/linux_configurator.h"\n', "composition root"),
    ("a real stream", "common/tunnel/path.cpp", '#include "transport/epoll_stream.h"\n', "composition root"),
    ("a real loop inside Qt's", "client-gui/client/a.cpp", '#include "transport/epoll_host.h"\n', "composition root"),
    ("a fake in the product", "server/main.cpp", '#include "tun/fake_tun.h"\n', "only tests"),
    ("no guard", "common/net/a.h", "int a();\n", "#pragma once"),
    ("a platform switch", "common/net/a.cpp", "#ifdef Q_OS_WIN\n#endif\n", "another file"),
    ("a clock", "common/protocol/a.cpp", "auto t = Clock::now();\n", "reads a clock"),
    ("blocks", "server/a.cpp", "socket.waitForConnected(5000);\n", "blocks"),
    ("a nested loop", "client-gui/client/a.cpp", "QEventLoop loop;\n", "blocks"),
    ("sleeps", "server/a.cpp", "std::this_thread::sleep_for(1s);\n", "blocks"),
    ("a shell", "server/a.cpp", 'std::system("ip link");\n', "blocks"),
    ("too long", "common/net/a.cpp", "\n" * 801, "801 lines"),
    ("unfinished", "README.md", f"{WORD}: write this\n", "unfinished"),
    ("unfinished code", "common/net/a.cpp", f"// {WORD} later\n", "unfinished"),
    ("a home folder", "tests/e2e/a.py", 'open("/home/' + 'jane/key")\n', "own machine"),
    ("root's home", "installer/a", "cp /root/" + "key .\n", "own machine"),
    ("a test that nobody runs", "SECURITY.md", "tried by `unit.net.nothing`\n", "no test unit.net.nothing"),
    ("a pattern without a test", "SECURITY.md", "tried by `fuzz.no*`\n", "no test fuzz.no*"),
    ("an unknown folder", "common/other/a.cpp", "int a;\n", "outside the folders"),
)

ACCEPTED = (
    ("a layer below", "common/tunnel/a.cpp", '#include "net/prefix.h"\n#include "tls/tls_engine.h"\n'),
    ("its own", "common/net/a.cpp", '#include "net/prefix.h"\n#include <net/if.h>\n'),
    ("exactly the limit", "common/net/a.cpp", "\n" * 800),
    ("a root names real ones", "server/data_thread.cpp", '#include "transport/epoll_stream.h"\n'),
    ("a loop to wait in", "client-gui/client/packet_pump.h", HEADER + '#include "transport/epoll_loop.h"\n'),
    ("another root", "client-gui/cli/client_application.cpp", '#include "tun/linux_tun.h"\n'),
    ("a layer names its own", "common/transport/epoll_stream.cpp", '#include "transport/epoll_stream.h"\n'),
    ("a moc file", "client-gui/client/engine.cpp", '#include "moc_engine.cpp"\n#include "engine.moc"\n'),
    ("a header", "common/net/a.h", HEADER + "#include <optional>\n"),
    ("a test names a fake", "tests/unit/tunnel/tst_a.cpp", '#include "tun/fake_tun.h"\n'),
    ("a test names a real one", "tests/integration/tst_a.cpp", '#include "tun/linux_tun.h"\n'),
    ("system paths", "common/tun/a.cpp", 'auto f = open("/dev/net/tun");  // see /usr/share/doc\n'),
    ("prefixes and links", "README.md", "10.0.0.0/8, https://example.org/a/b and a/b/c\n"),
    ("a random number", "common/system/a.cpp", "QRandomGenerator::system()->generate64();\n"),
    ("a comment about blocking", "server/a.cpp", "// never waitForConnected here\n"),
)


class CheckRules(unittest.TestCase):
    def test_finds_each_violation_and_nothing_else(self):
        for name, path, text, expected in VIOLATIONS:
            with self.subTest(name):
                found = check({path: text})
                self.assertEqual(len(found), 1, found)
                self.assertTrue(found[0].startswith(path + ":"), found)
                self.assertIn(expected, found[0])

    def test_accepts_what_is_allowed(self):
        for name, path, text in ACCEPTED:
            with self.subTest(name):
                self.assertEqual(check({path: text}), [])

    def test_knows_the_tests_that_cmake_declares(self):
        cmake = ("function(gvpn_e2e_test name timeout)\n    add_test(NAME e2e.${name} COMMAND x)\nendfunction()\n"
                 "foreach(name prefix\n        segment)\n    gvpn_unit_test(net ${name} LINKS gvpn_net)\nendforeach()\n"
                 "gvpn_unit_test(tls identity LINKS gvpn_tls)\n# gvpn_fuzzer(gone)\ngvpn_fuzzer(frame LINKS x)\n"
                 "gvpn_e2e_test(peers 240)\nadd_test(NAME integration.linux_tun COMMAND y)\ngvpn_arch_test(rules z)\n"
                 "foreach(name filter undo)\n    add_test(NAME integration.${name} COMMAND x)\nendforeach()\n")
        rows = (
            ("`unit.net.prefix`, `unit.net.segment`, `unit.tls.identity`, `fuzz.frame`, `e2e.peers`", 0),
            ("`integration.linux_tun`, `arch.rules`, `unit.tls.*`, `unit.*.seg*`, `other.thing`", 0),
            ("`integration.filter`, `integration.undo`", 0),
            ("`unit.net.identity`", 1),
            ("`fuzz.gone`", 1),
            ("`unit.net`", 1),
            ("`unit.dns.*`, `fuzz.frame`", 1),
            ("`e2e.name`", 1),
        )
        for text, violations in rows:
            with self.subTest(text):
                found = check({"tests/CMakeLists.txt": cmake, "SECURITY.md": text})
                self.assertEqual(len(found), violations, found)

    def test_says_the_line(self):
        found = check({"common/net/a.cpp": '#include <array>\n\n#include "tunnel/x.h"\n'})
        self.assertTrue(found[0].startswith("common/net/a.cpp:3: "), found)


if __name__ == "__main__":
    unittest.main()
