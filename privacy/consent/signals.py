"""What this room tells the rooms above it. Both are sent once the decision is committed."""

from django.dispatch import Signal

#: A purpose was permitted: ``purpose`` is its code, ``person`` whose it is.
given = Signal()
#: A purpose may not be processed any more for somebody: ``purpose`` is its code (empty: every purpose), ``person``
#: whose (None where the night ended ``count`` grants). Sent by withdrawals, refusals, ends and flags.
withdrawn = Signal()
