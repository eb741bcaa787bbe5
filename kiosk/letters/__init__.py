"""What the kiosk writes to people, in their language, as plain text and HTML.

No links, no images, no passcodes. A code stands in the body alone, after the first sentences, so
that neither the subject nor the preview on a locked phone shows it.
"""

from kiosk.letters.codes import code_letter
from kiosk.letters.notices import NoticeKind, notice_letter
from kiosk.letters.trial import trial_letter

__all__ = ["NoticeKind", "code_letter", "notice_letter", "trial_letter"]
