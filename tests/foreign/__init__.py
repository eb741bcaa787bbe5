"""Virtual cards that others wrote, plugged into the tests' PC/SC service by `cards.foreign_card`.

Each adapter is a program of its own, run by the Python of build/cards-venv, where a package called
smartcard is not pyscard. None of them is imported by a test, and they import nothing of this project but
each other: they share no line with the families that are tried on them.
"""
