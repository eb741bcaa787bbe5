"""What the RA and technicians do from the command line; each function one piece of work, no output.

```
office.py        the services without a reader or a mail server
operator.py      who is acting, for the audit trail   signing.py   signing in for one command
initialising.py  directory, keys, database
fields.py        what may stand for a holder, a card, a secret, a key
people.py        holders           cards.py    cards        enrolling.py  the card in the reader
staffing.py      staff accounts
rolls.py         a CSV of holders and cards           private.py   files that hold secrets
inspecting.py    what a card says      prospects.py what a kiosk would do for it
equipping.py     a fresh secret on it  plugs/       virtual ones, of every family
believed.py      cards that a copy could stand in for  timekeeping.py  a clock that was set right
doctor/          what could keep the kiosk from working
```
"""
