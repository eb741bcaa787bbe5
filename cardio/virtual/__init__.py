"""Cards and a reader made of software: for the demo, the self-test, and every test.

```
piv.py, unknown.py   cards: VirtualCard is what each of them is (card.py)
faults.py            what can go wrong between card and reader, on demand
reader.py            VirtualReader: a cardio.reader.Reader in this process
vpcd.py              plug(): the same cards in a slot of a real PC/SC service
```
"""
