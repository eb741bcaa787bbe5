"""The staff's screens. Dark bar, so that nobody mistakes where they are; English only.

```
base.py      the frame, and signing out whoever went away
sign_in.py   the door
```
"""
