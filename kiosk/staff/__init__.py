"""The maintenance side: technicians, the RA's officers, administrators. No journey, and no screen.

```
accounts.py    who has an account, and what kind
passwords.py   which passwords may be chosen
door.py        signing in: by password, or by one's own card
slowing.py     failures cost time, by name and kiosk
rooms/         what the one who signed in may see and do
desk.py        the officer's desk, as the screens know it
foreseeing.py  what a deed at the desk will do, in words
roster.py      accounts, as the screens of administrators know them
foreseeing_accounts.py  what a change of an account will do, in words
```
"""
