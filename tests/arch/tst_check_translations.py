"""check_translations.py finds what it is for, and lets good files pass."""

import unittest

from check_translations import check, check_joining


def ts(*messages):
    return f'<TS version="2.1"><context><name>Window</name>{"".join(messages)}</context></TS>'


def message(source, translation, state=""):
    kind = f' type="{state}"' if state else ""
    return f"<message><source>{source}</source><translation{kind}>{translation}</translation></message>"


def plural(source, *forms):
    texts = "".join(f"<numerusform>{form}</numerusform>" for form in forms)
    return f'<message numerus="yes"><source>{source}</source><translation>{texts}</translation></message>'


FRESH = ts(message("Connect %1", "", "unfinished"), plural("%n day(s)", ""))

# (name of the row, the committed messages, a part of the sentence expected, or None)
ROWS = (
    ("complete", (message("Connect %1", "连接 %1"), plural("%n day(s)", "%n 天")), None),
    ("a form without its number", (message("Connect %1", "连接 %1"), plural("%n day(s)", "一天", "%n 天")), None),
    ("missing", (plural("%n day(s)", "%n 天"),), "is missing"),
    ("unfinished", (message("Connect %1", "连接 %1", "unfinished"), plural("%n day(s)", "%n 天")), "no finished"),
    ("empty", (message("Connect %1", ""), plural("%n day(s)", "%n 天")), "no finished"),
    ("an empty form", (message("Connect %1", "连接 %1"), plural("%n day(s)", "%n 天", "")), "no finished"),
    ("gone", (message("Connect %1", "连接 %1"), plural("%n day(s)", "%n 天"), message("Old", "旧")), "no more"),
    ("a place lost", (message("Connect %1", "连接"), plural("%n day(s)", "%n 天")), "other places"),
    ("a place invented", (message("Connect %1", "连接 %1 %2"), plural("%n day(s)", "%n 天")), "other places"),
    ("a mnemonic invented", (message("Connect %1", "连接 %1(&amp;C)"), plural("%n day(s)", "%n 天")), "mnemonic"),
)

JOINED = (
    'label->setText(tr("Connected to ") + name);',
    'text += tr("and more");',
    'text = name + tr(" is connected");',
    'text = Tr::tr("%1 of").arg(x) + y; z = tr("a (%1)") + y;',
)
WHOLE = (
    'label->setText(tr("Connected to %1").arg(name));',
    'count = a + b; text = tr("1 + 1");',
    'lines.append(Tr::tr("Stage: %1").arg(nameOf(stage)));',
)


class CheckTranslations(unittest.TestCase):
    def test_finds_each_fault_and_nothing_else(self):
        for name, committed, expected in ROWS:
            with self.subTest(name):
                found = check(ts(*committed), FRESH)
                self.assertEqual(len(found), 1 if expected else 0, found)
                if expected:
                    self.assertIn(expected, found[0])

    def test_wants_only_plurals_of_the_source_language(self):
        self.assertEqual(check(ts(plural("%n day(s)", "%n day", "%n days")), FRESH, is_plurals_only=True), [])

    def test_finds_joined_texts(self):
        for line in JOINED:
            with self.subTest(line):
                self.assertTrue(list(check_joining("a.cpp", line)))
        for line in WHOLE:
            with self.subTest(line):
                self.assertEqual(list(check_joining("a.cpp", line)), [])


if __name__ == "__main__":
    unittest.main()
