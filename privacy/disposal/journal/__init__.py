"""The journal: what happened to people since a backup was taken, kept outside the database.

A restore brings back whoever was erased since. The journal survives it, and ``privacy_replay`` applies it
again. Rooms above tell their own kinds with ``tell`` and register a ``Replayer``.
"""

from privacy.disposal.journal.files import JournalUnwritable
from privacy.disposal.journal.lines import Line, fingerprint
from privacy.disposal.journal.telling import intend, tell

__all__ = ["JournalUnwritable", "Line", "fingerprint", "intend", "tell"]
