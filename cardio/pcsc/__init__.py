"""A reader behind a real PC/SC service (pcscd).

```
reader.py    PcscReader: what cardio.reader.Reader asks for, in asyncio
service.py   the service as blocking calls; the only module here, and anywhere, that imports pyscard
```
"""

from cardio.pcsc.reader import Limits, PcscReader
from cardio.pcsc.service import contact_readers, list_readers

__all__ = ["Limits", "PcscReader", "contact_readers", "list_readers"]
