"""Each check of check_documents.py finds what a document says wrongly, and lets a true one pass."""

import unittest

import check_documents as check

HELP = "Usage: gvpn-server [options]\n\nOptions:\n  --login <MODE>  device (default), or none.\n  --json          Lines.\n  -h, --help      This.\n"
PAGE = """.Sh COMMANDS
.Bl -tag -width Ds
.It Cm user add Ar NAME Op Fl -json
Adds.
.It Cm user enable Ar NAME , Cm user disable Ar NAME
Changes.
.El
.Sh OPTIONS
.Bl -tag -width Ds
.It Fl -login Cm device | none
As
.Fl -json
says.
.It Fl h , Fl -help
This.
.El
.Sh EXIT STATUS
.Bl -tag -width Ds
.It 0
Fine.
.It 7
Not permitted.
.El
.Sh ENVIRONMENT
.Bl -tag -width Ds
.It Ev HOME , XDG_STATE_HOME
Where it is.
.El
.Sh JSON OUTPUT
.It Cm stopped , went-away
with
.Ql code
and
.Ql reason .
"""
CONFIG = 'const QStringList& knownKeys()\n{\n    return {QStringLiteral("login"), QStringLiteral("dns-domain")};\n}\n'
CONFIG_PAGE = ".Sh KEYS\n.Bl -tag -width Ds\n.It Cm login\n.Cm device\n.It Cm dns-domain\nNames.\n.El\n.Sh FILES\n.It Cm other\n"
STATUS = "    Success = 0,  // fine\n    LoginRefused = 5,  // client\n    NotPermitted = 7,  // not allowed\n"
EVENT = '{QStringLiteral("event"), QStringLiteral("stopped")}, {QStringLiteral("code"), text}'
SOURCE = '''
// "Could not fly" is a comment.
return Tr::tr("Could not reach %1 "
              "by %L2: \\"%3\\"; try again.").arg(a);
button->setText(tr("&Add"));
'''
README = """# A title

Press *Add*. See [below](#its-title) and [there](there.md#x), or [outside](https://example.com/x).

| it says |
|---|
| `Could not reach … (stage tcp): …` |

Use `gvpn-server --login none`, `--json`, `name --of others` and `A` or `gvpn-x`.

```
sudo gvpn-server --json   # `Never said …` in a block is no quote
```

## It's title
"""


def faults(found):
    return list(found)


