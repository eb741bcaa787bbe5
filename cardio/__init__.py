"""Card I/O in asyncio: readers, cards, and the applications on them. Knows nothing of kiosks.

```
reader.py    Reader, Channel, Presence: a slot, a session with the card in it, what the slot sees
card.py      Card, Family, identify(): what every kind of card offers
errors.py    the tree of what can go wrong
apdu.py      commands, responses, status words      tlv.py   data objects
applets/     one family per card application (piv)
pcsc/        readers behind a real PC/SC service
virtual/     cards and a reader made of software, and how to plug such a card into a real service
```
Importing this package loads no driver: `cardio.pcsc` does, and is imported where it is used.
"""

from cardio.apdu import Command, Response
from cardio.card import Card, CardId, Family, PasscodeFormat, identify
from cardio.reader import Channel, Presence, Reader, State

__all__ = [
    "Card",
    "CardId",
    "Channel",
    "Command",
    "Family",
    "PasscodeFormat",
    "Presence",
    "Reader",
    "Response",
    "State",
    "identify",
]
