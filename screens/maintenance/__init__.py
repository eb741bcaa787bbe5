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
```
"""
