"""The staff's screens. Dark bar, so that nobody mistakes where they are; English only.

```
base.py      the frame, and signing out whoever went away
sign_in.py   the door
home.py      the first screen of each role
board.py     the health board
service.py   out of service and back, and started again
reader.py    reader and card
mail.py      the mail server, a test mail, and the notices that wait
selftest.py  the self-test
log.py       the log
settings.py  the settings
listing.py   what those have in common: a list

find.py      the officer's desk: find a person
holder.py    one person on one page, and a letter for each deed
events.py    what happened to them, in plain words
asking.py    what has to be typed before a deed can be foreseen
enrol.py     a card in the reader, whose it is, and the ways to enrol it
deed.py      what a deed will do, the reason, and what is true then
large.py     an assistance code in large digits
counter.py   what the desk's screens have in common: the card in the reader
```
"""
