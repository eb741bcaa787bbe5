"""Whatever a card says: no bytes make anything raise what it does not promise, or go on without end.

`targets` are functions of bytes; `test_fuzz` gives them the corpus, what hypothesis makes up, and what a
coverage-guided fuzzer finds (`hunt`, a program of its own: ``python -m tests.fuzz.hunt TARGET``).
"""
