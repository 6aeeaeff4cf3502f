// Only here so that the headers precompiled for the tests have a target of their own.
