"""The commands: arguments, help and output, nothing else.

```
configuration.py   which kiosk.toml, and the options several commands share
failures.py        an expected error as one line that says what to do, and its exit code
printing.py        tables and JSON
asking.py          what nobody may see; signing.py: --as
initialise.py  doctor.py  holder.py  card.py  plug.py     the commands of those names
```
"""