class CheckDocuments(unittest.TestCase):
    def assert_rows(self, function, rows):
        for name, given, expected in rows:
            with self.subTest(name):
                found = faults(function(*given))
                self.assertEqual(len(found), 1 if expected else 0, found)
                if expected:
                    self.assertIn(expected, found[0])

    def test_options_of_help_and_page_are_the_same(self):
        self.assert_rows(check.check_options, (
            ("all", (PAGE, [HELP]), ""),
            ("one is missing", (PAGE, [HELP, "  --new  New.\n"]), "option new is not explained"),
            ("one is in a sentence only", (PAGE.replace(" Op Fl -json", ""), [HELP]), "option json is not explained"),
            ("a short one is missing", (PAGE, [HELP + "  -v, --help\n"]), "option v is not explained"),
            ("one is gone", (PAGE, [HELP.replace("--json", "json")]), "option json does not exist"),
            ("one in a sentence is gone", (PAGE + ".Fl -gone\n", [HELP]), "option gone does not exist"),
        ))

    def test_commands_have_an_entry(self):
        self.assert_rows(check.check_commands, (
            ("all", (PAGE, ["user add", "user disable"]), ""),
            ("one is missing", (PAGE, ["user add", "user remove"]), "user remove is not explained"),
        ))

    def test_keys_of_the_configuration_are_the_same(self):
        self.assert_rows(check.check_config, (
            ("all", (CONFIG_PAGE, CONFIG), ""),
            ("one is missing", (CONFIG_PAGE, CONFIG.replace('"login"', '"login"), QStringLiteral("tun"')), "key tun is not"),
            ("one is gone", (CONFIG_PAGE, CONFIG.replace('"dns-domain"', '"login"')), "dns-domain does not exist"),
        ))
        self.assertIn("the keys are not found in the source", faults(check.check_config(CONFIG_PAGE, "")))

    def test_exit_statuses_are_the_same(self):
        self.assertEqual(check.statuses(STATUS), {"0", "5", "7"})
        self.assertEqual(check.statuses(STATUS, "client"), {"0", "7"})
        self.assert_rows(lambda real: check.compare("the exit status", set(check.entries(PAGE, "EXIT STATUS")), real), (
            ("all", ({"0", "7"},), ""),
            ("one is missing", ({"0", "1", "7"},), "status 1 is not explained"),
            ("one is gone", ({"0"},), "status 7 does not exist"),
        ))

    def test_events_and_their_keys_are_explained(self):
        self.assert_rows(check.check_events, (
            ("all", (PAGE, [EVENT]), ""),
            ("the second of two", (PAGE, [EVENT.replace("stopped", "went-away")]), ""),
            ("an event is missing", (PAGE, [EVENT.replace("stopped", "lost")]), "event lost is not explained"),
            ("a state is missing", (PAGE, ['stateLine("waiting")']), "event waiting is not explained"),
            ("a key is missing", (PAGE, [EVENT, 'json.insert(QStringLiteral("left_out"), 1)']), "key left_out is not"),
        ))

    def test_environment_is_explained(self):
        self.assert_rows(check.check_environment, (
            ("all", ([PAGE], ['qgetenv("HOME")', 'qgetenv("XDG_STATE_HOME")']), ""),
            ("one is missing", ([PAGE], ['qgetenv("LANG")']), "variable LANG is not explained"),
        ))

    def test_literals_are_joined_and_have_places(self):
        self.assertEqual(list(check.literals(SOURCE)), ['Could not reach … by …: "…"; try again.', "&Add"])

    def test_quoted_sentences_are_the_programs_own(self):
        known = set(check.literals(SOURCE))
        self.assert_rows(lambda text: check.check_quotes(text, known, {"tcp"}), (
            ("said", (README,), ""),
            ("the middle of a sentence", ("`… try again. …`",), ""),
            ("other words", (README.replace("not reach", "never reach"),), "no program says 'Could never reach'"),
            ("a stage", (README.replace("stage tcp", "stage udp"),), "stage udp, which does not exist"),
            ("its second half", (README + "`Could not reach … and fly …`",), "no program says 'and fly'"),
            ("a comment", (README + "`Could not fly …`",), "no program says 'Could not fly'"),
            ("none", ("`gvpn` only",), "no sentence"),
        ))

    def test_buttons_exist(self):
        known = set(check.literals(SOURCE))
        self.assert_rows(lambda text: check.check_buttons(text, known), (
            ("there", (README,), ""),
            ("bold and lower case are none", ("**Home** and *home*",), ""),
            ("another", (README.replace("*Add*", "*Append*"),), "no button or menu 'Append'"),
        ))

    def test_links_lead_somewhere(self):
        self.assert_rows(lambda text: check.check_links(text, {"there.md", "a b.png"}.__contains__), (
            ("all", (README + "![picture](a%20b.png)",), ""),
            ("a file is missing", (README.replace("there.md", "gone.md"),), "gone.md#x leads nowhere"),
            ("a picture is missing", (README + "![picture](gone.png)",), "gone.png leads nowhere"),
            ("a heading is missing", (README.replace("## It's", "## Its new"),), "#its-title leads to no heading"),
        ))

    def test_commands_have_options_that_exist(self):
        helps = {"gvpn-server": {"login", "json"}, "gvpn-client": {"once"}}
        self.assert_rows(lambda text: check.check_commands_of(text, helps), (
            ("all", (README,), ""),
            ("in a span", ("`gvpn-server --once`",), "option once does not exist"),
            ("alone", ("`--twice`",), "option twice does not exist"),
            ("in a block", ("```\nsudo build/gvpn-server --x\n```\n",), "option x does not exist"),
        ))


if __name__ == "__main__":
    unittest.main()
