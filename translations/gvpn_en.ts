<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="en" sourcelanguage="en">
<context>
    <name>Presenter</name>
    <message numerus="yes">
        <source>Waiting: next try in %n second(s)</source>
        <translation>
            <numerusform>Waiting: next try in %n second</numerusform>
            <numerusform>Waiting: next try in %n seconds</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Next try in %n second(s)</source>
        <translation>
            <numerusform>Next try in %n second</numerusform>
            <numerusform>Next try in %n seconds</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Questions</name>
    <message numerus="yes">
        <source>Quitting ends %n connection(s).</source>
        <translation>
            <numerusform>Quitting ends %n connection.</numerusform>
            <numerusform>Quitting ends %n connections.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Units</name>
    <message numerus="yes">
        <source>%n day(s) %1 h</source>
        <translation>
            <numerusform>%n day %1 h</numerusform>
            <numerusform>%n days %1 h</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>gvpn::client</name>
    <message numerus="yes">
        <source>This is too long: at most %n byte(s) fit.</source>
        <translation>
            <numerusform>This is too long: at most %n byte fits.</numerusform>
            <numerusform>This is too long: at most %n bytes fit.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>These are too many: fewer than %n network(s) fit.</source>
        <translation>
            <numerusform>These are too many: fewer than %n network fits.</numerusform>
            <numerusform>These are too many: fewer than %n networks fit.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>These are too many: at most %n domain(s) fit.</source>
        <translation>
            <numerusform>These are too many: at most %n domain fits.</numerusform>
            <numerusform>These are too many: at most %n domains fit.</numerusform>
        </translation>
    </message>
</context>
</TS>
