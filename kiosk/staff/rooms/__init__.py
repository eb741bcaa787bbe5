"""The rooms of a session: they do what the maintenance side offers, for the roles that each method names.

```
rights.py    which roles may call a method
session.py   StaffSession: the rooms of one who has signed in
health.py    the health board
desk.py      the officer's desk; desk_reader.py: the card in its reader
accounts.py  staff accounts; accounts_reader.py: the card that becomes somebody's staff card
writing.py   whether this machine may change people and accounts
service.py   the kiosk in and out of service
reader.py    reader and card
mail.py      the mail server, and what waits for it
selftest.py  the self-test
log.py       the log
settings.py  the settings
```
"""
